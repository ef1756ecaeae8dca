// Parsers for Polytomic's JSON: only the fields that are used, tolerant of the rest. What the values mean is map.ts's business.
// The encryption passphrase stops here: a parsed sync only knows whether it has one.
import { z } from "zod";
import type { WirePage } from "../../wire/pages.ts";
import { badResponse, parseReply as parse } from "../../wire/read-reply.ts";
import type { ReplySource } from "../../wire/read-reply.ts";
import { timeOf } from "../../wire/times.ts";
import {
  count,
  flag,
  json,
  jsonObject,
  listEnvelope,
  listOf,
  needed,
  pageOf,
  text,
  textOrNumber,
  time,
  tolerant,
} from "./wire-fields.ts";

const actor = z.object({ id: text, name: text, type: text }).nullable().catch(null);
const modelField = z.object({ model_id: text, field: text }).nullable().catch(null);

const schedule = z
  .object({
    frequency: text,
    hour: textOrNumber,
    minute: textOrNumber,
    day_of_week: textOrNumber,
    day_of_month: textOrNumber,
    month: textOrNumber,
    connection_id: text,
    job_id: textOrNumber,
    run_after: z
      .object({ sync_ids: listOf(needed), bulk_sync_ids: listOf(needed) })
      .nullable()
      .catch(null),
    run_after_success_only: flag,
  })
  .nullable()
  .catch(null);

const field = z.object({
  target: z.string(),
  source: modelField,
  new: flag,
  override_value: text,
  sync_mode: text,
  encryption_enabled: flag,
});

const filter = z.object({
  function: z.string(),
  field: modelField,
  field_id: text,
  field_type: text,
  label: text,
  value: json,
});

const override = z.object({ field: modelField, field_id: text, function: text, value: json, override: json });

const identity = z
  .object({ function: z.string(), source: modelField, target: z.string(), new_field: flag, remote_field_type_id: text })
  .nullable()
  .catch(null);

const target = z
  .object({
    connection_id: needed,
    object: text,
    create: jsonObject,
    new_name: text,
    configuration: jsonObject,
    search_values: jsonObject,
    filter_logic: text,
  })
  .nullable()
  .catch(null);

/** What the list and the detail page both say of a sync. */
const syncSummary = {
  id: needed,
  organization_id: text,
  name: text,
  active: flag,
  mode: text,
  model_ids: listOf(z.string()),
  schedule,
  only_enrich_updates: flag,
  skip_initial_backfill: flag,
  sync_all_records: flag,
  created_at: time,
  created_by: actor,
  updated_at: time,
  updated_by: actor,
};

const listedSync = z.object({ ...syncSummary, target_connection_id: text, target_object: text });

const sync = z
  .object({
    ...syncSummary,
    fields: listOf(field),
    override_fields: listOf(field),
    filters: listOf(filter),
    filter_logic: text,
    identity,
    overrides: listOf(override),
    target,
    policies: listOf(z.string()),
    encryption_passphrase: tolerant((value) => value !== undefined && value !== null && value !== ""),
  })
  .transform(({ encryption_passphrase: hasEncryptionPassphrase, ...rest }) => ({ ...rest, hasEncryptionPassphrase }));

const counts = z
  .object({ total: count, insert: count, update: count, upserts: count, delete: count, error: count, warnings: count })
  .nullable()
  .catch(null);

const execution = z.object({
  id: needed,
  status: needed,
  type: text,
  created_at: time,
  started_at: time,
  completed_at: time,
  counts,
  errors: listOf(z.string()),
});

// A start that answered with an id has started, so a missing word is not a reason to lose the run.
const started = z.object({
  id: needed,
  status: needed.nullish().transform((word) => word ?? "created"),
  created_at: time,
});

const connection = z.object({
  id: needed,
  name: text,
  type: z.object({ id: text }).nullable().catch(null),
  status: text,
  status_error: text,
  created_at: time,
  updated_at: time,
});

const entity = z.object({
  type: needed,
  relationships: z
    .object({ sync: z.object({ id: needed }).nullable().catch(null) })
    .nullable()
    .catch(null),
});

