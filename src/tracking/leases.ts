// Keeps what this process works on its own: leases of any kind are renewed as long as the work goes on, and end soon after it died.
import type { HeldLease, Lease } from "../domain/lease.ts";
import { reasonOf } from "../domain/reason.ts";
import type { TrackingTools } from "./tools.ts";

export interface Held extends HeldLease {
  readonly tenantId: string;
}

export interface Leases<One extends Held> {
  /** A lease from now on. */
  fresh(): Lease;
  /** Does the work and renews the leases all the while. Work that was given up is left to other gateways at once. */
  holding<T>(held: readonly One[], work: () => Promise<T>): Promise<T>;
  /** Renews what is held, now: a process that stood still for a while does not take over from itself. */
  renew(): Promise<void>;
}

export interface LeaseKind<One extends Held> {
  /** What is leased, for the log. */
  readonly of: string;
  /** Keeps what nobody else has taken for longer. */
  renew(tenantId: string, held: readonly HeldLease[], until: Date): Promise<void>;
  /** Lets others take at once what nobody else has taken. */
  giveBack(tenantId: string, held: readonly One[]): Promise<void>;
}

/** How soon others may go on with what a process left behind when it died. */
const LEASE_MS = 10_000;
/** A process may stand still for the rest of the lease before others take it for dead. */
const RENEW_EVERY_MS = 3_000;

export function createLeases<One extends Held>(
  { clock, owner, log, givenUp }: Pick<TrackingTools, "clock" | "owner" | "log" | "givenUp">,
  kind: LeaseKind<One>,
): Leases<One> {
  const held = new Set<One>();
  let renewing: AbortController | null = null;

  const fresh = (): Lease => ({ owner, until: new Date(clock.now().getTime() + LEASE_MS) });

  async function renew(): Promise<void> {
    const { until } = fresh();
    for (const [tenantId, ofTenant] of byTenant(held)) {
      await kind.renew(
        tenantId,
        ofTenant.map(({ id, fence }) => ({ id, fence })),
        until,
      );
    }
  }

  /** They end soon by themselves, should the store not answer. */
  async function giveBack(these: readonly One[]): Promise<void> {
    try {
      for (const [tenantId, ofTenant] of byTenant(these)) await kind.giveBack(tenantId, ofTenant);
    } catch (error) {
      log.warn({ error: reasonOf(error) }, `leases of ${kind.of} not given back`);
    }
  }

  async function keepRenewing(signal: AbortSignal): Promise<void> {
    for (;;) {
      await clock.sleep(RENEW_EVERY_MS, signal);
      await renew().catch((error: unknown) => {
        log.warn({ error: reasonOf(error) }, `leases of ${kind.of} not renewed`);
      });
    }
  }

  return {
    fresh,
    renew,
    async holding(these, work) {
      for (const one of these) held.add(one);
      if (renewing === null && held.size > 0) {
        renewing = new AbortController();
        // Ends by being aborted, when nothing is held any more.
        void keepRenewing(renewing.signal).catch(() => undefined);
      }
      try {
        return await work();
      } finally {
        for (const one of these) held.delete(one);
        if (held.size === 0) {
          renewing?.abort();
          renewing = null;
        }
        if (givenUp.aborted) await giveBack(these);
      }
    },
  };
}

function byTenant<One extends Held>(held: Iterable<One>): ReadonlyMap<string, readonly One[]> {
  const groups = new Map<string, One[]>();
  for (const one of held) {
    const group = groups.get(one.tenantId);
    if (group === undefined) groups.set(one.tenantId, [one]);
    else group.push(one);
  }
  return groups;
}
