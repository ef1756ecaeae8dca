// A vendor whose list of runs is long: pages of 200 with cursors that hold for one question, as Truto's, in memory. It counts pages.
import { ErrorCode } from "../../src/domain/errors.ts";
import type { DiscoverOptions, SyncProvider } from "../../src/domain/provider-port.ts";
import { SyncStatus } from "../../src/domain/status.ts";
import type { Observation } from "../../src/domain/sync.ts";
import { listsOf, walkOf, walkPages } from "../../src/wire/pages.ts";
import type { WirePage } from "../../src/wire/pages.ts";
import { createFakeProvider, fault } from "./fake-provider.ts";
import type { FakeAnswers, FakeProvider } from "./fake-provider.ts";
import { observation } from "./store-values.ts";

const PAGE_SIZE = 200;

export interface ListedRun {
  readonly remoteId: string;
  readonly createdAt: Date;
}

export interface ListingVendor {
  readonly fake: FakeProvider;
  /** In order of creation. A test adds to it. */
  readonly runs: ListedRun[];
  /** Pages answered since the vendor was made. */
  pagesAnswered(): number;
  /** What the list says instead of `runs`. A test changes it, also while pages are read. */
  readonly says: {
    order: "newest first" | "oldest first";
    /** Null lists `runs`. */
    instead: readonly ListedRun[] | null;
    /** Cursors of earlier looks are refused. */
    forgets: boolean;
    /** The page, counted over all, that cannot be read; null when all can. */
    failsAt: number | null;
    /** Runs that cannot be read, in pages that can. */
    readonly unreadable: Set<string>;
    /** Runs whose pages cannot be read, each time they are asked for. */
    readonly broken: Set<string>;
  };
}

export function createListingVendor(answers: Partial<FakeAnswers> = {}): ListingVendor {
  const runs: ListedRun[] = [];
  const says: ListingVendor["says"] = {
    ...{ order: "newest first", instead: null, forgets: false, failsAt: null },
    ...{ unreadable: new Set(), broken: new Set() },
  };
  let pages = 0;
  let look = 0;
  const fake = createFakeProvider("acme", {}, answers);

  function page(cursor: string | null, since: Date, until: Date | undefined, asked: number): WirePage<ListedRun> {
    pages += 1;
    if (says.failsAt === pages) throw fault(ErrorCode.ProviderUnavailable);
    const [issued, offset] = (cursor ?? `${asked}/0`).split("/").map(Number);
    if (says.forgets && issued !== asked) throw fault(ErrorCode.ProviderRejected, { retryable: false });
    const listed = (says.instead ?? runs).filter(
      ({ createdAt }) => createdAt >= since && (until === undefined || createdAt < until),
    );
    const ordered = says.order === "newest first" ? listed.toReversed() : listed;
    const end = (offset ?? 0) + PAGE_SIZE;
    const items = ordered.slice(offset, end);
    if (items.some(({ remoteId }) => says.broken.has(remoteId))) throw fault(ErrorCode.ProviderBadResponse);
    const readable = items.filter(({ remoteId }) => !says.unreadable.has(remoteId));
    return {
      items: readable,
      next: end < ordered.length ? `${asked}/${end}` : null,
      unreadable: readable.length < items.length ? fault(ErrorCode.ProviderBadResponse) : null,
    };
  }

  async function* discover(since: Date, options: DiscoverOptions = {}): AsyncGenerator<readonly Observation[]> {
    look += 1;
    const asked = look;
    for (const { list, from } of listsOf(["runs"], options)) {
      const [bounds = "", cursor = null] = from?.split("|") ?? [];
      const until = from === null ? options.until : bounds === "" ? undefined : new Date(bounds);
      const onLeft: DiscoverOptions["onLeft"] = (rest) =>
        options.onLeft?.({
          ...rest,
          cursor: rest.cursor === null ? null : `${until?.toISOString() ?? ""}|${rest.cursor}`,
        });
      const walk = walkOf(list, cursor, { ...options, onLeft });
      const walked = walkPages(async (place) => page(place, since, until, asked), {
        ...walk,
        provider: "acme",
        operation: "list runs",
      });
      for await (const items of walked) yield items.map(observed);
    }
  }

  const provider: SyncProvider = {
    ...fake.provider,
    discoversUntil: true,
    discover: (since, _definitions, options) => discover(since, options),
  };
  return { fake: { ...fake, provider }, runs, pagesAnswered: () => pages, says };
}

function observed({ remoteId, createdAt }: ListedRun): Observation {
  const finishedAt = new Date(createdAt.getTime() + 1_000);
  return observation(remoteId, { status: SyncStatus.Success, facts: { createdAt, startedAt: createdAt, finishedAt } });
}
