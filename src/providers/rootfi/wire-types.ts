// Parsers for the JSON RootFi sends: only the fields the gateway uses, tolerant of the rest. What they mean is said in `map.ts`.
import { z } from "zod";
import { ErrorCode, ProviderError } from "../../domain/errors.ts";

/** Which answer is being read, for the message when it cannot be. */
export interface ReplySource {
  /** Key of the configured provider. */
  readonly provider: string;
  /** Method and path: `GET /core/syncs/42`. */
  readonly request: string;
}

/** Numbers in v3, strings in v2, v4 and some samples: both are the same id here. */
const id = z.union([z.string().min(1), z.int()]).transform(String);
/** Fields the gateway can do without: absent stays absent, a wrong type becomes null. */
const looseId = id.nullish().catch(null);
const text = z.string().nullish().catch(null);
const flag = z.boolean().nullish().catch(null);
const count = z.int().nonnegative().nullish().catch(null);
const time = z.string().transform(timeOf).nullish().catch(null);
/** An open set: the vendor's own sample holds a model that is not in its enum. */
const words = z.array(z.string()).nullish().catch(null);

const syncShape = z.object({
  sync_id: id,
  status: z.string(),
  rootfi_id: looseId,
  rootfi_company_id: looseId,
  rootfi_created_at: time,
  rootfi_updated_at: time,
  start_time: time,
  /** Typed as required, which a running sync cannot honour. */
  end_time: time,
  integration_type: text,
  full_sync: flag,
  sync_type: text,
  config_mode: text,
  sync_data_models: words,
  total_count: count,
  success_count: count,
  failed_count: count,
  running_count: count,
  pending_count: count,
});
/** A sync, and beside it the answer it was read from. */
export type RootfiSync = z.infer<typeof syncShape> & { readonly reply: unknown };

/** `variables` may hold customer data and is not among the fields. */
const jobShape = z.object({
  rootfi_id: id,
  status: z.string(),
  data_model: text,
  retry_count: count,
  start_time: time,
  end_time: time,
  /** Free-form and quoting the platform's answer: read only by `errors.ts`, which redacts. */
  error: z.unknown().optional(),
});
export type RootfiJob = z.infer<typeof jobShape>;

const configShape = z.object({
  data_model: z.string().min(1),
  category: text,
  enabled: flag,
  interval: count,
  frequency: text,
  scope_access: z.record(z.string(), z.unknown()).nullish().catch(null),
  sync_from: time,
  custom_fields: words,
});
export type RootfiSyncConfig = z.infer<typeof configShape>;

const connectionShape = z.object({
  integration_type: z.string().min(1),
  category: text,
  /** Called `status` when the connection is inside an invite link. */
  connection_status: text,
  status: text,
  sync_status: text,
  sync_resume_at: time,
  last_synced: time,
  /** One object under a company, a list under an invite link. */
  sync_config: z.unknown().optional(),
  rootfi_created_at: time,
  rootfi_updated_at: time,
});
export type RootfiConnection = Omit<z.infer<typeof connectionShape>, "sync_config"> & {
  readonly sync_config: readonly RootfiSyncConfig[];
};

/** `invite_link` is a capability to connect a customer's books and is not among the fields. */
const companyShape = z.object({
  rootfi_id: id,
  name: text,
  partner_id: looseId,
  connections: z.array(z.unknown()).nullish(),
  rootfi_created_at: time,
  rootfi_updated_at: time,
});
export type RootfiCompany = Omit<z.infer<typeof companyShape>, "connections"> & {
  /** Null when the answer does not tell. */
  readonly connections: readonly RootfiConnection[] | null;
};

const pageShape = z.object({ data: z.array(z.unknown()), next: z.union([z.string(), z.number()]).nullish() });
const itemShape = z.object({ data: z.looseObject({}) });
/** The one answer without a `data` envelope. */
const configListShape = z.object({ sync_config: z.array(z.unknown()) });

export interface RootfiPage {
  readonly items: readonly unknown[];
  /** Null on the last page. */
  readonly next: string | null;
}

/** A page of a list. */
export function parsePage(body: unknown, source: ReplySource): RootfiPage {
  const page = parse(pageShape, body, source);
  const next = page.next ?? null;
  return { items: page.data, next: next === null || next === "" ? null : cursorOf(String(next), source) };
}

