// Polytomic's endpoints: which path, which parameters, how the next page is named. What the values mean is left to map.ts.
import type { JsonObject } from "../../domain/json.ts";
import { createAsk, createAskList, createAskPage } from "../../wire/ask.ts";
import type { Ask, AskList, AskPage } from "../../wire/ask.ts";
import type { HttpClient } from "../../wire/http-client.ts";
import { walkPages } from "../../wire/pages.ts";
import type { PartialWalk, WirePage } from "../../wire/pages.ts";
import { pathFor } from "../../wire/path.ts";
import type { PathTemplate } from "../../wire/path.ts";
import { readPage } from "./wire-fields.ts";
import {
  eventIn,
  readConnection,
  readEntity,
  readEvents,
  readExecution,
  readListedExecution,
  readListedSync,
  readNextRunAt,
  readOrganizationId,
  readStarted,
  readSync,
} from "./wire-types.ts";
import type {
  WireConnection,
  WireEntity,
  WireEvent,
  WireExecution,
  WireListedSync,
  WireStarted,
  WireSync,
} from "./wire-types.ts";

/** The calls the adapter makes. Each throws `ProviderError` and nothing else. */
export interface PolytomicApi {
  /** All connections, as one page: the vendor does not page this list. */
  listConnections(signal?: AbortSignal): AsyncIterable<readonly WireConnection[]>;
  /** Light entries, latest changed first, and last of all those that moved to the front while the pages were read. */
  listSyncs(signal?: AbortSignal): AsyncIterable<readonly WireListedSync[]>;
  getSync(syncId: string, signal?: AbortSignal): Promise<WireSync>;
  /** When the sync runs next by itself; null when nothing is planned. */
  getNextRunAt(syncId: string, signal?: AbortSignal): Promise<Date | null>;
  /**
   * Starts a sync. Sent again after failures that may pass: the vendor promises one start for one key.
   *
   * @param idempotencyKey 8 to 255 characters of `[A-Za-z0-9_-]`
   */
  startSync(syncId: string, body: JsonObject, idempotencyKey: string, signal?: AbortSignal): Promise<WireStarted>;
  getExecution(syncId: string, executionId: string, signal?: AbortSignal): Promise<WireExecution>;
  /** The first page of a sync's executions, latest start first. */
  latestExecutions(syncId: string, signal?: AbortSignal): Promise<readonly WireExecution[]>;
  /** All pages of a sync's executions, latest start first; the vendor chooses how long a page is. */
  listExecutions(syncId: string, signal?: AbortSignal, walk?: PartialWalk): AsyncIterable<readonly WireExecution[]>;
  /** The answer says only that the wish was noted. */
  cancelExecution(syncId: string, executionId: string, signal?: AbortSignal): Promise<void>;
  /** The same for whatever runs of the sync. Sent once: a repetition could hit a run that began in between. */
  cancelExecutions(syncId: string, signal?: AbortSignal): Promise<void>;
  /** Id of the organization whose key it is; null when the answer names none. */
  getOrganizationId(signal?: AbortSignal): Promise<string | null>;
  /** What a UUID belongs to. */
  getEntity(id: string, signal?: AbortSignal): Promise<WireEntity>;
  /** Events between two times, both excluded; those that can be read, and how many entries the answer had. */
  listEvents(
    bounds: { readonly after: string; readonly before?: string },
    signal?: AbortSignal,
  ): Promise<{ readonly entries: number; readonly events: readonly WireEvent[] }>;
}

/** A trigger key as the vendor takes it: at least 8 characters. */
export function idempotencyKeyOf(key: string): string {
  return key.length < SHORTEST_KEY ? `syncgraph-${key}` : key;
}

const SHORTEST_KEY = 8;

/** The vendor's maximum. */
export const EVENTS_PER_PAGE = 100;

/** The vendor's default and its maximum; sent anyway, so that a page keeps its size when the default changes. */
const SYNCS_PER_PAGE = 50;

/** @param provider key of the configured provider, for errors */
export function polytomicApi(http: HttpClient, provider: string): PolytomicApi {
  const asking = {
    ask: createAsk(http, provider),
    askList: createAskList(http, provider),
    askPage: createAskPage(http, provider),
  };
  const calls = { ...asking, path: pathFor(provider), provider };
  return { ...catalogCalls(calls), ...executionCalls(calls) };
}

interface Calls {
  readonly ask: Ask;
  readonly askList: AskList;
  readonly askPage: AskPage;
  readonly path: PathTemplate;
  readonly provider: string;
}

const LIST_SYNCS = "list syncs";
const LIST_EXECUTIONS = "list executions";

type CatalogCalls = Pick<
  PolytomicApi,
  "listConnections" | "listSyncs" | "getSync" | "getNextRunAt" | "getOrganizationId" | "getEntity" | "listEvents"
