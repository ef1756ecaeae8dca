// Truto's endpoints: which path, which parameters, how the next page is named. What the answers mean is left to the mappers.
import { ProviderError } from "../../domain/errors.ts";
import type { JsonObject } from "../../domain/json.ts";
import { createAsk, createAskList, createAskPage } from "../../wire/ask.ts";
import type { Ask, AskPage, ItemReader, ReplyReader } from "../../wire/ask.ts";
import type { HttpClient, HttpRequest } from "../../wire/http-client.ts";
import { walkPages } from "../../wire/pages.ts";
import type { PartialWalk } from "../../wire/pages.ts";
import { pathFor } from "../../wire/path.ts";
import type { PathTemplate } from "../../wire/path.ts";
import { badResponse } from "../../wire/read-reply.ts";
import type { TrutoAccount, TrutoCronTrigger, TrutoJob, TrutoLogEntry, TrutoRun } from "./wire-types.ts";
import {
  isJsonObject,
  parseAccount,
  parseCronTrigger,
  parseJob,
  parseLogEntry,
  parsePage,
  parseRun,
  parseSuccess,
} from "./wire-types.ts";

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

/** A job with its resources as the vendor wrote them, for sending them back. */
export interface FullJob {
  readonly job: TrutoJob;
  readonly resources: readonly JsonObject[];
  /** The same in the same order, as they are shown. */
  readonly shown: readonly JsonObject[];
}

export interface TrutoApi {
  accounts(signal: Signal): AsyncIterable<readonly TrutoAccount[]>;
  jobs(signal: Signal): AsyncIterable<readonly TrutoJob[]>;
  job(id: string, signal: Signal): Promise<FullJob>;
  /** Never repeated: there is no idempotency key for it. */
  createJob(body: JsonObject, signal: Signal): Promise<TrutoJob>;
  /** Changes the fields that the body names. */
  updateJob(id: string, body: JsonObject, signal: Signal): Promise<TrutoJob>;
  /** Repeated like a read: a second deletion finds nothing. */
  deleteJob(id: string, signal: Signal): Promise<void>;
  /** Triggers of all jobs, or of one; entries that name no job or no id are left out. */
  cronTriggers(jobId: string | null, signal: Signal): Promise<readonly TrutoCronTrigger[]>;
  /** Never repeated: there is no idempotency key for it. */
  createTrigger(body: JsonObject, signal: Signal): Promise<TrutoCronTrigger>;
  updateTrigger(id: string, body: JsonObject, signal: Signal): Promise<TrutoCronTrigger>;
  /** Makes a trigger start runs; needed after it was made and after its expression was changed. */
  activateTrigger(id: string, signal: Signal): Promise<void>;
  /** Repeated like a read: a second deletion finds nothing. */
  deleteTrigger(id: string, signal: Signal): Promise<void>;
  run(id: string, signal: Signal): Promise<TrutoRun>;
  /** @param maxPages a walk that needs more throws `PROVIDER_BAD_RESPONSE` after the last of them; undefined where the walk bounds itself */
  runs(filter: Query, maxPages: number | undefined, signal: Signal, walk?: PartialWalk): AsyncIterable<RunPage>;
  /** Never repeated: the vendor has no idempotency key for it. */
  startRun(body: JsonObject, signal: Signal): Promise<TrutoRun>;
  /** Stops a running run; deletes the record of an ended one. */
  stopRun(id: string, signal: Signal): Promise<void>;
  /** The newest entries of a run's log. */
  runLog(runId: string, signal: Signal): Promise<readonly TrutoLogEntry[]>;
}

/** @param provider key of the configured provider, for errors */
export function createTrutoApi(http: HttpClient, provider: string): TrutoApi {
  const ask = createAsk(http, provider);
  const askList = createAskList(http, provider);
  const askPage = createAskPage(http, provider);
  const path = pathFor(provider);
  const list = <Item>(listing: Listing, read: ItemReader<Item>, signal: Signal) =>
    listPages(askPage, provider, { ...listing, signal }, read);
  const get = async <Item>(operation: string, target: string, read: ReplyReader<Item>, signal: Signal) =>
    ask({ operation, method: "GET", path: target, signal }, read);
  const remove = async (operation: string, target: string, signal: Signal) =>
    ask({ operation, method: "DELETE", path: target, repeat: "safe", signal }, () => undefined);

  // Calls with an id in their path are async functions, so that an id that fits into no path rejects like any other failure.
  return {
    accounts: (signal) =>
      list({ operation: "list integrated accounts", path: "/integrated-account" }, parseAccount, signal),
    jobs: (signal) => list({ operation: "list sync jobs", path: "/sync-job" }, parseJob, signal),
    job: async (id, signal) => get("get sync job", path`/sync-job/${id}`, fullJobOf(id), signal),
    ...definitionChanges(ask, path),
    deleteJob: async (id, signal) => remove("delete sync job", path`/sync-job/${id}`, signal),
    deleteTrigger: async (id, signal) =>
      remove("delete sync job cron trigger", path`/sync-job-cron-trigger/${id}`, signal),
    cronTriggers: async (jobId, signal) => {
      const query = jobId === null ? {} : { sync_job_id: jobId };
      const listing = { operation: "list sync job cron triggers", path: "/sync-job-cron-trigger", query };
      const triggers: TrutoCronTrigger[] = [];
      for await (const page of list(listing, orUnreadable(parseCronTrigger), signal))
        for (const trigger of page.filter(isReadable)) triggers.push(trigger);
      return triggers;
    },
    run: async (id, signal) => get("get sync job run", path`/sync-job-run/${id}`, theOne(id, parseRun), signal),
    runs: async function* (query, maxPages, signal, walk) {
      const bound = maxPages === undefined ? {} : { maxPages };
      const listing = { operation: "list sync job runs", path: "/sync-job-run", query, ...bound, ...walk };
      for await (const page of list(listing, orUnreadable(parseRun), signal)) {
        const unreadable = page.find((item) => item instanceof ProviderError) ?? null;
        yield { runs: page.filter(isReadable), unreadable };
      }
    },
    startRun: async (body, signal) =>
      ask(
        { operation: "start sync job run", method: "POST", path: "/sync-job-run", body, repeat: "once", signal },
        whole(parseRun),
      ),
    stopRun: async (id, signal) => {
      const request = { method: "DELETE", path: path`/sync-job-run/${id}`, repeat: "once", signal } as const;
      await ask({ operation: "stop sync job run", ...request }, () => undefined);
    },
    runLog: async (runId, signal) => {
      const query = { log_type: "rapid_bridge", "log_type_filter[sync_job_run_id]": runId, limit: LOG_PAGE_SIZE };
      const request = { operation: "read run log", method: "GET", path: "/log", query, signal } as const;
      const { items } = await askList(request, parsePage, parseLogEntry);
      const entries = items.filter((entry) => entry !== null);
      return entries.filter((entry) => (entry.sync_job_run_id ?? runId) === runId);
    },
  };
}

