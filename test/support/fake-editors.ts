// The part of a provider in memory that changes definitions and tells of schemas: it answers as a test tells it and writes down every call.
import type { LinkedAccountSnapshot, ModelSyncSnapshot, SyncJobSnapshot } from "../../src/domain/definition.ts";
import type {
  JobScheduleDraft,
  ModelSyncDraft,
  ModelSyncPatch,
  SyncJobDraft,
  SyncJobPatch,
} from "../../src/domain/definition-change.ts";
import type {
  DefinitionEditors,
  ModelSyncEditor,
  ScheduleEditor,
  ScheduledJob,
  SyncJobEditor,
} from "../../src/domain/editor-port.ts";
import type { UserProblem } from "../../src/domain/errors.ts";
import type { Capabilities } from "../../src/domain/provider-port.ts";
import type { SchemaDiscovery } from "../../src/domain/schema-discovery.ts";
import { at, jobSchedule, modelSync, syncJob } from "./store-values.ts";

export type Later<Value> = Value | Promise<Value>;
type Which = Pick<JobScheduleDraft, "remoteId" | "resource">;

/** What the vendor says to changes. A fault is thrown. */
export interface FakeEditorAnswers {
  checkModelSync: (change: ModelSyncDraft | ModelSyncPatch) => readonly UserProblem[];
  createModelSync: (draft: ModelSyncDraft, key: string) => Later<ModelSyncSnapshot>;
  updateModelSync: (
    remoteId: string,
    patch: ModelSyncPatch,
    expectedUpdatedAt: Date | null,
  ) => Later<ModelSyncSnapshot>;
  setModelSyncActive: (remoteId: string, active: boolean) => Later<ModelSyncSnapshot>;
  deleteModelSync: (remoteId: string) => Later<void>;
  checkSyncJob: (job: SyncJobSnapshot | null, change: SyncJobDraft | SyncJobPatch) => readonly UserProblem[];
  createSyncJob: (draft: SyncJobDraft) => Later<SyncJobSnapshot>;
  updateSyncJob: (job: SyncJobSnapshot, patch: SyncJobPatch, expectedUpdatedAt: Date | null) => Later<SyncJobSnapshot>;
  deleteSyncJob: (remoteId: string) => Later<void>;
  checkSchedule: (
    job: SyncJobSnapshot,
    account: LinkedAccountSnapshot | null,
    draft: JobScheduleDraft,
  ) => readonly UserProblem[];
  putSchedule: (
    job: SyncJobSnapshot,
    account: LinkedAccountSnapshot | null,
    draft: JobScheduleDraft,
  ) => Later<ScheduledJob>;
  removeSchedule: (job: SyncJobSnapshot, which: Which) => Later<SyncJobSnapshot>;
  /** What is told of schemas; the rest is empty. */
  schema: Partial<SchemaDiscovery>;
}

export type FakeEditorCall =
  | { readonly method: "createModelSync"; readonly draft: ModelSyncDraft; readonly key: string }
  | {
      readonly method: "updateModelSync";
      readonly remoteId: string;
      readonly patch: ModelSyncPatch;
      readonly expectedUpdatedAt: Date | null;
    }
  | { readonly method: "setModelSyncActive"; readonly remoteId: string; readonly active: boolean }
  | { readonly method: "deleteModelSync" | "deleteSyncJob"; readonly remoteId: string }
  | { readonly method: "createSyncJob"; readonly draft: SyncJobDraft }
  | {
      readonly method: "updateSyncJob";
      readonly job: SyncJobSnapshot;
      readonly patch: SyncJobPatch;
      readonly expectedUpdatedAt: Date | null;
    }
  | {
      readonly method: "putSchedule";
      readonly job: SyncJobSnapshot;
      readonly account: LinkedAccountSnapshot | null;
      readonly draft: JobScheduleDraft;
    }
  | { readonly method: "removeSchedule"; readonly job: SyncJobSnapshot; readonly which: Which }
  | { readonly method: "schema"; readonly asked: keyof SchemaDiscovery; readonly given: readonly unknown[] };

type Write = (call: FakeEditorCall) => void;

/** By default every change is carried out, and one key makes one model sync. */
export function defaultEditorAnswers(): FakeEditorAnswers {
  const made = new Map<string, ModelSyncSnapshot>();
  let jobs = 0;
  return {
    checkModelSync: () => [],
    createModelSync: ({ name }, key) => {
      const snapshot = made.get(key) ?? modelSync(`made-${made.size + 1}`, { name });
      made.set(key, snapshot);
      return snapshot;
    },
    updateModelSync: (remoteId, { name }) =>
      modelSync(remoteId, { updatedAt: at(50), ...(name === undefined ? {} : { name }) }),
    setModelSyncActive: (remoteId, active) => modelSync(remoteId, { active }),
    deleteModelSync: () => undefined,
    checkSyncJob: () => [],
    createSyncJob: ({ name }) => {
      jobs += 1;
      return syncJob(`made-${jobs}`, { name });
    },
    updateSyncJob: (job, { name = job.name }) => ({ ...job, name, updatedAt: at(50) }),
    deleteSyncJob: () => undefined,
    checkSchedule: () => [],
    putSchedule: (job, account) => {
      const schedule = jobSchedule("schedule-1", { linkedAccountRemoteId: account?.remoteId ?? null });
      return { job: { ...job, schedules: [schedule] }, schedule };
    },
    removeSchedule: (job) => ({ ...job, schedules: [] }),
    schema: {},
  };
}

