// The mirror of the vendors' sync definitions. What lists filter and sort by is a column; the rest of either kind is one nested value.
import { DefinitionKind } from "../../domain/definition.ts";
import type {
  ModelSyncSnapshot,
  Schedule,
  SyncDefinition,
  SyncJobResource,
  SyncJobSnapshot,
} from "../../domain/definition.ts";
import { decodeRow, defineTable, flag, json, nullable, text, time, word } from "../table.ts";
import type { Column, StoredRow } from "../table.ts";

/** What is not a column of its own. */
export type DefinitionDetails = Omit<SyncJobSnapshot, ColumnName> | Omit<ModelSyncSnapshot, ColumnName>;

export const definitionTable = defineTable({
  name: "definition",
  primaryKey: ["tenantId", "id"],
  columns: {
    tenantId: text(),
    id: text(),
    providerKey: text(),
    remoteId: text(),
    kind: word(DefinitionKind),
    name: text(),
    active: nullable(flag()),
    integration: nullable(text()),
    linkedAccountId: nullable(text()),
    linkedAccountRemoteId: nullable(text()),
    nextRunAt: nullable(time()),
    createdAt: nullable(time()),
    updatedAt: nullable(time()),
    detailed: flag(),
    detailedAt: nullable(time()),
    details: details(),
    observedAt: time(),
    goneAt: nullable(time()),
  },
  indices: [
    { name: "definition_remote", properties: ["tenantId", "providerKey", "remoteId"], unique: true },
    { name: "definition_name", properties: ["tenantId", "name", "id"] },
    { name: "definition_kind_name", properties: ["tenantId", "kind", "name", "id"] },
    { name: "definition_provider_name", properties: ["tenantId", "providerKey", "name", "id"] },
    { name: "definition_account_name", properties: ["tenantId", "linkedAccountId", "name", "id"] },
  ],
});

export function definitionOf(stored: StoredRow): SyncDefinition {
  const {
    details: rest,
    kind: _kind,
    integration: _integration,
    linkedAccountId: _linkedAccountId,
    detailedAt: _detailedAt,
    ...shared
  } = decodeRow(definitionTable, stored);
  return rest.kind === DefinitionKind.SyncJob ? { ...shared, ...rest } : { ...shared, ...rest };
}

type ColumnName =
  | "remoteId"
  | "name"
  | "active"
  | "linkedAccountRemoteId"
  | "nextRunAt"
  | "createdAt"
  | "updatedAt"
  | "detailed";

/** Dates as they are in JSON. */
type Written<T> = T extends Date ? string : T extends readonly (infer U)[] ? readonly Written<U>[] : T;
type WrittenFields<T> = { readonly [Name in keyof T]: Date extends T[Name] ? Written<T[Name]> : T[Name] };
type WrittenDetails =
  | (Omit<SyncJobSnapshot, ColumnName | "schedules" | "resources"> & {
      readonly schedules: readonly WrittenFields<Schedule>[];
      readonly resources: readonly WrittenFields<SyncJobResource>[];
    })
  | (Omit<ModelSyncSnapshot, ColumnName | "schedules"> & { readonly schedules: readonly WrittenFields<Schedule>[] });

function details(): Column<DefinitionDetails> {
  const { read } = json<WrittenDetails>();
  return { ...json<DefinitionDetails>(), read: (stored) => revived(read(stored)) };
}

// JSON has no dates, and a vendor's own text may look like one: only the fields that hold dates are turned back.
function revived(written: WrittenDetails): DefinitionDetails {
  const schedules = written.schedules.map((schedule): Schedule => ({
    ...schedule,
    createdAt: dateOf(schedule.createdAt),
    updatedAt: dateOf(schedule.updatedAt),
  }));
  if (written.kind === DefinitionKind.ModelSync) return { ...written, schedules };
  const resources = written.resources.map((resource): SyncJobResource => ({
    ...resource,
    syncFrom: dateOf(resource.syncFrom),
    nextRunAt: dateOf(resource.nextRunAt),
    createdAt: dateOf(resource.createdAt),
    updatedAt: dateOf(resource.updatedAt),
  }));
  return { ...written, schedules, resources };
}

function dateOf(written: string | null): Date | null {
  return written === null ? null : new Date(written);
}
