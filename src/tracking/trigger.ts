// Starting runs: checks the request, commits the intention, sends it, and answers a repeated request as the first.
import type { LinkedAccount, SyncDefinition } from "../domain/definition.ts";
import { ErrorCode, GatewayError, ProviderError, type UserProblem } from "../domain/errors.ts";
import type { TriggerCommand, TriggerResult } from "../domain/gateway-port.ts";
import { identityOf } from "../domain/identity.ts";
import { IfRunning, TriggerState, type Sync, type Trigger } from "../domain/sync.ts";
import type { Catalog } from "./catalog.ts";
import type { Discoverer } from "./discoverer.ts";
import { fingerprintOf, keyProblem, triggerIdOf } from "./idempotency.ts";
import { createKeyedMutex } from "./keyed-mutex.ts";
import { problemsOf, startOptionsOf } from "./start-check.ts";
import type { Intention, Starter } from "./starter.ts";
import type { TrackingTools } from "./tools.ts";

export interface Triggers {
  trigger(tenantId: string, command: TriggerCommand, retryOfId?: string): Promise<TriggerResult>;
  /** Finishes what earlier processes left unfinished. */
  recover(tenantId: string, providerKey: string): Promise<void>;
}

interface Parts {
  readonly catalog: Catalog;
  readonly starter: Starter;
  readonly discoverer: Discoverer;
}

/** A definition that was read this long ago is trusted for a start; an older one is read again first. */
const DEFINITION_FRESH_MS = 30_000;
/** Triggers this young belong to a request that is still going on. */
const ABANDONED_AFTER_MS = 60_000;
/** How far back a run may have begun that a vendor says is in the way. */
const CONFLICT_LOOK_BACK_MS = 24 * 3_600_000;

