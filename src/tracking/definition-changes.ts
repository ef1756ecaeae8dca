// How a definition is changed: one change of it at a time, what the vendor answers is in the mirror at once, and where no answer came
// the mirror is made to tell the truth as far as it can be known.
import { DefinitionKind } from "../domain/definition.ts";
import type { DefinitionSnapshot, ModelSync, SyncDefinition, SyncJob } from "../domain/definition.ts";
import { nameOfKind } from "../domain/editor-port.ts";
import { ErrorCode, ProviderError, type UserProblem } from "../domain/errors.ts";
import type { DefinitionResult } from "../domain/gateway-port.ts";
import { identityOf } from "../domain/identity.ts";
import { reasonOf } from "../domain/reason.ts";
import type { Catalog } from "./catalog.ts";
import { isDoubtful } from "./doubt.ts";
import { ANSWER_WITHIN_MS } from "./in-time.ts";
import type { KeyedMutex } from "./keyed-mutex.ts";
import { notConfigured, unknownObject } from "./problems.ts";
import type { ProviderContact } from "./provider-contact.ts";
import type { ConfiguredProvider } from "./provider-directory.ts";
import type { TrackingTools } from "./tools.ts";

/** A definition that is there, and the provider that has it. */
export interface Target<Definition extends SyncDefinition> {
  readonly tenantId: string;
  readonly configured: ConfiguredProvider;
  readonly definition: Definition;
}

/** One of the two kinds of definition, as far as changing them differs. */
export interface ChangeableKind<Definition extends SyncDefinition> {
  readonly kind: Definition["kind"];
  /** The name of the input that a definition's id comes in. */
  readonly field: string;
  readonly is: (definition: SyncDefinition) => definition is Definition;
}

export interface Change<Definition extends SyncDefinition, Answer> {
  readonly result: DefinitionResult<Definition>;
  /** What the vendor's editor answered; null when it refused with `EDIT_CONFLICT`. */
  readonly answer: Answer | null;
}

/** Every method throws `ProviderError` when the vendor fails. */
export interface DefinitionChanges<Definition extends SyncDefinition> {
  /** Does work on a definition while no other change of it goes on in this process; with a problem when there is no such definition. */
  alone<Result>(
    tenantId: string,
    definitionId: string,
    work: (target: Target<Definition>) => Promise<Result>,
  ): Promise<Result | UserProblem>;
  /** The target with the definition in full; read from the vendor where the mirror has only an outline. */
  inFull(target: Target<Definition>): Promise<Target<Definition>>;
  change<Answer>(
    target: Target<Definition>,
    call: () => Promise<Answer>,
    snapshotOf: (answer: Answer) => DefinitionSnapshot,
  ): Promise<Change<Definition, Answer>>;
  /** @param isAsAsked false when the vendor's answer is about something else than was asked for */
  create(
    tenantId: string,
    configured: ConfiguredProvider,
    call: () => Promise<DefinitionSnapshot>,
    isAsAsked?: (answer: DefinitionSnapshot) => boolean,
  ): Promise<DefinitionResult<Definition>>;
  remove(target: Target<Definition>, call: () => Promise<void>): Promise<DefinitionResult<Definition>>;
}

export interface ChangeParts {
  readonly contact: ProviderContact;
  readonly catalog: Catalog;
  readonly oneAtATime: KeyedMutex;
}

export const SYNC_JOBS: ChangeableKind<SyncJob> = {
  kind: DefinitionKind.SyncJob,
  field: "syncJobId",
  is: (definition) => definition.kind === DefinitionKind.SyncJob,
};

export const MODEL_SYNCS: ChangeableKind<ModelSync> = {
  kind: DefinitionKind.ModelSync,
  field: "modelSyncId",
  is: (definition) => definition.kind === DefinitionKind.ModelSync,
};

