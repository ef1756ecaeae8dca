// Parsers for the JSON RootFi's v3 sends: only the fields the gateway uses, tolerant of the rest. What they mean is said in `map.ts`.
// v4's are in `wire-types-v4.ts`.
import { z } from "zod";
import { ProviderError } from "../../domain/errors.ts";
import type { UnreadList } from "../../wire/ask.ts";
import { anyList, anyRecord, listOf } from "../../wire/list-fields.ts";
import {
  looseTextCount as count,
  looseFlag as flag,
  looseText as text,
  looseTime as time,
  exactText,
  lineText,
} from "../../wire/loose-fields.ts";
import { nextPage } from "../../wire/next-page.ts";
import { badResponse, isRecord, parseReply as parse, typeName } from "../../wire/read-reply.ts";
import type { ReplySource } from "../../wire/read-reply.ts";

/** Numbers in v3, strings in v2, v4 and some samples: both are the same id here. */
export const id = z.union([exactText, z.int()], { error: "an id" }).transform(String);
export const looseId = id.nullish().catch(null);
/** An open set: the vendor's own sample holds a model that is not in its enum. */
export const words = listOf(lineText).nullish().catch(null);

const syncShape = z.object({
  sync_id: id,
  status: lineText,
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
  status: lineText,
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
  data_model: exactText,
  category: text,
  enabled: flag,
  interval: count,
  frequency: text,
  scope_access: anyRecord.nullish(),
  sync_from: time,
  /** Sent back with every change of the config. */
  custom_fields: listOf(exactText).nullish(),
});
export type RootfiSyncConfig = z.infer<typeof configShape>;

const connectionShape = z.object({
  integration_type: exactText,
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
  connections: anyList.nullish(),
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

const pageShape = z.object({ data: anyList, next: z.unknown().optional() });
const itemShape = z.object({ data: z.looseObject({}) });
/** The one answer without a `data` envelope. */
const configListShape = z.object({ sync_config: anyList });

export interface RootfiPage extends UnreadList {
  /** Null on the last page. An error where it is named in a way nobody can read. */
  readonly next: string | null | ProviderError;
}

/** A page of a list. */
export function parsePage(body: unknown, source: ReplySource): RootfiPage {
  const { data, next } = parse(pageShape, body, source);
  return { items: data, place: "data", next: nextCursor(next, source, "next") };
}

/** What is inside `data`. */
export const parseItem = (body: unknown, source: ReplySource): unknown => parse(itemShape, body, source).data;

export function parseSync(body: unknown, source: ReplySource, place = ""): RootfiSync {
  return { ...parse(syncShape, body, source, place), reply: body };
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

export const parseJob = (body: unknown, source: ReplySource, place = ""): RootfiJob =>
  parse(jobShape, body, source, place);

export function parseCompany(body: unknown, source: ReplySource, place = ""): RootfiCompany {
  const company = parse(companyShape, body, source, place);
  return { ...company, connections: connectionsOf(company.connections, source, place) };
}

export function parseInviteLink(body: unknown, source: ReplySource, place = ""): RootfiInviteLink {
  const { company, connections } = parse(inviteLinkShape, body, source, place);
  return { companyId: company?.rootfi_id ?? null, connections: connectionsOf(connections, source, place) };
}

function connectionsOf(
  connections: readonly unknown[] | null | undefined,
  source: ReplySource,
  place: string,
): readonly RootfiConnection[] | null {
  if (!connections) return null;
  return connections.map((connection, index) => {
    const at = placeIn(place, `connections.${index}`);
    const parsed = parse(connectionShape, connection, source, at);
    const configs: readonly unknown[] = [parsed.sync_config ?? []].flat();
    return {
      ...parsed,
      sync_config: configs.map((config, number) =>
        parseSyncConfig(config, source, placeIn(at, `sync_config.${number}`)),
      ),
    };
  });
}

const placeIn = (place: string, inner: string): string => (place === "" ? inner : `${place}.${inner}`);

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

export const parseSyncConfig = (config: unknown, source: ReplySource, place = ""): RootfiSyncConfig =>
  parse(configShape, config, source, place);

/** The list of an organisation's sync configs. */
export const parseSyncConfigs = (body: unknown, source: ReplySource): UnreadList => ({
  items: parse(configListShape, body, source).sync_config,
  place: "sync_config",
});

/** The next page's cursor; one SDK types it as a number. */
export const nextCursor = (next: unknown, source: ReplySource, field: string) =>
  nextPage(next, source, field, { numbers: true, read: (cursor) => cursorOf(cursor, source) });

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
