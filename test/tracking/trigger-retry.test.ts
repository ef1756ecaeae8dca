// What a provider is told of the run that is to be run again, on each database: at the first try, when it is sent again, and after a crash.
import { expect, test } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import type { Capabilities, StartRequest } from "../../src/domain/provider-port.ts";
import { SyncStatus } from "../../src/domain/status.ts";
import { TriggerState } from "../../src/domain/sync.ts";
import { describeOnEachDatabase } from "../support/databases.ts";
import { createFakeProvider, fault } from "../support/fake-provider.ts";
import type { FakeAnswers } from "../support/fake-provider.ts";
import { at, observation, trigger } from "../support/store-values.ts";
import { TENANT, again, command, createTestTracking, idOf, passing } from "../support/tracking.ts";

const PAUSES = [500, 2_000, 5_000];
const OLD = observation("old", {
  status: SyncStatus.Failed,
  rawStatus: "failed",
  facts: { batchId: "batch-1", models: ["tickets"], createdAt: at(-9_000), startedAt: at(-8_000) },
});
/** What an adapter needs to find the run again. */
const REF = {
  remoteId: "old",
  definitionRemoteId: "job-1",
  linkedAccountRemoteId: "account-1",
  batchId: "batch-1",
  models: ["tickets"],
  status: SyncStatus.Failed,
  createdAt: at(-9_000),
  startedAt: at(-8_000),
};

describeOnEachDatabase("the run to be run again", (open) => {
  async function tracking(capabilities: Partial<Capabilities> = {}, answers: Partial<FakeAnswers> = {}) {
    const { store } = await open();
    const made = createTestTracking(store, [createFakeProvider("acme", capabilities, answers)]);
    await made.stock();
    await made.see(OLD);
    const retry = () => passing(made.clock, PAUSES, made.operations.retry(TENANT, idOf("sync", "old"), again("k1")));
    return { ...made, retry };
  }

  test("is told to the provider when the start is checked and when it is sent, and in no other start", async () => {
    const checked: (StartRequest["retryOf"] | "absent")[] = [];
    const { retry, fake, operations, see } = await tracking(
      {},
      {
        checkStart: (request) => {
          checked.push("retryOf" in request ? request.retryOf : "absent");
          return [];
        },
      },
    );
    expect((await retry()).problems).toEqual([]);
    await see(observation("run-1", { status: SyncStatus.Success, rawStatus: "done" }));
    await operations.trigger(TENANT, command());
    expect(checked).toEqual([REF, "absent"]);
    const [again, plain] = fake.callsOf("start").map(({ request }) => request);
    expect(again?.retryOf).toEqual(REF);
    expect(plain).not.toHaveProperty("retryOf");
  });

  test("is what those runs of a batch repeat that share a model with it", async () => {
    const runs = { same: ["tickets", "users"], other: ["comments"], untold: [] };
    const start = () => Object.entries(runs).map(([id, models]) => observation(id, { facts: { models } }));
    const { retry } = await tracking({}, { start });
    const old = idOf("sync", "old");
    expect((await retry()).syncs.map(({ remoteId, retryOfId }) => [remoteId, retryOfId])).toEqual([
      ["same", old],
      ["other", null],
      ["untold", old],
    ]);
  });

  test("is told again when the start is sent again under the vendor's key", async () => {
    const failures = [fault(ErrorCode.ProviderTimeout)];
    const { retry, fake } = await tracking(
      { idempotentStart: true },
      {
        start: () => {
          const failure = failures.shift();
          return failure === undefined ? [observation("run-1")] : Promise.reject(failure);
        },
      },
    );
    expect((await retry()).syncs).toMatchObject([{ remoteId: "run-1", retryOfId: idOf("sync", "old") }]);
    expect(fake.callsOf("start").map(({ request }) => request.retryOf)).toEqual([REF, REF]);
  });

  test("is told when the vendor is asked whether the start began a run", async () => {
    const { retry, fake } = await tracking(
      { lookupByTime: true },
      { start: () => Promise.reject(fault(ErrorCode.ProviderTimeout)), findStarted: () => [observation("found")] },
    );
    expect((await retry()).syncs).toMatchObject([{ remoteId: "found" }]);
    expect(fake.callsOf("findStarted")).toMatchObject([{ request: { retryOf: REF } }]);
  });

  test.each([
    ["was never sent", { state: TriggerState.Pending }, {}],
    ["was sent under the vendor's key", { state: TriggerState.Sent, sentAt: at(5) }, { idempotentStart: true }],
  ] as const)("is told by the next process when the retry left behind %s", async (_name, left, capabilities) => {
    const { store, triggers, fake, clock } = await tracking(capabilities);
    const ids = { definitionId: idOf("definition", "job-1"), retryOfId: idOf("sync", "old") };
    await store.triggers.create(trigger("018f0000-0000-7000-8000-000000000001", { ...ids, options: {}, ...left }));
    await clock.advance(61_000);
    await passing(clock, PAUSES, triggers.recover(TENANT, "acme"));
    expect(fake.callsOf("start").map(({ request }) => request.retryOf)).toEqual([REF]);
  });
});
