// The one door into the ledger: every observation, whatever its source, is recorded here and nowhere else.
import { advance } from "../domain/advance.ts";
import { identityOf } from "../domain/identity.ts";
import { BusNews } from "../domain/runtime-ports.ts";
import { isTerminal, type ObservationSource } from "../domain/status.ts";
import type { Recorded } from "../domain/store-port.ts";
import type { Observation, Sync } from "../domain/sync.ts";
import { isBygone } from "./bygone.ts";
import { createDurationBook } from "./duration-book.ts";
import { createKeyedMutex } from "./keyed-mutex.ts";
import { LONGEST_WORD } from "./overtaken-runs.ts";
import type { PollLoad } from "./poll-load.ts";
import { nextPollAt } from "./poll-plan.ts";
import { isEndUnread } from "./unread-end.ts";
import type { ConfiguredProvider } from "./provider-directory.ts";
import type { TrackingTools } from "./tools.ts";

export interface RecordRequest {
  readonly tenantId: string;
  readonly configured: ConfiguredProvider;
  readonly source: ObservationSource;
  readonly observations: readonly Observation[];
  readonly triggerId?: string;
  /** The run that is run again. Of several runs that one start began, those that share a model with it do so. */
  readonly retryOf?: Pick<Sync, "id" | "models">;
  /** Lease numbers of the runs that were claimed for this observation, by the vendor's id. */
  readonly fences?: ReadonlyMap<string, number>;
  /** Whether tasks were asked for too, where they cost calls of their own. */
  readonly tasks?: boolean;
  /** What ended before the gateway first looked: nothing more is read of it. */
  readonly history?: boolean;
}

const NEWEST_TRANSITION = { limit: 1, direction: "backward", from: null } as const;

const UNKNOWN_WORDS =
  "status words that are in no table; runs with them never succeed, and end as FAILED, UNKNOWN, with an end time or when nothing changes for too long";
/** Words kept for each provider: a vendor that makes up a word for each run fills neither the store nor the log. */
const MOST_WORDS = 200;

/** Runs named in one line of the log. */
const MOST_NAMED = 10;

export interface Recorder {
  /**
   * Commits what was observed, then rings the bell. Answers in the observations' order, without those of unknown runs that are older than
   * what is kept.
   */
  record(request: RecordRequest): Promise<readonly Sync[]>;
}

