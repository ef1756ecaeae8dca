// How the Truto sandbox sends webhooks: signed POSTs that count as taken by a 200 alone, three more tries, and the end of a webhook
// that never takes anything. What is worth telling, and when, is the driver's business.
import { createHmac } from "node:crypto";
import { setMaxListeners } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { Agent, request } from "undici";
import { draw } from "./sandbox-runs.ts";
import type { Webhook } from "./sandbox-world.ts";

export interface Letter {
  readonly webhook: Webhook;
  /** Asked before every try. */
  readonly isWanted: () => boolean;
  readonly body: Readonly<Record<string, unknown>>;
  /** A 400 is an answer, not a failure: it is not sent again. */
  readonly canVeto: boolean;
}

export type Outcome = "taken" | "vetoed" | "dropped" | "unwanted";

/** The vendor promises neither that an event comes once nor that events come in order. */
export type Whim = "doubled" | "late" | null;

interface Sealed extends Letter {
  readonly text: string;
}

const RETRIES = 3;
/** At speed 1; doubled with every further one up to the vendor's ten seconds. */
const FIRST_RETRY_MS = 2_500;
const LONGEST_RETRY_MS = 10_000;
/** How long a late event waits for the next one at speed 1. */
const LATE_MS = 8_000;
/** Real time at every speed: a fast sandbox does not make its receiver's machine any faster. */
const ANSWER_WITHIN_MS = 10_000;
/** The vendor says "long failure" and no number. */
const DROPPED_UNTIL_INACTIVE = 5;

export class Deliveries {
  readonly #seed: number;
  readonly #speed: number;
  readonly #agent = new Agent();
  readonly #ending = new AbortController();
  readonly #open = new Set<Promise<unknown>>();
  #late: { readonly letter: Sealed; readonly timer: NodeJS.Timeout } | null = null;
  #count = 0;

  constructor(seed: number, speed: number) {
    this.#seed = seed;
    this.#speed = speed;
    // Every delivery under way waits for this one signal.
    setMaxListeners(0, this.#ending.signal);
  }

  /**
   * Sends an event and says what became of it; a late one, behind the next or by itself when none comes, says "unwanted" at once.
   * What can be vetoed is never late: a run waits for it.
   */
  async send(letter: Letter): Promise<Outcome> {
    const sealed: Sealed = { ...letter, text: JSON.stringify(letter.body) };
    const whim = whimOf(this.#seed, this.#count);
    this.#count += 1;
    const overtaken = this.#takeLate();
    if (whim === "late" && overtaken === null && !letter.canVeto) {
      const timer = setTimeout(() => this.#sendLate(), LATE_MS / this.#speed).unref();
      this.#late = { letter: sealed, timer };
      return "unwanted";
    }
    const outcome = await this.#track(this.#deliver(sealed));
    if (whim === "doubled") void this.#track(this.#deliver(sealed));
    if (overtaken !== null) void this.#track(this.#deliver(overtaken));
    return outcome;
  }

  /** Cuts what is being sent and forgets what waits. Resolves when nothing is open. */
  async close(): Promise<void> {
    this.#takeLate();
    this.#ending.abort();
    while (this.#open.size > 0) await Promise.all(this.#open);
    await this.#agent.destroy();
  }

  async #track(work: Promise<Outcome>): Promise<Outcome> {
    this.#open.add(work);
    try {
      return await work;
    } finally {
      this.#open.delete(work);
    }
  }

  async #deliver(letter: Sealed): Promise<Outcome> {
    const { webhook } = letter;
    for (let retry = 0; retry <= RETRIES; retry += 1) {
      if (retry > 0) await this.#pauseBefore(retry);
      if (this.#ending.signal.aborted || !webhook.isActive || !letter.isWanted()) return "unwanted";
      const status = await this.#post(letter);
      if (status === 200) {
        webhook.droppedInARow = 0;
        return "taken";
      }
      if (status === 400 && letter.canVeto) return "vetoed";
    }
    webhook.droppedInARow += 1;
    if (webhook.droppedInARow >= DROPPED_UNTIL_INACTIVE) webhook.isActive = false;
    return "dropped";
  }

  async #pauseBefore(retry: number): Promise<void> {
    const waitMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (retry - 1)) / this.#speed;
    // Closing ends the wait; the caller looks whether it did.
    await pause(waitMs, undefined, { ref: false, signal: this.#ending.signal }).catch(() => undefined);
  }

  /** The answer's status; null when there was none in time. */
  async #post({ webhook, text }: Sealed): Promise<number | null> {
    const signature = createHmac("sha256", webhook.secret).update(text).digest("hex");
    const headers = {
      "content-type": "application/json",
      "user-agent": "truto",
      "x-truto-signature": `format=sha256,v=${signature}`,
    };
    const deadline = AbortSignal.timeout(ANSWER_WITHIN_MS);
    const signal = AbortSignal.any([deadline, this.#ending.signal]);
    try {
      const { targetUrl } = webhook;
      const answer = await request(targetUrl, { method: "POST", headers, body: text, signal, dispatcher: this.#agent });
      await answer.body.dump();
      return answer.statusCode;
    } catch {
      // Refused, cut or too slow.
      return null;
    }
  }

  #takeLate(): Sealed | null {
    const late = this.#late;
    this.#late = null;
    clearTimeout(late?.timer);
    return late?.letter ?? null;
  }

  #sendLate(): void {
    const letter = this.#takeLate();
    if (letter !== null) void this.#track(this.#deliver(letter));
  }
}

/** What is odd about the delivery of that number, counted from 0 since the sandbox began: nothing for three out of four. */
export function whimOf(seed: number, number: number): Whim {
  const drawn = draw(`${seed}/delivery/${number}`, 8);
  if (drawn === 0) return "doubled";
  return drawn === 1 ? "late" : null;
}
