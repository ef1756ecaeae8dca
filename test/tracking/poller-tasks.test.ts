// When the poller reads a run's tasks, which may cost calls of their own.
import { expect, test } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import type { Capabilities } from "../../src/domain/provider-port.ts";
import { ObservationSource, SyncOutcome, SyncStatus } from "../../src/domain/status.ts";
import { createFakeProvider, fault, observed } from "../support/fake-provider.ts";
import type { FakeAnswers } from "../support/fake-provider.ts";
import { SyncErrorCode } from "../../src/domain/sync.ts";
import { observation, task } from "../support/store-values.ts";
import { TENANT, createTestTracking, idOf, storeMaker } from "../support/tracking.ts";

const openStore = storeMaker();
const DUE_MS = 1_500;

async function tracking(answers: Partial<FakeAnswers> = {}, capabilities: Partial<Capabilities> = {}) {
  const made = createTestTracking(await openStore(), [createFakeProvider("acme", capabilities, answers)]);
  return { ...made, poll: () => made.poller.poll(TENANT, made.configured) };
}

test("tasks are asked for with every fifth look", async () => {
  const { see, poll, clock, fake } = await tracking();
  await see(observation("a"));
  for (let look = 0; look < 11; look += 1) {
    await clock.advance(35_000);
    await poll();
  }
  expect(fake.callsOf("observe").map(({ tasks }) => tasks)).toEqual([
    false,
    false,
    false,
    false,
    true,
    false,
    false,
    false,
    false,
    true,
    false,
  ]);
});

test("tasks that cost calls are read once when a run ends, for the ended runs alone", async () => {
  const { see, poll, clock, fake, store } = await tracking({}, { separateTasks: true });
  await see(observation("ends"), observation("goes-on"));
  await clock.advance(DUE_MS);
  fake.answers.observe = (refs, tasks) => ({
    observations: refs.map((ref) =>
      observed(ref, {
        ...(ref.remoteId === "ends" ? { status: SyncStatus.Failed } : {}),
        ...(tasks ? { tasks: [task("tickets")] } : {}),
      }),
    ),
    missing: [],
  });
  await poll();
  await clock.advance(DUE_MS);
  await poll();
  expect(
    fake.callsOf("observe").map(({ refs, tasks }) => [refs.map(({ remoteId }) => remoteId).toSorted(), tasks]),
  ).toEqual([
    [["ends", "goes-on"], false],
    [["ends"], true],
    [["goes-on"], false],
  ]);
  const page = { limit: 10, direction: "forward", from: null } as const;
  const [ofEnded] = await store.ledger.tasksBySync(TENANT, [idOf("sync", "ends")], page);
  expect(ofEnded?.items).toMatchObject([{ key: "tickets" }]);
});

test("tasks that came with the end, or cost nothing, are not read again", async () => {
  const ends: FakeAnswers["observe"] = (refs) => ({
    observations: refs.map((ref) => observed(ref, { status: SyncStatus.Success, tasks: [task("tickets")] })),
    missing: [],
  });
  const withEnd = await tracking({ observe: ends }, { separateTasks: true });
  const together = await tracking({
    observe: (refs) => ({
      observations: refs.map((ref) => observed(ref, { status: SyncStatus.Success })),
      missing: [],
    }),
  });
  for (const { see, clock, poll, fake } of [withEnd, together]) {
    await see(observation("a"));
    await clock.advance(DUE_MS);
    await poll();
    expect(fake.callsOf("observe")).toHaveLength(1);
  }
});

test("a failure without a reason is read once more when its run ends, although its tasks came along", async () => {
  const { see, poll, clock, fake, syncOf } = await tracking({}, { separateTasks: true });
  await see(observation("a"), observation("stopped"));
  await clock.advance(DUE_MS);
  const error = { code: SyncErrorCode.Auth, message: "sign in again", retryable: false, advice: null };
  fake.answers.observe = (refs, tasks) => ({
    observations: refs.map((ref) =>
      observed(ref, {
        status: SyncStatus.Failed,
        outcome: ref.remoteId === "stopped" ? SyncOutcome.Cancelled : null,
        facts: tasks ? { error } : {},
        tasks: [task("tickets")],
      }),
    ),
    missing: [],
  });
  await poll();
  expect(fake.callsOf("observe").map(({ refs, tasks }) => [refs.map(({ remoteId }) => remoteId), tasks])).toEqual([
    [["a", "stopped"], false],
    [["a"], true],
  ]);
  expect((await syncOf("a")).error).toEqual(error);
});

const FAILED = { status: SyncStatus.Failed, tasks: [task("tickets")] };
const MOVED = { status: SyncStatus.Success, tasks: [task("tickets")] };

test.each([
  ["a webhook told of, and did not say why,", ObservationSource.Webhook, FAILED, true],
  ["a list of runs told of, and did not say why,", ObservationSource.Discovery, FAILED, true],
  ["a list of runs told of, and no tasks,", ObservationSource.Discovery, { status: SyncStatus.Success }, true],
  ["the answer to a start told of, and no tasks,", ObservationSource.Trigger, { status: SyncStatus.Success }, true],
  ["a webhook told of with all there is", ObservationSource.Webhook, MOVED, false],
])("an end that %s is looked into: %j %j %s", async (_what, source, told, isRead) => {
  const { see, poll, recorder, configured, fake } = await tracking({}, { separateTasks: true });
  await see(observation("a"));
  await recorder.record({ tenantId: TENANT, configured, source, observations: [observation("a", told)] });
  await poll();
  await poll();
  expect(fake.callsOf("observe")).toMatchObject(isRead ? [{ refs: [{ remoteId: "a" }], tasks: true }] : []);
});

test("tasks that cannot be read leave the run its end", async () => {
  const { see, poll, clock, syncOf, logged } = await tracking(
    {
      observe: (refs, tasks) => {
        if (tasks) throw fault(ErrorCode.ProviderTimeout);
        return { observations: refs.map((ref) => observed(ref, { status: SyncStatus.Success })), missing: [] };
      },
    },
    { separateTasks: true },
  );
  await see(observation("a"));
  await clock.advance(DUE_MS);
  await poll();
  expect((await syncOf("a")).status).toBe(SyncStatus.Success);
  expect(logged.at(-1)).toMatchObject({ level: "warn", facts: { provider: "acme", code: ErrorCode.ProviderTimeout } });
});
