// RootFi's v3 endpoints: which path, which parameters, how the next page is named. What answers mean is said in `map.ts`.
import type { JsonObject } from "../../domain/json.ts";
import { createAsk } from "../../wire/ask.ts";
import type { ReplyReader } from "../../wire/ask.ts";
import type { HttpClient, HttpRequest } from "../../wire/http-client.ts";
import { walkPages } from "../../wire/pages.ts";
import type { WirePage } from "../../wire/pages.ts";
import { pathFor } from "../../wire/path.ts";
import {
  parseCompany,
  parseItem,
  parseJob,
  parsePage,
  parseStarted,
  parseSync,
  parseSyncConfigs,
} from "./wire-types.ts";
import type { RootfiCompany, RootfiJob, RootfiSync, RootfiSyncConfig } from "./wire-types.ts";

/** The largest page known to be allowed; the vendor documents no maximum. */
export const PAGE_SIZE = 100;

type Signal = AbortSignal | undefined;

export interface RootfiApi {
  companies(signal: Signal): AsyncIterable<readonly RootfiCompany[]>;
  company(companyId: string, signal: Signal): Promise<RootfiCompany>;
  /** The organisation's sync config for a category of integrations. */
  syncConfigs(category: string, signal: Signal): Promise<readonly RootfiSyncConfig[]>;
  startSync(start: JsonObject, signal: Signal): Promise<RootfiSync>;
  /** A company's syncs; their order is not documented. */
  syncs(companyId: string, signal: Signal): AsyncIterable<readonly RootfiSync[]>;
  /** The first page of them. */
  firstSyncs(companyId: string, signal: Signal): Promise<readonly RootfiSync[]>;
  sync(syncId: string, signal: Signal): Promise<RootfiSync>;
  /** All jobs of a sync. */
  jobs(syncId: string, signal: Signal): Promise<readonly RootfiJob[]>;
}

/** @param provider key of the configured provider, for errors */
export function rootfiApi(http: HttpClient, provider: string): RootfiApi {
  const ask = createAsk(http, provider);
  const path = pathFor(provider);

  /** A page after the first is asked for with the same parameters and the cursor beside them. */
  async function page<Item>(
    request: HttpRequest,
    cursor: string | null,
    parse: ReplyReader<Item>,
  ): Promise<WirePage<Item>> {
    const query = { ...request.query, ...(cursor === null ? {} : { next: cursor }) };
    return ask({ ...request, query }, (body, source) => {
      const { items, next } = parsePage(body, source);
      return { items: items.map((item) => parse(item, source)), next };
    });
  }

  function pages<Item>(request: HttpRequest, parse: ReplyReader<Item>): AsyncIterable<readonly Item[]> {
    const { operation, signal } = request;
    return walkPages((cursor) => page(request, cursor, parse), { provider, operation, signal });
  }

  return {
    companies: (signal) => pages(companiesRequest(signal), parseCompany),
    company: async (companyId, signal) =>
      ask(get("get company", path`/core/companies/${companyId}`, signal), inData(parseCompany)),
    syncConfigs: (category, signal) => ask(syncConfigsRequest(category, signal), parseSyncConfigs),
    startSync: (start, signal) => ask(startRequest(start, signal), parseStarted),
    syncs: (companyId, signal) => pages(syncsRequest(companyId, signal), parseSync),
    firstSyncs: async (companyId, signal) => (await page(syncsRequest(companyId, signal), null, parseSync)).items,
    sync: async (syncId, signal) => ask(get("get sync", path`/core/syncs/${syncId}`, signal), inData(parseSync)),
    jobs: async (syncId, signal) => {
      const jobs: RootfiJob[] = [];
      // No parameter is documented here; `next` is sent only when an answer named a next page.
      const request = get("list jobs", path`/core/syncs/${syncId}/jobs`, signal);
      for await (const items of pages(request, parseJob)) jobs.push(...items);
      return jobs;
    },
  };
}

/** `expand=connections` is documented for invite links and offered without values for companies. */
const companiesRequest = (signal: Signal): HttpRequest => ({
  operation: "list companies",
  method: "GET",
  path: "/core/companies",
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
const startRequest = (body: JsonObject, signal: Signal): HttpRequest => ({
  operation: "start sync",
  method: "POST",
  path: "/core/syncs",
  body,
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
  <Item>(parse: ReplyReader<Item>): ReplyReader<Item> =>
  (body, source) =>
    parse(parseItem(body, source), source);
