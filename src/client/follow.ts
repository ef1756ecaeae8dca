// Follows transitions across any number of connections: each comes once and in order, however often a socket breaks or a gateway goes.
import {
  FollowError,
  FollowErrorCode,
  askedDelayMs,
  errorOf,
  fatalError,
  reasonOf,
  type GraphqlFailure,
  type LinkEnd,
} from "./failures.ts";
import { openLink, type ConnectionParams, type LinkEvent } from "./link.ts";
import { isObject, type TransitionData } from "./status-transition.ts";
import { fullJitterMs, waitFor } from "./waiting.ts";
import { webSocketOf, webSocketUrl, type WebSocketClass } from "./web-socket.ts";

export interface FollowOptions {
  /**
   * Where GraphQL is, `http(s)` or `ws(s)`. Of a list, each connection takes the next; a function is given the number of connections
   * before, and what it throws ends the stream. All must be gateways on one database.
   */
  readonly url: string | readonly string[] | ((tries: number) => string | Promise<string>);
  /** The WebSocket class where there is no global one, such as that of `ws`. */
  readonly webSocketImpl?: WebSocketClass;
  /** Sent when a socket opens, for example `{ authorization: "Bearer ..." }`. A function is asked anew each time. */
  readonly connectionParams?: ConnectionParams;
  /** A `SyncFilter`: which runs, statuses and outcomes. Default: all. */
  readonly filter?: Readonly<Record<string, unknown>>;
  /** Cursor of the last transition that is known. Default: begins where the ledger ends when the first connection is made. */
  readonly after?: string;
  /** Told what the connection does. What it throws ends the stream. */
  readonly onState?: (state: FollowState) => void;
  /** Ends the stream, which then is done without an error. */
  readonly signal?: AbortSignal;
  /** Tries in a row that may come to nothing before the stream fails. Default: any number. */
  readonly retryAttempts?: number;
  /** Milliseconds to wait after so many failures in a row. Default: full jitter, up to half a minute. */
  readonly retryDelayMs?: (failures: number) => number;
  /**
   * Transitions that may wait for a slow reader. One more closes the socket, and what is missing is fetched when these are read.
   * Default: 1,000.
   */
  readonly mostQueued?: number;
  /** A gateway that says nothing for this long, in milliseconds, is given up; it is asked after half of it. Default: 20,000. */
  readonly silentMs?: number;
}

export type FollowState =
  | { readonly state: "CONNECTING"; readonly url: string }
  /** Everything after this cursor comes. */
  | { readonly state: "FOLLOWING"; readonly url: string; readonly after: string }
  | {
      readonly state: "WAITING";
      readonly delayMs: number;
      /** Tries in a row that came to nothing. */
      readonly failures: number;
      readonly because: string;
    };

export interface Followed<Transition> {
  /** Keep it when the transition has been dealt with: `after` it the stream goes on. */
  readonly cursor: string;
  readonly transition: Transition;
  /** Fields that could not be read and are null; nearly always empty. */
  readonly errors: readonly GraphqlFailure[];
}

/** A connection that held this long was good, whatever ended it. */
const GOOD_MS = 10_000;
/** Cursors remembered, to know a transition again that comes twice. */
const REMEMBERED = 1_000;

