// Parsers for what Polytomic tells of sources and targets: only the fields that are used, tolerant of the rest. Example values of fields
// are the customer's records and are not read.
import { z } from "zod";
import type { UnreadList } from "../../wire/ask.ts";
import { anyList } from "../../wire/list-fields.ts";
import { isRecord, parseReply as parse } from "../../wire/read-reply.ts";
import type { ReplySource } from "../../wire/read-reply.ts";
import { shareableJson } from "../../wire/shareable-json.ts";
import { body, flag, id, itemReader, jsonObject, line, listOf, needed, text, time, tolerant } from "./wire-fields.ts";

const texts = listOf(line);

const choice = z.object({
  has_items: flag,
  items: tolerant((value) => (Array.isArray(value) ? value.map((item) => shareableJson(item)) : [])),
  requires_one_of: texts,
});

const source = z.object({
  configuration: jsonObject,
  items: tolerant((value): readonly WireChoice[] => {
    if (!isRecord(value)) return [];
    return Object.entries(value).flatMap(([name, given]) => {
      const parsed = choice.safeParse(given);
      return parsed.success ? [{ name, ...parsed.data }] : [];
    });
  }),
  requires_one_of: texts,
});

const modelField = z.object({
  id: text,
  name: needed,
  label: text,
  description: body,
  type: text,
  remote_type: text,
  unique: flag,
  user_added: flag,
});

const model = z.object({ id, name: text, connection_id: text, type: text, fields: listOf(modelField) });

/** The two places that tell of modes give them different shapes. */
const listedMode = z.object({
  id: needed,
  requires_identity: flag,
  supports_per_field_mode: flag,
  supports_target_filters: flag,
});
const mode = z.object({
  mode: needed,
  label: text,
  description: body,
  requires_identity: flag,
  supports_field_sync_mode: flag,
  supports_target_filters: flag,
});

const targetObject = z.object({ id, name: text, modes: listOf(listedMode) });

const targetObjects = z.object({
  data: anyList.nullable(),
  target_creation: z
    .object({ supported: flag, properties: listOf(z.object({ id: needed, title: text, enum: flag })) })
    .nullable()
    .catch(null),
});

const targetField = z.object({
  id: needed,
  name: text,
  description: body,
  type: text,
  source_type: text,
  required: flag,
  createable: flag,
  updateable: flag,
  filterable: flag,
  encryptable: flag,
  association: flag,
  supports_identity: flag,
  identity_functions: listOf(z.object({ id: needed })),
});

const target = z.object({
  id: text,
  name: text,
  fields: listOf(targetField),
  modes: listOf(mode),
  properties: jsonObject,
  refreshed_at: time,
});

const propertyValues = z.object({ values: listOf(z.object({ value: line, label: text })) });

const scheduleOption = z.object({ frequency: needed, label: text, description: body, configuration: jsonObject });

export interface WireChoice extends z.infer<typeof choice> {
  readonly name: string;
}
export type WireSource = z.infer<typeof source>;
export type WireModelField = z.infer<typeof modelField>;
export type WireModel = z.infer<typeof model>;
export type WireListedMode = z.infer<typeof listedMode>;
export type WireMode = z.infer<typeof mode>;
export type WireTargetObject = z.infer<typeof targetObject>;
/** What a connection can be written to, and whether something new can be made in it. */
export interface WireTargetObjects extends Pick<z.infer<typeof targetObjects>, "target_creation"> {
  readonly data: readonly WireTargetObject[];
}
export type WireTargetField = z.infer<typeof targetField>;
export type WireTarget = z.infer<typeof target>;
export type WirePropertyValue = z.infer<typeof propertyValues>["values"][number];
export type WireScheduleOption = z.infer<typeof scheduleOption>;

const oneSource = z.object({ data: source });
const oneTarget = z.object({ data: target });
const oneProperty = z.object({ data: propertyValues });
const scheduleOptions = z.object({ data: z.object({ schedule_options: anyList.nullable() }) });

// Every reader takes the whole body and throws `PROVIDER_BAD_RESPONSE` naming the first field that cannot be used.
export const readSource = (reply: unknown, from: ReplySource): WireSource => parse(oneSource, reply, from).data;
export const readModelField = itemReader(modelField);
export const readModel = itemReader(model);
export const readTargetObject = itemReader(targetObject);
export function readTargetObjects(
  reply: unknown,
  from: ReplySource,
): UnreadList & Pick<WireTargetObjects, "target_creation"> {
  const { data, target_creation } = parse(targetObjects, reply, from);
  return { items: data ?? [], place: "data", target_creation };
}
export const readTarget = (reply: unknown, from: ReplySource): WireTarget => parse(oneTarget, reply, from).data;
export const readPropertyValues = (reply: unknown, from: ReplySource): readonly WirePropertyValue[] =>
  parse(oneProperty, reply, from).data.values;
export const readScheduleOptions = (reply: unknown, from: ReplySource): UnreadList => ({
  items: parse(scheduleOptions, reply, from).data.schedule_options ?? [],
  place: "data.schedule_options",
});
export const readScheduleOption = itemReader(scheduleOption);