>;

// Calls with an id in their path are async functions, so that an id that fits into no path rejects like any other failure.

function catalogCalls({ ask, askList, askPage, path, provider }: Calls): CatalogCalls {
  const syncsPage = (page: string | null, signal?: AbortSignal): Promise<WirePage<WireListedSync>> => {
    const query = { limit: SYNCS_PER_PAGE, page_token: page ?? undefined };
    const request = { operation: LIST_SYNCS, method: "GET", path: "/api/syncs", query, signal } as const;
    return askPage(request, readPage, readListedSync);
  };
  async function* listSyncs(signal?: AbortSignal): AsyncGenerator<readonly WireListedSync[], void, undefined> {
    const seen = new Set<string>();
    let pages = 0;
    const nextPage = (token: string | null) => {
      pages += 1;
      return syncsPage(token, signal);
    };
    for await (const page of walkPages(nextPage, { provider, operation: LIST_SYNCS, signal })) {
      for (const { id } of page) seen.add(id);
      yield page;
    }
    if (pages < 2) return;
    // A sync that is changed leaves a page that is still to come for the first one, which was read before.
    const moved = (await syncsPage(null, signal)).items.filter(({ id }) => !seen.has(id));
    if (moved.length > 0) yield moved;
  }

  return {
    listConnections: (signal) => {
      const request = { operation: "list connections", method: "GET", path: "/api/connections", signal } as const;
      const onlyPage = async () => ({ ...(await askPage(request, readPage, readConnection)), next: null });
      return walkPages(onlyPage, { provider, ...request });
    },
    listSyncs,
    getSync: async (syncId, signal) =>
      ask({ operation: "get sync", method: "GET", path: path`/api/syncs/${syncId}`, signal }, readSync),
    getNextRunAt: async (syncId, signal) =>
      ask(
        { operation: "get sync status", method: "GET", path: path`/api/syncs/${syncId}/status`, signal },
        readNextRunAt,
      ),
    getOrganizationId: async (signal) =>
      ask({ operation: "get identity", method: "GET", path: "/api/me", signal }, readOrganizationId),
    getEntity: async (id, signal) =>
      ask({ operation: "resolve id", method: "GET", path: path`/api/entities/${id}`, signal }, readEntity),
    listEvents: async ({ after, before }, signal) => {
      const query = { starting_after: after, ending_before: before, limit: EVENTS_PER_PAGE };
      const request = { operation: "list events", method: "GET", path: "/api/events", query, signal } as const;
      const { items } = await askList(request, readEvents, eventIn);
      return { entries: items.length, events: items.filter((event) => event !== null) };
    },
  };
}

function executionCalls({ ask, askPage, path, provider }: Calls): Omit<PolytomicApi, keyof CatalogCalls> {
  const executionsPage = async (
    syncId: string,
    page: string | null,
    signal?: AbortSignal,
  ): Promise<WirePage<WireExecution>> => {
    const query = { page_token: page ?? undefined };
    const request = { method: "GET", path: path`/api/syncs/${syncId}/executions`, query, signal } as const;
    return askPage({ operation: LIST_EXECUTIONS, ...request }, readPage, readListedExecution);
  };
  return {
    startSync: async (syncId, body, idempotencyKey, signal) => {
      const headers = { "Idempotency-Key": idempotencyKey };
      const request = { method: "POST", path: path`/api/syncs/${syncId}/executions`, headers, body, signal } as const;
      return ask({ operation: "start sync", repeat: "safe", ...request }, readStarted);
    },
    getExecution: async (syncId, executionId, signal) => {
      const request = { method: "GET", path: path`/api/syncs/${syncId}/executions/${executionId}`, signal } as const;
      return ask({ operation: "get execution", ...request }, readExecution);
    },
    latestExecutions: async (syncId, signal) => (await executionsPage(syncId, null, signal)).items,
    listExecutions: (syncId, signal, walk = {}) =>
      walkPages((page) => executionsPage(syncId, page, signal), {
        ...walk,
        provider,
        operation: LIST_EXECUTIONS,
        signal,
      }),
    cancelExecution: async (syncId, executionId, signal) => {
      const request = {
        method: "POST",
        path: path`/api/syncs/${syncId}/executions/${executionId}/cancel`,
        signal,
      } as const;
      // Asked twice, a run is cancelled once.
      return ask({ operation: "cancel execution", repeat: "safe", ...request }, () => undefined);
    },
    cancelExecutions: async (syncId, signal) => {
      const request = { method: "POST", path: path`/api/syncs/${syncId}/cancel`, signal } as const;
      return ask({ operation: "cancel sync", repeat: "once", ...request }, () => undefined);
    },
  };
}
