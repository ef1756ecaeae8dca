// Sends a committed intention to the vendor and brings it to an end: accepted, rejected, or honestly uncertain.
import type { LinkedAccount, SyncDefinition } from "../domain/definition.ts";
import { ErrorCode, GatewayError, ProviderError } from "../domain/errors.ts";
import { identityOf } from "../domain/identity.ts";
import { ObservationSource, SyncOrigin } from "../domain/status.ts";
import type { HeldTrigger, TriggerPatch } from "../domain/store-port.ts";
import { TriggerState, type Observation, type StartOptions, type Sync } from "../domain/sync.ts";
import { isDoubtful, isLastWord } from "./doubt.ts";
import { refOf } from "./poller.ts";
import type { ConfiguredProvider } from "./provider-directory.ts";
import type { ProviderContact } from "./provider-contact.ts";
import type { Recorder, RecordRequest } from "./recorder.ts";
import type { MirroredStart } from "./start-check.ts";
import type { TrackingTools } from "./tools.ts";
import { unlessGivenUp } from "./unless-given-up.ts";

export interface Intention extends HeldTrigger {
  readonly configured: ConfiguredProvider;
  readonly definition: SyncDefinition;
  readonly linkedAccount: LinkedAccount | null;
  /** The ended run that is to be run again; null in any other start, and when the ledger has it no more. */
  readonly retryOf: Sync | null;
  /** Who sends it can make something of a conflict: that refusal is only thrown, and theirs to write down. */
  readonly attaches?: boolean;
}

/** The trigger is in other hands: this process was taken for dead, and must not decide what became of it. */
export class TakenOver extends Error {
  override readonly name = "TakenOver";
}

export interface Starter {
  /**
   * Calls the vendor for a PENDING trigger.
   *
   * @returns the runs it began; empty when the vendor had nothing to run
   * @throws ProviderError when the vendor refused or could not be reached: nothing was started
   * @throws GatewayError `TRIGGER_UNCERTAIN` when nobody can tell
   * @throws TakenOver
   */
  send(intention: Intention): Promise<readonly Sync[]>;
  /** Writes the vendor's refusal down, and throws it. */
  refuse(intention: Intention, error: ProviderError): Promise<never>;
  /** Gives a trigger that the vendor refused, because of these runs, the runs. */
  attach(intention: Intention, syncs: readonly Sync[]): Promise<void>;
  /** Finishes a trigger that a process left in PENDING or SENT. Never sends an unkeyed start a second time. */
  recover(intention: Intention): Promise<void>;
}

/** The pauses before each look for a run whose start was not answered. */
const LOOK_AFTER_MS = [500, 2_000, 5_000] as const;
/** And before the last look beside a start that is being answered. By then the lease of one whose gateway is gone has ended. */
const LOOK_BESIDE_RIVAL_AFTER_MS = 5_000;

