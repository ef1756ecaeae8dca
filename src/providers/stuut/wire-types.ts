// Parsers for the JSON Stuut sends: only the fields the gateway uses, tolerant of the rest. What they mean is said in `map.ts`.
import { z } from "zod";
import type { UnreadList } from "../../wire/ask.ts";
import { anyList } from "../../wire/list-fields.ts";
import {
  looseCount as count,
  looseFlag as flag,
  looseText as text,
  looseTime as time,
  bodyText,
  exactText as id,
  lineText,
  orAbsent,
} from "../../wire/loose-fields.ts";
import { parseReply as parse } from "../../wire/read-reply.ts";
import type { ReplySource } from "../../wire/read-reply.ts";
import { timeOrDayOf } from "../../wire/times.ts";

// Ids are opaque, and not declared UUIDs.

/** `pagination_state` is the connector's own and may hold tokens: it is not among the fields. */
const syncShape = z.object({
  id,
  status: lineText,
  model_id: text,
  attempt: count,
  batch_id: text,
  entity_id: text,
  file_id: text,
  error: text,
  is_initial_sync: flag,
  is_one_off: flag,
  object: text,
  timerange_start: time,
  timerange_end: time,
  created_at: time,
  modified_at: time,
  started_at: time,
  completed_at: time,
});
/** A sync, and beside it the answer it was read from. */
export type StuutSync = z.infer<typeof syncShape> & { readonly reply: unknown };

const modelShape = z.object({
  id,
  name: text,
  display_name: text,
  is_read_enabled: flag,
  is_write_enabled: flag,
  is_custom_object: flag,
  is_file_upload_enabled: flag,
  is_webhooks_setup: flag,
  is_read_supported: flag,
  is_write_supported: flag,
  is_sync_supported: flag,
  next_sync_at: orAbsent(bodyText.transform(timeOrDayOf)),
  last_sync: z.unknown().optional(),
  created_at: time,
  modified_at: time,
});
export type StuutModel = Omit<z.infer<typeof modelShape>, "last_sync"> & {
  /** Null for a model that never synced. */
  readonly last_sync: StuutSync | null;
};

const healthShape = z.object({
  authentication_required: flag,
  healthy: flag,
  status_code: text,
  message: text,
  suggested_resolution: text,
});

/** The vendor's page ends in the middle of this object: more fields are to be expected. */
const connectionShape = z.object({
  id,
  name: text,
  display_name: text,
  is_authentication_pending: flag,
  is_running_setup: flag,
  is_sync_disabled: flag,
  health: healthShape.nullish().catch(null),
  models: anyList.nullish(),
  created_at: time,
  modified_at: time,
});
export type StuutConnection = Omit<z.infer<typeof connectionShape>, "models"> & {
  readonly models: readonly StuutModel[];
};

/** Every list is a bare one: all connections, and one sync for each model that a request has scheduled. */
export const parseList = (body: unknown, source: ReplySource): UnreadList => ({
  items: parse(anyList, body, source),
  place: "",
});

export function parseConnection(item: unknown, source: ReplySource, place: string): StuutConnection {
  const connection = parse(connectionShape, item, source, place);
  const models = (connection.models ?? []).map((model, index) => parseModel(model, source, `${place}.models.${index}`));
  return { ...connection, models };
}

export function parseSync(body: unknown, source: ReplySource, place: string): StuutSync {
  return { ...parse(syncShape, body, source, place), reply: body };
}

function parseModel(body: unknown, source: ReplySource, place: string): StuutModel {
  const model = parse(modelShape, body, source, place);
  const lastSync = model.last_sync ?? null;
  return { ...model, last_sync: lastSync === null ? null : parseSync(lastSync, source, `${place}.last_sync`) };
}
