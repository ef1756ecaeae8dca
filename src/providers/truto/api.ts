// Truto's endpoints: which path, which parameters, how the next page is named. What the answers mean is left to the mappers.
import { ErrorCode, GatewayError, ProviderError } from "../../domain/errors.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { HttpClient, HttpRequest } from "../../wire/http-client.ts";
import { walkPages } from "../../wire/pages.ts";
import { path } from "../../wire/path.ts";
import type { ReplyContext, TrutoAccount, TrutoCronTrigger, TrutoJob, TrutoLogEntry, TrutoRun } from "./wire-types.ts";
import { badResponse, isJsonObject, parseAccount, parseCronTrigger, parseJob, parseLogEntry, parsePage, parseRun } from "./wire-types.ts";

/** Sent as `limit`: the vendor's own default of thousands makes answers too large to be read within a deadline. */
const PAGE_SIZE = 200;
/** The log's own maximum. */
const LOG_PAGE_SIZE = 100;

type Query = NonNullable<HttpRequest["query"]>;
type Signal = AbortSignal | undefined;

/** Runs of one page. A run that cannot be read does not take the others with it. */
export interface RunPage {
  readonly runs: readonly TrutoRun[];
  /** Why the first unreadable run was left out; null when all were read. */
  readonly unreadable: ProviderError | null;
}

/** A job with its resources as the vendor wrote them. */
export interface FullJob {
  readonly job: TrutoJob;
  readonly resources: readonly JsonObject[];
}

export interface TrutoApi {
  accounts(signal: Signal): AsyncIterable<readonly TrutoAccount[]>;
  jobs(signal: Signal): AsyncIterable<readonly TrutoJob[]>;
  job(id: string, signal: Signal): Promise<FullJob>;
  /** Triggers of all jobs, or of one; entries that name no job or no id are left out. */
  cronTriggers(jobId: string | null, signal: Signal): Promise<readonly TrutoCronTrigger[]>;
  run(id: string, signal: Signal): Promise<TrutoRun>;
  /** @param maxPages a walk that needs more throws `PROVIDER_BAD_RESPONSE` after the last of them */
  runs(filter: Query, maxPages: number, signal: Signal): AsyncIterable<RunPage>;
  /** Never repeated: the vendor has no idempotency key for it. */
  startRun(body: JsonObject, signal: Signal): Promise<TrutoRun>;
  /** Stops a running run; deletes the record of an ended one. */
  stopRun(id: string, signal: Signal): Promise<void>;
  /** The newest entries of a run's log. */
  runLog(runId: string, signal: Signal): Promise<readonly TrutoLogEntry[]>;
}

/** @param provider key of the configured provider, for errors */
export function createTrutoApi(http: HttpClient, provider: string): TrutoApi {
  const list = async function* <Item>(request: Listing, parse: (item: unknown, context: ReplyContext) => Item, signal: Signal) {
    for await (const page of listPages(http, provider, request, signal)) {
      yield page.map((item) => parse(item, { provider, operation: request.operation }));
    }
  };
  const one = async <Item>(request: HttpRequest, parse: (body: unknown, context: ReplyContext) => Item, signal: Signal) => {
    const response = await http.request({ ...request, signal });
    return parse(response.body, { provider, operation: request.operation });
  };
  const segment = (literal: string, id: string) => pathTo(provider, literal, id);

  return {
    accounts: (signal) => list({ operation: "list integrated accounts", path: path`/integrated-account` }, parseAccount, signal),
    jobs: (signal) => list({ operation: "list sync jobs", path: path`/sync-job` }, parseJob, signal),
    job: async (id, signal) => one({ operation: "get sync job", method: "GET", path: segment("sync-job", id) }, parseFullJob, signal),
    cronTriggers: async (jobId, signal) => {
      const query = jobId === null ? {} : { sync_job_id: jobId };
      const request = { operation: "list sync job cron triggers", path: path`/sync-job-cron-trigger`, query };
      const pages = await collect(listPages(http, provider, request, signal));
      return readable(pages.flat(), (item) => parseCronTrigger(item, { provider, operation: request.operation })).items;
    },
    run: async (id, signal) => {
      const run = await one({ operation: "get sync job run", method: "GET", path: segment("sync-job-run", id) }, parseRun, signal);
      if (run.id !== id) throw badResponse({ provider, operation: "get sync job run" }, "id", "the id that was asked for", "another");
      return run;
    },
    runs: async function* (filter, maxPages, signal) {
      const request = { operation: "list sync job runs", path: path`/sync-job-run`, query: filter, maxPages };
      for await (const page of listPages(http, provider, request, signal)) {
        const { items, unreadable } = readable(page, (item) => parseRun(item, { provider, operation: request.operation }));
        yield { runs: items, unreadable };
      }
    },
    startRun: async (body, signal) =>
      one({ operation: "start sync job run", method: "POST", path: path`/sync-job-run`, body, repeat: "once" }, parseRun, signal),
    stopRun: async (id, signal) => {
      await http.request({ operation: "stop sync job run", method: "DELETE", path: segment("sync-job-run", id), repeat: "once", signal });
    },
    runLog: async (runId, signal) => {
      const query = { log_type: "rapid_bridge", "log_type_filter[sync_job_run_id]": runId, limit: LOG_PAGE_SIZE };
      const page = await one({ operation: "read run log", method: "GET", path: path`/log`, query }, parsePage, signal);
      const entries = page.items.map(parseLogEntry).filter((entry) => entry !== null);
      return entries.filter((entry) => (entry.sync_job_run_id ?? runId) === runId);
    },
  };
}

interface Listing {
  readonly operation: string;
  readonly path: string;
  readonly query?: Query;
  readonly maxPages?: number;
}

function listPages(http: HttpClient, provider: string, listing: Listing, signal: Signal): AsyncIterable<readonly unknown[]> {
  const { operation, maxPages } = listing;
  const fetchPage = async (cursor: string | null) => {
    const query = { limit: PAGE_SIZE, ...listing.query, next_cursor: cursor ?? undefined };
    const response = await http.request({ operation, method: "GET", path: listing.path, query, signal });
    return parsePage(response.body, { provider, operation });
  };
  return walkPages(fetchPage, { provider, operation, signal, ...(maxPages === undefined ? {} : { maxPages }) });
}

function parseFullJob(body: unknown, context: ReplyContext): FullJob {
  const job = parseJob(body, context);
  return { job, resources: Array.isArray(job.resources) ? job.resources.filter(isJsonObject) : [] };
}

function readable<Item>(items: readonly unknown[], parse: (item: unknown) => Item): { items: readonly Item[]; unreadable: ProviderError | null } {
  const read: Item[] = [];
  let unreadable: ProviderError | null = null;
  for (const item of items) {
    try {
      read.push(parse(item));
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      unreadable ??= error;
    }
  }
  return { items: read, unreadable };
}

async function collect<Item>(pages: AsyncIterable<Item>): Promise<readonly Item[]> {
  const all: Item[] = [];
  for await (const page of pages) all.push(page);
  return all;
}

/** An id that fits into no path is an id the vendor cannot have. */
function pathTo(provider: string, collection: string, id: string): string {
  try {
    return path`/${collection}/${id}`;
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    throw new ProviderError(`${provider}: ${error.message}`, {
      code: ErrorCode.ProviderNotFound,
      provider,
      httpStatus: null,
      retryable: false,
      retryAfterMs: null,
      sent: false,
      cause: error,
    });
  }
}
