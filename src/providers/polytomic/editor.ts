// Model syncs made, changed and deleted at Polytomic: which calls make up a change, and what keeps one from undoing another's.
import type { ModelSyncSnapshot } from "../../domain/definition.ts";
import type { ModelSyncPatch } from "../../domain/definition-change.ts";
import type { ChangeOptions, ModelSyncEditor } from "../../domain/editor-port.ts";
import { ErrorCode, ProviderError } from "../../domain/errors.ts";
import type { HttpClient } from "../../wire/http-client.ts";
import { failureWith, isNotFound, providerFailure } from "../../wire/provider-failure.ts";
import { idempotencyKeyOf } from "./api.ts";
import type { PolytomicApi } from "./api.ts";
import { checkChange } from "./check-change.ts";
import { editorApi } from "./editor-api.ts";
import type { EditorApi } from "./editor-api.ts";
import { keyConflict } from "./errors.ts";
import { modelSyncOf } from "./map.ts";
import { createBodyOf, partsOf, refuseHidden } from "./model-sync-body.ts";
import { withNextRun } from "./next-run.ts";
import type { RawSync } from "./raw-sync.ts";
import type { WireSync } from "./wire-types.ts";

/** @param provider key of the configured provider, for errors */
export function modelSyncEditor(
  http: HttpClient,
  provider: string,
  reading: Pick<PolytomicApi, "getNextRunAt">,
): ModelSyncEditor {
  const api = editorApi(http, provider);
  // Without the caller's signal: once something has changed, what is told of it must not end as a failure.
  const told = (sync: WireSync): Promise<ModelSyncSnapshot> => withNextRun(reading, modelSyncOf(sync, null));
  return {
    check: checkChange,
    create: async (draft, key, options) => {
      const body = createBodyOf(draft);
      for (const [name, part] of Object.entries(body)) refuseHidden(provider, name, part, undefined);
      const creating = api.createSync(body, idempotencyKeyOf(key), options?.signal);
      return told(await creating.catch(rethrown(keyConflict)));
    },
    update: async (remoteId, patch, options) => told(await update({ api, provider, remoteId }, patch, options)),
    setActive: async (remoteId, active, options) =>
      told(await setActive({ api, provider, remoteId }, active, options?.signal)),
    delete: (remoteId, options) =>
      api.deleteSync(remoteId, options?.signal).catch((cause: unknown) => {
        if (!isNotFound(cause)) throw cause;
      }),
  };
}

/** Which sync is being changed. */
interface Editing {
  readonly api: EditorApi;
  readonly provider: string;
  readonly remoteId: string;
}

/**
 * The vendor replaces a sync as a whole and has no condition for it, so it is read, changed and sent back at once; what comes back shows
 * whether another edit came in between.
 */
async function update(
  editing: Editing,
  patch: ModelSyncPatch,
  { expectedUpdatedAt, signal }: ChangeOptions,
): Promise<WireSync> {
  const { api, remoteId } = editing;
  const changes = partsOf(patch);
  const switched = Object.keys(changes).join() === "active" ? patch.active : undefined;
  if (switched !== undefined && expectedUpdatedAt === null) return setActive(editing, switched, signal);
  const before = await api.readSync(remoteId, signal).catch(rethrown(nothingSent));
  refuseChanged(editing, before, expectedUpdatedAt);
  if (switched !== undefined) return setActive(editing, switched, signal);
  if (Object.keys(changes).length === 0) return before.sync;
  const after = await api.replaceSync(remoteId, before.replacement(changes), signal);
  if (after.changedSince(before, changes).length === 0) return after.sync;
  // The answer may leave out or mask what a later read tells.
  const now = await api.readSync(remoteId, signal).catch(rethrown(changeMade));
  const others = now.changedSince(before, changes);
  if (others.length === 0) return now.sync;
  const what = `"${remoteId}": the change was made, but ${others.join(", ")} stand otherwise than before it`;
  throw conflict(editing, `${what}: another edit came in between, or the vendor changed them along`, true);
}

/** Has an endpoint of its own, which leaves everything else alone and answers no more than the switch. */
async function setActive({ api, remoteId }: Editing, active: boolean, signal?: AbortSignal): Promise<WireSync> {
  await api.activateSync(remoteId, active, signal);
  const { sync } = await api.readSync(remoteId, signal).catch(rethrown(changeMade));
  return sync;
}

function refuseChanged(editing: Editing, { sync }: RawSync, expectedUpdatedAt: Date | null): void {
  const updatedAt = sync.updated_at;
  if (expectedUpdatedAt === null || updatedAt?.getTime() === expectedUpdatedAt.getTime()) return;
  const got = updatedAt === null ? "one without a time of change" : `a change of ${updatedAt.toISOString()}`;
  const expected = `"${editing.remoteId}": expected it as changed at ${expectedUpdatedAt.toISOString()}`;
  throw conflict(editing, `${expected}, got ${got}; nothing was changed`, false);
}

function conflict({ provider }: Editing, sentence: string, sent: boolean): ProviderError {
  const facts = { code: ErrorCode.EditConflict, provider, httpStatus: sent ? 200 : null, sent };
  return providerFailure(`update sync ${sentence}`, facts);
}

/** For `catch`: passes a failure on as another one. */
const rethrown =
  (change: (error: ProviderError) => ProviderError) =>
  (cause: unknown): never => {
    throw cause instanceof ProviderError ? change(cause) : cause;
  };

/** Reading alone changes nothing. */
const nothingSent = (error: ProviderError): ProviderError => failureWith(error, { sent: false });

const changeMade = (error: ProviderError): ProviderError =>
  failureWith(error, {
    message: `${error.message}; the change itself was made, only reading it back failed`,
    sent: true,
  });
