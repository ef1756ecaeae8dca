// Stuut's mapping is total: whatever JSON comes, it becomes domain values or a ProviderError, and only `complete` becomes SUCCESS.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DefinitionKind } from "../../../src/domain/definition.ts";
import { ProviderError } from "../../../src/domain/errors.ts";
import type { SyncProvider } from "../../../src/domain/provider-port.ts";
import stuut from "../../../src/providers/stuut/index.ts";
import { allOf, runRef, startRequest } from "../../support/provider-values.ts";
import { conformance } from "./conformance.ts";
import { answered } from "../../support/answered.ts";
import { settingsFor } from "./stuut-at-fake-vendor.ts";

const { now: NOW } = conformance;

const RUNS = 300;

/** A provider whose every request gets this body. */
function answering(body: unknown): SyncProvider {
  const config = { baseUrl: "https://api.stuut.ai", token: "token" };
  const http = {
    request: () => Promise.resolve(answered(body)),
    theirTime: (ours: Date) => ours,
    theirTimes: (ours: Date) => ({ earliest: ours, latest: ours, isKnown: true }),
    close: () => Promise.resolve(),
  };
  return stuut.create(settingsFor(config.baseUrl), config, {
    http,
    clock: { now: () => NOW, sleep: () => Promise.resolve() },
  });
}

const endsWell = (outcome: unknown): boolean => JSON.stringify(outcome).includes('"status":"SUCCESS"');

const JOB = { remoteId: "c", resources: [{ name: "invoice", remoteId: "m" }] };

const QUESTIONS: Readonly<Record<string, (provider: SyncProvider) => Promise<unknown>>> = {
  listLinkedAccounts: (provider) => allOf(provider.listLinkedAccounts()),
  listDefinitions: (provider) => allOf(provider.listDefinitions()),
  getDefinition: (provider) => provider.getDefinition("c", DefinitionKind.SyncJob),
  start: (provider) => provider.start(startRequest(JOB), "key"),
  findStarted: (provider) => provider.findStarted?.(startRequest(JOB), NOW) ?? Promise.resolve([]),
  observe: (provider) =>
    provider.observe([runRef({ remoteId: "s", definitionRemoteId: "c", models: ["m"] })], { tasks: true }),
  discover: (provider) => allOf(provider.discover(new Date(0), [])),
};

/** JSON that looks like Stuut's from afar, so that the mapping behind the parsers is reached. */
const thing = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom("2026-11-22T11:00:00Z", 1, true, null));
const word = fc.constantFrom(
  "queued",
  "running",
  "pending_retry",
  "failed",
  "cancelled",
  "completed",
  "success",
  "constructor",
);
const sync = fc.record(
  {
    id: fc.constantFrom("s", "t"),
    status: fc.oneof({ weight: 6, arbitrary: word }, { weight: 1, arbitrary: thing }),
    model_id: thing,
    attempt: thing,
    error: thing,
    is_one_off: thing,
    created_at: thing,
    completed_at: thing,
    timerange_start: thing,
    pagination_state: thing,
  },
  { requiredKeys: ["id", "status"] },
);
const connection = fc.record(
  {
    id: fc.constant("c"),
    is_sync_disabled: thing,
    health: fc.oneof(thing, fc.record({ healthy: thing, message: thing, status_code: thing }, { requiredKeys: [] })),
    models: fc.array(
      fc.record(
        { id: fc.constant("m"), name: thing, next_sync_at: thing, last_sync: fc.oneof(sync, fc.constant(null)) },
        { requiredKeys: ["id"] },
      ),
      { maxLength: 2 },
    ),
  },
  { requiredKeys: ["id"] },
);
const reply = fc.oneof(fc.jsonValue(), fc.array(sync, { maxLength: 3 }), fc.array(connection, { maxLength: 3 }));

describe("Stuut's mapping", () => {
  it.each(Object.keys(QUESTIONS))("turns any JSON into values or a ProviderError: %s", async (question) => {
    await fc.assert(
      fc.asyncProperty(reply, async (body) => {
        const outcome: unknown = await QUESTIONS[question]?.(answering(body)).catch((error: unknown) => error);
        // No generated word is `complete`, so no run may have ended well.
        const isRight = outcome instanceof Error ? outcome instanceof ProviderError : !endsWell(outcome);
        expect(isRight, String(outcome)).toBe(true);
      }),
      { numRuns: RUNS },
    );
  });

  const meanings: readonly [string, number, string | null, string | null, string | null][] = [
    ["scheduled", 0, "CREATED", null, null],
    ["queued", 0, "CREATED", null, "QUEUED"],
    ["scheduled", 1, "RUNNING", null, "RETRY_PENDING"],
    ["queued", 1, "RUNNING", null, "RETRY_PENDING"],
    ["running", 1, "RUNNING", null, null],
    ["pending_retry", 1, "RUNNING", null, "RETRY_PENDING"],
    ["complete", 1, "SUCCESS", null, null],
    ["failed", 3, "FAILED", "ERROR", null],
    ["cancelled", 1, "FAILED", "CANCELLED", null],
  ];
  it.each(meanings)("of %s after %i attempts is %s", async (status, attempt, expected, outcome, waitingReason) => {
    const observations = await answering([{ id: "s", status, attempt }]).start(startRequest(JOB), "key");
    expect(observations).toMatchObject([{ status: expected, outcome, rawStatus: status, facts: { waitingReason } }]);
  });

  it.each(["completed", "COMPLETE!", "canceled", "", "toString"])(
    "concludes nothing from the word %j",
    async (status) => {
      const [observation] = await answering([{ id: "s", status, completed_at: "2026-11-22T11:00:00Z" }]).start(
        startRequest(JOB),
        "key",
      );
      expect(observation).toMatchObject({ status: null, outcome: null, rawStatus: status });
      expect(observation?.facts).not.toHaveProperty("waitingReason");
      // That it is over is concluded from its end time, whatever the word.
      expect(observation?.facts.finishedAt).toEqual(new Date("2026-11-22T11:00:00Z"));
    },
  );
});