/** @param read makes of what came what is handed out; what it throws ends the stream */
export function follow<Transition>(
  options: FollowOptions,
  fields: string,
  read: (data: TransitionData) => Transition,
): AsyncIterableIterator<Followed<Transition>> {
  const ended = new AbortController();
  const generator = connections({ options, fields, read, ended });
  // A generator alone cannot be left while it waits: its `return` queues behind the `next` that waits.
  const iterator: AsyncIterableIterator<Followed<Transition>> = {
    next: () => generator.next(),
    return: async () => {
      ended.abort();
      await generator.return();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => iterator,
  };
  return iterator;
}

interface Stream<Transition> {
  readonly options: FollowOptions;
  readonly fields: string;
  readonly read: (data: TransitionData) => Transition;
  /** Aborted when nobody wants to hear more. */
  readonly ended: AbortController;
}

/** Where a stream is, across its connections. */
interface Progress {
  /** The last cursor handed out, or the one the stream began after; null until a connection knows where the ledger ends. */
  place: string | null;
  /** The last connections that came to nothing, in a row. */
  failures: number;
  /** True for a cursor that has not come before. */
  readonly isNew: (cursor: string) => boolean;
}

/** Opens one connection after the other. */
async function* connections<Transition>(
  stream: Stream<Transition>,
): AsyncGenerator<Followed<Transition>, void, undefined> {
  const { options, ended } = stream;
  const end = (): void => ended.abort();
  options.signal?.addEventListener("abort", end);
  if (options.signal?.aborted === true) end();
  const progress: Progress = { place: options.after ?? null, failures: 0, isNew: createMemory() };
  try {
    for (let tries = 0; !ended.signal.aborted; tries += 1) {
      const url = webSocketUrl(await urlOf(options.url, tries));
      options.onState?.({ state: "CONNECTING", url });
      const { why, begun } = yield* oneConnection(stream, progress, url);
      if (why.kind !== "FULL" && !ended.signal.aborted) await recover(stream, progress, why, begun);
    }
  } finally {
    options.signal?.removeEventListener("abort", end);
  }
}

/** Hands out what one connection brings, to its end. */
async function* oneConnection<Transition>(
  { options, fields, read, ended: { signal } }: Stream<Transition>,
  progress: Progress,
  url: string,
): AsyncGenerator<Followed<Transition>, { readonly why: LinkEnd; readonly begun: boolean }, undefined> {
  const link = openLink({
    url,
    WebSocket: webSocketOf(options.webSocketImpl),
    connectionParams: options.connectionParams,
    query: `subscription ($filter: SyncFilter, $after: String) { syncStatusChanged(filter: $filter, after: $after) { cursor ${fields} } }`,
    filter: options.filter,
    after: progress.place,
    mostQueued: options.mostQueued ?? 1_000,
    silentMs: options.silentMs ?? 20_000,
  });
  const close = (): void => link.close();
  signal.addEventListener("abort", close);
  if (signal.aborted) close();
  const openedAt = performance.now();
  try {
    const after = await link.began;
    progress.place = after ?? progress.place;
    if (after !== null) options.onState?.({ state: "FOLLOWING", url, after });
    for (;;) {
      const next = await link.next();
      if (next.kind !== "EVENT") {
        if (after !== null && performance.now() - openedAt > GOOD_MS) progress.failures = 0;
        return { why: next, begun: after !== null };
      }
      const data = next.data?.["syncStatusChanged"];
      const cursor: unknown = isObject(data) ? data["cursor"] : null;
      // Without its cursor there is no going on behind it: what hides it passes, or is told.
      if (!isObject(data) || typeof cursor !== "string") return { why: hidden(next, progress.place), begun: true };
      progress.failures = 0;
      if (!progress.isNew(cursor)) continue;
      const transition = read(data);
      progress.place = cursor;
      yield { cursor, transition, errors: next.errors };
    }
  } finally {
    signal.removeEventListener("abort", close);
    link.close();
  }
}

/**
 * Waits before the next try.
 *
 * @throws FollowError when another try would end as this one did, or would be one too many
 */
async function recover<Transition>(
  { options, ended }: Stream<Transition>,
  progress: Progress,
  why: LinkEnd,
  begun: boolean,
): Promise<void> {
  const fatal = fatalError(why, begun, progress.place);
  if (fatal !== null) throw fatal;
  progress.failures += 1;
  const { retryAttempts = Infinity, retryDelayMs = fullJitterMs } = options;
  if (progress.failures > retryAttempts) throw exhausted(why, progress.place, retryAttempts);
  const delayMs = Math.max(retryDelayMs(progress.failures), askedDelayMs(why));
  options.onState?.({ state: "WAITING", delayMs, failures: progress.failures, because: reasonOf(why) });
  await waitFor(delayMs, ended.signal);
}

/** An event without its transition: what its errors say decides. */
function hidden({ errors }: LinkEvent, place: string | null): LinkEnd {
  if (errors.length === 0) throw errorOf(errors, place);
  return { kind: "ENDED", errors };
}

function exhausted(why: LinkEnd, cursor: string | null, attempts: number): FollowError {
  const code = FollowErrorCode.RetriesExhausted;
  const closeCode = why.kind === "CLOSED" ? why.closeCode : null;
  const errors = why.kind === "ENDED" ? why.errors : [];
  return new FollowError(`Gave up after ${attempts} more tries: ${reasonOf(why)}.`, {
    code,
    cursor,
    closeCode,
    errors,
  });
}

async function urlOf(url: FollowOptions["url"], tries: number): Promise<string> {
  if (typeof url === "string") return url;
  if (typeof url === "function") return url(tries);
  const one = url[tries % url.length];
  if (one === undefined) throw new TypeError("expected at least one url, got none");
  return one;
}

/** Knows the newest cursors again: whatever a connection brings a second time is not handed out. */
function createMemory(): (cursor: string) => boolean {
  const remembered = new Set<string>();
  return (cursor) => {
    if (remembered.has(cursor)) return false;
    const [oldest] = remembered;
    if (remembered.size >= REMEMBERED && oldest !== undefined) remembered.delete(oldest);
    remembered.add(cursor);
    return true;
  };
}
