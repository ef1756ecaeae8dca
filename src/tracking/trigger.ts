// Starting runs: checks the request, commits the intention, sends it, and answers a repeated request as the first.
import type { SyncDefinition } from "../domain/definition.ts";
import { ErrorCode, GatewayError, ProviderError, type UserProblem } from "../domain/errors.ts";
import type { TriggerCommand, TriggerResult } from "../domain/gateway-port.ts";
import type { HeldTrigger, Intended } from "../domain/store-port.ts";
import { IfRunning, TriggerState, type Sync, type Trigger } from "../domain/sync.ts";
import type { Catalog } from "./catalog.ts";
import type { Discoverer } from "./discoverer.ts";
import { fingerprintOf, keyProblem, triggerIdOf } from "./idempotency.ts";
import { ANSWER_WITHIN_MS } from "./in-time.ts";
import { createKeyedMutex } from "./keyed-mutex.ts";
import { createLeases } from "./leases.ts";
import { accountFor } from "./linked-account.ts";
import { NONE_MET, accountIdOf, createOpenRuns } from "./open-runs.ts";
import type { ProviderContact } from "./provider-contact.ts";
import { providerGone, unknownObject } from "./problems.ts";
import { problemsOf, startOptionsOf } from "./start-check.ts";
import { startRequestOf, type Intention } from "./start-request.ts";
import { TakenOver, type Starter } from "./starter.ts";
import type { TrackingTools } from "./tools.ts";
import {
  alreadyRunning,
  createTriggerOutcomes,
  isUnresolved,
  notCovered,
  nothingScheduled,
  refused,
  stillStarting,
} from "./trigger-outcomes.ts";
import { createTriggerRecovery, leaseOf, type HeldStart, type TriggerRecovery } from "./trigger-recovery.ts";

export interface Triggers extends TriggerRecovery {
  trigger(tenantId: string, command: TriggerCommand, given?: TriggerDetails): Promise<TriggerResult>;
}

export interface TriggerDetails {
  /** The ended run that is to be run again. */
  readonly retryOf?: Sync;
  /** What `triggerIdOf` gives for the command; default that. */
  readonly id?: string;
  /** Told the trigger as soon as it is committed, or found to be so, for a caller that cannot wait for more. */
  readonly onCommitted?: (trigger: Trigger) => void;
}

interface Parts {
  readonly catalog: Catalog;
  readonly starter: Starter;
  readonly discoverer: Discoverer;
  readonly contact: ProviderContact;
}

interface Asked {
  readonly tenantId: string;
  readonly command: TriggerCommand;
  /** Of the trigger to be made. */
  readonly id: string;
  readonly retryOf: Sync | null;
  readonly askedAt: Date;
  readonly onCommitted: (trigger: Trigger) => void;
}

/** What is asked for, checked and complete; nothing is committed. */
interface Request extends Omit<Intention, "trigger" | "fence"> {
  readonly draft: Trigger;
  readonly ifRunning: IfRunning;
  readonly askedAt: Date;
  readonly onCommitted: (trigger: Trigger) => void;
}

/** A definition that was read this long ago is trusted for a start; an older one is read again first. */
const DEFINITION_FRESH_MS = 30_000;
/** How far back a run may have begun that a vendor says is in the way. */
const CONFLICT_LOOK_BACK_MS = 24 * 3_600_000;
/** How long a request waits for another one that starts the same: a vendor's slow answer, and the looks after none. */
const WAIT_MS = 20_000;