/** The editors that the capabilities speak of; nothing when they speak of none. */
export function editorsOf(
  able: Capabilities,
  answers: FakeEditorAnswers,
  write: Write,
): { readonly editors?: DefinitionEditors } {
  if (!able.modelSyncCrud && !able.syncJobUpdate && !able.syncJobCrud && !able.schedules) return {};
  return {
    editors: {
      ...(able.modelSyncCrud ? { modelSyncs: modelSyncEditor(answers, write) } : {}),
      ...(able.syncJobUpdate || able.syncJobCrud ? { syncJobs: syncJobEditor(able.syncJobCrud, answers, write) } : {}),
      ...(able.schedules ? { schedules: scheduleEditor(answers, write) } : {}),
    },
  };
}

function modelSyncEditor(answers: FakeEditorAnswers, write: Write): ModelSyncEditor {
  return {
    check: (change) => answers.checkModelSync(change),
    create: async (draft, key) => {
      write({ method: "createModelSync", draft, key });
      return answers.createModelSync(draft, key);
    },
    update: async (remoteId, patch, { expectedUpdatedAt }) => {
      write({ method: "updateModelSync", remoteId, patch, expectedUpdatedAt });
      return answers.updateModelSync(remoteId, patch, expectedUpdatedAt);
    },
    setActive: async (remoteId, active) => {
      write({ method: "setModelSyncActive", remoteId, active });
      return answers.setModelSyncActive(remoteId, active);
    },
    delete: async (remoteId) => {
      write({ method: "deleteModelSync", remoteId });
      await answers.deleteModelSync(remoteId);
    },
  };
}

function syncJobEditor(whole: boolean, answers: FakeEditorAnswers, write: Write): SyncJobEditor {
  const making: Required<Pick<SyncJobEditor, "create" | "delete">> = {
    create: async (draft) => {
      write({ method: "createSyncJob", draft });
      return answers.createSyncJob(draft);
    },
    delete: async (remoteId) => {
      write({ method: "deleteSyncJob", remoteId });
      await answers.deleteSyncJob(remoteId);
    },
  };
  return {
    check: (job, change) => answers.checkSyncJob(job, change),
    update: async (job, patch, { expectedUpdatedAt }) => {
      write({ method: "updateSyncJob", job, patch, expectedUpdatedAt });
      return answers.updateSyncJob(job, patch, expectedUpdatedAt);
    },
    ...(whole ? making : {}),
  };
}

function scheduleEditor(answers: FakeEditorAnswers, write: Write): ScheduleEditor {
  return {
    check: (job, account, draft) => answers.checkSchedule(job, account, draft),
    put: async (job, account, draft) => {
      write({ method: "putSchedule", job, account, draft });
      return answers.putSchedule(job, account, draft);
    },
    remove: async (job, which) => {
      write({ method: "removeSchedule", job, which });
      return answers.removeSchedule(job, which);
    },
  };
}

/** Tells of schemas; every question is written down with what it was asked with. */
export function schemaDiscoveryOf(answers: FakeEditorAnswers, write: Write): SchemaDiscovery {
  const asked = (name: keyof SchemaDiscovery, ...given: readonly unknown[]) =>
    write({ method: "schema", asked: name, given });
  const { schema } = answers;
  return {
    source: async (...given) => {
      asked("source", ...given);
      return schema.source?.(...given) ?? { configuration: {}, choices: [], requiresOneOf: [] };
    },
    sourceFields: async (...given) => {
      asked("sourceFields", ...given);
      return schema.sourceFields?.(...given) ?? [];
    },
    models: async (...given) => {
      asked("models", ...given);
      return schema.models?.(...given) ?? [];
    },
    targetObjects: async (...given) => {
      asked("targetObjects", ...given);
      return schema.targetObjects?.(...given) ?? { objects: [], canCreate: false, creationProperties: [] };
    },
    targetObject: async (...given) => {
      asked("targetObject", ...given);
      const nothing = { remoteId: null, name: null, fields: [], modes: [], properties: {}, refreshedAt: null };
      return schema.targetObject?.(...given) ?? nothing;
    },
    creationValues: async (...given) => {
      asked("creationValues", ...given);
      return schema.creationValues?.(...given) ?? [];
    },
    scheduleOptions: async (...given) => {
      asked("scheduleOptions", ...given);
      return schema.scheduleOptions?.(...given) ?? [];
    },
  };
}