export function createTriggers(tools: TrackingTools, { catalog, starter, discoverer }: Parts): Triggers {
  const { store, clock, directory } = tools;
  const oneAtATime = createKeyedMutex();

  async function trigger(tenantId: string, command: TriggerCommand, retryOfId?: string): Promise<TriggerResult> {
    const invalidKey = keyProblem(command.idempotencyKey);
    if (invalidKey !== null) return refused([invalidKey]);
    const { idempotencyKey, definitionId } = command;
    const attempt = () => begin(tenantId, command, retryOfId ?? null);
    // One start of a definition at a time: the second sees the run the first began. A repeated key waits for its first.
    const perDefinition = () => oneAtATime(`definition ${tenantId} ${definitionId}`, attempt);
    return idempotencyKey === null ? perDefinition() : oneAtATime(`key ${tenantId} ${idempotencyKey}`, perDefinition);
  }

  async function begin(tenantId: string, command: TriggerCommand, retryOfId: string | null): Promise<TriggerResult> {
    const id = triggerIdOf(tenantId, command.idempotencyKey);
    const fingerprint = fingerprintOf(command, retryOfId);
    const [earlier] = command.idempotencyKey === null ? [] : await store.triggers.byIds(tenantId, [id]);
    if (earlier !== undefined) return replay(tenantId, earlier, fingerprint);

    const target = await targetOf(tenantId, command);
    if ("problems" in target) return refused(target.problems);
    const { configured, definition, linkedAccount } = target;
    const options = startOptionsOf(command, linkedAccount);
    const problems = problemsOf(configured, definition, linkedAccount, options);
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
      retryOfId,
      error: null,
      createdAt: clock.now(),
      sentAt: null,
      resolvedAt: null,
    };
    const open = await openRuns(tenantId, definition, linkedAccount);
    if (open.length > 0 && command.ifRunning === IfRunning.Reject) return refused([alreadyRunning(definition)]);
    if (open.length > 0 && command.ifRunning === IfRunning.Attach) return attach(draft, open);
    const committed = await store.triggers.create(draft);
    if (!isSame(committed, draft)) return replay(tenantId, committed, fingerprint);
    return dispatch({ trigger: committed, configured, definition, linkedAccount }, command.ifRunning);
  }

  async function dispatch(intention: Intention, ifRunning: IfRunning): Promise<TriggerResult> {
    const { tenantId, id } = intention.trigger;
    try {
      const syncs = await starter.send(intention);
      const problems = syncs.length === 0 ? [nothingScheduled(intention.configured.info.key)] : [];
      return { syncs, attached: false, trigger: await reread(tenantId, id), problems };
    } catch (error) {
      if (error instanceof ProviderError) return afterRefusal(intention, ifRunning, error);
      if (!(error instanceof GatewayError)) throw error;
      const { code, message } = error;
      return {
        syncs: [],
        attached: false,
        trigger: await reread(tenantId, id),
        problems: [{ code, message, field: null }],
      };
    }
  }

  /** The vendor says something is in the way: with ATTACH the run it speaks of is what the caller wants. */
  async function afterRefusal(
    intention: Intention,
    ifRunning: IfRunning,
    error: ProviderError,
  ): Promise<TriggerResult> {
    if (error.code !== ErrorCode.ProviderConflict || ifRunning !== IfRunning.Attach) throw error;
    const { trigger: sent, configured, definition, linkedAccount } = intention;
    const since = new Date(clock.now().getTime() - CONFLICT_LOOK_BACK_MS);
    await discoverer.discoverOf(sent.tenantId, configured, definition.id, since);
    const open = await openRuns(sent.tenantId, definition, linkedAccount);
    if (open.length === 0) throw error;
    const syncs = newestBatch(open);
    await store.triggers.update(sent.tenantId, sent.id, TriggerState.Rejected, {
      state: TriggerState.Accepted,
      attached: true,
      error: null,
      syncIds: syncs.map((sync) => sync.id),
    });
    return { syncs, attached: true, trigger: await reread(sent.tenantId, sent.id), problems: [] };
  }

  async function attach(draft: Trigger, open: readonly Sync[]): Promise<TriggerResult> {
    const syncs = newestBatch(open);
    const resolved = { state: TriggerState.Accepted, attached: true, options: null, resolvedAt: clock.now() } as const;
    const committed = await store.triggers.create({ ...draft, ...resolved, syncIds: syncs.map(({ id }) => id) });
    if (!isSame(committed, draft)) return replay(draft.tenantId, committed, draft.fingerprint);
    return { syncs, attached: true, trigger: committed, problems: [] };
  }

  async function replay(tenantId: string, earlier: Trigger, fingerprint: string): Promise<TriggerResult> {
    const problem = (code: ErrorCode, message: string): TriggerResult => ({
      syncs: [],
      attached: false,
      trigger: code === ErrorCode.IdempotencyKeyReused ? null : earlier,
      problems: [{ code, message, field: ["idempotencyKey"] }],
    });
    if (earlier.fingerprint !== fingerprint) {
      return problem(
        ErrorCode.IdempotencyKeyReused,
        "This idempotencyKey was used for another request. Send a new key with a new request.",
      );
    }
    if (earlier.state === TriggerState.Pending || earlier.state === TriggerState.Sent) {
      return problem(
        ErrorCode.IdempotencyInProgress,
        "The first request with this idempotencyKey has not finished. Ask again in a moment.",
      );
    }
    if (earlier.error !== null) {
      const { code, message } = earlier.error;
      if (earlier.state === TriggerState.Uncertain)
        return { ...problem(code, message), problems: [{ code, message, field: null }] };
      throw refusedBefore(earlier.providerKey, code, message);
    }
    const found = await store.ledger.syncsByIds(tenantId, earlier.syncIds);
    const syncs = earlier.syncIds.flatMap((id) => found.find((sync) => sync.id === id) ?? []);
    const problems = earlier.syncIds.length === 0 ? [nothingScheduled(earlier.providerKey)] : [];
    return { syncs, attached: earlier.attached, trigger: earlier, problems };
  }

  async function targetOf(
    tenantId: string,
    command: TriggerCommand,
  ): Promise<Omit<Intention, "trigger"> | { readonly problems: readonly UserProblem[] }> {
    const [known] = await store.catalog.definitionsByIds(tenantId, [command.definitionId]);
    if (known === undefined) return { problems: [unknown("definitionId", "sync definition")] };
    const configured = directory.find(tenantId, known.providerKey);
    if (configured === undefined) return { problems: [notConfigured(known)] };
    await catalog.refreshDefinition(tenantId, configured, known, DEFINITION_FRESH_MS);
    const [definition = known] = await store.catalog.definitionsByIds(tenantId, [command.definitionId]);
    const linkedAccountId =
      command.linkedAccountId ??
      (definition.linkedAccountRemoteId === null
        ? null
        : identityOf(tenantId, known.providerKey, "linkedAccount", definition.linkedAccountRemoteId));
    if (linkedAccountId === null) return { configured, definition, linkedAccount: null };
    const [linkedAccount] = await store.catalog.linkedAccountsByIds(tenantId, [linkedAccountId]);
    if (command.linkedAccountId !== undefined && linkedAccount?.providerKey !== known.providerKey) {
      return { problems: [unknown("linkedAccountId", `linked account of ${known.providerKey}`)] };
    }
    return { configured, definition, linkedAccount: linkedAccount ?? null };
  }

  async function openRuns(
    tenantId: string,
    definition: SyncDefinition,
    account: LinkedAccount | null,
  ): Promise<readonly Sync[]> {
    const open = await store.ledger.openSyncs(tenantId, definition.id);
    // A definition that runs for many customers is "running" only for those it runs for.
    const shared = definition.linkedAccountRemoteId === null && account !== null;
    return shared ? open.filter(({ linkedAccountId }) => linkedAccountId === account.id) : open;
  }

  async function reread(tenantId: string, id: string): Promise<Trigger | null> {
    const [stored] = await store.triggers.byIds(tenantId, [id]);
    return stored ?? null;
  }

  async function recover(tenantId: string, providerKey: string): Promise<void> {
    const before = new Date(clock.now().getTime() - ABANDONED_AFTER_MS);
    const left = (await store.triggers.unresolved(tenantId, before)).filter((one) => one.providerKey === providerKey);
    for (const { id, definitionId } of left) {
      // A start of this process that takes long holds the definition: when it is through there is nothing left to recover.
      await oneAtATime(`definition ${tenantId} ${definitionId}`, () => recoverOne(tenantId, id));
    }
  }

  async function recoverOne(tenantId: string, id: string): Promise<void> {
    const [abandoned] = await store.triggers.byIds(tenantId, [id]);
    if (abandoned?.state !== TriggerState.Pending && abandoned?.state !== TriggerState.Sent) return;
    const { providerKey } = abandoned;
    const [definition] = await store.catalog.definitionsByIds(tenantId, [abandoned.definitionId]);
    const configured = directory.find(tenantId, providerKey);
    if (definition === undefined || configured === undefined) return;
    const remoteId = abandoned.options?.linkedAccountRemoteId ?? definition.linkedAccountRemoteId;
    const ids = remoteId === null ? [] : [identityOf(tenantId, providerKey, "linkedAccount", remoteId)];
    const [linkedAccount = null] = await store.catalog.linkedAccountsByIds(tenantId, ids);
    await starter.recover({ trigger: abandoned, configured, definition, linkedAccount });
  }

  return { trigger, recover };
}

