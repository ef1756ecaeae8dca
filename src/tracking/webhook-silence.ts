// Whether a provider that should report by itself does: polls see changes, and no webhook ever tells of them.
import type { Clock } from "../domain/clock.ts";
import { ObservationSource } from "../domain/status.ts";
import type { Recorded } from "../domain/store-port.ts";
import type { RecordRequest } from "./recorder.ts";

export interface SilenceFacts {
  readonly lastWebhookAt: Date | null;
  /** When polls saw runs change their status, one time for each run, oldest first. */
  readonly changesSeenAt: readonly Date[];
  readonly now: Date;
}

export interface WebhookSilence {
  /** A poll, discovery or a live read saw that a run's status had changed. */
  changed(tenantId: string, providerKey: string, syncId: string): void;
  /** @param at when the provider's last genuine webhook came, to this process or to another; null when none ever did */
  isSilent(tenantId: string, providerKey: string, at: Date | null): boolean;
}

const RUNS_NEEDED = 3;
const SILENT_AFTER_MS = 600_000;
/** A change seen this soon after a webhook may be what the webhook told of: webhooks make runs due, and several come at once. */
const REPORTED_WITHIN_MS = 120_000;

/** At least three runs changed since the last webhook, and the first of them more than ten minutes ago. */
export function isSilent({ lastWebhookAt, changesSeenAt, now }: SilenceFacts): boolean {
  const unreported = changesSeenAt.filter((at) => !isReported(at, lastWebhookAt));
  const [first] = unreported;
  if (first === undefined || unreported.length < RUNS_NEEDED) return false;
  return now.getTime() - first.getTime() > SILENT_AFTER_MS;
}

/** Keeps the few facts that decide in memory: a process that starts gives a provider the benefit of the doubt. */
export function createWebhookSilence(clock: Clock): WebhookSilence {
  const seen = new Map<string, Map<string, Date>>();
  const changesOf = (tenantId: string, providerKey: string): Map<string, Date> => {
    const key = JSON.stringify([tenantId, providerKey]);
    const changes = seen.get(key) ?? new Map<string, Date>();
    seen.set(key, changes);
    return changes;
  };
  return {
    changed(tenantId, providerKey, syncId) {
      const changes = changesOf(tenantId, providerKey);
      if (changes.size < RUNS_NEEDED && !changes.has(syncId)) changes.set(syncId, clock.now());
    },
    isSilent(tenantId, providerKey, lastWebhookAt) {
      const changes = changesOf(tenantId, providerKey);
      // Makes room for later ones: what a webhook came for is settled.
      for (const [syncId, at] of changes) if (isReported(at, lastWebhookAt)) changes.delete(syncId);
      return isSilent({ lastWebhookAt, changesSeenAt: [...changes.values()], now: clock.now() });
    },
  };
}

/** A run that was found long after it had changed says nothing about webhooks: the gateway may not have been there. */
const RECENT_MS = SILENT_AFTER_MS;

/** What to tell of each recording: changes that the gateway had to find by looking. */
export function noteChanges(silence: WebhookSilence): (request: RecordRequest, recorded: readonly Recorded[]) => void {
  return ({ tenantId, configured, source }, recorded) => {
    if (source !== ObservationSource.Poll && source !== ObservationSource.Discovery) return;
    for (const { sync, transitions } of recorded) {
      const isRecent = transitions.some(
        ({ occurredAt, observedAt }) => observedAt.getTime() - occurredAt.getTime() < RECENT_MS,
      );
      if (isRecent) silence.changed(tenantId, configured.info.key, sync.id);
    }
  };
}

function isReported(changeAt: Date, lastWebhookAt: Date | null): boolean {
  return lastWebhookAt !== null && changeAt.getTime() <= lastWebhookAt.getTime() + REPORTED_WITHIN_MS;
}
