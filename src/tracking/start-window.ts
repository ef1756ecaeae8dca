// When the vendor may have begun the run of a start: from when it was sent until its answer was in, or until no start takes longer.
import type { LinkedAccount, SyncDefinition } from "../domain/definition.ts";
import type { ProviderError } from "../domain/errors.ts";
import type { SyncProvider, VendorTime } from "../domain/provider-port.ts";
import type { Trigger } from "../domain/sync.ts";
import type { SentStart } from "./start-judge.ts";

/** After so long a vendor that was asked for a run has begun it, or never will. */
const LONGEST_START_MS = 60_000;
/** Two gateways' clocks are this close: both follow their database's. */
const GATEWAYS_APART_MS = 1_000;
/** How far off a vendor's clock may be of which nothing is known. */
const UNTOLD_MS = 60_000;

/** With these words it is not the vendor that answered, but somebody on the way who did not wait for it: it may act still. */
const OF_THE_WAY: readonly number[] = [408, 502, 504, 522, 524];

/** When the vendor's answer was in, where a failed call had one that ends the start; null where it had none. */
export function answerTime({ httpStatus }: ProviderError, now: Date): Date | null {
  return httpStatus === null || OF_THE_WAY.includes(httpStatus) ? null : now;
}

interface Start {
  readonly trigger: Trigger;
  readonly definition: SyncDefinition;
  readonly linkedAccount: LinkedAccount | null;
}

export function sentStartOf(provider: SyncProvider, { trigger, definition, linkedAccount }: Start): SentStart {
  const sentAt = trigger.sentAt ?? trigger.createdAt;
  const until = trigger.answeredAt ?? new Date(sentAt.getTime() + LONGEST_START_MS);
  return {
    triggerId: trigger.id,
    definitionId: definition.id,
    definitionRemoteId: definition.remoteId,
    linkedAccountId: linkedAccount?.id ?? null,
    linkedAccountRemoteId: linkedAccount?.remoteId ?? null,
    sentAt,
    sent: timesOf(provider, sentAt),
    over: timesOf(provider, until),
  };
}

/** The same of a start that another gateway may have sent, by a clock of its own. */
export function rivalStartOf(provider: SyncProvider, start: Start): SentStart {
  const { sent, over, sentAt, ...rest } = sentStartOf(provider, start);
  const by = (time: Date, ms: number): Date => new Date(time.getTime() + ms);
  return {
    ...rest,
    sentAt: by(sentAt, -GATEWAYS_APART_MS),
    sent: { ...sent, earliest: by(sent.earliest, -GATEWAYS_APART_MS) },
    over: { ...over, latest: by(over.latest, GATEWAYS_APART_MS) },
  };
}

function timesOf({ theirTimes }: SyncProvider, ours: Date): VendorTime {
  if (theirTimes !== undefined) return theirTimes(ours);
  const by = (ms: number): Date => new Date(ours.getTime() + ms);
  return { earliest: by(-UNTOLD_MS), latest: by(UNTOLD_MS), isKnown: false };
}
