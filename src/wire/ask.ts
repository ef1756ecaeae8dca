// One call: a request, its answer, and the reader that understands it. The client is `http-client.ts`'s, the reader the provider's.
// A list's entries are read one by one, and everything else has its turn in between.
import { ErrorCode, ProviderError } from "../domain/errors.ts";
import { nextTurn } from "./event-loop.ts";
import type { HttpClient, HttpRequest, HttpResponse, Written } from "./http-client.ts";
import { JSON_LIMITS } from "./limits.ts";
import { providerFailure } from "./provider-failure.ts";
import { badResponse } from "./read-reply.ts";
import type { ReplySource } from "./read-reply.ts";

/** Reads the body of a 2xx answer, or throws `badResponse(source, ...)`. */
export type ReplyReader<Reply> = (body: unknown, source: ReplySource, written: Written) => Reply;

/** Sends a request and reads its answer. Throws `ProviderError` and nothing else, as long as the reader does. */
export type Ask = <Reply>(request: HttpRequest, read: ReplyReader<Reply>) => Promise<Reply>;

/** A list out of an answer, its entries not yet read. */
export interface UnreadList {
  readonly items: readonly unknown[];
  /** Where in the answer it is: `data.syncs`; empty for the whole. */
  readonly place: string;
}

/** Reads one entry of a list. @param place where in the answer it is */
export type ItemReader<Item> = (item: unknown, source: ReplySource, place: string) => Item;

/** The page with its entries read. */
export type ReadPage<Page extends UnreadList, Item> = Omit<Page, "items" | "place"> & {
  readonly items: readonly Item[];
};

/** The same for an answer with a list. The first entry that cannot be read ends the reading. */
export type AskList = <Page extends UnreadList, Item>(
  request: HttpRequest,
  readPage: ReplyReader<Page>,
  readItem: ItemReader<Item>,
) => Promise<ReadPage<Page, Item>>;

/** The same for a page of a list: entries that cannot be read are left out, and it is said that they were. */
export type AskPage = <Page extends UnreadList, Item>(
  request: HttpRequest,
  readPage: ReplyReader<Page>,
  readItem: ItemReader<Item>,
) => Promise<ReadPage<Page, Item> & { readonly unreadable: ProviderError | null }>;

/** @param provider key of the configured provider, for errors */
export function createAsk(http: HttpClient, provider: string): Ask {
  return async (request, read) => {
    const response = await http.request(request);
    const source = sourceOf(provider, request, response);
    refuseHeavy(response.body, source, "");
    return read(response.body, source, response.written);
  };
}

/** @param provider key of the configured provider, for errors */
export function createAskList(http: HttpClient, provider: string): AskList {
  return async (request, readPage, readItem) => {
    const response = await http.request(request);
    const source = sourceOf(provider, request, response);
    const { items, place, ...page } = readPage(response.body, source, response.written);
    const read = await readItems(items, place, request.signal, (item, at) => readItem(item, source, at), source);
    return { ...page, items: read };
  };
}

/** Entries of one page that are left out at most: with more it is no list of such entries. */
const MOST_LEFT_OUT = 100;

/** @param provider key of the configured provider, for errors */
export function createAskPage(http: HttpClient, provider: string): AskPage {
  return async (request, readPage, readItem) => {
    const response = await http.request(request);
    const source = sourceOf(provider, request, response);
    const { items, place, ...page } = readPage(response.body, source, response.written);
    const leftOut: ProviderError[] = [];
    const orNone = (item: unknown, at: string) => {
      try {
        return [readItem(item, source, at)];
      } catch (error) {
        if (!(error instanceof ProviderError)) throw error;
        leftOut.push(error);
        if (leftOut.length > MOST_LEFT_OUT) throw leftOut[0] ?? error;
        return [];
      }
    };
    const read = await readItems(items, place, request.signal, orNone, source);
    return { ...page, items: read.flatMap((one) => one), unreadable: leftOut[0] ?? null };
  };
}

/** Values that are read in one step. */
const STEP_VALUES = 5_000;

async function readItems<Item>(
  items: readonly unknown[],
  place: string,
  signal: AbortSignal | undefined,
  read: (item: unknown, place: string) => Item,
  source: ReplySource,
): Promise<readonly Item[]> {
  const all: Item[] = [];
  let weight = 0;
  for (const [index, item] of items.entries()) {
    const at = place === "" ? `${index}` : `${place}.${index}`;
    weight += refuseHeavy(item, source, at);
    all.push(read(item, at));
    if (weight < STEP_VALUES) continue;
    weight = 0;
    await nextTurn();
    if (signal?.aborted) throw endedReading(source, signal);
  }
  return all;
}

/** What is read in one step must not be too much for it. Gives how much it is. */
function refuseHeavy(value: unknown, source: ReplySource, place: string): number {
  const { entryValues } = JSON_LIMITS;
  const weight = weightOf(value, entryValues);
  if (weight <= entryValues) return weight;
  throw badResponse(source, {
    field: place === "" ? "body" : place,
    expected: `at most ${entryValues} values`,
    got: "more",
  });
}

/** How many values there are in one, itself included; counted no further than just beyond the bound. */
function weightOf(value: unknown, most: number): number {
  let weight = 1;
  if (typeof value !== "object" || value === null) return weight;
  for (const inner of Object.values(value)) {
    weight += weightOf(inner, most - weight);
    if (weight > most) break;
  }
  return weight;
}

const sourceOf = (provider: string, { method, path }: HttpRequest, { status }: HttpResponse): ReplySource => ({
  provider,
  request: `${method} ${path}`,
  httpStatus: status,
});

function endedReading({ provider, request, httpStatus }: ReplySource, { reason }: AbortSignal): ProviderError {
  const facts = { code: ErrorCode.ProviderTimeout, provider, httpStatus, retryable: true, sent: true };
  return providerFailure(`${request}: expected to read on, got ended by the caller`, { ...facts, cause: reason });
}
