// Model syncs made, changed, switched and deleted: the gateway's ids become the vendor's, then the provider's editor is asked.
import { DefinitionKind } from "../domain/definition.ts";
import type { DefinitionSnapshot, LinkedAccount, ModelSync } from "../domain/definition.ts";
import type { ModelSyncDraft, ModelSyncPatch, ScheduleDraft } from "../domain/definition-change.ts";
import type { ModelSyncEditor } from "../domain/editor-port.ts";
import type { UserProblem } from "../domain/errors.ts";
import type {
  DefinitionOperations,
  DefinitionResult,
  ModelSyncCommand,
  ModelSyncTargetCommand,
  ScheduleCommand,
} from "../domain/gateway-port.ts";
import { cannot } from "./abilities.ts";
import { MODEL_SYNCS, createDefinitionChanges } from "./definition-changes.ts";
import type { ChangeParts, Target } from "./definition-changes.ts";
import { changeKeyOf, keyProblem } from "./idempotency.ts";
import { providerGone, unknownObject } from "./problems.ts";
import type { TrackingTools } from "./tools.ts";

type Result = DefinitionResult<ModelSync>;
type ModelSyncOperations = Pick<
  DefinitionOperations,
  "createModelSync" | "updateModelSync" | "setModelSyncActive" | "deleteModelSync"
>;

const ACCOUNT_FIELD = ["target", "linkedAccountId"];
const RUN_AFTER_FIELD = ["schedule", "runAfterDefinitionIds"];

