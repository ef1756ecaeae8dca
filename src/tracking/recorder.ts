// The one door into the ledger: every observation, whatever its source, is recorded here and nowhere else.
import { advance } from "../domain/advance.ts";
import { BusNews } from "../domain/runtime-ports.ts";
import type { ObservationSource } from "../domain/status.ts";
import type { Recorded } from "../domain/store-port.ts";
import type { Observation, Sync } from "../domain/sync.ts";
import { createDurationBook } from "./duration-book.ts";
import { createKeyedMutex } from "./keyed-mutex.ts";
import type { PollLoad } from "./poll-load.ts";
import { nextPollAt } from "./poll-plan.ts";
import type { ConfiguredProvider } from "./provider-directory.ts";
import type { TrackingTools } from "./tools.ts";

export interface RecordRequest {
  readonly tenantId: string;
  readonly configured: ConfiguredProvider;
  readonly source: ObservationSource;
  readonly observations: readonly Observation[];
  readonly triggerId?: string;
  readonly retryOfId?: string;
  /** Lease numbers of the runs that were claimed for this observation, by the vendor's id. */
  readonly fences?: ReadonlyMap<string, number>;
}

export interface Recorder {
  /** Commits what was observed, then rings the bell. Answers in the observations' order. */
  record(request: RecordRequest): Promise<readonly Sync[]>;
}

/** @param onRecorded told what each request changed, after the commit */
export function createRecorder(
  tools: TrackingTools,
  load: PollLoad,
  onRecorded: (request: RecordRequest, recorded: readonly Recorded[]) => void = () => undefined,
): Recorder {
  const { store, bus, queue, clock, random, log } = tools;
  const durations = createDurationBook();
  const oneAtATime = createKeyedMutex();

  async function record(request: RecordRequest): Promise<readonly Sync[]> {
    const { tenantId, configured, observations } = request;
    if (observations.length === 0) return [];
    let earliest: Date | null = null;
    const recorded = await store.ledger.record(
      tenantId,
      observations.map((observation) => ({
        providerKey: configured.info.key,
        observation: { ...observation, source: request.source },
        ...optional("triggerId", request.triggerId),
        ...optional("retryOfId", request.retryOfId),
        ...optional("fence", request.fences?.get(observation.remoteId)),
      })),
      {
        advance,
        nextPollAt: (sync) => {
          const usualMs = durations.usualMs(sync.definitionId);
          const due = nextPollAt(sync, clock.now(), load.intervalsOf(configured), usualMs, random());
          if (due !== null && (earliest === null || due < earliest)) earliest = due;
          return due;
        },
      },
    );
    const news = newsOf(recorded);
    if (news !== null) bus.ring(tenantId, news);
    if (earliest !== null) await queue.schedule({ kind: "POLL", tenantId, providerKey: configured.info.key }, earliest);
    for (const entry of recorded) noteEnd(entry, configured);
    onRecorded(request, recorded);
    await countUnknownWords(request);
    return recorded.map(({ sync }) => sync);
  }

  function noteEnd({ sync, transitions, conflict }: Recorded, configured: ConfiguredProvider): void {
    if (transitions.length > 0) durations.learn(sync);
    if (conflict) {
      const facts = { provider: configured.info.key, syncId: sync.id, rawStatus: sync.rawStatus };
      log.warn(facts, "the vendor reports another end than the one committed; the first stays");
    }
  }

  async function countUnknownWords({ tenantId, configured, observations }: RecordRequest): Promise<void> {
    const words = observations.filter(({ status }) => status === null).map(({ rawStatus }) => rawStatus.slice(0, 64));
    if (words.length === 0) return;
    const { key } = configured.info;
    log.warn({ provider: key, words }, "status words that are in no table; nothing is concluded from them");
    await oneAtATime(JSON.stringify([tenantId, key]), async () => {
      const state = await store.providerStates.get(tenantId, key);
      // A map, because a vendor's word may be `constructor` or `__proto__`.
      const counts = new Map(Object.entries(state.unknownStatuses));
      for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
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

function optional<Name extends string, Value>(name: Name, value: Value | undefined): Partial<Record<Name, Value>> {
  const entry: Partial<Record<Name, Value>> = {};
  if (value !== undefined) entry[name] = value;
  return entry;
}
