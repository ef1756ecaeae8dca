// What every part of tracking works with; the composition root makes it once.
import type { Clock } from "../domain/clock.ts";
import type { EventBus, WorkItem, WorkQueue } from "../domain/runtime-ports.ts";
import type { Store } from "../domain/store-port.ts";
import type { ProviderDirectory } from "./provider-directory.ts";

export interface TrackingLog {
  info(facts: Readonly<Record<string, unknown>>, message: string): void;
  warn(facts: Readonly<Record<string, unknown>>, message: string): void;
  error(facts: Readonly<Record<string, unknown>>, message: string): void;
}

/** An item as logs name it: a provider is `provider` in all of them. */
export const itemFacts = ({ providerKey, ...rest }: WorkItem): Readonly<Record<string, unknown>> => ({
  provider: providerKey,
  ...rest,
});

export interface TrackingTools {
  readonly store: Store;
  readonly bus: EventBus;
  readonly queue: WorkQueue;
  readonly clock: Clock;
  readonly directory: ProviderDirectory;
  readonly log: TrackingLog;
  /** Uniform in [0, 1); spreads polls so that they do not march in step. */
  readonly random: () => number;
  /** Names this process in leases. */
  readonly owner: string;
  /** Aborts when the process ends and waits for nothing any longer; its reason is what callers are told. */
  readonly givenUp: AbortSignal;
  /** How long history is kept; null keeps everything. */
  readonly retentionMs: number | null;
  /** How long a run stays open after its last change of status when nobody knows its word and it has no end time. */
  readonly unknownRunsMs: number;
}