/** @param onRecorded told what each request changed, after the commit */
export function createRecorder(
  tools: TrackingTools,
  load: PollLoad,
  onRecorded: (request: RecordRequest, recorded: readonly Recorded[]) => void = () => undefined,
): Recorder {
  const { store, bus, queue, clock, random, log, retentionMs, unknownRunsMs } = tools;
  const durations = createDurationBook();
  const oneAtATime = createKeyedMutex();

  async function record(given: RecordRequest): Promise<readonly Sync[]> {
    const request = { ...given, observations: await withoutBygone(given) };
    const { tenantId, configured, observations } = request;
    if (observations.length === 0) return [];
    let earliest: Date | null = null;
    const old = await unknownForLong(request);
    const recorded = await store.ledger.record(
      tenantId,
      observations.map((observation) => ({
        providerKey: configured.info.key,
        observation: { ...observation, source: request.source },
        ...optional("triggerId", request.triggerId),
        ...optional("retryOfId", retriedBy(observation, request.retryOf)),
        ...optional("fence", request.fences?.get(observation.remoteId)),
      })),
      {
        advance: (current, observation) => advance(current, observation, { givenUp: old.has(observation.remoteId) }),
        nextPollAt: (sync, news) => {
          const due = isTerminal(sync.status)
            ? isEndUnread(request, sync, news)
              ? clock.now()
              : null
            : nextPollAt(sync, clock.now(), load.intervalsOf(configured), durations.usualMs(sync), random());
          if (due !== null && !news.isDue && (earliest === null || due < earliest)) earliest = due;
          return due;
        },
      },
    );
    const news = newsOf(recorded);
    if (news !== null) bus.ring(tenantId, news);
    if (earliest !== null) await queue.schedule({ kind: "POLL", tenantId, providerKey: configured.info.key }, earliest);
    noteEnds(recorded, configured);
    onRecorded(request, recorded);
    await countUnknownWords(request);
    return recorded.map(({ sync }) => sync);
  }

  async function withoutBygone(request: RecordRequest): Promise<readonly Observation[]> {
    const { tenantId, configured, source, observations } = request;
    if (retentionMs === null) return observations;
    const before = new Date(clock.now().getTime() - retentionMs);
    const idOf = ({ remoteId }: Observation) => identityOf(tenantId, configured.info.key, "sync", remoteId);
    const old = new Set(observations.filter((observation) => isBygone(source, observation, before)));
    if (old.size === 0) return observations;
    const known = new Set((await store.ledger.syncsByIds(tenantId, [...old].map(idOf))).map(({ id }) => id));
    return observations.filter((observation) => !old.has(observation) || known.has(idOf(observation)));
  }

  /** Open runs with a word nobody knows whose status has not changed for too long, by the gateway's own clock. By the vendor's ids. */
  async function unknownForLong({ tenantId, configured, observations }: RecordRequest): Promise<ReadonlySet<string>> {
    const odd = observations.filter(({ status }) => status === null).map(({ remoteId }) => remoteId);
    const idOf = (remoteId: string) => identityOf(tenantId, configured.info.key, "sync", remoteId);
    if (odd.length === 0) return new Set();
    const newest = await store.ledger.transitionsBySync(tenantId, odd.map(idOf), NEWEST_TRANSITION);
    const before = clock.now().getTime() - unknownRunsMs;
    return new Set(odd.filter((_, index) => (newest[index]?.items[0]?.observedAt.getTime() ?? Infinity) <= before));
  }

  function noteEnds(recorded: readonly Recorded[], { info }: ConfiguredProvider): void {
    for (const { sync, transitions } of recorded) if (transitions.length > 0) durations.learn(sync);
    const disputed = recorded.filter(({ conflict }) => conflict).map(({ sync }) => sync.id);
    if (disputed.length === 0) return;
    const facts = { provider: info.key, conflicts: disputed.length, syncIds: disputed.slice(0, MOST_NAMED) };
    log.warn(facts, "the vendor reports other ends than those committed; the first stay");
  }

  async function countUnknownWords({ tenantId, configured, observations }: RecordRequest): Promise<void> {
    const words = observations
      .filter(({ status }) => status === null)
      .map(({ rawStatus }) => rawStatus.slice(0, LONGEST_WORD));
    if (words.length === 0) return;
    const { key } = configured.info;
    await oneAtATime(JSON.stringify([tenantId, key]), async () => {
      const state = await store.providerStates.get(tenantId, key);
      // A map, because a vendor's word may be `constructor` or `__proto__`.
      const counts = new Map(Object.entries(state.unknownStatuses));
      const unseen: string[] = [];
      for (const word of words) {
        if (!counts.has(word) && counts.size >= MOST_WORDS) continue;
        if (!counts.has(word)) unseen.push(word);
        counts.set(word, (counts.get(word) ?? 0) + 1);
      }
      // Told once: the word comes again with every look.
      if (unseen.length > 0) log.warn({ provider: key, words: unseen }, UNKNOWN_WORDS);
      await store.providerStates.patch(tenantId, key, { unknownStatuses: Object.fromEntries(counts) });
    });
  }

  return { record };
}

/** Null when nothing was written: every observation came under an old lease. */
function newsOf(recorded: readonly Recorded[]): BusNews | null {
  if (recorded.some(({ transitions }) => transitions.length > 0)) return BusNews.Transitions;
  return recorded.some(({ accepted }) => accepted) ? BusNews.Progress : null;
}

/** A start may begin a run for each model: only those that do the same again are repetitions. Where models are not told, all are. */
function retriedBy({ facts }: Observation, retryOf: RecordRequest["retryOf"]): string | undefined {
  const models = facts.models ?? [];
  const same =
    models.length === 0 || retryOf?.models.length === 0 || models.some((one) => retryOf?.models.includes(one));
  return same ? retryOf?.id : undefined;
}

function optional<Name extends string, Value>(name: Name, value: Value | undefined): Partial<Record<Name, Value>> {
  const entry: Partial<Record<Name, Value>> = {};
  if (value !== undefined) entry[name] = value;
  return entry;
}
