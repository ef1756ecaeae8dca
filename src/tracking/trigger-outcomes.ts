// What became of a trigger, told to whoever asks again or waited for it: the same answer as the first, errors included.
import { ErrorCode, ProviderError, isOutage, type UserProblem } from "../domain/errors.ts";
import type { TriggerResult } from "../domain/gateway-port.ts";
import { TriggerState, type Sync, type Trigger } from "../domain/sync.ts";
import type { TrackingTools } from "./tools.ts";

export interface TriggerOutcomes {
  /** Waits, for so long at most, until a trigger is resolved. Null when it does not exist. */
  settled(tenantId: string, id: string, until: Date): Promise<Trigger | null>;
  /**
   * What a trigger gave, or that it is still going on.
   *
   * @throws ProviderError the vendor's refusal
   */
  answerOf(trigger: Trigger): Promise<TriggerResult>;
  /**
   * The same for the trigger of this id, which may not have been committed yet, for somebody who has waited long enough.
   *
   * @param committed what is known of it without the database, which may not answer in time; null when nothing is
   */
  answerNow(tenantId: string, id: string, committed?: Trigger | null): Promise<TriggerResult>;
}

type OutcomeTools = Pick<TrackingTools, "store" | "clock" | "givenUp">;

/** Each pause is twice the one before it, up to the longest. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;
/** How long a caller who has waited long enough waits for the database: what is known without it must come before the operation's end. */
const LAST_READ_MS = 2_000;

export function createTriggerOutcomes({ store, clock, givenUp }: OutcomeTools): TriggerOutcomes {
  async function answerOf(trigger: Trigger): Promise<TriggerResult> {
    const { tenantId, providerKey, syncIds, state, error } = trigger;
    const without = (problem: UserProblem): TriggerResult => ({ ...refused([problem]), trigger });
    if (isUnresolved(trigger)) return without(inProgress(trigger));
    if (error !== null) {
      const { code, message } = error;
      if (state === TriggerState.Uncertain) return without({ code, message, field: null });
      // The gateway's own refusal, which no vendor was asked for.
      if (code === ErrorCode.AlreadyRunning) return without({ code, message, field: IF_RUNNING });
      throw refusedBefore(providerKey, code, message);
    }
    const found = await store.ledger.syncsByIds(tenantId, syncIds);
    const syncs = syncIds.flatMap((id) => found.find((sync) => sync.id === id) ?? []);
    const problems = syncIds.length === 0 ? [nothingScheduled(providerKey)] : [];
    return { syncs, attached: trigger.attached, trigger, problems };
  }

  return {
    answerOf,
    async answerNow(tenantId, id, committed = null) {
      const asLastKnown = (): TriggerResult =>
        committed === null ? refused([stillStarting]) : { ...refused([inProgress(committed)]), trigger: committed };
      const read = async (): Promise<TriggerResult> => {
        const [trigger] = await store.triggers.byIds(tenantId, [id]);
        return trigger === undefined ? asLastKnown() : answerOf(trigger);
      };
      const settled = new AbortController();
      const answer = read().catch((error: unknown) => {
        if (isOutage(error)) return asLastKnown();
        throw error;
      });
      const bound = clock.sleep(LAST_READ_MS, settled.signal).then(asLastKnown, () => answer);
      return Promise.race([answer, bound]).finally(() => settled.abort());
    },
    async settled(tenantId, id, until) {
      for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
        const [trigger] = await store.triggers.byIds(tenantId, [id]);
        if (trigger === undefined || !isUnresolved(trigger)) return trigger ?? null;
        const leftMs = until.getTime() - clock.now().getTime();
        if (leftMs <= 0) return trigger;
        await clock.sleep(Math.min(pauseMs, leftMs), givenUp);
      }
    },
  };
}

export const isUnresolved = ({ state }: Trigger): boolean =>
  state === TriggerState.Pending || state === TriggerState.Sent;

export const refused = (problems: readonly UserProblem[]): TriggerResult => ({
  syncs: [],
  attached: false,
  trigger: null,
  problems,
});

/** No name of the definition: a repeated request must hear the same words, whatever has changed since. */
export const nothingScheduled = (providerKey: string): UserProblem => ({
  code: ErrorCode.ProviderRejected,
  message: `${providerKey} accepted the request and scheduled nothing: this definition has nothing that can sync now.`,
  field: ["definitionId"],
});

const IF_RUNNING = ["ifRunning"];

/** @param name of the definition as it was when the start was refused */
export const alreadyRunning = (name: string): UserProblem => ({
  code: ErrorCode.AlreadyRunning,
  message: `"${name}" is running already. Use ifRunning: ATTACH to get that run, or START_ANOTHER to begin one beside it.`,
  field: IF_RUNNING,
});

/** The open run does less than the start asks for. @param shortfall in words that follow "it" */
export const notCovered = (name: string, { remoteId }: Sync, shortfall: string): UserProblem => ({
  code: ErrorCode.AlreadyRunning,
  message: `"${name}" is running already, and its run ${remoteId} ${shortfall}. Ask again when it has ended, or use ifRunning: START_ANOTHER to begin another run beside it.`,
  field: IF_RUNNING,
});

/** For a start that waited its turn until its caller had to be answered. */
export const stillStarting: UserProblem = {
  code: ErrorCode.IdempotencyInProgress,
  message: "Other starts of this definition have not finished, and this one has not begun. Ask again in a moment.",
  field: ["definitionId"],
};

function inProgress({ idempotencyKey }: Trigger): UserProblem {
  const code = ErrorCode.IdempotencyInProgress;
  return idempotencyKey === null
    ? { code, message: "This start has not finished. Ask again in a moment.", field: null }
    : {
        code,
        message: "The first request with this idempotencyKey has not finished. Ask again in a moment.",
        field: ["idempotencyKey"],
      };
}

const refusedBefore = (provider: string, code: ErrorCode, message: string): ProviderError =>
  new ProviderError(message, { code, provider, httpStatus: null, retryable: false, retryAfterMs: null, sent: true });