/** A time, null when there is none, and a word of its own for what is there and is no time. */
const eventTime = tolerant((value): Date | "unreadable" | null => {
  return value === undefined || value === null ? null : (timeOf(value) ?? "unreadable");
});

// Links to logs (`inserted_records` and its like) are as good as keys to the records, and are not among the fields.
const event = z.object({
  id: text,
  type: needed,
  created_at: eventTime,
  event: z
    .object({
      execution_id: text,
      sync_id: text,
      target_connection_id: text,
      trigger: text,
      error: text,
      record_count: count,
      inserted_count: count,
      updated_count: count,
      upserted_count: count,
      error_count: count,
      warning_count: count,
      number_of_errors: count,
      number_of_warnings: count,
    })
    .nullable()
    .catch(null),
});

export type WireSchedule = NonNullable<z.infer<typeof schedule>>;
export type WireField = z.infer<typeof field>;
export type WireModelField = NonNullable<z.infer<typeof modelField>>;
export type WireActor = NonNullable<z.infer<typeof actor>>;
export type WireListedSync = z.infer<typeof listedSync>;
export type WireSync = z.infer<typeof sync>;
export type WireCounts = NonNullable<z.infer<typeof counts>>;
export type WireExecution = z.infer<typeof execution>;
export type WireStarted = z.infer<typeof started>;
export type WireEvent = z.infer<typeof event>;
export type WireConnection = z.infer<typeof connection>;
/** What a UUID belongs to. */
export interface WireEntity {
  readonly type: string;
  /** The sync, when the UUID is that of one of its executions; null when it is of anything else. */
  readonly syncId: string | null;
}

// Every reader takes the whole body and throws `PROVIDER_BAD_RESPONSE` naming the first field that cannot be used.
const connections = listEnvelope(connection);
const listedSyncs = listEnvelope(listedSync);
const executions = listEnvelope(execution);
const oneSync = z.object({ data: sync });
const oneExecution = z.object({ data: execution });
const oneStarted = z.object({ data: started });
const oneEntity = z.object({ data: entity });
const events = z.object({ data: z.array(z.unknown()).nullable() });
const syncStatus = z.object({ data: z.object({ next_execution_time: time }) });

export const readConnections = (body: unknown, source: ReplySource): readonly WireConnection[] =>
  parse(connections, body, source).data ?? [];
export const readSyncs = (body: unknown, source: ReplySource): WirePage<WireListedSync> =>
  pageOf(parse(listedSyncs, body, source));
export const readExecutions = (body: unknown, source: ReplySource): WirePage<WireExecution> =>
  pageOf(parse(executions, body, source));
export const readSync = (body: unknown, source: ReplySource): WireSync => parse(oneSync, body, source).data;
export const readExecution = (body: unknown, source: ReplySource): WireExecution =>
  parse(oneExecution, body, source).data;
export const readStarted = (body: unknown, source: ReplySource): WireStarted => parse(oneStarted, body, source).data;
export function readEntity(body: unknown, source: ReplySource): WireEntity {
  const { type, relationships } = parse(oneEntity, body, source).data;
  if (type !== "sync_execution") return { type, syncId: null };
  const syncId = relationships?.sync?.id;
  if (syncId !== undefined) return { type, syncId };
  throw badResponse(source, { field: "data.relationships.sync.id", expected: "a string", got: "nothing" });
}
/** When the sync runs next by itself; null when nothing is planned. The executions beside it are not read. */
export const readNextRunAt = (body: unknown, source: ReplySource): Date | null =>
  parse(syncStatus, body, source).data.next_execution_time;

/** Events that can be read, and how many entries there were: a page is full by these. */
export function readEvents(
  body: unknown,
  source: ReplySource,
): { readonly entries: number; readonly events: readonly WireEvent[] } {
  const entries = parse(events, body, source).data ?? [];
  return { entries: entries.length, events: entries.map(eventIn).filter((entry) => entry !== null) };
}
/** An event, delivered or listed; null when it is none, because an event that cannot be read is no failed call. */
export function eventIn(value: unknown): WireEvent | null {
  const parsed = event.safeParse(value);
  return parsed.success ? parsed.data : null;
}
