// Parsers for the JSON Truto sends: only the fields the gateway uses, tolerant of the rest. What they mean is said in `map.ts`.
import { z } from "zod";
import type { ProviderError } from "../../domain/errors.ts";
import type { JsonObject, JsonValue } from "../../domain/json.ts";
import type { UnreadList } from "../../wire/ask.ts";
import { anyList } from "../../wire/list-fields.ts";
import {
  bodyText,
  exactText,
  filledLine,
  lineText,
  looseFlag as flag,
  looseText as text,
  orAbsent,
} from "../../wire/loose-fields.ts";
import { nextPage } from "../../wire/next-page.ts";
import { badResponse, isRecord, parseReply as parse, typeName } from "../../wire/read-reply.ts";
import type { ReplySource } from "../../wire/read-reply.ts";

// Fields the gateway cannot do without.
const id = exactText;
const needed = filledLine;
const looseBody = bodyText.nullish().catch(null);
const whole = z.number().int().nullish().catch(null);
const anything = z.unknown().optional();

const runShape = z.object({
  id,
  status: needed,
  sync_job_id: id.nullish(),
  integrated_account_id: id.nullish(),
  /** Two documented shapes, and the SDK's third: read by `map.ts`. */
  resources: anything,
  /** May hold tokens. Read only to take its values out of other texts; it goes nowhere. */
  args: anything,
  daemon_id: text,
  daemon_group_key: text,
  webhook_id: text,
  error_handling: text,
  ignore_previous_run: flag,
  version: whole,
  resource_stats: anything,
  created_at: text,
  updated_at: text,
  started_at: text,
  finished_at: text,
});
export type TrutoRun = z.infer<typeof runShape>;

const jobShape = z.object({
  id,
  label: text,
  integration_name: text,
  environment_id: text,
  default_runtime_version: whole,
  args_schema: anything,
  args_validation: text,
  mutex_key: text,
  state_key: text,
  resources: orAbsent(anyList),
  created_at: text,
  updated_at: text,
});
export type TrutoJob = z.infer<typeof jobShape>;

const triggerShape = z.object({
  id,
  sync_job_id: id,
  integrated_account_id: text,
  cron_expression: text,
  created_at: text,
  updated_at: text,
});
export type TrutoCronTrigger = z.infer<typeof triggerShape>;

/** `context` holds the customer's credentials and is not among the fields. */
const accountShape = z.object({
  id,
  tenant_id: text,
  environment_id: text,
  status: lineText.nullish(),
  is_sandbox: flag,
  last_error: looseBody,
  integration: z
    .union([z.object({ name: text, category: text }), lineText.transform((name) => ({ name, category: null }))])
    .nullish()
    .catch(null),
  created_at: text,
  updated_at: text,
});
export type TrutoAccount = z.infer<typeof accountShape>;

/** Lines of an entry (`logs`) may hold records and are not among the fields. */
const logShape = z.object({
  timestamp: text,
  sync_job_run_id: text,
  sync_job_request_type: text,
  resource: text,
  status: text,
  level: text,
  message: looseBody,
  error: z
    .union([bodyText, z.object({ message: bodyText }).transform((error) => error.message)])
    .nullish()
    .catch(null),
});
export type TrutoLogEntry = z.infer<typeof logShape>;

/** Reads a whole answer, or an entry of a list in its place. */
type Reader<Item> = (body: unknown, source: ReplySource, place?: string) => Item;

export const parseRun: Reader<TrutoRun> = (body, source, place) => parse(runShape, body, source, place);
export const parseJob: Reader<TrutoJob> = (body, source, place) => parse(jobShape, body, source, place);
export const parseCronTrigger: Reader<TrutoCronTrigger> = (body, source, place) =>
  parse(triggerShape, body, source, place);
export const parseAccount: Reader<TrutoAccount> = (body, source, place) => parse(accountShape, body, source, place);

/** What is only done or not done. An answer without a body says nothing against it. */
export function parseSuccess(body: unknown, source: ReplySource): void {
  if (isRecord(body) && body["success"] === false)
    throw badResponse(source, { field: "success", expected: "true", got: "false" });
}

/** A log entry, or null when it is none: the log is only ever asked for words. */
export function parseLogEntry(body: unknown): TrutoLogEntry | null {
  const parsed = logShape.safeParse(body);
  return parsed.success ? parsed.data : null;
}

/** A run inside an event, or null when it is none: an event that cannot be read is no failed call. */
export function runIn(value: unknown): TrutoRun | null {
  const parsed = runShape.safeParse(value);
  return parsed.success ? parsed.data : null;
}

/** A page of a list. The vendor's pages disagree whether the list is called `result` or `results`; both are read. */
export function parsePage(
  body: unknown,
  source: ReplySource,
): UnreadList & { readonly next: string | null | ProviderError } {
  if (!isRecord(body)) throw badResponse(source, { field: "body", expected: "an object", got: typeName(body) });
  const place = Array.isArray(body["result"]) ? "result" : "results";
  const items: unknown = body[place];
  if (!Array.isArray(items)) {
    throw badResponse(source, { field: "result", expected: "a list", got: typeName(body["result"] ?? items) });
  }
  return { items, place, next: nextPage(body["next_cursor"], source, "next_cursor") };
}

/** Whether a value out of a JSON parser is an object. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Deeper than any definition, shallower than what makes a serialiser fail. */
const DEEPEST = 40;

/** The value as JSON, or null when it is absent, no JSON or nested beyond any use. */
export function jsonOf(value: unknown): JsonValue {
  return isJson(value, DEEPEST) ? value : null;
}

function isJson(value: unknown, depth: number): value is JsonValue {
  if (value === null || typeof value === "string" || typeof value === "boolean") return true;
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object" || depth === 0) return false;
  return Object.values(value).every((inner) => isJson(inner, depth - 1));
}