export function createDefinitionChanges<Definition extends SyncDefinition>(
  tools: TrackingTools,
  { contact, catalog, oneAtATime }: ChangeParts,
  { kind, field, is }: ChangeableKind<Definition>,
): DefinitionChanges<Definition> {
  const { store, clock, directory, queue, log } = tools;

  async function find(tenantId: string, definitionId: string): Promise<Target<Definition> | UserProblem> {
    const [definition] = await store.catalog.definitionsByIds(tenantId, [definitionId]);
    if (definition === undefined || !is(definition)) return unknownObject([field], nameOfKind(kind));
    const configured = directory.find(tenantId, definition.providerKey);
    if (configured === undefined) return notConfigured(definition, [field]);
    return definition.goneAt === null ? { tenantId, configured, definition } : gone(definition, field);
  }

  /** @returns the definition as the mirror has it; null when it is not there, or not any more */
  async function readBack(tenantId: string, definitionId: string): Promise<Definition | null> {
    const [definition] = await store.catalog.definitionsByIds(tenantId, [definitionId]);
    return definition !== undefined && is(definition) && definition.goneAt === null ? definition : null;
  }

  async function keep(
    tenantId: string,
    configured: ConfiguredProvider,
    snapshot: DefinitionSnapshot,
    observedAt: Date,
  ): Promise<Definition | null> {
    const { key } = configured.info;
    await store.catalog.putDefinitions(tenantId, key, [snapshot], observedAt);
    return readBack(tenantId, identityOf(tenantId, key, "definition", snapshot.remoteId));
  }

  /** It is not listed any more, and its runs, which vendors stop with it, are looked at. */
  async function forget({ tenantId, configured, definition }: Target<Definition>): Promise<void> {
    await store.catalog.markDefinitionGone(tenantId, definition.id, clock.now());
    const open = await store.ledger.openSyncs(tenantId, definition.id);
    if (open.length === 0) return;
    const ids = open.map(({ id }) => id);
    await store.polling.makeDue(tenantId, ids, clock.now());
    await queue.schedule({ kind: "POLL", tenantId, providerKey: configured.info.key }, clock.now());
  }

  async function read({ tenantId, configured, definition }: Target<Definition>): Promise<Definition | null> {
    const askedAt = clock.now();
    const snapshot = await contact.through(tenantId, configured, () =>
      configured.provider.getDefinition(definition.remoteId, definition.kind),
    );
    return keep(tenantId, configured, snapshot, askedAt);
  }

  async function readOrForget(target: Target<Definition>): Promise<void> {
    try {
      await read(target);
    } catch (error) {
      if (!(error instanceof ProviderError) || error.code !== ErrorCode.ProviderNotFound) throw error;
      await forget(target);
    }
  }

  /** After a change that did not go as it should. Whatever fails here must not hide the failure that it is about. */
  async function readAgain(target: Target<Definition>): Promise<void> {
    try {
      await readOrForget(target);
    } catch (error) {
      const facts = { provider: target.configured.info.key, definitionId: target.definition.id };
      log.warn(
        { ...facts, error: reasonOf(error) },
        "definition could not be read after a change that failed; the mirror may be behind",
      );
    }
  }

  /** The vendor's call, with what any failure of it means for the mirror. */
  async function attempt<Answer>(target: Target<Definition>, call: () => Promise<Answer>): Promise<Answer> {
    const { tenantId, configured } = target;
    try {
      return await contact.through(tenantId, configured, call);
    } catch (error) {
      if (error instanceof ProviderError && isMirrorInDoubt(error)) await readAgain(target);
      throw error;
    } finally {
      catalog.expire(tenantId, configured);
    }
  }

  async function change<Answer>(
    target: Target<Definition>,
    call: () => Promise<Answer>,
    snapshotOf: (answer: Answer) => DefinitionSnapshot,
  ): Promise<Change<Definition, Answer>> {
    const { tenantId, configured } = target;
    try {
      const answer = await attempt(target, call);
      const definition = await keep(tenantId, configured, snapshotOf(answer), clock.now());
      return { result: { definition, problems: [] }, answer };
    } catch (error) {
      const definition = await readBack(tenantId, target.definition.id);
      const isGone = definition === null && error instanceof ProviderError && error.code === ErrorCode.ProviderNotFound;
      const problem = isGone ? gone(target.definition, field) : problemIn(error);
      return { result: { definition, problems: [problem] }, answer: null };
    }
  }

  async function create(
    tenantId: string,
    configured: ConfiguredProvider,
    call: () => Promise<DefinitionSnapshot>,
    isAsAsked: (answer: DefinitionSnapshot) => boolean = () => true,
  ): Promise<DefinitionResult<Definition>> {
    let snapshot: DefinitionSnapshot;
    try {
      snapshot = await contact.through(tenantId, configured, call);
    } catch (error) {
      if (!(error instanceof ProviderError) || !isDoubtful(error))
        return { definition: null, problems: [problemIn(error)] };
      await queue.schedule({ kind: "CATALOG", tenantId, providerKey: configured.info.key }, clock.now());
      throw perhapsMade(error, nameOfKind(kind));
    } finally {
      catalog.expire(tenantId, configured);
    }
    const id = identityOf(tenantId, configured.info.key, "definition", snapshot.remoteId);
    const [known] = await store.catalog.definitionsByIds(tenantId, [id]);
    if (known === undefined || !is(known))
      return { definition: await keep(tenantId, configured, snapshot, clock.now()), problems: [] };
    if (!isAsAsked(snapshot)) return { definition: null, problems: [keyReused(known)] };
    return madeBefore({ tenantId, configured, definition: known });
  }

  /** A vendor repeats its first answer to a key: what it made then may have been changed or deleted since, so it is looked at. */
  async function madeBefore(target: Target<Definition>): Promise<DefinitionResult<Definition>> {
    await readOrForget(target);
    const definition = await readBack(target.tenantId, target.definition.id);
    return { definition, problems: definition === null ? [gone(target.definition, "idempotencyKey")] : [] };
  }

  async function remove(target: Target<Definition>, call: () => Promise<void>): Promise<DefinitionResult<Definition>> {
    const { tenantId, definition } = target;
    try {
      await attempt(target, call);
    } catch (error) {
      const problems = [problemIn(error)];
      return { definition: await readBack(tenantId, definition.id), problems };
    }
    await forget(target);
    return { definition, problems: [] };
  }

  return {
    alone: (tenantId, definitionId, work) => {
      const askedAt = clock.now();
      return oneAtATime(JSON.stringify([tenantId, definitionId]), async () => {
        // Found when its turn has come: the change before it may have been its deletion.
        const target = await find(tenantId, definitionId);
        if ("code" in target) return target;
        if (clock.now().getTime() - askedAt.getTime() >= ANSWER_WITHIN_MS) throw notBegun(target.definition);
        return work(target);
      });
    },
    inFull: async (target) =>
      target.definition.detailed ? target : { ...target, definition: (await read(target)) ?? target.definition },
    change,
    create,
    remove,
  };
}

