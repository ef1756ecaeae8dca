// What RootFi can be asked, and v3's endpoints for it: which path, which parameters, how the next page is named. v4's are in
// `api-v4.ts`; what answers mean is said in `map.ts`.
import type { JsonObject } from "../../domain/json.ts";
import { createAsk, createAskList, createAskPage } from "../../wire/ask.ts";
import type { ItemReader, ReplyReader } from "../../wire/ask.ts";
import type { HttpClient, HttpRequest } from "../../wire/http-client.ts";
import { walkPages } from "../../wire/pages.ts";
import type { PartialWalk, WirePage } from "../../wire/pages.ts";
import { pathFor } from "../../wire/path.ts";
import type { ReplySource } from "../../wire/read-reply.ts";
import {
  changedCompanyOf,
  parseCompany,
  parseInviteLink,
  parseItem,
  parseJob,
  parsePage,
  parseStarted,
  parseSync,
  parseSyncConfig,
  parseSyncConfigs,
} from "./wire-types.ts";
import type {
  RootfiCompany,
  RootfiConnection,
  RootfiInviteLink,
  RootfiJob,
  RootfiSync,
  RootfiSyncConfig,
} from "./wire-types.ts";

/** The largest page known to be allowed; v3 documents no maximum, v4 this one. */
export const PAGE_SIZE = 100;

export type Signal = AbortSignal | undefined;

/** A start in both versions' terms. */
export interface RootfiStart {
  readonly companyId: string;
  readonly integration: string;
  readonly fullSync: boolean;
  /** Each once. */
  readonly models: readonly string[];
}

/** RootFi in one vocabulary, v3's, whichever version answers. What only one version has is optional. */
export interface RootfiApi {
  companies(signal: Signal): AsyncIterable<readonly RootfiCompany[]>;
  company(companyId: string, signal: Signal): Promise<RootfiCompany>;
  /** Exists where a company shows only one of a connection's sync configs and its invite link shows all. */
  inviteLinks?(signal: Signal): AsyncIterable<readonly RootfiInviteLink[]>;
  /** What the organisation's sync configs are asked for by: the connection's category or integration. Null when it has none. */
  configScopeOf(connection: RootfiConnection): string | null;
  syncConfigs(scope: string, signal: Signal): Promise<readonly RootfiSyncConfig[]>;
  /** Whether one request changes the configs of several data models. */
  readonly changesConfigsAtOnce: boolean;
  /** Sets sync configs of a company. The company as it is then; null when the answer does not tell. */
  changeConfigs(companyId: string, configs: readonly JsonObject[], signal: Signal): Promise<RootfiCompany | null>;
  startSync(start: RootfiStart, signal: Signal): Promise<RootfiSync>;
  /** Runs an ended sync again, as a new one. */
  retrySync?(syncId: string, signal: Signal): Promise<RootfiSync>;
  cancelSync?(syncId: string, signal: Signal): Promise<void>;
  /** A company's syncs; newest first in v4, in no documented order in v3. */
  syncs(companyId: string, signal: Signal, walk?: PartialWalk): AsyncIterable<readonly RootfiSync[]>;
  /** Exists where a sync can be asked for alone. */
  sync?(syncId: string, signal: Signal): Promise<RootfiSync>;
  /** All jobs of a sync. */
  jobs(syncId: string, signal: Signal): Promise<readonly RootfiJob[]>;
}

/** v3. @param provider key of the configured provider, for errors */
export function rootfiApi(http: HttpClient, provider: string): RootfiApi {
  const ask = createAsk(http, provider);
  const askList = createAskList(http, provider);
  const askPage = createAskPage(http, provider);
  const path = pathFor(provider);

  /** A page after the first is asked for with the same parameters and the cursor beside them. */
  async function page<Item>(
    request: HttpRequest,
    cursor: string | null,
    parse: ItemReader<Item>,
  ): Promise<WirePage<Item>> {
    const query = { ...request.query, ...(cursor === null ? {} : { next: cursor }) };
    return askPage({ ...request, query }, parsePage, parse);
  }

  function pages<Item>(
    request: HttpRequest,
    parse: ItemReader<Item>,
    walk: PartialWalk = {},
  ): AsyncIterable<readonly Item[]> {
    const { operation, signal } = request;
    return walkPages((cursor) => page(request, cursor, parse), { ...walk, provider, operation, signal });
  }

  return {
    companies: (signal) => pages(withConnections("list companies", "/core/companies", signal), parseCompany),
    inviteLinks: (signal) => pages(withConnections("list invite links", "/core/invite_links", signal), parseInviteLink),
    company: async (companyId, signal) =>
      ask(get("get company", path`/core/companies/${companyId}`, signal), inData(parseCompany)),
    configScopeOf: ({ category }) => category || null,
    syncConfigs: async (category, signal) =>
      (await askList(syncConfigsRequest(category, signal), parseSyncConfigs, parseSyncConfig)).items,
    changesConfigsAtOnce: false,
    changeConfigs: async (companyId, [config = {}], signal) => {
      const body = { sync_config: config };
      const request = { operation: "change sync config", method: "PUT", body, signal } as const;
      return ask({ ...request, path: path`/core/companies/${companyId}` }, changedCompanyOf);
    },
    startSync: (start, signal) => ask(startRequest(start, signal), parseStarted),
    syncs: (companyId, signal, walk) => pages(syncsRequest(companyId, signal), parseSync, walk),
    sync: async (syncId, signal) => ask(get("get sync", path`/core/syncs/${syncId}`, signal), inData(parseSync)),
    // No parameter is documented here; `next` is sent only when an answer named a next page.
    jobs: async (syncId, signal) => allOf(pages(get("list jobs", path`/core/syncs/${syncId}/jobs`, signal), parseJob)),
  };
}

/** All items of all pages. */
export async function allOf<Item>(pages: AsyncIterable<readonly Item[]>): Promise<readonly Item[]> {
  const all: Item[] = [];
  for await (const items of pages) for (const item of items) all.push(item);
  return all;
}

/** `expand=connections` is documented for invite links and offered without values for companies. */
const withConnections = (operation: string, path: string, signal: Signal): HttpRequest => ({
  operation,
  method: "GET",
  path,
  query: { limit: PAGE_SIZE, expand: "connections" },
  signal,
});

const syncConfigsRequest = (category: string, signal: Signal): HttpRequest => ({
  operation: "get sync config",
  method: "GET",
  path: "/core/syncs/config",
  query: { category },
  signal,
});

/** There is no idempotency key: the request is never repeated by itself. */
const startRequest = ({ companyId, integration, fullSync, models }: RootfiStart, signal: Signal): HttpRequest => ({
  operation: "start sync",
  method: "POST",
  path: "/core/syncs",
  body: {
    company_id: Number(companyId),
    integration_type: integration,
    full_sync: fullSync,
    data_models_to_sync: models,
  },
  repeat: "once",
  signal,
});

/** The name without `[eq]`: the bracketed filters belong to the unified data endpoints. */
const syncsRequest = (companyId: string, signal: Signal): HttpRequest => ({
  operation: "list syncs",
  method: "GET",
  path: "/core/syncs",
  query: { rootfi_company_id: companyId, limit: PAGE_SIZE },
  signal,
});

const get = (operation: string, path: string, signal: Signal): HttpRequest => ({
  operation,
  method: "GET",
  path,
  signal,
});

/** Reads what is inside the vendor's `data` envelope. */
const inData =
  <Item>(parse: (item: unknown, source: ReplySource) => Item): ReplyReader<Item> =>
  (body, source) =>
    parse(parseItem(body, source), source);
