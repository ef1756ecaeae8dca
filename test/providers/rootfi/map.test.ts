// RootFi's mapping is total: whatever JSON comes, it becomes domain values or a ProviderError, and only SUCCESS becomes SUCCESS.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DefinitionKind } from "../../../src/domain/definition.ts";
import { ProviderError } from "../../../src/domain/errors.ts";
import type { SyncProvider } from "../../../src/domain/provider-port.ts";
import rootfi from "../../../src/providers/rootfi/index.ts";
import { syncStatusOf } from "../../../src/providers/rootfi/map.ts";
import { allOf, runRef, startRequest, syncJob } from "../../support/provider-values.ts";
import { conformance } from "./conformance.ts";
import { settingsFor } from "./rootfi-at-fake-vendor.ts";

const { now: NOW } = conformance;

const RUNS = 300;

/** A provider whose every request gets this body. */
function answering(body: unknown): SyncProvider {
  const webhookProof = { by: "VALUE", header: "authorization" } as const;
  const config = { baseUrl: "https://api.rootfi.dev/v3", apiKey: "key", webhookProof };
  const http = { request: () => Promise.resolve({ status: 200, headers: {}, body }), close: () => Promise.resolve() };
  return rootfi.create(settingsFor(null), config, { http, clock: { now: () => NOW, sleep: () => Promise.resolve() } });
}

const endsWell = (outcome: unknown): boolean => JSON.stringify(outcome).includes('"status":"SUCCESS"');

const JOB = { remoteId: "1:XERO", linkedAccountRemoteId: "1", resources: [{ name: "ACCOUNTS" }] };
const REFS = [
  runRef({ remoteId: "a", linkedAccountRemoteId: "1" }),
  runRef({ remoteId: "b", linkedAccountRemoteId: "1" }),
];

const QUESTIONS: Readonly<Record<string, (provider: SyncProvider) => Promise<unknown>>> = {
  listLinkedAccounts: (provider) => allOf(provider.listLinkedAccounts()),
  listDefinitions: (provider) => allOf(provider.listDefinitions()),
  getDefinition: (provider) => provider.getDefinition("1:XERO", DefinitionKind.SyncJob),
  start: (provider) => provider.start(startRequest(JOB), "key"),
  findStarted: (provider) => provider.findStarted?.(startRequest(JOB), NOW) ?? Promise.resolve([]),
  observeOne: (provider) => provider.observe(REFS.slice(1), { tasks: true }),
  observeMany: (provider) => provider.observe(REFS, { tasks: true }),
  discover: (provider) => allOf(provider.discover(NOW, [syncJob(JOB)])),
};

/** JSON that looks like RootFi's from afar, so that the mapping behind the parsers is reached. */
const thing = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom("READ", "2026-11-22T11:00:00Z", 1, "1", true, null, "a"),
);
const record = fc.record(
  {
    sync_id: fc.constantFrom("a", "b", 7),
    rootfi_id: fc.oneof(fc.nat(), thing),
    status: fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom("CREATED", "running", "FAILED", "x") },
      { weight: 1, arbitrary: thing },
    ),
    integration_type: thing,
    full_sync: thing,
    sync_type: thing,
    config_mode: thing,
    sync_data_models: thing,
    start_time: thing,
    end_time: thing,
    rootfi_created_at: thing,
    rootfi_company_id: thing,
    total_count: thing,
    name: thing,
    error: thing,
    retry_count: thing,
    connections: fc.array(
      fc.record({
        integration_type: fc.constantFrom("XERO", "HUBSPOT"),
        category: thing,
        connection_status: thing,
        sync_config: thing,
      }),
    ),
    data_model: thing,
  },
  { requiredKeys: ["sync_id", "status"] },
);
const reply = fc.oneof(
  fc.jsonValue(),
  record,
  fc.record(
    { data: fc.oneof(record, fc.array(record, { maxLength: 3 }), thing), next: thing },
    { requiredKeys: ["data"] },
  ),
);

describe("RootFi's mapping", () => {
  it.each(Object.keys(QUESTIONS))("turns any JSON into values or a ProviderError: %s", async (question) => {
    await fc.assert(
      fc.asyncProperty(reply, async (body) => {
        const outcome: unknown = await QUESTIONS[question]?.(answering(body)).catch((error: unknown) => error);
        // No generated word is SUCCESS, so no run may be.
        const isRight = outcome instanceof Error ? outcome instanceof ProviderError : !endsWell(outcome);
        expect(isRight, String(outcome)).toBe(true);
      }),
      { numRuns: RUNS },
    );
  });

  it("knows four words in any case and concludes nothing from any other", () => {
    expect(["created", "Running", "SUCCESS", "failed"].map(syncStatusOf)).toEqual([
      "CREATED",
      "RUNNING",
      "SUCCESS",
      "FAILED",
    ]);
    const known = new Set(["created", "running", "success", "failed"]);
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.constantFrom("PARTIAL_SUCCESS", "constructor", "__proto__", "toString", "\u017fuccess", " success"),
        ),
        (word) => known.has(word.toLowerCase()) || syncStatusOf(word) === null,
      ),
      { numRuns: RUNS },
    );
  });
});
