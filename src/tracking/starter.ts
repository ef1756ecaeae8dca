// Sends a committed intention to the vendor and brings it to an end: accepted, rejected, or honestly uncertain.
import { ErrorCode, GatewayError, ProviderError } from "../domain/errors.ts";
import { shownKeyOf } from "../domain/gateway-port.ts";
import type { FoundRun } from "../domain/provider-port.ts";
import { ObservationSource, SyncOrigin } from "../domain/status.ts";
import type { TriggerPatch } from "../domain/store-port.ts";
import { TriggerState, type Observation, type Sync, type Trigger } from "../domain/sync.ts";
import { isDoubtful, isLastWord } from "./doubt.ts";
import type { ConfiguredProvider } from "./provider-directory.ts";
import type { ProviderContact } from "./provider-contact.ts";
import type { Recorder, RecordRequest } from "./recorder.ts";
import type { MirroredStart } from "./start-check.ts";
import { createStartLook } from "./start-look.ts";
import type { Refusal } from "./start-judge.ts";
import { startRequestOf, type Intention } from "./start-request.ts";
import { answerTime } from "./start-window.ts";
import type { TrackingTools } from "./tools.ts";

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
  /** Writes down that a trigger which was sent began nothing, and why. */
  reject(intention: Intention, why: NonNullable<Trigger["error"]>): Promise<void>;
  /** Gives a trigger that the vendor refused, because of these runs, the runs. */
  attach(intention: Intention, syncs: readonly Sync[]): Promise<void>;
  /** Finishes a trigger that a process left in PENDING or SENT. Never sends an unkeyed start a second time. */
  recover(intention: Intention): Promise<void>;
}

/** The pauses before each look for a run whose start was not answered. */
const LOOK_AFTER_MS = [500, 2_000, 5_000] as const;
/** And before the last look beside a start that is being answered. By then the lease of one whose gateway is gone has ended. */
const LOOK_BESIDE_RIVAL_AFTER_MS = 5_000;

/** Runs that an uncertain start is told to look at. */
const MOST_CANDIDATES = 20;
/** Of these, as many as a sentence can hold. */
const MOST_NAMED = 5;