interface Listing extends PartialWalk {
  readonly operation: string;
  readonly path: string;
  readonly query?: Query;
  readonly maxPages?: number;
}

function listPages<Item>(
  askPage: AskPage,
  provider: string,
  listing: Listing & { readonly signal: Signal },
  read: ItemReader<Item>,
): AsyncIterable<readonly Item[]> {
  const { operation, path, query: asked, signal, ...walk } = listing;
  const fetchPage = (cursor: string | null) => {
    const query = { limit: PAGE_SIZE, ...asked, next_cursor: cursor ?? undefined };
    return askPage({ operation, method: "GET", path, query, signal }, parsePage, read);
  };
  return walkPages(fetchPage, { ...walk, provider, operation, signal });
}

/** Calls that make or change a definition or a trigger; each is sent once. */
function definitionChanges(
  ask: Ask,
  path: PathTemplate,
): Pick<TrutoApi, "createJob" | "updateJob" | "createTrigger" | "updateTrigger" | "activateTrigger"> {
  const send = async <Item>(request: HttpRequest, read: ReplyReader<Item>) => ask({ ...request, repeat: "once" }, read);
  return {
    createJob: (body, signal) =>
      send({ operation: "create sync job", method: "POST", path: "/sync-job", body, signal }, whole(parseJob)),
    updateJob: async (id, body, signal) =>
      send(
        { operation: "update sync job", method: "PATCH", path: path`/sync-job/${id}`, body, signal },
        theOne(id, parseJob),
      ),
    createTrigger: (body, signal) =>
      send(
        { operation: "create sync job cron trigger", method: "POST", path: "/sync-job-cron-trigger", body, signal },
        whole(parseCronTrigger),
      ),
    updateTrigger: async (id, body, signal) => {
      const request = { method: "PATCH", path: path`/sync-job-cron-trigger/${id}`, body, signal } as const;
      return send({ operation: "update sync job cron trigger", ...request }, theOne(id, parseCronTrigger));
    },
    activateTrigger: async (id, signal) => {
      const request = { method: "POST", path: path`/sync-job-cron-trigger/${id}/schedule`, signal } as const;
      return send({ operation: "activate sync job cron trigger", ...request }, parseSuccess);
    },
  };
}

/** The reader of an answer that is one item. */
const whole =
  <Item>(read: ItemReader<Item>): ReplyReader<Item> =>
  (body, source) =>
    read(body, source, "");

/** A reader that takes no other object for the one that was asked for. */
const theOne =
  <Item extends { readonly id: string }>(id: string, read: ItemReader<Item>): ReplyReader<Item> =>
  (body, source) => {
    const item = read(body, source, "");
    if (item.id === id) return item;
    throw badResponse(source, { field: "id", expected: "the id that was asked for", got: "another" });
  };

const fullJobOf =
  (id: string): ReplyReader<FullJob> =>
  (body, source, written) => {
    const job = theOne(id, parseJob)(body, source, written);
    const asWritten = isJsonObject(written.body) ? written.body["resources"] : null;
    return { job, resources: objectsIn(asWritten), shown: objectsIn(job.resources) };
  };

const objectsIn = (list: unknown): readonly JsonObject[] => (Array.isArray(list) ? list.filter(isJsonObject) : []);

/** Entries of one list that are left out at most, when they cannot be read. */
const MOST_LEFT_OUT = 100;

/**
 * The reader's failure in place of an item it cannot read, so that one item does not take the others with it. What is no object, or one of
 * very many that cannot be read, ends the reading.
 */
function orUnreadable<Item>(read: ItemReader<Item>): ItemReader<Item | ProviderError> {
  let leftOut = 0;
  return (item, source, place) => {
    try {
      return read(item, source, place);
    } catch (error) {
      leftOut += 1;
      if (error instanceof ProviderError && isJsonObject(item) && leftOut <= MOST_LEFT_OUT) return error;
      throw error;
    }
  };
}

function isReadable<Item>(item: Item | ProviderError): item is Item {
  return !(item instanceof ProviderError);
}
