// Writing the ledger: what one batch of observations leaves behind, on each database.
import { expect, test } from "vitest";
import { identityOf } from "../../src/domain/identity.ts";
import { SyncOutcome, SyncStatus, type ObservationSource } from "../../src/domain/status.ts";
import type { PageRequest, RecordRules } from "../../src/domain/store-port.ts";
import { openMigratedDatabase } from "../../src/store/open-store.ts";
import { sql } from "../../src/store/sql.ts";
import type { SyncFacts } from "../../src/domain/sync.ts";
import { describeOnEachDatabase } from "../support/databases.ts";
import { at, entry, rules, task } from "../support/store-values.ts";

const ALL: PageRequest = { limit: 100, direction: "forward", from: null };
const syncId = (remoteId: string): string => identityOf("t1", "acme", "sync", remoteId);

describeOnEachDatabase("recording", (open) => {
  test("a run first seen running has its identity, its links, and both transitions, the first one inferred", async () => {
    const { store } = await open();
    const [recorded] = await store.ledger.record(
      "t1",
      [entry("r1", { facts: { startedAt: at(-50), models: ["tickets"] } }, { triggerId: "g1" })],
      rules,
    );
    expect(recorded).toMatchObject({ accepted: true, conflict: false });
    expect(recorded?.sync).toMatchObject({
      id: syncId("r1"),
      definitionId: identityOf("t1", "acme", "definition", "job-1"),
      linkedAccountId: identityOf("t1", "acme", "linkedAccount", "account-1"),
      triggerId: "g1",
      status: SyncStatus.Running,
      startedAt: at(-50),
      version: 1,
    });
    expect(recorded?.transitions.map(({ sequence, from, to, inferred }) => [sequence, from, to, inferred])).toEqual([
      [1, null, "CREATED", true],
      [2, "CREATED", "RUNNING", false],
    ]);
    expect(await store.ledger.syncsByIds("t1", [syncId("r1")])).toEqual([recorded?.sync]);
    expect(await store.ledger.transitionsAfter("t1", 0, 10)).toEqual(recorded?.transitions);
    expect(await store.ledger.transitionsByIds("t1", [recorded?.transitions[1]?.id ?? ""])).toEqual([
      recorded?.transitions[1],
    ]);
  });

  test("every fact of a run survives the way through the database", async () => {
    const { store } = await open();
    const counts = {
      total: 3,
      inserted: 1,
      updated: null,
      upserted: null,
      deleted: 0,
      failed: 2,
      warnings: null,
      fetched: null,
      persisted: null,
    };
    const facts = {
      ...{
        alternateRemoteId: "x",
        remoteType: "sync",
        integration: "zoho",
        waitingReason: "RATE_LIMITED",
        resumesAt: at(9),
        origin: "MANUAL",
      },
      ...{
        operation: "READ",
        fullRefresh: true,
        initial: false,
        oneOff: true,
        attempt: 2,
        batchId: "b",
        entityId: "e",
        fileId: "f",
        models: ["a", "b"],
      },
      ...{
        onError: "ignore",
        runtimeVersion: 4,
        recordCounts: counts,
        timeRangeStart: at(-9),
        timeRangeEnd: at(-8),
        createdAt: at(-7),
      },
      ...{
        taskCounts: { total: 1, success: 0, failed: 0, running: 1, pending: 0 },
        startedAt: at(-6),
        finishedAt: null,
        updatedAt: at(-5),
      },
      error: { message: "m", code: "AUTH", retryable: false, advice: null },
      raw: { z: 1, a: { "b.c": [null, "2026-01-01T00:00:00.000Z", 1e21, -0.5] } },
    } satisfies Partial<SyncFacts>;
    const [recorded] = await store.ledger.record("t1", [entry("r1", { facts })], rules);
    const [read] = await store.ledger.syncsByIds("t1", [syncId("r1")]);
    expect(read).toEqual(recorded?.sync);
    expect(read).toMatchObject(facts);
  });

  test("entries about one run in one batch apply in order, each with its own result", async () => {
    const { store } = await open();
    const batch = [
      entry("r1", { status: SyncStatus.Created, rawStatus: "queued" }),
      entry("r2"),
      entry("r1", { status: SyncStatus.Success, rawStatus: "done", observedAt: at(10) }),
      entry("r1", { status: SyncStatus.Failed, rawStatus: "oops", observedAt: at(20) }),
    ];
    const recorded = await store.ledger.record("t1", batch, rules);
    expect(
      recorded.map(({ sync, conflict, transitions }) => [
        sync.status,
        sync.version,
        conflict,
        transitions.map(({ sequence, to }) => `${sequence} ${to}`),
      ]),
    ).toEqual([
      ["CREATED", 1, false, ["1 CREATED"]],
      ["RUNNING", 1, false, ["2 CREATED", "3 RUNNING"]],
      ["SUCCESS", 2, false, ["4 RUNNING", "5 SUCCESS"]],
      ["SUCCESS", 2, true, []],
    ]);
    expect(await store.ledger.head("t1")).toBe(5);
    expect((await store.ledger.syncsByIds("t1", [syncId("r1")]))[0]).toEqual(recorded[2]?.sync);
  });

  test("a contradicting end is kept as evidence and changes nothing", async () => {
    const { store } = await open();
    await store.ledger.record(
      "t1",
      [entry("r1", { status: SyncStatus.Failed, outcome: SyncOutcome.Cancelled, tasks: [task("a")] })],
      rules,
    );
    const [again] = await store.ledger.record(
      "t1",
      [entry("r1", { status: SyncStatus.Success, rawStatus: "ok", observedAt: at(5), tasks: [] })],
      rules,
    );
    expect(again).toMatchObject({
      conflict: true,
      accepted: true,
      transitions: [],
      sync: { status: "FAILED", outcome: "CANCELLED", version: 1 },
    });
    expect((await store.ledger.tasksBySync("t1", [syncId("r1")], ALL))[0]?.items).toHaveLength(1);
    const conflict = {
      ...{ committedStatus: "FAILED", committedOutcome: "CANCELLED", observedStatus: "SUCCESS" },
      ...{ rawStatus: "ok", observedAt: at(5), observedVia: "POLL" },
    };
    const ids = [syncId("r2"), syncId("r1")];
    expect(await store.ledger.conflictsBySync("t1", ids)).toEqual([[], [conflict]]);
    expect(await store.ledger.conflictsBySync("t1", [])).toEqual([]);
  });

  test("a contradiction that is reported again is one, another word or way of saying it is another, oldest first", async () => {
    const { store } = await open();
    const disputed: boolean[] = [];
    const watching: RecordRules = {
      ...rules,
      nextPollAt: (sync, news) => {
        disputed.push(news.isDisputed);
        return rules.nextPollAt(sync, news);
      },
    };
    await store.ledger.record("t1", [entry("r1", { status: SyncStatus.Success })], watching);
    const contradict = async (ms: number, rawStatus: string, source: ObservationSource) => {
      const given = { status: SyncStatus.Failed, rawStatus, source, observedAt: at(ms) };
      const recorded = await store.ledger.record("t1", [entry("r1", given), entry("r1", given)], watching);
      return recorded.map(({ conflict }) => conflict);
    };
    expect(await contradict(20, "failed", "WEBHOOK")).toEqual([true, false]);
    expect(await contradict(30, "failed", "WEBHOOK")).toEqual([false, false]);
    expect(await contradict(10, "failed", "POLL")).toEqual([true, false]);
    expect(await contradict(40, "error", "POLL")).toEqual([true, false]);
    const [found] = await store.ledger.conflictsBySync("t1", [syncId("r1")]);
    expect(found?.map(({ rawStatus, observedVia }) => `${rawStatus} ${observedVia}`)).toEqual([
      "failed POLL",
      "failed WEBHOOK",
      "error POLL",
    ]);
    expect(disputed).toEqual([false, true, true, true]);
  });

  test("the version rises only when something changed, and `changed` is about more than the look itself", async () => {
    const { store } = await open();
    const changes: boolean[] = [];
    const watching: RecordRules = {
      ...rules,
      nextPollAt: (sync, news) => {
        changes.push(news.changed);
        return rules.nextPollAt(sync, news);
      },
    };
    const versions: (number | undefined)[] = [];
    const look = async (given: Parameters<typeof entry>[1]) => {
      const [recorded] = await store.ledger.record("t1", [entry("r1", given)], watching);
      versions.push(recorded?.sync.version);
    };
    const error = { retryable: true, code: "VENDOR", message: "m", advice: null } as const;
    await look({ facts: { error }, tasks: [task("a")] });
    await look({ facts: { error }, tasks: [task("a")] });
    await look({ facts: { error, raw: { clock: 2 } }, tasks: [task("a")], observedAt: at(1) });
    await look({ facts: { attempt: 2 }, observedAt: at(1) });
    await look({ tasks: [task("a", { status: SyncStatus.Success })], observedAt: at(1) });
    expect(versions).toEqual([1, 1, 2, 3, 4]);
    expect(changes).toEqual([true, false, false, true, true]);
  });

  test("a trigger or the run it repeats is linked when it is learned, and never replaced", async () => {
    const { store } = await open();
    await store.ledger.record("t1", [entry("r1")], rules);
    await store.ledger.record("t1", [entry("r1", {}, { triggerId: "g1", retryOfId: "s0" })], rules);
    const [last] = await store.ledger.record("t1", [entry("r1", {}, { triggerId: "g2", retryOfId: "s9" })], rules);
    expect(last?.sync).toMatchObject({ triggerId: "g1", retryOfId: "s0" });
  });

  test("tasks are replaced as a whole when an observation read them, and kept when it did not", async () => {
    const { store } = await open();
    const names = async () =>
      (await store.ledger.tasksBySync("t1", [syncId("r1")], ALL))[0]?.items.map(({ key }) => key);
    await store.ledger.record("t1", [entry("r1", { tasks: [task("b"), task("a"), task("b", { name: "c" })] })], rules);
    expect(await names()).toEqual(["a", "b"]);
    await store.ledger.record("t1", [entry("r1", { observedAt: at(1) })], rules);
    expect(await names()).toEqual(["a", "b"]);
    const full = task("z", {
      recordCounts: null,
      finishedAt: at(3),
      error: { message: "m", code: "DATA", retryable: false, advice: "a" },
    });
    await store.ledger.record("t1", [entry("r1", { tasks: [full], observedAt: at(2) })], rules);
    expect((await store.ledger.tasksBySync("t1", [syncId("r1")], ALL))[0]?.items).toEqual([full]);
  });

  test("rules that throw leave nothing behind, and the numbers go on without a hole", async () => {
    const { store } = await open();
    await store.ledger.record("t1", [entry("r1", { status: SyncStatus.Created })], rules);
    const failing: RecordRules = {
      ...rules,
      nextPollAt: () => {
        throw new Error("planted");
      },
    };
    await expect(store.ledger.record("t1", [entry("r2"), entry("r1")], failing)).rejects.toThrow("planted");
    expect(await store.ledger.syncsByIds("t1", [syncId("r2")])).toEqual([]);
    await store.ledger.record("t1", [entry("r2")], rules);
    expect((await store.ledger.transitionsAfter("t1", 0, 10)).map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
  });

  test("nothing recorded is an empty ledger whose first number will be 1", async () => {
    const { store } = await open();
    expect(await store.ledger.record("t1", [], rules)).toEqual([]);
    expect([await store.ledger.head("t1"), await store.ledger.oldestSequence("t1")]).toEqual([0, 1]);
    await store.ledger.record("t1", [entry("r1")], rules);
    expect([await store.ledger.head("t1"), await store.ledger.oldestSequence("t1")]).toEqual([2, 1]);
  });

  test("once the beginning is pruned, the oldest number says so, also when nothing is left", async () => {
    const { store, url } = await open();
    await store.ledger.record("t1", [entry("r1"), entry("r2")], rules);
    const database = await openMigratedDatabase(url);
    try {
      await database.write(sql`delete from transition where sequence < ${3}`);
      expect(await store.ledger.oldestSequence("t1")).toBe(3);
      await database.write(sql`delete from transition`);
      expect(await store.ledger.oldestSequence("t1")).toBe(5);
    } finally {
      await database.close();
    }
  });
});
