// Finishes triggers whose gateway died on them: those whose lease has ended, several at once, so that none holds up the others.
import pLimit from "p-limit";
import { identityOf } from "../domain/identity.ts";
import type { HeldTrigger } from "../domain/store-port.ts";
import type { Held, Leases } from "./leases.ts";
import type { Starter } from "./starter.ts";
import type { TrackingTools } from "./tools.ts";

export interface TriggerRecovery {
  /** Finishes what other processes of now or before left unfinished, as far as nobody holds it any more. */
  recover(tenantId: string, providerKey: string): Promise<void>;
  /** Milliseconds until the next lease of a provider's trigger ends; null when there is none. */
  nextInMs(tenantId: string, providerKey: string): Promise<number | null>;
}

/** Taken at a time; a look for a run is mostly waiting, so many may look at once. */
const TAKEN_AT_ONCE = 100;
const FINISHED_AT_ONCE = 16;

export function createTriggerRecovery(
  { store, clock, directory }: TrackingTools,
  { starter, leases }: { readonly starter: Starter; readonly leases: Leases<HeldStart> },
): TriggerRecovery {
  async function recover(tenantId: string, providerKey: string): Promise<void> {
    // Of a provider that is not configured any more nothing can be finished, nor taken from a gateway that still knows it.
    if (directory.find(tenantId, providerKey) === undefined) return;
    await leases.renew();
    const taken = await takeAll(tenantId, providerKey);
    const inTurn = pLimit(FINISHED_AT_ONCE);
    const ends = taken.map((held) => leases.holding([leaseOf(held)], () => inTurn(() => finish(held))));
    const failed = (await Promise.allSettled(ends)).find(({ status }) => status === "rejected");
    if (failed?.status === "rejected") throw failed.reason;
  }

  /** Whatever nobody holds any more, so that each is somebody's at once, however long those before it take. */
  async function takeAll(tenantId: string, providerKey: string): Promise<readonly HeldTrigger[]> {
    const all: HeldTrigger[] = [];
    for (;;) {
      const taken = await store.triggers.takeOver(tenantId, providerKey, clock.now(), TAKEN_AT_ONCE, leases.fresh());
      all.push(...taken);
      if (taken.length < TAKEN_AT_ONCE) return all;
    }
  }

  async function finish(held: HeldTrigger): Promise<void> {
    const { tenantId, providerKey, definitionId, options, retryOfId } = held.trigger;
    const [definition] = await store.catalog.definitionsByIds(tenantId, [definitionId]);
    const configured = directory.find(tenantId, providerKey);
    if (definition === undefined || configured === undefined) return;
    const remoteId = options?.linkedAccountRemoteId ?? definition.linkedAccountRemoteId;
    const ids = remoteId === null ? [] : [identityOf(tenantId, providerKey, "linkedAccount", remoteId)];
    const [linkedAccount = null] = await store.catalog.linkedAccountsByIds(tenantId, ids);
    const [retryOf = null] = await store.ledger.syncsByIds(tenantId, retryOfId === null ? [] : [retryOfId]);
    await starter.recover({ ...held, configured, definition, linkedAccount, retryOf });
  }

  return {
    recover,
    async nextInMs(tenantId, providerKey) {
      const end = await store.triggers.nextLeaseEndAt(tenantId, providerKey);
      return end === null ? null : end.getTime() - clock.now().getTime();
    },
  };
}

/** What is renewed of a trigger as long as somebody works on it. */
export interface HeldStart extends Held {
  readonly providerKey: string;
}

export function leaseOf({ trigger: { tenantId, id, providerKey }, fence }: HeldTrigger): HeldStart {
  return { tenantId, id, fence, providerKey };
}
