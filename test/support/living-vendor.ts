// A vendor in memory whose runs have a life: they are begun, go on when a test says so, are polled, looked up, listed and told of by
// signed webhooks. It writes down every start.
import { ErrorCode } from "../../src/domain/errors.ts";
import type { JsonObject } from "../../src/domain/json.ts";
import { SyncStatus, isTerminal, statusRank } from "../../src/domain/status.ts";
import type { Observation } from "../../src/domain/sync.ts";
import { fault, observed, type FakeProvider } from "./fake-provider.ts";
import { SECRET, createWebhookProvider } from "./fake-webhooks.ts";
import { observation } from "./store-values.ts";

export interface LivingRun {
  readonly remoteId: string;
  /** The key it was begun under; null when somebody began it elsewhere. */
  readonly key: string | null;
  readonly begunAt: Date;
  status: SyncStatus;
}

export interface LivingVendor {
  readonly fake: FakeProvider;
  /** In the order in which they were begun. */
  readonly runs: readonly LivingRun[];
  /** The connection breaks after the next start was carried out. */
  loseNextAnswer(): void;
  /** A run goes on. What has ended, or is further, stays. */
  progress(run: LivingRun, status: SyncStatus): void;
  /** Somebody else begins a run. */
  beginElsewhere(): LivingRun;
  /** What a webhook about the run says, of the status it has, or had. */
  delivery(run: LivingRun, status?: SyncStatus): JsonObject;
}

/** A vendor without keys of its own that can be searched for runs; every start begins another one. */
export function createLivingVendor(now: () => Date): LivingVendor {
  const runs: LivingRun[] = [];
  let losing = false;

  const begin = (key: string | null): LivingRun => {
    const run: LivingRun = { remoteId: `run-${runs.length + 1}`, key, begunAt: now(), status: SyncStatus.Created };
    runs.push(run);
    return run;
  };
  const told = ({ remoteId, status }: LivingRun): Observation =>
    observation(remoteId, { status, rawStatus: status.toLowerCase(), observedAt: now() });

  const fake = createWebhookProvider(
    "acme",
    { secrets: [SECRET] },
    {
      start: (_request, key) => {
        const run = begin(key);
        if (!losing) return [told(run)];
        losing = false;
        throw fault(ErrorCode.ProviderTimeout);
      },
      findStarted: (_request, sentAt) => runs.filter(({ begunAt }) => begunAt >= sentAt).map(told),
      observe: (refs) => ({
        observations: refs.flatMap((ref) => {
          const run = runs.find(({ remoteId }) => remoteId === ref.remoteId);
          return run === undefined
            ? []
            : [observed(ref, { status: run.status, rawStatus: run.status.toLowerCase(), observedAt: now() })];
        }),
        missing: [],
      }),
      discover: () => [runs.map(told)],
    },
    { lookupByTime: true },
  );
  return {
    ...{ fake, runs },
    loseNextAnswer: () => {
      losing = true;
    },
    progress: (run, status) => {
      if (!isTerminal(run.status) && statusRank(status) > statusRank(run.status)) run.status = status;
    },
    beginElsewhere: () => begin(null),
    delivery: ({ remoteId, status: newest }, status = newest) => ({ type: "state", run: remoteId, status }),
  };
}
