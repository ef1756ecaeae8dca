// Parsers for Polytomic's JSON: only the fields that are used, tolerant of the rest. What the values mean is map.ts's business.
// The encryption passphrase stops here: a parsed sync only knows whether it has one.
import { z } from "zod";
import type { UnreadList } from "../../wire/ask.ts";
import { anyList } from "../../wire/list-fields.ts";
import { badResponse, parseReply as parse } from "../../wire/read-reply.ts";
import type { ReplySource } from "../../wire/read-reply.ts";
import { bodyText, orAbsent } from "../../wire/loose-fields.ts";
import { timeOf } from "../../wire/times.ts";
import {
  body,
  count,
  flag,
  id,
  itemReader,
  json,
  jsonObject,
  line,
  listOf,
  looseListOf,
  looseId,
  needed,
  text,
  textOrNumber,
  time,
  tolerant,
} from "./wire-fields.ts";

const actor = z.object({ id: text, name: text, type: text }).nullable().catch(null);
const modelField = z.object({ model_id: text, field: text }).nullable().catch(null);

const schedule = orAbsent(
  z.object({
    frequency: text,
    hour: textOrNumber,
    minute: textOrNumber,
    day_of_week: textOrNumber,
    day_of_month: textOrNumber,
    month: textOrNumber,
    connection_id: text,
    job_id: textOrNumber,
    run_after: orAbsent(z.object({ sync_ids: listOf(id), bulk_sync_ids: listOf(id) })),
    run_after_success_only: flag,
  }),
);

const field = z.object({
  target: line,
  source: modelField,
  new: flag,
  override_value: body,
  sync_mode: text,
  encryption_enabled: flag,
});

const filter = z.object({
  function: line,
  field: modelField,
  field_id: text,
  field_type: text,
  label: text,
  value: json,
});

const override = z.object({ field: modelField, field_id: text, function: text, value: json, override: json });

const identity = orAbsent(
  z.object({ function: line, source: modelField, target: line, new_field: flag, remote_field_type_id: text }),
);

const target = orAbsent(
  z.object({
    connection_id: id,
    object: text,
    create: jsonObject,
    new_name: text,
    configuration: jsonObject,
    search_values: jsonObject,
    filter_logic: body,
  }),
);

/** What the list and the detail page both say of a sync. */
const syncSummary = {
  id,
  organization_id: text,
  name: text,
  active: flag,
  mode: text,
  model_ids: listOf(line),
  schedule,
  only_enrich_updates: flag,
  skip_initial_backfill: flag,
  sync_all_records: flag,
  created_at: time,
  created_by: actor,
  updated_at: time,
  updated_by: actor,
};

const listedSync = z.object({ ...syncSummary, target_connection_id: orAbsent(line), target_object: text });

const sync = z
  .object({
    ...syncSummary,
    fields: listOf(field),
    override_fields: listOf(field),
    filters: listOf(filter),
    filter_logic: body,
    identity,
    overrides: listOf(override),
    target,
    policies: listOf(line),
    encryption_passphrase: tolerant((value) => value !== undefined && value !== null && value !== ""),
  })
  .transform(({ encryption_passphrase: hasEncryptionPassphrase, ...rest }) => ({ ...rest, hasEncryptionPassphrase }));

const counts = z
  .object({ total: count, insert: count, update: count, upserts: count, delete: count, error: count, warnings: count })
  .nullable()
  .catch(null);

const execution = z.object({
  id,
  status: needed,
  type: text,
  created_at: time,
  started_at: time,
  completed_at: time,
  counts,
  errors: looseListOf(bodyText),
});

// A start that answered with an id has started, so a missing word is not a reason to lose the run.
const started = z.object({
  id,
  status: needed.nullish().transform((word) => word ?? "created"),
  created_at: time,
});

const connection = z.object({
  id,
  name: text,
  type: z.object({ id: text }).nullable().catch(null),
  status: text,
  status_error: body,
  created_at: time,
  updated_at: time,
});

const entity = z.object({
  type: needed,
  relationships: z
    .object({ sync: z.object({ id }).nullable().catch(null) })
    .nullable()
    .catch(null),
});

/** A time, null when there is none, and a word of its own for what is there and is no time. */
const eventTime = tolerant((value): Date | "unreadable" | null => {
  return value === undefined || value === null ? null : (timeOf(value) ?? "unreadable");
});

// Links to logs (`inserted_records` and its like) are as good as keys to the records, and are not among the fields.
const event = z.object({
  id: looseId,
  type: needed,
  created_at: eventTime,
  event: z
    .object({
      execution_id: looseId,
      sync_id: looseId,
      target_connection_id: looseId,
      trigger: text,
      error: body,
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
const oneSync = z.object({ data: sync });
const oneExecution = z.object({ data: execution });
const oneStarted = z.object({ data: started });
const oneEntity = z.object({ data: entity });
const events = z.object({ data: anyList.nullable() });
const whoAmI = z.object({ data: z.object({ organization_id: text }) });
const syncStatus = z.object({ data: z.object({ next_execution_time: time }) });

export const readConnection = itemReader(connection);
export const readListedSync = itemReader(listedSync);
export const readListedExecution = itemReader(execution);
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

/** Id of the organization whose key was sent; the person whose key it may be is not read. */
export const readOrganizationId = (body: unknown, source: ReplySource): string | null =>
  parse(whoAmI, body, source).data.organization_id;

/** The entries of the log. */
export const readEvents = (body: unknown, source: ReplySource): UnreadList => ({
  items: parse(events, body, source).data ?? [],
  place: "data",
});
/** An event, delivered or listed; null when it is none, because an event that cannot be read is no failed call. */
export function eventIn(value: unknown): WireEvent | null {
  const parsed = event.safeParse(value);
  return parsed.success ? parsed.data : null;
}