const refused = (problems: readonly UserProblem[]): TriggerResult => ({
  syncs: [],
  attached: false,
  trigger: null,
  problems,
});

/** Whether a commit stored this request's own trigger, and not one that had its idempotency key before. */
const isSame = (committed: Trigger, draft: Trigger): boolean =>
  committed.fingerprint === draft.fingerprint && committed.createdAt.getTime() === draft.createdAt.getTime();

/** Runs begun together belong together; otherwise the newest is the one to attach to. */
function newestBatch(open: readonly Sync[]): readonly Sync[] {
  const [newest] = open;
  if (newest === undefined || newest.batchId === null) return open.slice(0, 1);
  return open.filter(({ batchId }) => batchId === newest.batchId);
}

const alreadyRunning = ({ name }: SyncDefinition): UserProblem => ({
  code: ErrorCode.AlreadyRunning,
  message: `"${name}" is running already. Use ifRunning: ATTACH to get that run, or START_ANOTHER to begin one beside it.`,
  field: ["ifRunning"],
});

const refusedBefore = (provider: string, code: ErrorCode, message: string): ProviderError =>
  new ProviderError(message, { code, provider, httpStatus: null, retryable: false, retryAfterMs: null, sent: true });

const unknown = (field: string, what: string): UserProblem => ({
  code: ErrorCode.NotFound,
  message: `There is no ${what} with this id. List them to find the id you mean.`,
  field: [field],
});

const notConfigured = ({ name, providerKey }: SyncDefinition): UserProblem => ({
  code: ErrorCode.NotFound,
  message: `"${name}" belongs to the provider ${providerKey}, which is not configured any more.`,
  field: ["definitionId"],
});

/** No name of the definition: a repeated request must hear the same words, whatever has changed since. */
const nothingScheduled = (providerKey: string): UserProblem => ({
  code: ErrorCode.ProviderRejected,
  message: `${providerKey} accepted the request and scheduled nothing: this definition has nothing that can sync now.`,
  field: ["definitionId"],
});
