// RootFi's v3 endpoints: which path, which parameters, how the next page is named. What answers mean is said in `map.ts`.
import type { JsonObject } from "../../domain/json.ts";
import type { HttpClient, HttpRequest } from "../../wire/http-client.ts";
import { walkPages } from "../../wire/pages.ts";
import type { WirePage } from "../../wire/pages.ts";
import { path } from "../../wire/path.ts";
import { parseCompany, parseItem, parseJob, parsePage, parseStarted, parseSync, parseSyncConfigs } from "./wire-types.ts";
import type { ReplySource, RootfiCompany, RootfiJob, RootfiSync, RootfiSyncConfig } from "./wire-types.ts";

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
  async function ask<Reply>(request: HttpRequest, parse: (body: unknown, source: ReplySource) => Reply): Promise<Reply> {
    const response = await http.request(request);
    return parse(response.body, { provider, request: `${request.method} ${request.path}` });
  }

  /** A page after the first is asked for with the same parameters and the cursor beside them. */
  async function page<Item>(
    request: HttpRequest,
    cursor: string | null,
    parse: (item: unknown, source: ReplySource) => Item,
  ): Promise<WirePage<Item>> {
    const query = { ...request.query, ...(cursor === null ? {} : { next: cursor }) };
    return ask({ ...request, query }, (body, source) => {
      const { items, next } = parsePage(body, source);
      return { items: items.map((item) => parse(item, source)), next };
    });
  }

  function pages<Item>(
    request: HttpRequest,
    parse: (item: unknown, source: ReplySource) => Item,
  ): AsyncIterable<readonly Item[]> {
    const { operation, signal } = request;
    return walkPages((cursor) => page(request, cursor, parse), { provider, operation, signal });
  }

  return {
    companies: (signal) => pages(companiesRequest(signal), parseCompany),
    company: (companyId, signal) => ask(companyRequest(companyId, signal), (body, source) => parseCompany(parseItem(body, source), source)),
    syncConfigs: (category, signal) => ask(syncConfigsRequest(category, signal), parseSyncConfigs),
    startSync: (start, signal) => ask(startRequest(start, signal), parseStarted),
    syncs: (companyId, signal) => pages(syncsRequest(companyId, signal), parseSync),
    firstSyncs: async (companyId, signal) => (await page(syncsRequest(companyId, signal), null, parseSync)).items,
    sync: (syncId, signal) => ask(syncRequest(syncId, signal), (body, source) => parseSync(parseItem(body, source), source)),
    jobs: async (syncId, signal) => {
      const jobs: RootfiJob[] = [];
      for await (const items of pages(jobsRequest(syncId, signal), parseJob)) jobs.push(...items);
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

const companyRequest = (companyId: string, signal: Signal): HttpRequest => ({
  operation: "get company",
  method: "GET",
  path: path`/core/companies/${companyId}`,
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

const syncRequest = (syncId: string, signal: Signal): HttpRequest => ({
  operation: "get sync",
  method: "GET",
  path: path`/core/syncs/${syncId}`,
  signal,
});

/** No parameter is documented here; `next` is sent only when an answer named a next page. */
const jobsRequest = (syncId: string, signal: Signal): HttpRequest => ({
  operation: "list jobs",
  method: "GET",
  path: path`/core/syncs/${syncId}/jobs`,
  signal,
});
