// RootFi's v4 endpoints, their answers in the words of `api.ts`. Paths that no document shows are marked as inferred.
import type { JsonObject } from "../../domain/json.ts";
import { createAsk, createAskList, createAskPage } from "../../wire/ask.ts";
import type { ItemReader } from "../../wire/ask.ts";
import type { HttpClient, HttpRequest } from "../../wire/http-client.ts";
import { walkPages } from "../../wire/pages.ts";
import type { PartialWalk } from "../../wire/pages.ts";
import { pathFor } from "../../wire/path.ts";
import { isNotFound, notFound } from "../../wire/provider-failure.ts";
import { PAGE_SIZE, allOf } from "./api.ts";
import type { RootfiApi, RootfiStart, Signal } from "./api.ts";
import {
  parseCompanyAnswerV4,
  parseCompanyV4,
  parseJobV4,
  parsePageV4,
  parseStartedV4,
  parseSyncConfigV4,
  parseSyncConfigsV4,
  parseSyncV4,
} from "./wire-types-v4.ts";

/** @param provider key of the configured provider, for errors */
export function rootfiApiV4(http: HttpClient, provider: string): RootfiApi {
  const ask = createAsk(http, provider);
  const askList = createAskList(http, provider);
  const askPage = createAskPage(http, provider);
  const path = pathFor(provider);

  /** @param list name of the list in the answer */
  function pages<Item>(
    request: HttpRequest,
    list: string,
    parse: ItemReader<Item>,
    walk: PartialWalk = {},
  ): AsyncIterable<readonly Item[]> {
    const page = (cursor: string | null) => {
      const query = { limit: PAGE_SIZE, ...request.query, ...(cursor === null ? {} : { cursor }) };
      return askPage({ ...request, query }, (body, source) => parsePageV4(body, list, source), parse);
    };
    const { operation, signal } = request;
    return walkPages(page, { ...walk, provider, operation, signal });
  }

  const companies = (signal: Signal) =>
    pages(get("list companies", "/core/companies", signal), "companies", parseCompanyV4);
  const ownPage = (companyId: string, signal: Signal) =>
    ask(get("get company", path`/core/companies/${companyId}`, signal), parseCompanyAnswerV4);

  return {
    companies,
    company: companyReader(ownPage, companies, provider),
    configScopeOf: ({ integration_type: integration }) => integration,
    syncConfigs: async (integration, signal) =>
      (await askList(syncConfigsRequest(integration, signal), parseSyncConfigsV4, parseSyncConfigV4)).items,
    changesConfigsAtOnce: true,
    changeConfigs: async (companyId, configs, signal) => {
      const target = path`/core/companies/${companyId}/sync-config`;
      // Answered with the id of the request and nothing else.
      return ask(once("change sync config", "PATCH", target, signal, { configs }), () => null);
    },
    startSync: async (start, signal) => {
      const target = path`/core/companies/${start.companyId}/syncs`;
      return ask(once("start sync", "POST", target, signal, bodyOf(start)), parseStartedV4);
    },
    retrySync: async (syncId, signal) =>
      ask(once("retry sync", "POST", path`/core/syncs/${syncId}/retry`, signal), parseStartedV4),
    // The overview names cancelling and no page shows its path (inferred).
    cancelSync: async (syncId, signal) =>
      ask(once("cancel sync", "POST", path`/core/syncs/${syncId}/cancel`, signal), () => undefined),
    syncs: (companyId, signal, walk) => {
      const request = get("list syncs", path`/core/companies/${companyId}/syncs`, signal);
      return pages({ ...request, query: { jobType: "PULL" } }, "syncs", parseSyncV4, walk);
    },
    // The overview shows a job and no page its path (inferred).
    jobs: async (syncId, signal) =>
      allOf(pages(get("list jobs", path`/core/syncs/${syncId}/jobs`, signal), "jobs", parseJobV4)),
  };
}

/** Only the list is documented. A company's own page is tried first, as in v3, until it proves not to exist (inferred). */
function companyReader(
  ownPage: RootfiApi["company"],
  list: RootfiApi["companies"],
  provider: string,
): RootfiApi["company"] {
  let hasOwnPages = true;
  return async (companyId, signal) => {
    let missing = notFound(provider, `company ${companyId}`, true);
    try {
      if (hasOwnPages) return await ownPage(companyId, signal);
    } catch (error) {
      if (!isNotFound(error)) throw error;
      missing = error;
    }
    for await (const companies of list(signal)) {
      const listed = companies.find((company) => company.rootfi_id === companyId);
      if (listed === undefined) continue;
      hasOwnPages = false;
      return listed;
    }
    throw missing;
  };
}

/** Data models that nobody names are left to RootFi. There is no integration: a company of v4 has one. */
function bodyOf({ models, fullSync }: RootfiStart): JsonObject {
  const named = { dataModelsToSync: models.map((dataModel) => ({ dataModel })) };
  return { ...(models.length === 0 ? {} : named), fullSync, isManualSync: true };
}

const syncConfigsRequest = (integration: string, signal: Signal): HttpRequest => ({
  operation: "get sync config",
  method: "GET",
  path: "/core/organizations/sync-config",
  query: { integration_type: integration },
  signal,
});

const get = (operation: string, path: string, signal: Signal): HttpRequest => ({
  operation,
  method: "GET",
  path,
  signal,
});

/** There is no idempotency key: such a request is never repeated by itself. */
const once = (
  operation: string,
  method: "POST" | "PATCH",
  path: string,
  signal: Signal,
  body?: JsonObject,
): HttpRequest => ({ operation, method, path, repeat: "once", signal, ...(body === undefined ? {} : { body }) });
