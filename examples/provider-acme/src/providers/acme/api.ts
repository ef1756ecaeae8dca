// Acme's endpoints: which parameters they take and how the next page is named. What answers mean is said in `map.ts`.
import { createAsk, createAskList } from "../../wire/ask.ts";
import type { ItemReader } from "../../wire/ask.ts";
import type { HttpClient, HttpRequest } from "../../wire/http-client.ts";
import { walkPages } from "../../wire/pages.ts";
import { pathFor } from "../../wire/path.ts";
import { parsePage, parsePipeline, parseRun } from "./wire-types.ts";
import type { AcmePipeline, AcmeRun } from "./wire-types.ts";

type Signal = AbortSignal | undefined;

export interface AcmeApi {
  /** All pipelines, a page at a time. */
  pipelines(signal: Signal): AsyncIterable<readonly AcmePipeline[]>;
  pipeline(id: string, signal: Signal): Promise<AcmePipeline>;
  startRun(pipelineId: string, fullRefresh: boolean, signal: Signal): Promise<AcmeRun>;
  /** Those of these runs that the vendor knows. */
  runs(ids: readonly string[], signal: Signal): Promise<readonly AcmeRun[]>;
  /** Runs created or changed since then, a page at a time. */
  runsSince(since: Date, signal: Signal): AsyncIterable<readonly AcmeRun[]>;
}

/** How many runs one request may ask for. */
const IDS_PER_REQUEST = 50;

/** @param provider key of the configured provider, for errors */
export function acmeApi(http: HttpClient, provider: string): AcmeApi {
  const ask = createAsk(http, provider);
  const askList = createAskList(http, provider);
  const path = pathFor(provider);

  /** Lists are told in pages, each of which names the next one's cursor. */
  const walk = <Item>(request: HttpRequest, read: ItemReader<Item>): AsyncIterable<readonly Item[]> => {
    const { operation, signal } = request;
    const page = (cursor: string | null) =>
      askList({ ...request, query: { ...request.query, cursor: cursor ?? undefined } }, parsePage, read);
    return walkPages(page, { provider, operation, signal });
  };

  return {
    pipelines: (signal) =>
      walk({ operation: "list pipelines", method: "GET", path: "/pipelines", signal }, parsePipeline),

    // Async, so that an id that fits into no path rejects rather than throws.
    pipeline: async (id, signal) =>
      ask({ operation: "read pipeline", method: "GET", path: path`/pipelines/${id}`, signal }, (body, source) =>
        parsePipeline(body, source, ""),
      ),

    startRun: async (pipelineId, fullRefresh, signal) =>
      ask(
        {
          operation: "start run",
          method: "POST",
          path: path`/pipelines/${pipelineId}/runs`,
          body: { full_refresh: fullRefresh },
          // There is no idempotency key: a start that may have arrived is looked up, never sent again.
          repeat: "once",
          signal,
        },
        (body, source) => parseRun(body, source, ""),
      ),

    runs: async (ids, signal) => {
      const runs: AcmeRun[] = [];
      for (let from = 0; from < ids.length; from += IDS_PER_REQUEST) {
        const query = { ids: ids.slice(from, from + IDS_PER_REQUEST) };
        const request = { operation: "read runs", method: "GET", path: "/runs", query, signal } as const;
        const page = await askList(request, parsePage, parseRun);
        runs.push(...page.items);
      }
      return runs;
    },

    runsSince: (since, signal) => {
      const query = { updated_since: since.toISOString() };
      return walk({ operation: "list runs", method: "GET", path: "/runs", query, signal }, parseRun);
    },
  };
}
