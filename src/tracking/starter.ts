// Sends a committed intention to the vendor and brings it to an end: accepted, rejected, or honestly uncertain.
import type { LinkedAccount, SyncDefinition } from "../domain/definition.ts";
import { ErrorCode, GatewayError, ProviderError } from "../domain/errors.ts";
import { identityOf } from "../domain/identity.ts";
import type { StartRequest } from "../domain/provider-port.ts";
import { ObservationSource, SyncOrigin } from "../domain/status.ts";
import { TriggerState, type Observation, type Sync, type Trigger } from "../domain/sync.ts";
import type { ConfiguredProvider } from "./provider-directory.ts";
import type { ProviderContact } from "./provider-contact.ts";
import type { Recorder } from "./recorder.ts";
import type { TrackingTools } from "./tools.ts";

export interface Intention {
  readonly trigger: Trigger;
  readonly configured: ConfiguredProvider;
  readonly definition: SyncDefinition;
  readonly linkedAccount: LinkedAccount | null;
}

export interface Starter {
  /**
   * Calls the vendor for a PENDING trigger.
   *
   * @returns the runs it began; empty when the vendor had nothing to run
   * @throws ProviderError when the vendor refused or could not be reached: nothing was started
   * @throws GatewayError `TRIGGER_UNCERTAIN` when nobody can tell
   */
  send(intention: Intention): Promise<readonly Sync[]>;
  /** Finishes a trigger that a process left in PENDING or SENT. Never sends an unkeyed start a second time. */
  recover(intention: Intention): Promise<void>;
}

/** The pauses before each look for a run whose start was not answered. */
const LOOK_AFTER_MS = [500, 2_000, 5_000] as const;
/** After these codes nobody can tell whether the vendor acted; after any other it read the request and refused. */
const DOUBTFUL: readonly ErrorCode[] = [
  ErrorCode.ProviderTimeout,
  ErrorCode.ProviderUnavailable,
  ErrorCode.ProviderBadResponse,
];