export function createStarter(tools: TrackingTools, contact: ProviderContact, recorder: Recorder): Starter {
  const { store, clock, givenUp } = tools;
  const startLook = createStartLook(tools);

  async function send(intention: Intention): Promise<readonly Sync[]> {
    // Nothing has left: whoever goes on with it may send it without a doubt.
    givenUp.throwIfAborted();
    const sentAt = clock.now();
    await write(intention, TriggerState.Pending, { state: TriggerState.Sent, sentAt });
    const sent = { ...intention, trigger: { ...intention.trigger, sentAt } };
    try {
      return await accept(sent, await call(sent));
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      if (isDoubtful(error)) return await resolveDoubt(sent, error);
      return await giveUp(sent, error);
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

  /** The vendor may name a run that cannot be this start's: then its answer is a doubt, like one that cannot be read. */
  async function accept(intention: Intention, observations: readonly Observation[]): Promise<readonly Sync[]> {
    const refusal = await startLook.refusalOf(intention, observations);
    if (refusal !== null) throw new Disbelieved(shownKeyOf(intention.configured.info), refusal);
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
      observations: observations.map(plain).map((observation) => ({
        ...observation,
        definitionRemoteId: observation.definitionRemoteId ?? definition.remoteId,
        linkedAccountRemoteId: observation.linkedAccountRemoteId ?? linkedAccount?.remoteId ?? null,
        facts: { ...observation.facts, origin: SyncOrigin.Gateway },
      })),
    });
  }

  /** Runs that the start may have begun, as anybody's: only so they can be looked at by their ids. */
  function recordFound({ trigger, configured }: Intention, candidates: readonly FoundRun[]): Promise<readonly Sync[]> {
    const source = ObservationSource.Discovery;
    const observations = candidates.slice(0, MOST_CANDIDATES).map(plain);
    return recorder.record({ tenantId: trigger.tenantId, configured, source, observations });
  }

  async function refuse(intention: Intention, error: ProviderError): Promise<never> {
    await reject(intention, error);
    throw error;
  }

  function reject(intention: Intention, { code, message }: NonNullable<Trigger["error"]>): Promise<void> {
    const end = { state: TriggerState.Rejected, options: null, error: { code, message }, resolvedAt: clock.now() };
    return write(intention, TriggerState.Sent, end);
  }

  function giveUp(intention: Intention, error: ProviderError): Promise<never> {
    const mayAttach = intention.attaches === true && error.code === ErrorCode.ProviderConflict;
    return mayAttach ? Promise.reject(error) : refuse(intention, error);
  }

  /** The start left the house and no good answer came back: use the vendor's key, else look, else say so. Never resend blindly. */
  async function resolveDoubt(given: Intention, cause: ProviderError): Promise<readonly Sync[]> {
    const doubtedAt = clock.now();
    const answeredAt = given.trigger.answeredAt ?? answerTime(cause, doubtedAt);
    await write(given, TriggerState.Sent, { doubtedAt, ...(answeredAt === null ? {} : { answeredAt }) });
    const intention = { ...given, trigger: { ...given.trigger, answeredAt } };
    const attaches = intention.attaches === true && cause.code === ErrorCode.ProviderConflict;
    const found: Found = { candidates: [], isLooked: false, attaches };
    for (const pauseMs of canTell(intention.configured) ? LOOK_AFTER_MS : []) {
      const syncs = await lookAfter(pauseMs, intention, found);
      if (syncs !== null) return syncs;
      if (isBorneOut(cause, intention, found)) return giveUp(intention, cause);
    }
    if (intention.configured.provider.findStarted !== undefined && (await startLook.isRivalAnswering(intention))) {
      const syncs = await lookAfter(LOOK_BESIDE_RIVAL_AFTER_MS, intention, found);
      if (syncs !== null) return syncs;
    }
    // Whoever sent it may have recorded the answer, and died before it wrote down what became of the start.
    const recorded = await store.ledger.syncsOfTrigger(intention.trigger.tenantId, intention.trigger);
    if (recorded.length > 0) return resolve(intention, recorded);
    return endUncertain(intention, found.candidates, cause);
  }

  async function endUncertain(
    intention: Intention,
    candidates: readonly FoundRun[],
    cause: ProviderError,
  ): Promise<never> {
    const syncs = await recordFound(intention, candidates);
    const error = {
      code: ErrorCode.TriggerUncertain,
      message: uncertain(shownKeyOf(intention.configured.info), syncs),
    };
    const candidateIds = syncs.map(({ id }) => id);
    const end = { state: TriggerState.Uncertain, options: null, error, candidateIds, resolvedAt: clock.now() };
    await write(intention, TriggerState.Sent, end);
    throw new GatewayError(error.code, error.message, { cause });
  }

  /** @returns null when this look settled nothing; `found` then tells what there is */
  async function lookAfter(pauseMs: number, intention: Intention, found: Found): Promise<readonly Sync[] | null> {
    await clock.sleep(pauseMs, givenUp);
    const { info } = intention.configured;
    try {
      if (info.capabilities.idempotentStart) return await accept(intention, await call(intention));
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      if (isLastWord(error)) return await giveUp(intention, error);
      // An answer that names another start's run is no better the second time: the vendor's list may tell.
      if (!(error instanceof Disbelieved)) return null;
    }
    try {
      const { own, candidates } = await startLook.look(intention);
      Object.assign(found, { candidates, isLooked: true });
      if (own.length === 0) return null;
      return found.attaches ? await attachTo(intention, own) : await adopt(intention, own);
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      return null;
    }
  }

  /**
   * Takes runs that the judge found to be this start's.
   *
   * @returns null when another gateway's start was faster
   */
  async function adopt(intention: Intention, own: readonly FoundRun[]): Promise<readonly Sync[] | null> {
    const { id } = intention.trigger;
    const claimed = (await record(intention, own, {})).filter(
      // The ledger keeps the first trigger that claims a run; another gateway may have been faster.
      ({ triggerId }) => triggerId === id,
    );
    if (claimed.length === 0) return null;
    const links = linksOf(intention);
    if (links.retryOf === undefined) return resolve(intention, claimed);
    const ours = own.filter(({ remoteId }) => claimed.some((sync) => sync.remoteId === remoteId));
    return resolve(intention, await record(intention, ours, links));
  }

  async function attachTo(intention: Intention, runs: readonly FoundRun[]): Promise<readonly Sync[]> {
    const syncs = await recordFound(intention, runs);
    await attach(intention, syncs);
    return syncs;
  }

  async function recover(intention: Intention): Promise<void> {
    const { trigger, configured } = intention;
    try {
      if (trigger.state === TriggerState.Pending) await send(intention);
      else await resolveDoubt(intention, abandoned(shownKeyOf(configured.info)));
    } catch (error) {
      // The outcome is in the trigger's row; nobody waits for it here.
      const facts = { provider: configured.info.key, triggerId: trigger.id };
      if (error instanceof GatewayError)
        tools.log.warn({ ...facts, code: error.code }, "recovered trigger did not start a run");
      else if (error instanceof TakenOver) tools.log.warn(facts, "recovered trigger was taken over again");
      else throw error;
    }
  }

  return { send, refuse, reject, attach, recover };
}

/** Whether asking again tells anything; where it does not, waiting does not either. */
function canTell({ info, provider }: ConfiguredProvider): boolean {
  return info.capabilities.idempotentStart || provider.findStarted !== undefined;
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

/** What the last look found that could be read. */
interface Found {
  candidates: readonly FoundRun[];
  isLooked: boolean;
  /** The vendor said that runs are in the way, and the caller wants those: whether the start began them need not be told. */
  readonly attaches: boolean;
}

/** A refusal that was in doubt only because runs were there: none of them can be this start's. */
function isBorneOut({ code }: ProviderError, { configured }: Intention, { candidates, isLooked }: Found): boolean {
  const isConflict = code === ErrorCode.ProviderConflict && !configured.info.capabilities.idempotentStart;
  return isConflict && isLooked && candidates.length === 0;
}

/** An answer that names a run which cannot be the start's own. */
class Disbelieved extends ProviderError {
  constructor(provider: string, refusal: Refusal) {
    const message = `${provider}: start: expected a run that this start began, got another: ${refusal}`;
    const facts = { httpStatus: 200, retryable: false, retryAfterMs: null, sent: true };
    super(message, { code: ErrorCode.ProviderBadResponse, provider, ...facts });
  }
}

/** Without what only the judge reads. */
function plain({ asAsked: _, ...observation }: FoundRun): Observation {
  return observation;
}

function uncertain(provider: string, candidates: readonly Sync[]): string {
  const unknown = `${provider} did not tell what became of the start, so the run may or may not have begun. It is not sent again;`;
  if (candidates.length === 0) return `${unknown} check the definition's runs before you start another.`;
  const named = candidates.slice(0, MOST_NAMED).map(({ remoteId }) => remoteId.slice(0, 64));
  const more = candidates.length > MOST_NAMED ? ` and ${candidates.length - MOST_NAMED} more` : "";
  return `${unknown} it may have begun one of these, or none: ${named.join(", ")}${more}. Look at them before you start another.`;
}
