// Asks RootFi's adapter everything it can be asked while the vendor answers every request with the same JSON, whatever that is.
import fc from "fast-check";
import { DefinitionKind } from "../../../src/domain/definition.ts";
import { ProviderError } from "../../../src/domain/errors.ts";
import type { SyncProvider } from "../../../src/domain/provider-port.ts";
import rootfi from "../../../src/providers/rootfi/index.ts";
import type { ApiVersion } from "../../../src/providers/rootfi/versions.ts";
import { answered } from "../../support/answered.ts";
import { allOf, runRef, startRequest, syncJob } from "../../support/provider-values.ts";
import { conformance } from "./conformance.ts";
import { settingsFor } from "./rootfi-at-fake-vendor.ts";

const { now: NOW } = conformance;

/** A provider whose every request gets this body. */
function answering(version: ApiVersion, body: unknown): SyncProvider {
  const webhookProof = { by: "VALUE", header: "authorization" } as const;
  const config = { version, baseUrl: `https://api.rootfi.dev/${version}`, apiKey: "key", webhookProof };
  const http = {
    request: () => Promise.resolve(answered(body)),
    theirTime: (ours: Date) => ours,
    theirTimes: (ours: Date) => ({ earliest: ours, latest: ours, isKnown: true }),
    close: () => Promise.resolve(),
  };
  return rootfi.create(settingsFor(null), config, { http, clock: { now: () => NOW, sleep: () => Promise.resolve() } });
}

const JOB = { remoteId: "1:XERO", linkedAccountRemoteId: "1", integration: "XERO", resources: [{ name: "ACCOUNTS" }] };
const REFS = [
  runRef({ remoteId: "a", linkedAccountRemoteId: "1" }),
  runRef({ remoteId: "b", linkedAccountRemoteId: "1" }),
];
const CHANGE = { resources: [{ name: "ACCOUNTS", enabled: false }] };
const SCHEDULE = { remoteId: null, resource: "ACCOUNTS", frequency: "DAILY" } as const;

type Ask = (provider: SyncProvider) => Promise<unknown> | undefined;

const ASKS: Readonly<Record<string, Ask>> = {
  listLinkedAccounts: (provider) => allOf(provider.listLinkedAccounts()),
  listDefinitions: (provider) => allOf(provider.listDefinitions()),
  getDefinition: (provider) => provider.getDefinition("1:XERO", DefinitionKind.SyncJob),
  start: (provider) => provider.start(startRequest(JOB), "key"),
  retry: (provider) => provider.start({ ...startRequest(JOB), retryOf: runRef({ remoteId: "a" }) }, "key"),
  findStarted: (provider) => provider.findStarted?.(startRequest(JOB), NOW),
  observeOne: (provider) => provider.observe(REFS.slice(1), { tasks: true }),
  observeMany: (provider) => provider.observe(REFS, { tasks: true }),
  discover: (provider) => allOf(provider.discover(NOW, [syncJob(JOB)])),
  update: (provider) => provider.editors?.syncJobs?.update(syncJob(JOB), CHANGE, { expectedUpdatedAt: null }),
  schedule: (provider) => provider.editors?.schedules?.put(syncJob(JOB), null, SCHEDULE),
};
export const QUESTIONS = Object.keys(ASKS);

/** What is wrong with the outcome of a question; null when it is values without a SUCCESS, or a `ProviderError`. */
export async function faultOf(version: ApiVersion, question: string, body: unknown): Promise<string | null> {
  const outcome: unknown = await ASKS[question]?.(answering(version, body))?.catch((error: unknown) => error);
  if (outcome instanceof ProviderError) return null;
  if (outcome instanceof Error) return String(outcome);
  // No generated word is SUCCESS, so no run may be.
  return JSON.stringify(outcome)?.includes('"status":"SUCCESS"') ? "a run that ended well" : null;
}

/** JSON that looks like RootFi's from afar, so that the mapping behind the parsers is reached. */
export const thing = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom("READ", "2026-11-22T11:00:00Z", 1, "1", true, null, "a"),
);

export const statusWord = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("CREATED", "running", "FAILED", "x") },
  { weight: 1, arbitrary: thing },
);