/** What is inside `data`. */
export const parseItem = (body: unknown, source: ReplySource): unknown => parse(itemShape, body, source).data;

export function parseSync(body: unknown, source: ReplySource): RootfiSync {
  return { ...parse(syncShape, body, source), reply: body };
}

/**
 * The answer to a start. It is documented as a whole sync under `data` and was seen as `{id, status}` under `data` or bare, in lower
 * case; a status that cannot be read is the first one, because what counts is the id.
 */
export function parseStarted(body: unknown, source: ReplySource): RootfiSync {
  const bare = isRecord(body) && isRecord(body["data"]) ? body["data"] : body;
  if (!isRecord(bare)) throw badResponse(source, "data", "an object", bare);
  const named = id.safeParse(bare["sync_id"]);
  const status = typeof bare["status"] === "string" ? bare["status"] : "CREATED";
  const started = { ...bare, sync_id: named.success ? named.data : bare["id"], status };
  return { ...parse(syncShape, started, source), reply: bare };
}

export const parseJob = (body: unknown, source: ReplySource): RootfiJob => parse(jobShape, body, source);

export function parseCompany(body: unknown, source: ReplySource): RootfiCompany {
  const company = parse(companyShape, body, source);
  const connections = company.connections?.map((connection): RootfiConnection => {
    const parsed = parse(connectionShape, connection, source);
    const configs = [parsed.sync_config ?? []].flat();
    return { ...parsed, sync_config: configs.map((config) => parse(configShape, config, source)) };
  });
  return { ...company, connections: connections ?? null };
}

export function parseSyncConfigs(body: unknown, source: ReplySource): readonly RootfiSyncConfig[] {
  return parse(configListShape, body, source).sync_config.map((config) => parse(configShape, config, source));
}

/**
 * The cursor in its three documented forms: base64, percent-encoded base64, and a whole address with the cursor in its query. Only the
 * cursor is taken from an address; the address itself is never asked for anything.
 */
export function cursorOf(next: string, source: ReplySource): string {
  if (!/^https?:\/\/|^\/|^[^=]*\?/i.test(next)) return percentDecoded(next);
  const query = new URLSearchParams(next.slice(next.indexOf("?") + 1));
  const cursor = next.includes("?") ? query.get("next") : null;
  if (cursor === null || cursor === "") throw badResponse(source, "next", `a cursor, or an address with one under "next"`, next);
  // Base64 knows no blank: here it was a plus that nobody had encoded.
  return percentDecoded(cursor.replaceAll(" ", "+"));
}

/** An answer that cannot be understood; names the field and the type that came, never the value. */
export function badResponse(source: ReplySource, field: string, expected: string, got: unknown): ProviderError {
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

/** Whether a value out of a JSON parser is an object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parse<Shape extends z.ZodType>(shape: Shape, body: unknown, source: ReplySource): z.infer<Shape> {
  const parsed = shape.safeParse(body);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const path = issue?.path.map(String) ?? [];
  const value = path.reduce<unknown>((inner, name) => (isRecord(inner) ? inner[name] : undefined), body);
  throw badResponse(source, path.join(".") || "body", EXPECTED[issue?.code === "invalid_type" ? issue.expected : ""] ?? "an id", value);
}

const EXPECTED: Readonly<Record<string, string>> = {
  object: "an object",
  array: "a list",
  string: "a string",
};

function typeName(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (value === "") return "an empty string";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

function percentDecoded(cursor: string): string {
  if (!/%[0-9a-f]{2}/i.test(cursor)) return cursor;
  try {
    return decodeURIComponent(cursor);
  } catch {
    return cursor;
  }
}

/** A time without a zone is UTC at this vendor; null when the text is no time. */
function timeOf(value: string): Date | null {
  const iso = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?(Z|[+-]\d{2}:?\d{2})?$/i.exec(value);
  if (iso === null) return null;
  const zoned = iso[1] !== undefined || value.length === 10 ? value : `${value}Z`;
  const parsed = new Date(zoned.replace(" ", "T"));
  return Number.isNaN(parsed.getTime()) ? null : parsed;
}
