// Finds runs that somebody else started: the vendor's own schedules, its console, another system. A look takes a bounded number of pages;
// what it does not come to is remembered, and read beside the newest runs by the looks after it (decision 0009).
import { ErrorCode } from "../domain/errors.ts";
import type { ProviderError } from "../domain/errors.ts";
import { identityOf } from "../domain/identity.ts";
import type { DiscoverOptions, UnreadRest } from "../domain/provider-port.ts";
import { ObservationSource, SyncOutcome, isTerminal } from "../domain/status.ts";
import type { DiscoveryProgress } from "../domain/discovery.ts";
import { SyncOrderField } from "../domain/store-port.ts";
import type { Observation } from "../domain/sync.ts";
import { NEWEST_MS, OVERLAP_MS, afterHead, nextHead, progressOf, readToItsEnd } from "./discovery-progress.ts";
import type { HeadLook } from "./discovery-progress.ts";
import { createGapReader, failureOf, isOfAPlace } from "./gap-reader.ts";
import type { Look, ReadSoFar } from "./gap-reader.ts";
import { allowance, pagesOf } from "./page-allowance.ts";
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

/** What could not be read is told again after this long. */
const TOLD_EVERY_MS = 3_600_000;
/** What began this short a time ago need not be listed yet. */
const LISTED_AFTER_MS = 30_000;

export function createDiscoverer(tools: TrackingTools, contact: ProviderContact, recorder: Recorder): Discoverer {
  const { store, clock, log } = tools;
  const readGaps = createGapReader(read, log);

  async function newest(look: Look, progress: DiscoveryProgress | null, pages: number): Promise<ReadSoFar> {
    const { startedAt, met } = look;
    const head = nextHead(progress, startedAt);
    const seen = new Set<string>();
    const rests: UnreadRest[] = [];
    const onLeft = (rest: UnreadRest) => void rests.push(rest);
    const options = { pages: allowance(Math.ceil(pages / 2)), onLeft };
    const failure = await failureOf(() => read(look, head.since, head, options, seen));
    if (failure !== null) {
      // A list that cannot be read at all does not hold up what is left of others; nothing of it was passed by.
      if (failure.code === ErrorCode.ProviderBadResponse && !met.answered && progress !== null)
        return { progress, failure };
      if (!isOfAPlace(failure) || !met.answered || !rests.some(({ failed }) => failed)) throw failure;
    }
    const newestRead = rests.length === 0 || (await readNewest(look, head, Math.ceil(pages / 4), seen));
    const isWhole = rests.length === 0 && met.unreadable === null;
    const agrees = isWhole ? await listHas(look, head.since, seen) : null;
    if (agrees === false) {
      log.warn(
        { provider: look.configured.info.key },
        "the vendor's list lacks runs that are known; it is looked over again",
      );
    }
    met.unreadable ??= failure;
    return { progress: afterHead(progress, head, startedAt, { rests, newestRead, agrees }), failure: null };
  }

  /** A list may come oldest first: what is newest does not wait for the rest. @returns whether all that was not known was read */
  async function readNewest(look: Look, head: HeadLook, pages: number, seen: Set<string>): Promise<boolean> {
    const newestSince = new Date(look.startedAt.getTime() - NEWEST_MS);
    const reachesBack = head.unreadSince >= newestSince;
    const since = reachesBack ? head.unreadSince : newestSince;
    if (since <= head.since) return false;
    let isWhole = true;
    const onLeft = () => void (isWhole = false);
    const failure = await failureOf(() => read(look, since, head, { pages: allowance(pages), onLeft }, seen));
    if (failure !== null && !isOfAPlace(failure)) throw failure;
    return failure === null && isWhole && reachesBack;
  }

  async function read(
    { tenantId, configured, definitions, met }: Look,
    since: Date,
    { history, isOver }: Pick<HeadLook, "history" | "isOver">,
    given: DiscoverOptions,
    seen?: Set<string>,
  ): Promise<void> {
    const onUnreadable = (failure: ProviderError) => void (met.unreadable ??= failure);
    const onPage = () => void (met.answered = true);
    const options = { ...given, onPage, onUnreadable };
    for await (const observations of configured.provider.discover(since, definitions, options)) {
      met.answered = true;
      for (const { remoteId } of observations) seen?.add(remoteId);
      const told = isOver && !history ? await unknown(tenantId, configured, observations) : observations;
      const source = ObservationSource.Discovery;
      if (told.length > 0) await recorder.record({ tenantId, configured, source, observations: told, history });
    }
  }

  /** What is looked over was mostly recorded before: runs that had ended and are told alike are left out. */
  async function unknown(tenantId: string, { info }: ConfiguredProvider, observations: readonly Observation[]) {
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
      const look: Look = { tenantId, configured, definitions, startedAt, met: { answered: false, unreadable: null } };
      const mostPages = pagesOf(configured);
      await contact.through(tenantId, configured, async () => {
        const head = await newest(look, progressOf(state, startedAt), mostPages);
        const { progress, failure } = await readGaps(look, head.progress, allowance(Math.floor(mostPages / 2)));
        const trouble = toTell(progress, look);
        // A catalog that was never read to its end may lack definitions, whose runs would be passed by for good: the next look goes back as far.
        if (state.catalogAt !== null) {
          const patch = { discoveredUntil: readToItsEnd(progress), discovery: trouble.progress };
          await store.providerStates.patch(tenantId, key, patch);
        }
        const told = failure ?? head.failure ?? trouble.failure;
        if (told !== null) throw told;
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

/** What could not be read is told once: every look that comes to it again within the hour passes quietly. */
function toTell(progress: DiscoveryProgress, { startedAt, met }: Look): ReadSoFar {
  const { unreadable } = met;
  if (unreadable === null) return { progress, failure: null };
  const { code } = unreadable;
  const { told } = progress;
  const agoMs = told?.code === code ? Math.abs(startedAt.getTime() - told.atMs) : TOLD_EVERY_MS;
  if (agoMs < TOLD_EVERY_MS) return { progress, failure: null };
  return { progress: { ...progress, told: { code, atMs: startedAt.getTime() } }, failure: unreadable };
}
