// Parsers for the JSON Stuut sends: only the fields the gateway uses, tolerant of the rest. What they mean is said in `map.ts`.
import { z } from "zod";
import { ErrorCode, ProviderError } from "../../domain/errors.ts";

/** Which answer is being read, for the message when it cannot be. */
export interface ReplySource {
  /** Key of the configured provider. */
  readonly provider: string;
  /** Method and path: `GET /v2/integrations/connections`. */
  readonly request: string;
}

/** Opaque, and not declared a UUID. */
const id = z.string().min(1);
/** Fields the gateway can do without: absent stays absent, a wrong type becomes null. */
const text = z.string().nullish().catch(null);
const flag = z.boolean().nullish().catch(null);
const count = z.int().nonnegative().nullish().catch(null);
const time = z.string().transform(timeOf).nullish().catch(null);

/** `pagination_state` is the connector's own and may hold tokens: it is not among the fields. */
const syncShape = z.object({
  id,
  status: z.string(),
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
  next_sync_at: time,
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
  models: z.array(z.unknown()).nullish(),
  created_at: time,
  modified_at: time,
});
export type StuutConnection = Omit<z.infer<typeof connectionShape>, "models"> & { readonly models: readonly StuutModel[] };

const listShape = z.array(z.unknown());

/** The answer to a request for a sync: a bare list, one sync for each model that was scheduled. */
export function parseSyncs(body: unknown, source: ReplySource): readonly StuutSync[] {
  return parse(listShape, body, source, "").map((sync, index) => parseSync(sync, source, `${index}`));
}

/** All connections: a bare list without pages. */
export function parseConnections(body: unknown, source: ReplySource): readonly StuutConnection[] {
  return parse(listShape, body, source, "").map((item, index): StuutConnection => {
    const connection = parse(connectionShape, item, source, `${index}`);
    const models = (connection.models ?? []).map((model, place) => parseModel(model, source, `${index}.models.${place}`));
    return { ...connection, models };
  });
}

/** Whether a value out of a JSON parser is an object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parseModel(body: unknown, source: ReplySource, place: string): StuutModel {
  const model = parse(modelShape, body, source, place);
  const lastSync = model.last_sync ?? null;
  return { ...model, last_sync: lastSync === null ? null : parseSync(lastSync, source, `${place}.last_sync`) };
}

function parseSync(body: unknown, source: ReplySource, place: string): StuutSync {
  return { ...parse(syncShape, body, source, place), reply: body };
}

/** @param place where in the answer the body is: `0.models.2`; empty for the whole */
function parse<Shape extends z.ZodType>(shape: Shape, body: unknown, source: ReplySource, place: string): z.infer<Shape> {
  const parsed = shape.safeParse(body);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const path = issue?.path.map(String) ?? [];
  const value = path.reduce<unknown>((inner, name) => (isRecord(inner) ? inner[name] : undefined), body);
  const field = [place, ...path].filter((part) => part !== "").join(".") || "body";
  throw badResponse(source, field, EXPECTED[issue?.code === "invalid_type" ? issue.expected : ""] ?? "a non-empty string", value);
}

const EXPECTED: Readonly<Record<string, string>> = { object: "an object", array: "a list", string: "a string" };

/** An answer that cannot be understood; names the field and the type that came, never the value. */
function badResponse(source: ReplySource, field: string, expected: string, got: unknown): ProviderError {
  const { provider, request } = source;
  return new ProviderError(`${provider}: ${request}: expected "${field}" to be ${expected}, got ${typeName(got)}`, {
    code: ErrorCode.ProviderBadResponse,
    provider,
    httpStatus: null,
    retryable: false,
    retryAfterMs: null,
    sent: true,
  });
}

function typeName(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (value === "") return "an empty string";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** A time without a zone is UTC, as the service's framework writes it; null when the text is no time. */
function timeOf(value: string): Date | null {
  const iso = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?(Z|[+-]\d{2}:?\d{2})?$/i.exec(value);
  if (iso === null) return null;
  const zoned = iso[1] !== undefined || value.length === 10 ? value : `${value}Z`;
  const parsed = new Date(zoned.replace(" ", "T"));
  return Number.isNaN(parsed.getTime()) ? null : parsed;
}
