// RootFi's mapping is total: whatever JSON comes, it becomes domain values or a ProviderError, and only SUCCESS becomes SUCCESS.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { plainWord } from "../../../src/wire/vendor-words.ts";
import { syncStatusOf } from "../../../src/providers/rootfi/map.ts";
import { QUESTIONS, faultOf, statusWord, thing } from "./any-answer.ts";

const RUNS = 300;

const record = fc.record(
  {
    sync_id: fc.constantFrom("a", "b", 7),
    rootfi_id: fc.oneof(fc.nat(), thing),
    status: statusWord,
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
        sync_status: fc.constantFrom("SLEEPING", "IDLE", null),
        sync_resume_at: thing,
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
    { data: fc.oneof(record, fc.array(record, { maxLength: 3 }), thing), next: thing, sync_config: fc.array(thing) },
    { requiredKeys: ["data"] },
  ),
);

const config = fc.record(
  {
    dataModel: fc.constantFrom("ACCOUNTS", "BILLS"),
    enabled: thing,
    interval: thing,
    frequency: thing,
    syncFrom: thing,
  },
  { requiredKeys: ["dataModel"] },
);
const recordV4 = fc.record(
  {
    id: fc.constantFrom("a", "b", 1, "1"),
    status: statusWord,
    companyId: thing,
    integrationType: fc.oneof(fc.constant("XERO"), thing),
    dataModels: thing,
    dataModelsSyncing: thing,
    jobCounts: thing,
    recordsSynced: thing,
    errorCode: thing,
    errorMessage: thing,
    startTime: thing,
    createdAt: thing,
    syncStatus: fc.constantFrom("SLEEPING", "IDLE", null),
    syncResumeAt: thing,
    dataModelConfigs: fc.oneof(fc.array(config), thing),
    connection: fc.oneof(thing, fc.record({ id: thing, integrationType: fc.oneof(fc.constant("XERO"), thing) })),
  },
  { requiredKeys: ["id", "status"] },
);
const listV4 = fc.oneof(fc.array(recordV4, { maxLength: 3 }), thing);
const replyV4 = fc.oneof(
  fc.jsonValue(),
  fc.record({ data: fc.oneof(recordV4, listV4) }),
  fc.record({
    data: fc.record(
      {
        companies: listV4,
        syncs: listV4,
        jobs: listV4,
        syncConfig: fc.array(config),
        sync: recordV4,
        company: recordV4,
        next: fc.oneof(fc.constant(null), thing),
      },
      { requiredKeys: [] },
    ),
  }),
);

describe.each([
  ["v3", reply],
  ["v4", replyV4],
] as const)("RootFi's mapping of %s", (version, answer) => {
  it.each(QUESTIONS)("turns any JSON into values or a ProviderError: %s", async (question) => {
    await fc.assert(
      fc.asyncProperty(answer as fc.Arbitrary<unknown>, async (body) => {
        expect(await faultOf(version, question, body)).toBeNull();
      }),
      { numRuns: RUNS },
    );
  });
});

describe("RootFi's words for a status", () => {
  it("are known in any case, and nothing is concluded from any other", () => {
    const known = new Map([
      ["created", "CREATED"],
      ["Running", "RUNNING"],
      ["SUCCESS", "SUCCESS"],
      ["partial_SUCCESS", "SUCCESS"],
      ["failed", "FAILED"],
      ["CANCELLED", "FAILED"],
      ["canceled", "FAILED"],
    ]);
    expect([...known.keys()].map(syncStatusOf)).toEqual([...known.values()]);
    const words = new Set([...known.keys()].map(plainWord));
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.constantFrom("PARTIAL", "constructor", "__proto__", "toString", "\u017fuccess", "success!"),
        ),
        (word) => words.has(plainWord(word)) || syncStatusOf(word) === null,
      ),
      { numRuns: RUNS },
    );
  });
});
