// Looks for the run of a start that was not answered, and brings together what the judge needs: the vendor's list, the ledger, other starts.
import { identityOf } from "../domain/identity.ts";
import type { FoundRun } from "../domain/provider-port.ts";
import { isTerminal } from "../domain/status.ts";
import type { RivalStart } from "../domain/store-port.ts";
import type { Observation, Sync, Trigger } from "../domain/sync.ts";
import { judgeFound, refusalOfAnswer, refusalOfFound } from "./start-judge.ts";
import type { KnownRun, Refusal, Rival, SeenRun, Verdict } from "./start-judge.ts";
import { rivalStartOf, sentStartOf } from "./start-window.ts";
import { startRequestOf, type Intention } from "./start-request.ts";
import type { TrackingTools } from "./tools.ts";
import { unlessGivenUp } from "./unless-given-up.ts";

export interface Look extends Verdict {
  /** Another start may still be answered with one of the candidates. */
  readonly isAnswering: boolean;
}

export interface StartLook {
  /** Asks the vendor. Throws `ProviderError`. */
  look(intention: Intention): Promise<Look>;
  /** Why the answer of a start cannot be believed; null when it can be. */
  refusalOf(intention: Intention, answer: readonly Observation[]): Promise<Refusal | null>;
  /** Whether another start, for the same definition and account, waits for its answer. */
  isRivalAnswering(intention: Intention): Promise<boolean>;
}

/** Starts whose runs are looked for beside one's own; what more of them may have begun is unknown. */
const MOST_LOOKS = 5;
/** Of each run the first transition and its end are wanted; no run has more. */
const TRANSITIONS = { limit: 100, direction: "forward", from: null } as const;

export function createStartLook({ store, clock, givenUp }: TrackingTools): StartLook {
  const rivalsOf = ({ trigger }: Intention): Promise<readonly RivalStart[]> =>
    store.triggers.rivalsOf(trigger.tenantId, trigger.id, clock.now());

  async function seen<Run extends Observation>(
    { trigger, configured }: Intention,
    runs: readonly Run[],
  ): Promise<readonly SeenRun<Run>[]> {
    const { tenantId } = trigger;
    const idOf = ({ remoteId }: Observation) => identityOf(tenantId, configured.info.key, "sync", remoteId);
    const syncs = await store.ledger.syncsByIds(tenantId, [...new Set(runs.map(idOf))]);
    const pages = await store.ledger.transitionsBySync(
      tenantId,
      syncs.map(({ id }) => id),
      TRANSITIONS,
    );
    const known = new Map(syncs.map((sync, index) => [sync.id, knownRun(sync, pages[index]?.items ?? [])]));
    return runs.map((run) => ({ run, known: known.get(idOf(run)) ?? null }));
  }

  async function find(intention: Intention, trigger: Trigger): Promise<readonly FoundRun[]> {
    const { definition, linkedAccount, configured } = intention;
    const retried = trigger.retryOfId === null ? [] : [trigger.retryOfId];
    const [retryOf = null] =
      trigger.id === intention.trigger.id
        ? [intention.retryOf]
        : await store.ledger.syncsByIds(trigger.tenantId, retried);
    const request = startRequestOf({ definition, linkedAccount, retryOf }, trigger.options ?? {});
    const sentAt = trigger.sentAt ?? trigger.createdAt;
    const call = async () => configured.provider.findStarted?.(request, sentAt, { signal: givenUp });
    return (await unlessGivenUp(givenUp, call)) ?? [];
  }

  /** What another start may have begun: the vendor is asked for it as long as it is known what it asked for. */
  async function rivalOf(intention: Intention, trigger: Trigger, mayLook: boolean): Promise<Rival> {
    const { definition, linkedAccount, configured } = intention;
    const start = rivalStartOf(configured.provider, { trigger, definition, linkedAccount });
    if (trigger.options !== null && mayLook) {
      const found = await find(intention, trigger);
      return { start, found: new Map(found.map(({ remoteId, asAsked }) => [remoteId, asAsked])) };
    }
    return { start, found: null };
  }

  async function look(intention: Intention): Promise<Look> {
    const runs = await find(intention, intention.trigger);
    if (runs.length === 0) return { own: [], candidates: [], isAnswering: false };
    const { trigger, configured } = intention;
    const { provider, info } = configured;
    const start = sentStartOf(provider, intention);
    // Other starts are looked at after the runs were asked for, so that one which is answered meanwhile keeps its own.
    const others = await rivalsOf(intention);
    const all = await seen(intention, runs);
    const idOf = ({ remoteId }: Observation) => identityOf(trigger.tenantId, info.key, "sync", remoteId);
    const rivals: Rival[] = [];
    if (all.some((one) => refusalOfFound(start, one) === null)) {
      for (const [index, other] of others.entries()) {
        const rival = await rivalOf(intention, other.trigger, index < MOST_LOOKS);
        const { candidateIds } = other.trigger;
        const may = candidateIds === null ? null : all.filter(({ run }) => candidateIds.includes(idOf(run)));
        const found = may === null ? rival.found : new Map(may.map(({ run }) => [run.remoteId, undefined]));
        rivals.push({ ...rival, found });
      }
    }
    const eachModel = info.capabilities.startsEachModel ?? false;
    const verdict = judgeFound(start, rivals, all, eachModel);
    const isRecorded = all.some(({ known }) => known?.triggerId === trigger.id);
    const isAnswering = !isRecorded && others.some((other) => other.isAnswering);
    // What is nobody's may be what the other start's answer speaks of.
    return isAnswering
      ? { own: [], candidates: [...verdict.own, ...verdict.candidates], isAnswering }
      : { ...verdict, isAnswering };
  }

  return {
    look,
    async refusalOf(intention, answer) {
      const start = sentStartOf(intention.configured.provider, intention);
      const refusals = (await seen(intention, answer)).map((one) => refusalOfAnswer(start, one));
      return refusals.find((refusal) => refusal !== null) ?? null;
    },
    isRivalAnswering: async (intention) => (await rivalsOf(intention)).some((other) => other.isAnswering),
  };
}

function knownRun(
  { triggerId, definitionId, linkedAccountId, createdAt }: Sync,
  transitions: readonly { readonly to: Sync["status"]; readonly observedAt: Date }[],
): KnownRun {
  return {
    ...{ triggerId, definitionId, linkedAccountId },
    firstSeenAt: transitions[0]?.observedAt ?? createdAt,
    endSeenAt: transitions.find(({ to }) => isTerminal(to))?.observedAt ?? null,
  };
}
