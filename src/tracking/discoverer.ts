// Finds runs that somebody else started: the vendor's own schedules, its console, another system. A look takes a bounded number of pages;
// what it does not come to is remembered, and read beside the newest runs by the looks after it (decision 0009).
import { ErrorCode, ProviderError } from "../domain/errors.ts";
import { identityOf } from "../domain/identity.ts";
import type { DiscoverOptions, PageAllowance, UnreadRest } from "../domain/provider-port.ts";
import { ObservationSource, SyncOutcome, isTerminal } from "../domain/status.ts";
import type { DiscoveryGap, DiscoveryProgress } from "../domain/discovery.ts";
import { SyncOrderField } from "../domain/store-port.ts";
import type { SyncDefinition } from "../domain/definition.ts";
import type { Observation } from "../domain/sync.ts";
import {
  NEWEST_MS,
  OVERLAP_MS,
  afterHead,
  halves,
  nextGap,
  nextHead,
  progressOf,
  readToItsEnd,
  withGap,
} from "./discovery-progress.ts";
import type { HeadLook } from "./discovery-progress.ts";
import type { ConfiguredProvider } from "./provider-directory.ts";
import type { ProviderContact } from "./provider-contact.ts";
import type { Recorder } from "./recorder.ts";
import type { TrackingTools } from "./tools.ts";

export interface Discoverer {
  /** Looks for runs since the last look; throws `ProviderError` when the vendor cannot be read. */
  discover(tenantId: string, configured: ConfiguredProvider): Promise<void>;
  /** Looks at the runs of one definition begun since then. */
  discoverOf(tenantId: string, configured: ConfiguredProvider, definitionId: string, since: Date): Promise<void>;
}

/** Pages of a look besides the first of each list: a quarter of the quota, within these bounds. */
const FEWEST_PAGES = 8;
const MOST_PAGES = 50;
/** A list with more pages than this in one stretch has no end. */
const MOST_PAGES_OF_A_GAP = 5_000;
/** What began this short a time ago need not be listed yet. */
const LISTED_AFTER_MS = 30_000;

/** A look under way. */
interface Look {
  readonly tenantId: string;
  readonly configured: ConfiguredProvider;
  readonly definitions: readonly SyncDefinition[];
  readonly startedAt: Date;
}

