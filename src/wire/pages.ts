// Walks a vendor's pages. How a page is asked for and how the next one is named is the provider's business.
// Pages are as long as the vendor likes; who works on them gets them in parts, between which everything else has its turn.
import { ErrorCode, ProviderError } from "../domain/errors.ts";
import type { DiscoverOptions, UnreadRest } from "../domain/provider-port.ts";
import { nextTurn } from "./event-loop.ts";
import { isNotFound, providerFailure } from "./provider-failure.ts";

/** One page as a provider read it. */
export interface WirePage<Item> {
  readonly items: readonly Item[];
  /** What to ask for next; null or empty when this was the last page. An error when the answer names it in a way nobody can read. */
  readonly next: string | null | ProviderError;
  /** Why the first item that is left out could not be read; null or absent when all were. */
  readonly unreadable?: ProviderError | null;
}

/** A walk that may begin in the middle of a list, and may leave it before its end. */
export interface PartialWalk {
  /** The page to begin with; null is the first. */
  readonly from?: string | null;
  /** Whether another page may be asked for. Not asked about a list's first page. Default: it may. */
  readonly mayReadOn?: () => boolean;
  /** Told where the walk was left, or failed, before the list's end; pages before it were read. Null is the first page, which is told only when it failed. */
  readonly onLeft?: (cursor: string | null, failed: boolean) => void;
  /** Told each time that a page was answered. */
  readonly onPage?: () => void;
  /** Told of each page that holds an item which cannot be read. Default: the first such is thrown at the end. */
  readonly onUnreadable?: (failure: ProviderError) => void;
}

export interface WalkOptions extends PartialWalk {
  /** Key of the configured provider, for errors. */
  readonly provider: string;
  /** What is being listed, in words: `list syncs`. */
  readonly operation: string;
  /** Pages after which the walk is given up. Default 1,000; none where `mayReadOn` bounds it. */
  readonly maxPages?: number;
  readonly signal?: AbortSignal | undefined;
}

const DEFAULT_MAX_PAGES = 1_000;
/** A cursor may be kept from one look to the next; a longer one is nobody's. */
const LONGEST_CURSOR = 8_192;

/** No shorter than the pages that are asked for, so that a usual page is one part. */
const PART_ITEMS = 200;

/** A list in parts that can be mapped, recorded or stored in one step; a list of nothing is one part. */
export async function* inParts<Item>(items: readonly Item[]): AsyncGenerator<readonly Item[], void, undefined> {
  if (items.length <= PART_ITEMS) {
    yield items;
    return;
  }
  for (let from = 0; from < items.length; from += PART_ITEMS) {
    if (from > 0) await nextTurn();
    yield items.slice(from, from + PART_ITEMS);
  }
}

/**
 * Yields the items of each page in order, those of a very long page in parts. A walk that cannot end, or was ended by its caller, throws: a part of a list must
 * never look like the whole. What can be read comes first, where an item or the name of the next page cannot be.
 *
 * @param fetchPage is called with null for the first page, then with each page's `next`
 * @throws ProviderError `PROVIDER_BAD_RESPONSE` on a repeated cursor or too many pages, `PROVIDER_TIMEOUT` when aborted
 */
export async function* walkPages<Item>(
  fetchPage: (cursor: string | null) => Promise<WirePage<Item>>,
  options: WalkOptions,
): AsyncGenerator<readonly Item[], void, undefined> {
  const { provider, operation, signal, mayReadOn, onLeft, onPage, onUnreadable } = options;
  const { maxPages = mayReadOn === undefined ? DEFAULT_MAX_PAGES : Number.POSITIVE_INFINITY } = options;
  const seen = new Set<string>();
  let cursor = options.from ?? null;
  let unreadable: ProviderError | null = null;
  for (let pages = 0; ; pages += 1) {
    if (signal?.aborted) throw walkAborted(provider, operation, signal);
    if (cursor !== null && mayReadOn?.() === false) {
      onLeft?.(cursor, false);
      break;
    }
    const page: WirePage<Item> = await fetchOrLeave(fetchPage, cursor, onLeft);
    onPage?.();
    yield* inParts(page.items);
    if (page.unreadable && onUnreadable !== undefined) onUnreadable(page.unreadable);
    else unreadable ??= page.unreadable ?? null;
    if (page.next instanceof ProviderError) {
      onLeft?.(cursor, true);
      throw page.next;
    }
    if (page.next === null || page.next === "") break;
    if (seen.has(page.next) || page.next === cursor)
      throw badPages(provider, operation, "expected a new cursor on each page, got one that came before");
    if (page.next.length > LONGEST_CURSOR)
      throw badPages(
        provider,
        operation,
        `expected a cursor of at most ${LONGEST_CURSOR} characters, got a longer one`,
      );
    seen.add(page.next);
    cursor = page.next;
    if (pages + 1 >= maxPages) throw badPages(provider, operation, `expected at most ${maxPages} pages, got more`);
  }
  if (unreadable !== null) throw unreadable;
}

/** What was read before a page that fails need not be read again. */
async function fetchOrLeave<Item>(
  fetchPage: (cursor: string | null) => Promise<WirePage<Item>>,
  cursor: string | null,
  onLeft: PartialWalk["onLeft"],
): Promise<WirePage<Item>> {
  try {
    return await fetchPage(cursor);
  } catch (error) {
    // A list that is not there at all has no rest.
    if (error instanceof ProviderError && (cursor !== null || !isNotFound(error))) onLeft?.(cursor, true);
    throw error;
  }
}

/** Which of a vendor's lists of runs a look reads, and from where: all from their beginnings, or those that an earlier one left. */
export function listsOf(
  names: readonly string[],
  { goOn }: DiscoverOptions,
): readonly (Pick<UnreadRest, "list"> & {
  readonly from: string | null;
})[] {
  if (goOn === undefined) return names.map((list) => ({ list, from: null }));
  return goOn.map(({ list, cursor }) => ({ list, from: cursor }));
}

/** How one list is walked in a look for runs. */
export function walkOf(
  list: string,
  from: string | null,
  { pages, onLeft, onPage, onUnreadable }: DiscoverOptions,
): PartialWalk {
  return {
    from,
    ...(pages === undefined ? {} : { mayReadOn: () => pages.take() }),
    ...(onLeft === undefined
      ? {}
      : { onLeft: (cursor, failed) => onLeft({ list, cursor, ...(failed ? { failed } : {}) }) }),
    ...(onPage === undefined ? {} : { onPage }),
    ...(onUnreadable === undefined ? {} : { onUnreadable }),
  };
}

function badPages(provider: string, operation: string, problem: string): ProviderError {
  return providerFailure(`${operation}: ${problem}`, { code: ErrorCode.ProviderBadResponse, provider, sent: true });
}

function walkAborted(provider: string, operation: string, signal: AbortSignal): ProviderError {
  const cause: unknown = signal.reason;
  const facts = { code: ErrorCode.ProviderTimeout, provider, retryable: true, cause };
  return providerFailure(`${operation}: expected to read on, got ended by the caller`, facts);
}
