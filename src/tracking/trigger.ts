// Starting runs: checks the request, commits the intention, sends it, and answers a repeated request as the first.
import type { SyncDefinition } from "../domain/definition.ts";
import { ErrorCode, GatewayError, ProviderError, type UserProblem } from "../domain/errors.ts";
import type { TriggerCommand, TriggerResult } from "../domain/gateway-port.ts";
import type { HeldTrigger, Intended } from "../domain/store-port.ts";
import { IfRunning, TriggerState, type Sync, type Trigger } from "../domain/sync.ts";
import type { Catalog } from "./catalog.ts";
import type { Discoverer } from "./discoverer.ts";
import { fingerprintOf, keyProblem, triggerIdOf } from "./idempotency.ts";
import { ANSWER_WITHIN_MS } from "./in-time.ts";
import { createKeyedMutex } from "./keyed-mutex.ts";
import { createLeases } from "./leases.ts";
import { accountFor } from "./linked-account.ts";
import { NONE_MET, accountIdOf, createOpenRuns } from "./open-runs.ts";
import type { ProviderContact } from "./provider-contact.ts";
import { providerGone, unknownObject } from "./problems.ts";
import { problemsOf, startOptionsOf } from "./start-check.ts";
import { startRequestOf, type Intention } from "./start-request.ts";
import { TakenOver, type Starter } from "./starter.ts";
import type { TrackingTools } from "./tools.ts";
import {
  alreadyRunning,
  createTriggerOutcomes,
  isUnresolved,
  notCovered,
  nothingScheduled,
  refused,
  stillStarting,
} from "./trigger-outcomes.ts";
import { createTriggerRecovery, leaseOf, type HeldStart, type TriggerRecovery } from "./trigger-recovery.ts";

export interface Triggers extends TriggerRecovery {
  trigger(tenantId: string, command: TriggerCommand, given?: TriggerDetails): Promise<TriggerResult>;
}

export interface TriggerDetails {
  /** The ended run that is to be run again. */
  readonly retryOf?: Sync;
  /** What `triggerIdOf` gives for the command; default that. */
  readonly id?: string;
  /** Told the trigger as soon as it is committed, or found to be so, for a caller that cannot wait for more. */
  readonly onCommitted?: (trigger: Trigger) => void;
}

interface Parts {
  readonly catalog: Catalog;
  readonly starter: Starter;
  readonly discoverer: Discoverer;
  readonly contact: ProviderContact;
}

interface Asked {
  readonly tenantId: string;
  readonly command: TriggerCommand;
  /** Of the trigger to be made. */
  readonly id: string;
  readonly retryOf: Sync | null;
  readonly askedAt: Date;
  readonly onCommitted: (trigger: Trigger) => void;
}

/** What is asked for, checked and complete; nothing is committed. */
interface Request extends Omit<Intention, "trigger" | "fence"> {
  readonly draft: Trigger;
  readonly ifRunning: IfRunning;
  readonly askedAt: Date;
  readonly onCommitted: (trigger: Trigger) => void;
}

const waitEnd = (askedAt: Date): Date => new Date(askedAt.getTime() + WAIT_MS);

/** Whether a commit stored this request's own trigger, and not one that had its idempotency key before. */
const isSame = (committed: Trigger, draft: Trigger): boolean =>
  committed.fingerprint === draft.fingerprint && committed.createdAt.getTime() === draft.createdAt.getTime();

const beingStarted = ({ name }: SyncDefinition): UserProblem => ({
  code: ErrorCode.IdempotencyInProgress,
  message: `Another request is starting "${name}" and has not finished. Ask again in a moment.`,
  field: ["definitionId"],
});

const keyReused: UserProblem = {
  code: ErrorCode.IdempotencyKeyReused,
  message: "This idempotencyKey was used for another request. Send a new key with a new request.",
  field: ["idempotencyKey"],
};