export function createDiscoverer(tools: TrackingTools, contact: ProviderContact, recorder: Recorder): Discoverer {
  const { store, clock, log } = tools;

  async function newest(look: Look, progress: DiscoveryProgress | null, pages: number): Promise<DiscoveryProgress> {
    const { startedAt } = look;
    const head = nextHead(progress, startedAt);
    const seen = new Set<string>();
    const rests: UnreadRest[] = [];
    const onLeft = (rest: UnreadRest) => void rests.push(rest);
    await read(look, head.since, head, { pages: allowance(Math.ceil(pages / 2)), onLeft }, seen);
    const newestRead = rests.length === 0 || (await readNewest(look, head, Math.ceil(pages / 4), seen));
    const agrees = rests.length === 0 ? await listHas(look, head.since, seen) : null;
    if (agrees === false) {
      log.warn(
        { provider: look.configured.info.key },
        "the vendor's list lacks runs that are known; it is looked over again",
      );
    }
    return afterHead(progress, head, startedAt, { rests, newestRead, agrees });
  }

  /** A list may come oldest first: what is newest does not wait for the rest. @returns whether all that was not known was read */
  async function readNewest(look: Look, head: HeadLook, pages: number, seen: Set<string>): Promise<boolean> {
    const newestSince = new Date(look.startedAt.getTime() - NEWEST_MS);
    const reachesBack = head.unreadSince >= newestSince;
    const since = reachesBack ? head.unreadSince : newestSince;
    if (since <= head.since) return false;
    let isWhole = true;
    const onLeft = () => void (isWhole = false);
    await read(look, since, head, { pages: allowance(pages), onLeft }, seen);
    return isWhole && reachesBack;
  }

  /** Reads on in one stretch that is left. @returns what is left then; nothing when it was read to its end */
  async function readGap(look: Look, gap: DiscoveryGap, pages: Allowance): Promise<readonly DiscoveryGap[]> {
    const left: UnreadRest[] = [];
    const before = pages.taken();
    const taken = () => gap.pages + pages.taken() - before;
    const place = gap.rests === null ? { until: gap.until } : { goOn: gap.rests };
    const history = { history: gap.history, isOver: gap.unreadSince === null };
    try {
      await read(look, gap.since, history, { ...place, pages, onLeft: (rest) => void left.push(rest) });
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      const facts = { provider: look.configured.info.key, code: error.code, since: gap.since };
      if (gap.rests !== null && REFUSED.has(error.code)) {
        log.warn(facts, "the vendor does not let a list be read on; it is read from its beginning");
        return halves({ ...gap, pages: taken() });
      }
      // Where it failed it is gone on with; lists that nothing was said of are read once more.
      const said = new Map(left.map((rest) => [rest.list, rest]));
      const rests = gap.rests?.map((rest) => said.get(rest.list) ?? rest) ?? null;
      throw new GapFailure(error, { ...gap, rests, pages: taken() });
    }
    if (left.length === 0) return [];
    if (taken() <= MOST_PAGES_OF_A_GAP) return [{ ...gap, rests: left, pages: taken() }];
    throw new GapFailure(endless(look.configured.info.key), { ...gap, rests: null, pages: 0 });
  }

  async function readGaps(look: Look, begun: DiscoveryProgress, pages: Allowance) {
    let progress = begun;
    for (let gap = nextGap(progress); gap !== null && pages.left() > 0; gap = nextGap(progress)) {
      const before = pages.taken();
      try {
        const left = await readGap(look, gap, pages);
        progress = withGap(progress, gap, left);
        if (left.length > 0 && pages.taken() === before) break;
      } catch (error) {
        if (!(error instanceof GapFailure)) throw error;
        return { progress: withGap(progress, gap, [error.gap]), failure: error.failure };
      }
    }
    return { progress, failure: null };
  }

  async function read(
    { tenantId, configured, definitions }: Look,
    since: Date,
    { history, isOver }: Pick<HeadLook, "history" | "isOver">,
    options: DiscoverOptions,
    seen?: Set<string>,
  ): Promise<void> {
    for await (const observations of configured.provider.discover(since, definitions, options)) {
      for (const { remoteId } of observations) seen?.add(remoteId);
      const told = isOver && !history ? await news(tenantId, configured, observations) : observations;
      const source = ObservationSource.Discovery;
      if (told.length > 0) await recorder.record({ tenantId, configured, source, observations: told, history });
    }
  }

  /** What is looked over was mostly recorded before: runs that had ended and are told alike are left out. */
  async function news(tenantId: string, { info }: ConfiguredProvider, observations: readonly Observation[]) {
    const idOf = ({ remoteId }: Observation) => identityOf(tenantId, info.key, "sync", remoteId);
    const known = await store.ledger.syncsByIds(tenantId, observations.map(idOf));
    const ended = new Map(known.filter(({ status }) => isTerminal(status)).map(({ id, status }) => [id, status]));
    return observations.filter((one) => {
      const status = ended.get(idOf(one));
      return status === undefined || (one.status !== null && one.status !== status);
    });
  }

  /** Whether a list that was read whole has the newest runs that the gateway knows; null where a vendor lists only the latest. */
  async function listHas(look: Look, since: Date, seen: ReadonlySet<string>): Promise<boolean | null> {
    const { tenantId, configured, startedAt } = look;
    if (!configured.info.capabilities.history) return null;
    const filter = {
      providerKeys: [configured.info.key],
      createdAfter: new Date(since.getTime() + OVERLAP_MS / 2),
      createdBefore: new Date(startedAt.getTime() - LISTED_AFTER_MS),
    };
    const order = { field: SyncOrderField.CreatedAt, descending: true };
    const page = { limit: 100, direction: "forward", from: null } as const;
    const { items } = await store.ledger.listSyncs(tenantId, filter, order, page);
    return items.every(({ remoteId, outcome }) => seen.has(remoteId) || outcome === SyncOutcome.Lost);
  }

  return {
    async discover(tenantId, configured) {
      const { key } = configured.info;
      const startedAt = clock.now();
      const state = await store.providerStates.get(tenantId, key);
      const definitions = await store.catalog.definitionsOfProvider(tenantId, key);
      const look = { tenantId, configured, definitions, startedAt };
      const mostPages = pagesOf(configured);
      await contact.through(tenantId, configured, async () => {
        const head = await newest(look, progressOf(state, startedAt), mostPages);
        const { progress, failure } = await readGaps(look, head, allowance(Math.floor(mostPages / 2)));
        // A catalog that was never read to its end may lack definitions, whose runs would be passed by for good: the next look goes back as far.
        if (state.catalogAt !== null) {
          const patch = { discoveredUntil: readToItsEnd(progress), discovery: progress };
          await store.providerStates.patch(tenantId, key, patch);
        }
        if (failure !== null) throw failure;
      });
    },
    async discoverOf(tenantId, configured, definitionId, since) {
      const definitions = await store.catalog.definitionsByIds(tenantId, [definitionId]);
      await contact.through(tenantId, configured, async () => {
        for await (const observations of configured.provider.discover(since, definitions)) {
          await recorder.record({ tenantId, configured, source: ObservationSource.Discovery, observations });
        }
      });
    },
  };
}

interface Allowance extends PageAllowance {
  taken(): number;
  left(): number;
}

function allowance(pages: number): Allowance {
  let taken = 0;
  return {
    take: () => {
      if (taken >= pages) return false;
      taken += 1;
      return true;
    },
    taken: () => taken,
    left: () => pages - taken,
  };
}

function pagesOf({ rateLimit, poll }: ConfiguredProvider): number {
  const quarter = (rateLimit.requests * poll.discoverMs) / rateLimit.perMs / 4;
  return Math.round(Math.min(Math.max(quarter, FEWEST_PAGES), MOST_PAGES));
}

/** What a vendor answers to a cursor that it does not take any more. */
const REFUSED: ReadonlySet<ErrorCode> = new Set([
  ErrorCode.ProviderRejected,
  ErrorCode.ProviderNotFound,
  ErrorCode.ProviderConflict,
]);

/** A stretch could not be read on. What was read of it is kept. */
class GapFailure extends Error {
  readonly failure: ProviderError;
  readonly gap: DiscoveryGap;

  constructor(failure: ProviderError, gap: DiscoveryGap) {
    super(failure.message, { cause: failure });
    this.failure = failure;
    this.gap = gap;
  }
}

function endless(provider: string): ProviderError {
  const message = `${provider}: list runs: expected at most ${MOST_PAGES_OF_A_GAP} pages, got more`;
  const facts = { httpStatus: null, retryable: false, retryAfterMs: null, sent: true };
  return new ProviderError(message, { ...facts, code: ErrorCode.ProviderBadResponse, provider });
}
