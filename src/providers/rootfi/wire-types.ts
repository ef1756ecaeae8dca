// Parsers for the JSON RootFi's v3 sends: only the fields the gateway uses, tolerant of the rest. What they mean is said in `map.ts`.
// v4's are in `wire-types-v4.ts`.
import { z } from "zod";
import { ProviderError } from "../../domain/errors.ts";
import {
  looseCount as count,
  looseFlag as flag,
  looseText as text,
  looseTime as time,
} from "../../wire/loose-fields.ts";
import { badResponse, isRecord, parseReply as parse, typeName } from "../../wire/read-reply.ts";
import type { ReplySource } from "../../wire/read-reply.ts";

/** Numbers in v3, strings in v2, v4 and some samples: both are the same id here. */
export const id = z.union([z.string().min(1), z.int()], { error: "an id" }).transform(String);
export const looseId = id.nullish().catch(null);
/** An open set: the vendor's own sample holds a model that is not in its enum. */
export const words = z.array(z.string()).nullish().catch(null);

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
export type RootfiJob = z.infer<typeof jobShape> & {
  /** Told by v4 only. */
  readonly records_synced?: number | null | undefined;
};

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

/** `invite_link_id` is such a capability and is not among the fields. */
const inviteLinkShape = z.object({
  /** Not said to be there before the customer has followed the link. */
  company: z.object({ rootfi_id: id }).nullish(),
  connections: companyShape.shape.connections,
});
/** What an invite link shows of its company's connections. */
export interface RootfiInviteLink extends Pick<RootfiCompany, "connections"> {
  /** Null when there is no company yet. */
  readonly companyId: string | null;
}

const pageShape = z.object({
  data: z.array(z.unknown()),
  next: z.union([z.string(), z.number()], { error: "a cursor or null" }).nullish(),
});
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
  if (!isRecord(bare)) throw badResponse(source, { field: "data", expected: "an object", got: typeName(bare) });
  const named = id.safeParse(bare["sync_id"]);
  const status = typeof bare["status"] === "string" ? bare["status"] : "CREATED";
  const started = { ...bare, sync_id: named.success ? named.data : bare["id"], status };
  return { ...parse(syncShape, started, source), reply: bare };
}

export const parseJob = (body: unknown, source: ReplySource): RootfiJob => parse(jobShape, body, source);

export function parseCompany(body: unknown, source: ReplySource): RootfiCompany {
  const company = parse(companyShape, body, source);
  return { ...company, connections: connectionsOf(company.connections, source) };
}

export function parseInviteLink(body: unknown, source: ReplySource): RootfiInviteLink {
  const { company, connections } = parse(inviteLinkShape, body, source);
  return { companyId: company?.rootfi_id ?? null, connections: connectionsOf(connections, source) };
}

function connectionsOf(
  connections: readonly unknown[] | null | undefined,
  source: ReplySource,
): readonly RootfiConnection[] | null {
  if (!connections) return null;
  return connections.map((connection) => {
    const parsed = parse(connectionShape, connection, source);
    const configs = [parsed.sync_config ?? []].flat();
    return { ...parsed, sync_config: configs.map((config) => parseSyncConfig(config, source)) };
  });
}

/** The company in the answer to its change, which is typed as a list; null when it cannot be read: the change was taken all the same. */
export function changedCompanyOf(body: unknown, source: ReplySource): RootfiCompany | null {
  const [company] = [isRecord(body) ? body["data"] : null].flat();
  try {
    return parseCompany(company, source);
  } catch (error) {
    if (error instanceof ProviderError) return null;
    throw error;
  }
}

export const parseSyncConfig = (config: unknown, source: ReplySource): RootfiSyncConfig =>
  parse(configShape, config, source);

export function parseSyncConfigs(body: unknown, source: ReplySource): readonly RootfiSyncConfig[] {
  return parse(configListShape, body, source).sync_config.map((config) => parseSyncConfig(config, source));
}

/**
 * The cursor in its three documented forms: base64, percent-encoded base64, and a whole address with the cursor in its query. Only the
 * cursor is taken from an address; the address itself is never asked for anything.
 */
export function cursorOf(next: string, source: ReplySource): string {
  if (!/^https?:\/\/|^\/|^[^=]*\?/i.test(next)) return percentDecoded(next);
  const query = new URLSearchParams(next.slice(next.indexOf("?") + 1));
  const cursor = next.includes("?") ? query.get("next") : null;
  if (cursor === null || cursor === "") {
    throw badResponse(source, {
      field: "next",
      expected: `a cursor, or an address with one under "next"`,
      got: "another address",
    });
  }
  // Base64 knows no blank: here it was a plus that nobody had encoded.
  return percentDecoded(cursor.replaceAll(" ", "+"));
}

function percentDecoded(cursor: string): string {
  if (!/%[0-9a-f]{2}/i.test(cursor)) return cursor;
  try {
    return decodeURIComponent(cursor);
  } catch {
    return cursor;
  }
}