export function createTriggers(tools: TrackingTools, { catalog, starter, discoverer, contact }: Parts): Triggers {
  const { store, clock, directory, queue } = tools;
  const oneAtATime = createKeyedMutex();
  const open = createOpenRuns(tools, contact);
  const leases = createLeases<HeldStart>(tools, {
    of: "triggers",
    renew: (...held) => store.triggers.renew(...held),
    async giveBack(tenantId, held) {
      for (const { providerKey, ...one } of held) {
        await store.triggers.giveBack(tenantId, one, clock.now());
        await queue.schedule({ kind: "TRIGGERS", tenantId, providerKey }, clock.now());
      }
    },
  });
  const outcomes = createTriggerOutcomes(tools);

  async function trigger(
    tenantId: string,
    command: TriggerCommand,
    { retryOf, id = triggerIdOf(tenantId, command.idempotencyKey), onCommitted = () => undefined }: TriggerDetails = {},
  ): Promise<TriggerResult> {
    const invalidKey = keyProblem(command.idempotencyKey);
    if (invalidKey !== null) return refused([invalidKey]);
    const { idempotencyKey, definitionId, ifRunning } = command;
    const askedAt = clock.now();
    const attempt = () => begin({ tenantId, command, id, retryOf: retryOf ?? null, askedAt, onCommitted });
    // The store decides between gateways. Within this one requests queue up, so that one of them asks the store and not all.
    const perDefinition = () =>
      ifRunning === IfRunning.StartAnother ? attempt() : oneAtATime(`definition ${tenantId} ${definitionId}`, attempt);
    return idempotencyKey === null ? perDefinition() : oneAtATime(`key ${tenantId} ${idempotencyKey}`, perDefinition);
  }

  async function begin({ tenantId, command, id, retryOf, askedAt, onCommitted }: Asked): Promise<TriggerResult> {
    // Its turn came so late that its caller has been told: nobody must be surprised by a run.
    if (clock.now().getTime() - askedAt.getTime() >= ANSWER_WITHIN_MS) return refused([stillStarting]);
    const fingerprint = fingerprintOf(command, retryOf?.id ?? null);
    const [earlier] = command.idempotencyKey === null ? [] : await store.triggers.byIds(tenantId, [id]);
    if (earlier?.fingerprint === fingerprint) onCommitted(earlier);
    if (earlier !== undefined) return replay(earlier, fingerprint, askedAt);

    const target = await targetOf(tenantId, command);
    if ("problems" in target) return refused(target.problems);
    const { configured, definition, linkedAccount } = target;
    const options = startOptionsOf(command, linkedAccount);
    const problems = problemsOf(configured, startRequestOf({ definition, linkedAccount, retryOf }, options));
    if (problems.length > 0) return refused(problems);

    const draft: Trigger = {
      id,
      tenantId,
      providerKey: configured.info.key,
      definitionId: definition.id,
      idempotencyKey: command.idempotencyKey,
      fingerprint,
      state: TriggerState.Pending,
      options,
      attached: false,
      syncIds: [],
      retryOfId: retryOf?.id ?? null,
      error: null,
      createdAt: clock.now(),
      sentAt: null,
      answeredAt: null,
      resolvedAt: null,
      candidateIds: null,
    };
    const { ifRunning } = command;
    const request = { configured, definition, linkedAccount, retryOf, draft, ifRunning, askedAt, onCommitted };
    return start(request);
  }

  /** Of several starts at once one is sent, whichever gateways they came to; the others get its run. START_ANOTHER waits for nobody. */
  async function start(request: Request): Promise<TriggerResult> {
    const { draft, definition, ifRunning, askedAt } = request;
    for (;;) {
      const { met, overtaken } = ifRunning === IfRunning.StartAnother ? NONE_MET : await open.met(request);
      if (met.length > 0 && ifRunning === IfRunning.Reject)
        return refuseRunning(request, alreadyRunning(definition.name));
      if (met.length > 0) {
        const covering = await open.covering(request, met);
        return "syncs" in covering
          ? attach(request, covering.syncs)
          : refuseRunning(request, notCovered(definition.name, covering.inTheWay, covering.shortfall));
      }
      const intended = await intend(request, overtaken);
      if (intended.outcome === "CREATED") return dispatch(request, intended.held);
      if (intended.outcome === "KNOWN") return replay(intended.trigger, draft.fingerprint, askedAt);
      if (intended.outcome === "OPEN") continue;
      const rival = await outcomes.settled(draft.tenantId, intended.trigger.id, waitEnd(askedAt));
      // Nobody can tell whether the run that this request waited for began: beginning another beside it would be a blind resend.
      if (rival?.state === TriggerState.Uncertain && rival.error !== null)
        return refused([{ code: rival.error.code, message: rival.error.message, field: null }]);
      if (rival !== null && isUnresolved(rival))
        return ifRunning === IfRunning.Reject
          ? refuseRunning(request, alreadyRunning(definition.name))
          : refused([beingStarted(definition)]);
    }
  }

  /** A refusal under a key is that key's answer, also when the run that was in the way has ended. */
  async function refuseRunning({ draft, askedAt }: Request, problem: UserProblem): Promise<TriggerResult> {
    if (draft.idempotencyKey === null) return refused([problem]);
    const { code, message } = problem;
    const resolved = { state: TriggerState.Rejected, options: null, error: { code, message } };
    const committed = await store.triggers.create({ ...draft, ...resolved, resolvedAt: clock.now() });
    if (!isSame(committed, draft)) return replay(committed, draft.fingerprint, askedAt);
    return outcomes.answerOf(committed);
  }

  function intend(request: Request, besideSyncIds: readonly string[]): Promise<Intended> {
    return store.triggers.intend(request.draft, {
      lease: leases.fresh(),
      linkedAccountId: accountIdOf(request),
      aloneSince: request.ifRunning === IfRunning.StartAnother ? null : request.askedAt,
      besideSyncIds,
    });
  }

  async function dispatch(
    { ifRunning, askedAt, onCommitted, ...request }: Request,
    held: HeldTrigger,
  ): Promise<TriggerResult> {
    onCommitted(held.trigger);
    const intention: Intention = { ...request, ...held, attaches: ifRunning === IfRunning.Attach };
    try {
      return await leases.holding([leaseOf(held)], () => send(intention));
    } catch (error) {
      if (!(error instanceof TakenOver)) throw error;
      // The other gateway's word counts, whatever this one has seen.
      const { tenantId, id } = held.trigger;
      const ended = await outcomes.settled(tenantId, id, waitEnd(askedAt));
      return outcomes.answerOf(ended ?? held.trigger);
    }
  }

  async function send(intention: Intention): Promise<TriggerResult> {
    const { tenantId, id } = intention.trigger;
    try {
      const syncs = await starter.send(intention);
      const problems = syncs.length === 0 ? [nothingScheduled(intention.configured.info.key)] : [];
      const trigger = await reread(tenantId, id);
      return { syncs, attached: trigger?.attached ?? false, trigger, problems };
    } catch (error) {
      if (error instanceof ProviderError) return afterRefusal(intention, error);
      if (!(error instanceof GatewayError) || error.code !== ErrorCode.TriggerUncertain) throw error;
      const { code, message } = error;
      return { ...refused([{ code, message, field: null }]), trigger: await reread(tenantId, id) };
    }
  }

  /** The vendor says something is in the way: with ATTACH the run it speaks of is what the caller wants. */
  async function afterRefusal(intention: Intention, error: ProviderError): Promise<TriggerResult> {
    if (error.code !== ErrorCode.ProviderConflict || intention.attaches !== true) throw error;
    const { trigger: sent, configured, definition } = intention;
    const since = new Date(clock.now().getTime() - CONFLICT_LOOK_BACK_MS);
    await discoverer.discoverOf(sent.tenantId, configured, definition.id, since).catch((failure: unknown) => {
      if (!(failure instanceof ProviderError)) throw failure;
    });
    const asked = { ...intention, draft: sent };
    const covering = await open.covering(asked, (await open.met(asked)).met);
    if ("inTheWay" in covering) {
      await starter.reject(intention, notCovered(definition.name, covering.inTheWay, covering.shortfall));
      return outcomes.answerOf((await reread(sent.tenantId, sent.id)) ?? sent);
    }
    const { syncs } = covering;
    if (syncs.length === 0) return starter.refuse(intention, error);
    await starter.attach(intention, syncs);
    return { syncs, attached: true, trigger: await reread(sent.tenantId, sent.id), problems: [] };
  }

  async function attach({ draft, askedAt }: Request, syncs: readonly Sync[]): Promise<TriggerResult> {
    const resolved = { state: TriggerState.Accepted, attached: true, options: null, resolvedAt: clock.now() } as const;
    const committed = await store.triggers.create({ ...draft, ...resolved, syncIds: syncs.map(({ id }) => id) });
    if (!isSame(committed, draft)) return replay(committed, draft.fingerprint, askedAt);
    return { syncs, attached: true, trigger: committed, problems: [] };
  }

  async function replay(earlier: Trigger, fingerprint: string, askedAt: Date): Promise<TriggerResult> {
    if (earlier.fingerprint !== fingerprint) return refused([keyReused]);
    const ended = await outcomes.settled(earlier.tenantId, earlier.id, waitEnd(askedAt));
    return outcomes.answerOf(ended ?? earlier);
  }

  async function targetOf(
    tenantId: string,
    command: TriggerCommand,
  ): Promise<Omit<Intention, "trigger" | "fence" | "retryOf"> | { readonly problems: readonly UserProblem[] }> {
    const [known] = await store.catalog.definitionsByIds(tenantId, [command.definitionId]);
    if (known === undefined) return { problems: [unknownObject(["definitionId"], "sync definition")] };
    const configured = directory.find(tenantId, known.providerKey);
    if (configured === undefined)
      return { problems: [await providerGone(store, tenantId, known.providerKey, ["definitionId"])] };
    await catalog.refreshDefinition(tenantId, configured, known, DEFINITION_FRESH_MS);
    const [definition = known] = await store.catalog.definitionsByIds(tenantId, [command.definitionId]);
    const choice = await accountFor(store, definition, command.linkedAccountId);
    if ("problem" in choice) return { problems: [choice.problem] };
    return { configured, definition, linkedAccount: choice.linkedAccount };
  }

  async function reread(tenantId: string, id: string): Promise<Trigger | null> {
    const [stored] = await store.triggers.byIds(tenantId, [id]);
    return stored ?? null;
  }

  return { trigger, ...createTriggerRecovery(tools, { starter, leases }) };
}

const waitEnd = (askedAt: Date): Date => new Date(askedAt.getTime() + WAIT_MS);

/** Whether a commit stored this request's own trigger, and not one that had its idempotency key before. */
const isSame = (committed: Trigger, draft: Trigger): boolean =>
  committed.fingerprint === draft.fingerprint && committed.createdAt.getTime() === draft.createdAt.getTime();

const beingStarted = ({ name }: SyncDefinition): UserProblem => ({
  code: ErrorCode.IdempotencyInProgress,
  message: `Another request is starting "${name}" and has not finished. Ask again in a moment.`,
  field: ["definitionId"],
});

const keyReused: UserProblem = {
  code: ErrorCode.IdempotencyKeyReused,
  message: "This idempotencyKey was used for another request. Send a new key with a new request.",
  field: ["idempotencyKey"],
};
