// Polytomic's endpoints: which path, which parameters, how the next page is named. What the values mean is left to map.ts.
import type { JsonObject } from "../../domain/json.ts";
import type { HttpClient, HttpRequest } from "../../wire/http-client.ts";
import { walkPages } from "../../wire/pages.ts";
import type { WirePage } from "../../wire/pages.ts";
import { path } from "../../wire/path.ts";
import { noSuchId } from "./errors.ts";
import type { ReplySource } from "./errors.ts";
import {
  readConnections,
  readEntity,
  readExecution,
  readExecutions,
  readNextRunAt,
  readStarted,
  readSync,
  readSyncs,
} from "./wire-types.ts";
import type { WireConnection, WireEntity, WireExecution, WireListedSync, WireStarted, WireSync } from "./wire-types.ts";

/** The calls the adapter makes. Each throws `ProviderError` and nothing else. */
export interface PolytomicApi {
  /** All connections; the vendor does not page this list. */
  listConnections(signal?: AbortSignal): Promise<readonly WireConnection[]>;
  /** Light entries, latest changed first. */
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
  listExecutions(syncId: string, signal?: AbortSignal): AsyncIterable<readonly WireExecution[]>;
  /** The answer says only that the wish was noted. */
  cancelExecution(syncId: string, executionId: string, signal?: AbortSignal): Promise<void>;
  /** What a UUID belongs to. */
  getEntity(id: string, signal?: AbortSignal): Promise<WireEntity>;
}

/** The vendor's default and its maximum; sent anyway, so that a page keeps its size when the default changes. */
const SYNCS_PER_PAGE = 50;

/** @param provider key of the configured provider, for errors */
export function polytomicApi(http: HttpClient, provider: string): PolytomicApi {
  const call = caller(http, provider);
  return { ...catalogCalls(call, provider), ...executionCalls(call, provider) };
}

const LIST_SYNCS = "list syncs";
const LIST_EXECUTIONS = "list executions";

/** A request whose path is made late, so that an id that fits into no path fails like any other call. */
type Call = Omit<HttpRequest, "path"> & { readonly path: () => string };
type Caller = ReturnType<typeof caller>;

type CatalogCalls = Pick<PolytomicApi, "listConnections" | "listSyncs" | "getSync" | "getNextRunAt" | "getEntity">;

function catalogCalls(call: Caller, provider: string): CatalogCalls {
  const syncsPage = (page: string | null, signal?: AbortSignal): Promise<WirePage<WireListedSync>> => {
    const query = { limit: SYNCS_PER_PAGE, page_token: page ?? undefined };
    return call({ operation: LIST_SYNCS, method: "GET", path: () => "/api/syncs", query, signal }, readSyncs);
  };
  return {
    listConnections: (signal) =>
      call({ operation: "list connections", method: "GET", path: () => "/api/connections", signal }, readConnections),
    listSyncs: (signal) => walkPages((page) => syncsPage(page, signal), { provider, operation: LIST_SYNCS, signal }),
    getSync: (syncId, signal) =>
      call({ operation: "get sync", method: "GET", path: () => path`/api/syncs/${syncId}`, signal }, readSync),
    getNextRunAt: (syncId, signal) =>
      call(
        { operation: "get sync status", method: "GET", path: () => path`/api/syncs/${syncId}/status`, signal },
        readNextRunAt,
      ),
    getEntity: (id, signal) =>
      call({ operation: "resolve id", method: "GET", path: () => path`/api/entities/${id}`, signal }, readEntity),
  };
}

function executionCalls(call: Caller, provider: string): Omit<PolytomicApi, keyof CatalogCalls> {
  const executionsPage = (
    syncId: string,
    page: string | null,
    signal?: AbortSignal,
  ): Promise<WirePage<WireExecution>> => {
    const query = { page_token: page ?? undefined };
    const makePath = (): string => path`/api/syncs/${syncId}/executions`;
    return call({ operation: LIST_EXECUTIONS, method: "GET", path: makePath, query, signal }, readExecutions);
  };
  return {
    startSync: (syncId, body, idempotencyKey, signal) =>
      call(
        {
          operation: "start sync",
          method: "POST",
          path: () => path`/api/syncs/${syncId}/executions`,
          headers: { "Idempotency-Key": idempotencyKey },
          body,
          repeat: "safe",
          signal,
        },
        readStarted,
      ),
    getExecution: (syncId, executionId, signal) =>
      call(
        {
          operation: "get execution",
          method: "GET",
          path: () => path`/api/syncs/${syncId}/executions/${executionId}`,
          signal,
        },
        readExecution,
      ),
    latestExecutions: async (syncId, signal) => (await executionsPage(syncId, null, signal)).items,
    listExecutions: (syncId, signal) =>
      walkPages((page) => executionsPage(syncId, page, signal), { provider, operation: LIST_EXECUTIONS, signal }),
    cancelExecution: (syncId, executionId, signal) =>
      call(
        {
          operation: "cancel execution",
          method: "POST",
          path: () => path`/api/syncs/${syncId}/executions/${executionId}/cancel`,
          // Asked twice, a run is cancelled once.
          repeat: "safe",
          signal,
        },
        () => undefined,
      ),
  };
}

function caller(http: HttpClient, provider: string) {
  return async <Value>(wanted: Call, read: (body: unknown, source: ReplySource) => Value): Promise<Value> => {
    const { path: makePath, ...rest } = wanted;
    const request: HttpRequest = { ...rest, path: pathOf(provider, wanted.operation, makePath) };
    const response = await http.request(request);
    return read(response.body, { provider, request: `${request.method} ${request.path}` });
  };
}

function pathOf(provider: string, operation: string, makePath: () => string): string {
  try {
    return makePath();
  } catch (cause) {
    throw noSuchId(provider, operation, cause);
  }
}
