// Webhook registrations of the RootFi sandbox's v4, and the log of what was sent to each. Sending itself is not here.
import { uuidOf } from "./sandbox-ids.ts";

/** One registration. The key is write-only: no answer shows it. */
export interface Hook {
  readonly id: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly type: "INTEGRATION" | "DATA_MODEL_CHANGES" | "CONNECTION_CHANGED" | "SYNC_STARTED" | "SYNC_COMPLETED";
  /** Only events of this integration; null for all. */
  readonly integration: string | null;
  readonly name: string;
  readonly url: string;
  readonly enabled: boolean;
  readonly topics: readonly string[];
  readonly headers: readonly { readonly name: string; readonly value: string }[] | null;
  readonly signingKey: string | null;
  readonly signatureHeader: string;
}

export const DELIVERY_STATES = ["PENDING", "PROCESSING", "DELIVERED", "FAILED"] as const;

interface Attempt {
  readonly atMs: number;
  /** Null when no answer came. */
  readonly httpStatus: number | null;
}

/** One event for one registration. */
export interface Delivery {
  readonly id: string;
  readonly hookId: number;
  readonly syncId: string;
  readonly createdAtMs: number;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly attempts: readonly Attempt[];
}

/** More than this many are forgotten, oldest first. */
const MOST_KEPT = 500;
/** The first and three more. */
const MOST_TRIES = 4;

export class DeliveryLog {
  readonly #seed: number;
  #deliveries: readonly Delivery[] = [];
  #count = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** Newest first. */
  all(): readonly Delivery[] {
    return this.#deliveries;
  }

  /** Writes down that something will be sent; what it returns writes down each try. */
  add(facts: Pick<Delivery, "hookId" | "syncId" | "payload">): (httpStatus: number | null) => void {
    this.#count += 1;
    const id = uuidOf(`${this.#seed}:delivery-log:${this.#count}`);
    const begun: Delivery = { id, createdAtMs: Date.now(), attempts: [], ...facts };
    this.#deliveries = [begun, ...this.#deliveries].slice(0, MOST_KEPT);
    return (httpStatus) => {
      this.#deliveries = this.#deliveries.map((delivery) =>
        delivery.id === id
          ? { ...delivery, attempts: [...delivery.attempts, { atMs: Date.now(), httpStatus }] }
          : delivery,
      );
    };
  }
}

/** The vendor's words, their meanings inferred: nothing tried yet, to be tried again, taken, given up. */
export function deliveryState({ attempts }: Delivery): (typeof DELIVERY_STATES)[number] {
  const taken = attempts.some(({ httpStatus }) => httpStatus !== null && httpStatus >= 200 && httpStatus < 300);
  if (taken) return "DELIVERED";
  if (attempts.length >= MOST_TRIES) return "FAILED";
  return attempts.length > 0 ? "PROCESSING" : "PENDING";
}
