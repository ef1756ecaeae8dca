// Starts in flight of a provider that no gateway has configured any more: nobody can look for their runs, so each is told as it stands.
import { ErrorCode } from "../domain/errors.ts";
import type { HeldTrigger, TriggerPatch } from "../domain/store-port.ts";
import { TriggerState } from "../domain/sync.ts";
import type { TrackingTools } from "./tools.ts";

type Tools = Pick<TrackingTools, "store" | "clock" | "owner" | "log">;

const AT_ONCE = 100;
const LEASE_MS = 10_000;

/**
 * Ends the starts of a removed provider that nobody holds. A gateway that still has it configured holds its own by their leases.
 *
 * @returns how many were ended
 */
export async function endLeftStarts(
  { store, clock, owner, log }: Tools,
  tenantId: string,
  { providerKey, shownKey }: { readonly providerKey: string; readonly shownKey: string },
): Promise<number> {
  let ended = 0;
  for (;;) {
    const lease = { owner, until: new Date(clock.now().getTime() + LEASE_MS) };
    const taken = await store.triggers.takeOver(tenantId, providerKey, clock.now(), AT_ONCE, lease);
    for (const held of taken) {
      await store.triggers.update(
        tenantId,
        held.trigger.id,
        { state: held.trigger.state, fence: held.fence },
        await endOf({ store, clock }, held, shownKey),
      );
    }
    ended += taken.length;
    if (taken.length < AT_ONCE) break;
  }
  if (ended > 0)
    log.warn({ provider: shownKey, starts: ended }, "starts of a provider that was removed are not followed any more");
  return ended;
}

async function endOf(
  { store, clock }: Pick<Tools, "store" | "clock">,
  { trigger }: HeldTrigger,
  shownKey: string,
): Promise<TriggerPatch> {
  const end = { options: null, resolvedAt: clock.now() } as const;
  if (trigger.state === TriggerState.Pending) {
    const message = `${shownKey} was taken out of the configuration before this start was sent. Nothing was started.`;
    return { ...end, state: TriggerState.Rejected, error: { code: ErrorCode.NotFound, message } };
  }
  const recorded = await store.ledger.syncsOfTrigger(trigger.tenantId, trigger);
  if (recorded.length > 0) return { ...end, state: TriggerState.Accepted, syncIds: recorded.map(({ id }) => id) };
  const message = `${shownKey} was taken out of the configuration while this start had no answer, so the run may or may not have begun. Look at the vendor before you start another.`;
  return { ...end, state: TriggerState.Uncertain, error: { code: ErrorCode.TriggerUncertain, message } };
}