export function createStarter(tools: TrackingTools, contact: ProviderContact, recorder: Recorder): Starter {
  const { store, clock, givenUp } = tools;

  async function send(intention: Intention): Promise<readonly Sync[]> {
    // Nothing has left: whoever goes on with it may send it without a doubt.
    givenUp.throwIfAborted();
    const sentAt = clock.now();
    await write(intention, TriggerState.Pending, { state: TriggerState.Sent, sentAt });
    try {
      return await accept(intention, await call(intention));
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      if (isDoubtful(error)) return await resolveDoubt(intention, sentAt, error);
      return await giveUp(intention, error);
    }
  }

  /** What becomes of a trigger is written by whoever holds it. */
  async function write({ trigger, fence }: Intention, state: TriggerState, patch: TriggerPatch): Promise<void> {
    const { tenantId, id, providerKey } = trigger;
    if (await store.triggers.update(tenantId, id, { state, fence }, patch)) return;
    throw new TakenOver(`${providerKey}: trigger ${id} is not in ${state} under takeover ${fence} any more`);
  }

  function call(intention: Intention): Promise<readonly Observation[]> {
    const { trigger, configured } = intention;
    return contact.through(trigger.tenantId, configured, () =>
      configured.provider.start(requestOf(intention), trigger.id),
    );
  }

  async function accept(intention: Intention, observations: readonly Observation[]): Promise<readonly Sync[]> {
    return resolve(intention, await record(intention, observations, linksOf(intention)));
  }

  async function resolve(intention: Intention, syncs: readonly Sync[]): Promise<readonly Sync[]> {
    await write(intention, TriggerState.Sent, acceptedWith(syncs));
    return syncs;
  }

  function attach(intention: Intention, syncs: readonly Sync[]): Promise<void> {
    return write(intention, TriggerState.Sent, { ...acceptedWith(syncs), attached: true });
  }

  function acceptedWith(syncs: readonly Sync[]): TriggerPatch {
    const syncIds = syncs.map(({ id }) => id);
    return { state: TriggerState.Accepted, syncIds, options: null, resolvedAt: clock.now() };
  }

  function record(
    { trigger, configured, definition, linkedAccount }: Intention,
    observations: readonly Observation[],
    links: Pick<RecordRequest, "retryOf">,
  ): Promise<readonly Sync[]> {
    return recorder.record({
      tenantId: trigger.tenantId,
      configured,
      source: ObservationSource.Trigger,
      triggerId: trigger.id,
      ...links,
      observations: observations.map((observation) => ({
        ...observation,
        definitionRemoteId: observation.definitionRemoteId ?? definition.remoteId,
        linkedAccountRemoteId: observation.linkedAccountRemoteId ?? linkedAccount?.remoteId ?? null,
        facts: { ...observation.facts, origin: SyncOrigin.Gateway },
      })),
    });
  }

  async function refuse(intention: Intention, error: ProviderError): Promise<never> {
    const { code, message } = error;
    const end = { state: TriggerState.Rejected, options: null, error: { code, message }, resolvedAt: clock.now() };
    await write(intention, TriggerState.Sent, end);
    throw error;
  }

  function giveUp(intention: Intention, error: ProviderError): Promise<never> {
    const mayAttach = intention.attaches === true && error.code === ErrorCode.ProviderConflict;
    return mayAttach ? Promise.reject(error) : refuse(intention, error);
  }

  /** The start left the house and no answer came back: use the vendor's key, else look, else say so. Never resend blindly. */
  async function resolveDoubt(intention: Intention, sentAt: Date, cause: ProviderError): Promise<readonly Sync[]> {
    await write(intention, TriggerState.Sent, { doubtedAt: clock.now() });
    for (const pauseMs of canTell(intention.configured) ? LOOK_AFTER_MS : []) {
      const syncs = await lookAfter(pauseMs, intention, sentAt);
      if (syncs !== null) return syncs;
    }
    if (intention.configured.provider.findStarted !== undefined && (await isRivalAnswering(intention))) {
      const syncs = await lookAfter(LOOK_BESIDE_RIVAL_AFTER_MS, intention, sentAt);
      if (syncs !== null) return syncs;
    }
    // Whoever sent it may have recorded the answer, and died before it wrote down what became of the start.
    const recorded = await store.ledger.syncsOfTrigger(intention.trigger.tenantId, intention.trigger);
    if (recorded.length > 0) return resolve(intention, recorded);
    const message = `${intention.configured.info.key} did not answer the start, so the run may or may not have begun. It is not sent again; check the definition's runs before you start another.`;
    const error = { code: ErrorCode.TriggerUncertain, message };
    const end = { state: TriggerState.Uncertain, options: null, error, resolvedAt: clock.now() };
    await write(intention, TriggerState.Sent, end);
    throw new GatewayError(error.code, message, { cause });
  }

  /** @returns null when this look settled nothing */
  async function lookAfter(pauseMs: number, intention: Intention, sentAt: Date): Promise<readonly Sync[] | null> {
    await clock.sleep(pauseMs, givenUp);
    const { configured } = intention;
    try {
      if (configured.info.capabilities.idempotentStart) return await accept(intention, await call(intention));
      const find = async () => configured.provider.findStarted?.(requestOf(intention), sentAt);
      return await adopt(intention, (await unlessGivenUp(givenUp, find)) ?? []);
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      if (configured.info.capabilities.idempotentStart && isLastWord(error)) return await giveUp(intention, error);
      return null;
    }
  }

  /**
   * Takes runs that nobody else's start began for this one's. They are asked for before, and other starts looked at after, so that
   * a start which is answered meanwhile keeps its own.
   *
   * @returns null when there is none to take
   */
  async function adopt(intention: Intention, found: readonly Observation[]): Promise<readonly Sync[] | null> {
    const { id } = intention.trigger;
    if (found.length === 0) return null;
    const answering = await isRivalAnswering(intention);
    const { own, free } = await claimsOn(intention, found);
    // What is nobody's may be what the other start's answer speaks of.
    if (answering && own.length === 0) return null;
    const wanted = own.length > 0 ? own : firstBegun(free);
    const claimed = (await record(intention, wanted, {})).filter(
      // The ledger keeps the first trigger that claims a run; another gateway may have been faster.
      ({ triggerId }) => triggerId === id,
    );
    if (claimed.length === 0) return null;
    const links = linksOf(intention);
    if (links.retryOf === undefined) return resolve(intention, claimed);
    const ours = wanted.filter(({ remoteId }) => claimed.some((sync) => sync.remoteId === remoteId));
    return resolve(intention, await record(intention, ours, links));
  }

  const isRivalAnswering = ({ trigger }: Intention): Promise<boolean> =>
    store.triggers.isRivalAnswering(trigger.tenantId, trigger.id, clock.now());

  /** Runs recorded as this trigger's, and those of nobody. A run that another trigger began is not this one's, however well it fits. */
  async function claimsOn({ trigger, configured }: Intention, found: readonly Observation[]) {
    const ids = found.map(({ remoteId }) => identityOf(trigger.tenantId, configured.info.key, "sync", remoteId));
    const known = await store.ledger.syncsByIds(trigger.tenantId, ids);
    const claims = new Map(known.map(({ remoteId, triggerId }) => [remoteId, triggerId]));
    const claimedBy = (holder: string | null) =>
      found.filter(({ remoteId }) => (claims.get(remoteId) ?? null) === holder);
    return { own: claimedBy(trigger.id), free: claimedBy(null) };
  }

  async function recover(intention: Intention): Promise<void> {
    const { trigger, configured } = intention;
    try {
      if (trigger.state === TriggerState.Pending) await send(intention);
      else await resolveDoubt(intention, trigger.sentAt ?? trigger.createdAt, abandoned(configured.info.key));
    } catch (error) {
      // The outcome is in the trigger's row; nobody waits for it here.
      const facts = { provider: configured.info.key, triggerId: trigger.id };
      if (error instanceof GatewayError)
        tools.log.warn({ ...facts, code: error.code }, "recovered trigger did not start a run");
      else if (error instanceof TakenOver) tools.log.warn(facts, "recovered trigger was taken over again");
      else throw error;
    }
  }

  return { send, refuse, attach, recover };
}

