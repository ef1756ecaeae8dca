// Walks a vendor's pages. How a page is asked for and how the next one is named is the provider's business.
// Pages are as long as the vendor likes; who works on them gets them in parts, between which everything else has its turn.
import { ErrorCode } from "../domain/errors.ts";
import type { ProviderError } from "../domain/errors.ts";
import { nextTurn } from "./event-loop.ts";
import { providerFailure } from "./provider-failure.ts";

/** One page as a provider read it. */
export interface WirePage<Item> {
  readonly items: readonly Item[];
  /** What to ask for next; null or empty when this was the last page. */
  readonly next: string | null;
}

export interface WalkOptions {
  /** Key of the configured provider, for errors. */
  readonly provider: string;
  /** What is being listed, in words: `list syncs`. */
  readonly operation: string;
  /** Pages after which the walk is given up. Default 1,000. */
  readonly maxPages?: number;
  readonly signal?: AbortSignal | undefined;
}

const DEFAULT_MAX_PAGES = 1_000;

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
 * never look like the whole.
 *
 * @param fetchPage is called with null for the first page, then with each page's `next`
 * @throws ProviderError `PROVIDER_BAD_RESPONSE` on a repeated cursor or too many pages, `PROVIDER_TIMEOUT` when aborted
 */
export async function* walkPages<Item>(
  fetchPage: (cursor: string | null) => Promise<WirePage<Item>>,
  options: WalkOptions,
): AsyncGenerator<readonly Item[], void, undefined> {
  const { provider, operation, maxPages = DEFAULT_MAX_PAGES, signal } = options;
  const seen = new Set<string>();
  let cursor: string | null = null;
  for (let pages = 0; pages < maxPages; pages += 1) {
    if (signal?.aborted) throw walkAborted(provider, operation, signal);
    const page: WirePage<Item> = await fetchPage(cursor);
    yield* inParts(page.items);
    if (page.next === null || page.next === "") return;
    if (seen.has(page.next))
      throw badPages(provider, operation, "expected a new cursor on each page, got one that came before");
    seen.add(page.next);
    cursor = page.next;
  }
  throw badPages(provider, operation, `expected at most ${maxPages} pages, got more`);
}

function badPages(provider: string, operation: string, problem: string): ProviderError {
  return providerFailure(`${operation}: ${problem}`, { code: ErrorCode.ProviderBadResponse, provider, sent: true });
}

function walkAborted(provider: string, operation: string, signal: AbortSignal): ProviderError {
  const cause: unknown = signal.reason;
  const facts = { code: ErrorCode.ProviderTimeout, provider, retryable: true, cause };
  return providerFailure(`${operation}: expected to read on, got ended by the caller`, facts);
}
