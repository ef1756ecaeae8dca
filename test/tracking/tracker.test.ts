// The background work as a whole: everything is taken up at the start, goes on by itself, and survives failures.
import { expect, test } from "vitest";
import { ErrorCode, GatewayError } from "../../src/domain/errors.ts";
import type { WorkItem } from "../../src/domain/runtime-ports.ts";
import type { Store } from "../../src/domain/store-port.ts";
import { SyncStatus } from "../../src/domain/status.ts";
import { createTracker } from "../../src/tracking/tracker.ts";
import { createFakeProvider, fault, observed } from "../support/fake-provider.ts";
import type { FakeAnswers } from "../support/fake-provider.ts";
import { at, observation, trigger } from "../support/store-values.ts";
import { TENANT, createTestTracking, idOf, storeMaker } from "../support/tracking.ts";

const openStore = storeMaker();

interface Plan {
  readonly item: WorkItem;
  readonly dueAt: Date;
}

/** A tracker whose queue hands out what a test tells it to; `turn` does one item as the queue would. */
async function tracked(
  answers: Partial<FakeAnswers> = {},
  keys: readonly string[] = ["acme"],
  before: (store: Store) => Promise<void> = () => Promise.resolve(),
) {
  const opened = await openStore();
  await before(opened);
  const made = createTestTracking(
    opened,
    keys.map((key) => createFakeProvider(key, {}, answers)),
  );
  const plans: Plan[] = [];
  let handler: (item: WorkItem) => Promise<void> = () => Promise.reject(new Error("the queue was not started"));
  const queue = {
    schedule: (item: WorkItem, dueAt: Date) => Promise.resolve(void plans.push({ item, dueAt })),
    start: (given: typeof handler) => void (handler = given),
    planAgain: () => undefined,
    stop: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
  const tracker = createTracker({ ...made.tools, queue });
  await tracker.start();
  const started = plans.splice(0);
  const turn = async (kind: WorkItem["kind"], providerKey = "acme") => {
    await handler({ kind, tenantId: TENANT, providerKey });
    return plans.splice(0).map(({ item, dueAt }) => [item.kind, dueAt.getTime() - made.clock.now().getTime()] as const);
  };
  return { ...made, tracker, started, turn };
}

test("the start plans every kind of work for every provider at once", async () => {
  const { started } = await tracked({}, ["acme", "globex"]);
  const kinds = ["CATALOG", "TRIGGERS", "POLL", "DISCOVER"];
  const expected = ["acme", "globex"].flatMap((providerKey) =>
    kinds.map((kind) => ({ item: { kind, tenantId: TENANT, providerKey }, dueAt: at(0) })),
  );
  expect(started).toEqual(expected);
});

test("what another gateway has just read is not read again at the start, and neither is anything put off for longer", async () => {
  const { started } = await tracked({}, ["acme", "globex", "ahead"], async ({ providerStates }) => {
    await providerStates.patch(TENANT, "acme", { catalogAt: at(-4_000), discoveredUntil: at(-1_000) });
    await providerStates.patch(TENANT, "globex", { catalogAt: at(-10_000), discoveredUntil: null });
    await providerStates.patch(TENANT, "ahead", { catalogAt: at(5_000), discoveredUntil: at(60_000) });
  });
  const dueAt = started.map(({ item, dueAt: due }) => [
    `${item.providerKey} ${item.kind}`,
    due.getTime() - at(0).getTime(),
  ]);
  expect(Object.fromEntries(dueAt)).toMatchObject({
    "acme CATALOG": 6_000,
    "acme DISCOVER": 9_000,
    "acme POLL": 0,
    "globex CATALOG": 0,
    "globex DISCOVER": 0,
    "ahead CATALOG": 0,
    "ahead DISCOVER": 0,
  });
});

test.each([
  ["CATALOG", 60_000],
  ["TRIGGERS", 10_000],
  ["DISCOVER", 20_000],
] as const)("%s is done again after its time, with a tenth of jitter", async (kind, everyMs) => {
  const { turn } = await tracked();
  const delays: number[] = [];
  for (let round = 0; round < 20; round += 1) {
    const [[planned, delayMs] = ["POLL", 0]] = await turn(kind);
    expect(planned).toBe(kind);
    delays.push(delayMs);
  }
  expect(Math.min(...delays)).toBeGreaterThanOrEqual(everyMs * 0.9);
  expect(Math.max(...delays)).toBeLessThanOrEqual(everyMs * 1.1);
  expect(new Set(delays).size).toBeGreaterThan(10);
});

test("work that fails is done again soon, then later and later up to five minutes, and soon again after a success", async () => {
  const { turn, fake, clock, logged } = await tracked({
    linkedAccounts: () => Promise.reject(fault(ErrorCode.ProviderUnavailable)),
  });
  const bases = [4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000, 300_000];
  for (const baseMs of bases) {
    const [[, delayMs] = ["", 0]] = await turn("CATALOG");
    expect(delayMs / baseMs).toBeGreaterThanOrEqual(0.9);
    expect(delayMs / baseMs).toBeLessThanOrEqual(1.1);
    await clock.advance(10_000);
  }
  expect(
    logged
      .filter(({ message }) => message === "work at a provider failed")
      .map(({ level, facts }) => [level, facts["provider"], facts["kind"], facts["inARow"]]),
  ).toEqual(bases.map((_, index) => ["warn", "acme", "CATALOG", index + 1]));
  fake.answers.linkedAccounts = () => [];
  expect((await turn("CATALOG"))[0]?.[1]).toBeGreaterThan(50_000);
  await clock.advance(10_000);
  fake.answers.linkedAccounts = () => Promise.reject(fault(ErrorCode.ProviderUnavailable));
  expect((await turn("CATALOG"))[0]?.[1]).toBeLessThan(5_000);
});

test("a defect in one kind of work is logged with its trace, and the work goes on", async () => {
  const { turn, logged, see, clock } = await tracked({ observe: () => Promise.reject(new TypeError("a defect")) });
  await see(observation("a"));
  await clock.advance(2_000);
  const [planned] = await turn("POLL");
  expect(planned?.[0]).toBe("POLL");
  expect(logged.at(-1)).toMatchObject({
    level: "error",
    facts: { kind: "POLL", error: "a defect", stack: expect.stringContaining("TypeError") },
  });
});

test("a database that does not answer is logged with its own words, and without a trace", async () => {
  const cause = new Error("SQLITE_FULL: database or disk is full");
  const full = new GatewayError(ErrorCode.ServiceUnavailable, "The gateway's database does not answer.", { cause });
  const { turn, logged, see, clock } = await tracked({ observe: () => Promise.reject(full) });
  await see(observation("a"));
  await clock.advance(2_000);
  await turn("POLL");
  const { level, facts } = logged.at(-1) ?? {};
  expect([level, facts?.["error"]]).toEqual(["error", expect.stringContaining("SQLITE_FULL")]);
  expect(facts).not.toHaveProperty("stack");
});

test("discovery reads the catalog first when there is none yet, and only then", async () => {
  const { turn, fake, clock } = await tracked();
  await turn("DISCOVER");
  expect(fake.calls.map(({ method }) => method)).toEqual(["listLinkedAccounts", "listDefinitions", "discover"]);
  expect(fake.callsOf("discover")).toMatchObject([{ definitions: [{ remoteId: "job-1" }] }]);
  await clock.advance(20_000);
  await turn("DISCOVER");
  expect(fake.calls.slice(3).map(({ method }) => method)).toEqual(["discover"]);
});

test("polling plans itself by what is open, and looks every ten seconds for what another gateway left behind", async () => {
  const { turn, see, fake, clock } = await tracked();
  const resting = async () => {
    const [plan, ...more] = await turn("POLL");
    expect([plan?.[0], more]).toEqual(["POLL", []]);
    expect(Math.abs((plan?.[1] ?? 0) / 10_000 - 1)).toBeLessThanOrEqual(0.1);
  };
  await resting();
  expect(fake.callsOf("observe")).toHaveLength(0);
  await see(observation("a"));
  await clock.advance(2_000);
  const plans = await turn("POLL");
  expect(plans.length).toBeGreaterThan(0);
  expect(plans.every(([kind, delayMs]) => kind === "POLL" && delayMs > 0)).toBe(true);
  fake.answers.observe = (refs) => ({
    observations: refs.map((ref) => observed(ref, { status: SyncStatus.Success })),
    missing: [],
  });
  await clock.advance(2_000);
  await resting();
});

test("triggers that a process left behind are finished", async () => {
  const { turn, stock, store, clock } = await tracked();
  await stock();
  await store.triggers.create(
    trigger("018f0000-0000-7000-8000-000000000001", { definitionId: idOf("definition", "job-1") }),
  );
  await clock.advance(61_000);
  await turn("TRIGGERS");
  expect(await store.triggers.unresolved(TENANT, at(1_000_000))).toEqual([]);
});

test("work of a provider that is not configured any more is dropped", async () => {
  const { turn, fake } = await tracked();
  expect(await turn("CATALOG", "globex")).toEqual([]);
  expect(fake.calls).toEqual([]);
});

test("with the queue of one process, a run goes by itself from its discovery to its end", async () => {
  const { tools, clock, ledger, syncOf } = createTestTracking(await openStore(), [
    createFakeProvider(
      "acme",
      {},
      {
        discover: () => [[observation("a", { status: SyncStatus.Running })]],
        observe: (refs) => ({
          observations: refs.map((ref) => observed(ref, { status: SyncStatus.Success, observedAt: at(5_000) })),
          missing: [],
        }),
      },
    ),
  ]);
  const tracker = createTracker(tools);
  const recorded = new Promise<void>((resolve) => {
    let rings = 0;
    tools.bus.listen(TENANT, () => {
      rings += 1;
      if (rings === 1)
        void clock
          .untilSleeping((remainingMs) => remainingMs <= 1_100)
          .then((remainingMs) => clock.advance(remainingMs));
      if (rings === 2) resolve();
    });
  });
  await tracker.start();
  await recorded;
  expect((await syncOf("a")).status).toBe(SyncStatus.Success);
  expect((await ledger()).map(({ to }) => to)).toEqual(["CREATED", "RUNNING", "SUCCESS"]);
  await tools.queue.close();
});

test("changes of definitions and questions about schemas go through the same contact and catalog as the rest", async () => {
  const able = { syncJobUpdate: true, schemaDiscovery: true };
  const fake = createFakeProvider("acme", able);
  const made = createTestTracking(await openStore(), [fake]);
  const tracker = createTracker(made.tools);
  const listings = async () => {
    await tracker.catalog.ensureFresh(TENANT, ["acme"]);
    return fake.callsOf("listDefinitions").length;
  };
  expect([await listings(), await listings()]).toEqual([1, 1]);
  const changed = await tracker.definitions.updateSyncJob(TENANT, idOf("definition", "job-1"), { name: "x" }, null);
  expect(changed).toMatchObject({ definition: { name: "x" }, problems: [] });
  expect(await listings()).toBe(2);
  await tracker.schemas.discovery(TENANT, "acme")?.scheduleOptions();
  expect(fake.callsOf("schema")).toHaveLength(1);
});