export function createModelSyncOperations(tools: TrackingTools, parts: ChangeParts): ModelSyncOperations {
  const { store, directory } = tools;
  const changes = createDefinitionChanges(tools, parts, MODEL_SYNCS);

  async function createModelSync(
    tenantId: string,
    command: ModelSyncCommand,
    idempotencyKey: string | null,
  ): Promise<Result> {
    const invalidKey = keyProblem(idempotencyKey);
    if (invalidKey !== null) return refused(null, [invalidKey]);
    const account = await accountOf(tenantId, command.target.linkedAccountId);
    const configured = account === null ? undefined : directory.find(tenantId, account.providerKey);
    if (account === null) return refused(null, [unknownObject(ACCOUNT_FIELD, "linked account")]);
    if (configured === undefined)
      return refused(null, [await providerGone(store, tenantId, account.providerKey, ACCOUNT_FIELD)]);
    const editor = configured.provider.editors?.modelSyncs;
    if (editor === undefined) return refused(null, [cannot(configured, "create model syncs", ACCOUNT_FIELD)]);
    const schedule = await scheduleOf(tenantId, account.providerKey, command.schedule);
    if ("code" in schedule) return refused(null, [schedule]);
    const draft = { ...command, target: targetOf(command.target, account), schedule };
    const problems = editor.check(draft);
    if (problems.length > 0) return refused(null, problems);
    const key = changeKeyOf(tenantId, configured.info.key, idempotencyKey);
    // A repeated key waits for its first: vendors refuse it while they still work on that one.
    const create = () => editor.create(draft, key);
    return parts.oneAtATime(key, () => changes.create(tenantId, configured, create, madeFrom(draft)));
  }

  async function updateModelSync(
    tenantId: string,
    definitionId: string,
    change: Partial<ModelSyncCommand>,
    expectedUpdatedAt: Date | null,
  ): Promise<Result> {
    return edited(tenantId, definitionId, "change", async (target, editor) => {
      const { definition } = target;
      const patch = await patchOf(target, change);
      if ("code" in patch) return refused(definition, [patch]);
      const problems = editor.check(patch);
      if (problems.length > 0) return refused(definition, problems);
      const update = () => editor.update(definition.remoteId, patch, { expectedUpdatedAt });
      return (await changes.change(target, update, (snapshot) => snapshot)).result;
    });
  }

  function setModelSyncActive(tenantId: string, definitionId: string, active: boolean): Promise<Result> {
    return edited(tenantId, definitionId, "change", async (target, editor) => {
      const problems = editor.check({ active });
      if (problems.length > 0) return refused(target.definition, problems);
      const set = () => editor.setActive(target.definition.remoteId, active);
      return (await changes.change(target, set, (snapshot) => snapshot)).result;
    });
  }

  function deleteModelSync(tenantId: string, definitionId: string): Promise<Result> {
    return edited(tenantId, definitionId, "delete", (target, editor) =>
      changes.remove(target, () => editor.delete(target.definition.remoteId)),
    );
  }

  async function edited(
    tenantId: string,
    definitionId: string,
    what: string,
    work: (target: Target<ModelSync>, editor: ModelSyncEditor) => Promise<Result>,
  ): Promise<Result> {
    const done = await changes.alone(tenantId, definitionId, async (target) => {
      const editor = target.configured.provider.editors?.modelSyncs;
      if (editor !== undefined) return work(target, editor);
      return refused(target.definition, [cannot(target.configured, `${what} model syncs`, [MODEL_SYNCS.field])]);
    });
    return "code" in done ? refused(null, [done]) : done;
  }

  /** A change in the vendor's ids; what it does not name stays out of it. */
  async function patchOf(
    { tenantId, configured }: Target<ModelSync>,
    { target, schedule, ...rest }: Partial<ModelSyncCommand>,
  ): Promise<ModelSyncPatch | UserProblem> {
    const { key } = configured.info;
    const account = target === undefined ? null : await accountOf(tenantId, target.linkedAccountId);
    if (target !== undefined && account?.providerKey !== key)
      return unknownObject(ACCOUNT_FIELD, `linked account of ${key}`);
    const draft = schedule === undefined ? null : await scheduleOf(tenantId, key, schedule);
    if (draft !== null && "code" in draft) return draft;
    return {
      ...rest,
      ...(target === undefined || account === null ? {} : { target: targetOf(target, account) }),
      ...(draft === null ? {} : { schedule: draft }),
    };
  }

  async function accountOf(tenantId: string, linkedAccountId: string): Promise<LinkedAccount | null> {
    const [account] = await store.catalog.linkedAccountsByIds(tenantId, [linkedAccountId]);
    return account === undefined || account.goneAt !== null ? null : account;
  }

  async function scheduleOf(
    tenantId: string,
    providerKey: string,
    { runAfterDefinitionIds, ...rest }: ScheduleCommand,
  ): Promise<ScheduleDraft | UserProblem> {
    const found = await store.catalog.definitionsByIds(tenantId, runAfterDefinitionIds);
    const usable = found.filter((one) => one.providerKey === providerKey && one.goneAt === null);
    const remoteIds = new Map(usable.map(({ id, remoteId }) => [id, remoteId]));
    const runAfterRemoteIds = runAfterDefinitionIds.flatMap((id) => remoteIds.get(id) ?? []);
    if (runAfterRemoteIds.length < runAfterDefinitionIds.length)
      return unknownObject(RUN_AFTER_FIELD, `sync definition of ${providerKey}`);
    return { ...rest, runAfterRemoteIds };
  }

  return { createModelSync, updateModelSync, setModelSyncActive, deleteModelSync };
}

/** As far as an answer tells it, and by what vendors leave as it was sent; a name they may trim. */
const madeFrom =
  ({ name, mode, target }: ModelSyncDraft) =>
  (answer: DefinitionSnapshot): boolean =>
    answer.kind === DefinitionKind.ModelSync &&
    answer.name.trim() === name.trim() &&
    (answer.mode ?? mode) === mode &&
    (answer.target ?? target).linkedAccountRemoteId === target.linkedAccountRemoteId;

function targetOf(
  { linkedAccountId: _, ...rest }: ModelSyncTargetCommand,
  { remoteId }: LinkedAccount,
): Required<ModelSyncPatch>["target"] {
  return { ...rest, linkedAccountRemoteId: remoteId };
}

const refused = (definition: ModelSync | null, problems: readonly UserProblem[]): Result => ({ definition, problems });