/** Whether asking again tells anything; where it does not, waiting does not either. */
function canTell({ info, provider }: ConfiguredProvider): boolean {
  return info.capabilities.idempotentStart || provider.findStarted !== undefined;
}

/** What one start begins, of runs that others may have begun too: the oldest, and what was begun together with it. */
function firstBegun(found: readonly Observation[]): readonly Observation[] {
  const begunAt = ({ facts, observedAt }: Observation): number => (facts.createdAt ?? observedAt).getTime();
  const [first] = found.toSorted((one, other) => begunAt(one) - begunAt(other));
  if (first === undefined) return [];
  const { batchId = null } = first.facts;
  return batchId === null ? [first] : found.filter(({ facts }) => facts.batchId === batchId);
}

/** What a provider is asked for, the same each time it is asked. */
export function startRequestOf(
  { definition, linkedAccount, retryOf }: Pick<Intention, "definition" | "linkedAccount" | "retryOf">,
  options: StartOptions,
): MirroredStart {
  return { definition, linkedAccount, options, ...(retryOf === null ? {} : { retryOf: refOf(retryOf) }) };
}

function linksOf({ trigger, retryOf }: Intention): Pick<RecordRequest, "retryOf"> {
  return trigger.retryOfId === null ? {} : { retryOf: { id: trigger.retryOfId, models: retryOf?.models ?? [] } };
}

const requestOf = (intention: Intention): MirroredStart => startRequestOf(intention, intention.trigger.options ?? {});

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