/**
 * Whether the definition may stand otherwise at the vendor than in the mirror. Also after a refusal: a change may take several requests, of
 * which earlier ones were carried out (RootFi's data models, activating a schedule at Truto).
 */
function isMirrorInDoubt({ code, sent }: ProviderError): boolean {
  return sent || code === ErrorCode.EditConflict || code === ErrorCode.ProviderNotFound;
}

/** What the caller can mend; any other failure is thrown again. */
function problemIn(error: unknown): UserProblem {
  if (!(error instanceof ProviderError)) throw error;
  const { code, message } = error;
  if (code === ErrorCode.EditConflict) return { code, message, field: ["expectedUpdatedAt"] };
  if (code === ErrorCode.CapabilityNotSupported || code === ErrorCode.BadUserInput)
    return { code, message, field: null };
  // Missed by the provider itself: a schedule that the definition has not, or what was to be changed, read before anything was sent.
  if (code === ErrorCode.ProviderNotFound && !error.sent) return { code: ErrorCode.NotFound, message, field: null };
  throw error;
}

const gone = ({ name, providerKey }: SyncDefinition, field: string): UserProblem => ({
  code: ErrorCode.NotFound,
  message: `"${name}" no longer exists at ${providerKey}.${field === "idempotencyKey" ? " Use a new key to make another." : ""}`,
  field: [field],
});

const keyReused = ({ name, providerKey }: SyncDefinition): UserProblem => ({
  code: ErrorCode.IdempotencyKeyReused,
  message: `This key has already made "${name}" at ${providerKey}, from another input. Use a new key for a new input.`,
  field: ["idempotencyKey"],
});

/** Its turn came so late that its caller waits no longer: a change nobody hears of is not begun. */
function notBegun({ name, providerKey }: SyncDefinition): ProviderError {
  const message = `${providerKey}: changes of "${name}" before this one took too long, and it was not begun`;
  const facts = { httpStatus: null, retryable: true, retryAfterMs: null, sent: false };
  return new ProviderError(message, { code: ErrorCode.ProviderTimeout, provider: providerKey, ...facts });
}

function perhapsMade(error: ProviderError, what: string): ProviderError {
  const { code, provider, httpStatus, retryable, retryAfterMs, sent } = error;
  const message = `${error.message}. The ${what} may have been made all the same: list the provider's ${what}s before you make it again.`;
  return new ProviderError(message, { code, provider, httpStatus, retryable, retryAfterMs, sent, cause: error });
}