export function createStarter(tools: TrackingTools, contact: ProviderContact, recorder: Recorder): Starter {
  const { store, clock } = tools;

  async function send(intention: Intention): Promise<readonly Sync[]> {
    const { trigger } = intention;
    const sentAt = clock.now();
    const mine = await store.triggers.update(trigger.tenantId, trigger.id, TriggerState.Pending, {
      state: TriggerState.Sent,
      sentAt,
    });
    if (!mine)
      throw new GatewayError(
        ErrorCode.IdempotencyInProgress,
        "Another request is starting this run. Ask again in a moment.",
      );
    try {
      return await accept(intention, await call(intention));
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      if (!isDoubtful(error)) return await refuse(intention, error);
      return await resolveDoubt(intention, sentAt, error);
    }
  }

  function call({ trigger, configured, ...what }: Intention): Promise<readonly Observation[]> {
    return contact.through(trigger.tenantId, configured, () =>
      configured.provider.start(requestOf(trigger, what), trigger.id),
    );
  }

  async function accept(intention: Intention, observations: readonly Observation[]): Promise<readonly Sync[]> {
    const { trigger, configured, definition, linkedAccount } = intention;
    const { tenantId } = trigger;
    const syncs = await recorder.record({
      tenantId,
      configured,
      source: ObservationSource.Trigger,
      triggerId: trigger.id,
      ...(trigger.retryOfId === null ? {} : { retryOfId: trigger.retryOfId }),
      observations: observations.map((observation) => ({
        ...observation,
        definitionRemoteId: observation.definitionRemoteId ?? definition.remoteId,
        linkedAccountRemoteId: observation.linkedAccountRemoteId ?? linkedAccount?.remoteId ?? null,
        facts: { ...observation.facts, origin: SyncOrigin.Gateway },
      })),
    });
    await store.triggers.update(tenantId, trigger.id, TriggerState.Sent, {
      state: TriggerState.Accepted,
      syncIds: syncs.map(({ id }) => id),
      options: null,
      resolvedAt: clock.now(),
    });
    return syncs;
  }

  async function refuse({ trigger }: Intention, error: ProviderError): Promise<never> {
    const { code, message } = error;
    const patch = { state: TriggerState.Rejected, options: null, error: { code, message }, resolvedAt: clock.now() };
    await store.triggers.update(trigger.tenantId, trigger.id, TriggerState.Sent, patch);
    throw error;
  }

  /** The start left the house and no answer came back: use the vendor's key, else look, else say so. Never resend blindly. */
  async function resolveDoubt(intention: Intention, sentAt: Date, cause: ProviderError): Promise<readonly Sync[]> {
    for (const pauseMs of canTell(intention.configured) ? LOOK_AFTER_MS : []) {
      await clock.sleep(pauseMs);
      const syncs = await lookOnce(intention, sentAt);
      if (syncs !== null) return syncs;
    }
    const { trigger, configured } = intention;
    const message = `${configured.info.key} did not answer the start, so the run may or may not have begun. It is not sent again; check the definition's runs before you start another.`;
    const error = { code: ErrorCode.TriggerUncertain, message };
    const patch = { state: TriggerState.Uncertain, options: null, error, resolvedAt: clock.now() };
    await store.triggers.update(trigger.tenantId, trigger.id, TriggerState.Sent, patch);
    throw new GatewayError(error.code, message, { cause });
  }

  /** @returns null when this look settled nothing */
  async function lookOnce(intention: Intention, sentAt: Date): Promise<readonly Sync[] | null> {
    const { trigger, configured } = intention;
    try {
      if (configured.info.capabilities.idempotentStart) return await accept(intention, await call(intention));
      const found = await configured.provider.findStarted?.(requestOf(trigger, intention), sentAt);
      const ours = await unclaimed(intention, found ?? []);
      return ours.length > 0 ? await accept(intention, ours) : null;
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      if (configured.info.capabilities.idempotentStart && !isDoubtful(error)) return await refuse(intention, error);
      return null;
    }
  }

  /** A run that another trigger began is not this one's, however well it fits. */
  async function unclaimed(
    { trigger, configured }: Intention,
    found: readonly Observation[],
  ): Promise<readonly Observation[]> {
    const ids = found.map(({ remoteId }) => identityOf(trigger.tenantId, configured.info.key, "sync", remoteId));
    const known = await store.ledger.syncsByIds(trigger.tenantId, ids);
    const taken = new Set(
      known.filter(({ triggerId }) => triggerId !== null && triggerId !== trigger.id).map(({ remoteId }) => remoteId),
    );
    return found.filter(({ remoteId }) => !taken.has(remoteId));
  }

  async function recover(intention: Intention): Promise<void> {
    const { trigger, configured } = intention;
    try {
      if (trigger.state === TriggerState.Pending) await send(intention);
      else await resolveDoubt(intention, trigger.sentAt ?? trigger.createdAt, abandoned(configured.info.key));
    } catch (error) {
      // The outcome is in the trigger's row; nobody waits for it here.
      if (!(error instanceof GatewayError)) throw error;
      tools.log.warn(
        { provider: configured.info.key, triggerId: trigger.id, code: error.code },
        "recovered trigger did not start a run",
      );
    }
  }

  return { send, recover };
}

/** A conflict that may pass by itself is the vendor still working on the same key. */
function isDoubtful({ code, retryable, sent }: ProviderError): boolean {
  return sent && (DOUBTFUL.includes(code) || (code === ErrorCode.ProviderConflict && retryable));
}

/** Whether asking again tells anything; where it does not, waiting does not either. */
function canTell({ info, provider }: ConfiguredProvider): boolean {
  return info.capabilities.idempotentStart || provider.findStarted !== undefined;
}

function requestOf(
  trigger: Trigger,
  { definition, linkedAccount }: { readonly definition: SyncDefinition; readonly linkedAccount: LinkedAccount | null },
): StartRequest {
  return { definition, linkedAccount, options: trigger.options ?? {} };
}

function abandoned(provider: string): ProviderError {
  return new ProviderError(`${provider}: the gateway stopped before the vendor answered`, {
    code: ErrorCode.ProviderUnavailable,
    provider,
    httpStatus: null,
    retryable: false,
    retryAfterMs: null,
    sent: true,
  });
}
