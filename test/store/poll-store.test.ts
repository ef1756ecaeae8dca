// Due work under leases and fences, on each database.
import { expect, test } from "vitest";
import { SyncStatus } from "../../src/domain/status.ts";
import type { ClaimedRun, PollStore, RecordRules } from "../../src/domain/store-port.ts";
import { describeOnEachDatabase } from "../support/databases.ts";
import { at, entry, rules } from "../support/store-values.ts";

const claim = (polling: PollStore, now: number, { owner = "n1", limit = 10, until = now + 5_000 } = {}) =>
  polling.claimDue("t1", "acme", at(now), limit, { owner, until: at(until) });
const names = (claimed: readonly ClaimedRun[]): readonly string[] => claimed.map(({ sync }) => sync.remoteId);

describeOnEachDatabase("due work", (open) => {
  test("open runs fall due when the rules say so, longest overdue first, and ended ones never", async () => {
    const { store } = await open();
    await store.ledger.record(
      "t1",
      [
        entry("late", { observedAt: at(10) }),
        entry("early"),
        entry("ended", { status: SyncStatus.Success }),
        entry("later", { observedAt: at(9_000) }),
      ],
      rules,
    );
    expect(await store.polling.nextDueAt("t1", "acme")).toEqual(at(1_000));
    expect(names(await claim(store.polling, 999))).toEqual([]);
    const claimed = await claim(store.polling, 1_010);
    expect(names(claimed)).toEqual(["early", "late"]);
    expect(claimed[0]).toMatchObject({ fence: 1, polls: 0, failures: 0, missingSince: null });
    expect(claimed[0]?.sync).toEqual((await store.ledger.syncsByIds("t1", [claimed[0]?.sync.id ?? ""]))[0]);
    expect(await store.polling.nextDueAt("t1", "other")).toBeNull();
  });

  test("a claimed run is free again when its lease ends, with a higher fence, and the limit is kept", async () => {
    const { store } = await open();
    await store.ledger.record("t1", [entry("a"), entry("b", { observedAt: at(1) })], rules);
    expect(names(await claim(store.polling, 2_000, { limit: 1, until: 3_000 }))).toEqual(["a"]);
    expect(names(await claim(store.polling, 2_000, { limit: 1, until: 9_000 }))).toEqual(["b"]);
    expect(names(await claim(store.polling, 2_999))).toEqual([]);
    expect(await store.polling.nextDueAt("t1", "acme")).toEqual(at(3_000));
    const again = await claim(store.polling, 3_000, { owner: "n2" });
    expect(again.map(({ sync, fence }) => [sync.remoteId, fence])).toEqual([["a", 2]]);
  });

  test("an observation made under an old lease is dropped, and the run is as the newer owner left it", async () => {
    const { store } = await open();
    await store.ledger.record("t1", [entry("a")], rules);
    const [old] = await claim(store.polling, 1_000, { until: 1_500 });
    const [current] = await claim(store.polling, 2_000, { owner: "n2" });
    const late = entry("a", { status: SyncStatus.Failed, observedAt: at(2_100) }, { fence: old?.fence ?? 0 });
    const [refused] = await store.ledger.record("t1", [late], rules);
    expect(refused).toEqual({ accepted: false, conflict: false, transitions: [], sync: current?.sync });
    const [taken] = await store.ledger.record(
      "t1",
      [entry("a", { status: SyncStatus.Success, observedAt: at(2_200) }, { fence: current?.fence ?? 0 })],
      rules,
    );
    expect(taken).toMatchObject({ accepted: true, sync: { status: "SUCCESS" } });
    const [ended] = await store.ledger.record("t1", [late], rules);
    expect(ended).toMatchObject({ accepted: false, conflict: false });
    expect(await store.polling.nextDueAt("t1", "acme")).toBeNull();
  });

  test("recording gives the lease back, counts the poll, and forgets failures", async () => {
    const { store } = await open();
    await store.ledger.record("t1", [entry("a")], rules);
    const [first] = await claim(store.polling, 1_000, { until: 99_000 });
    const syncId = first?.sync.id ?? "";
    await store.polling.settle("t1", [
      { syncId, fence: 1, nextPollAt: at(2_000), failures: 3, missingSince: at(1_000) },
    ]);
    const [second] = await claim(store.polling, 2_000, { until: 99_000 });
    expect(second).toMatchObject({ fence: 2, polls: 1, failures: 3, missingSince: at(1_000) });
    await store.ledger.record("t1", [entry("a", { observedAt: at(3_000) }, { fence: 2 })], rules);
    const [third] = await claim(store.polling, 4_000);
    expect(third).toMatchObject({ fence: 3, polls: 2, failures: 0, missingSince: null });
  });

  test("settling under an old fence changes nothing", async () => {
    const { store } = await open();
    await store.ledger.record("t1", [entry("a")], rules);
    const [claimed] = await claim(store.polling, 1_000, { until: 5_000 });
    const settlement = { syncId: claimed?.sync.id ?? "", nextPollAt: at(1_001), failures: 9, missingSince: null };
    await store.polling.settle("t1", [{ ...settlement, fence: 0 }]);
    await store.polling.settle("t1", []);
    expect(await store.polling.nextDueAt("t1", "acme")).toEqual(at(5_000));
    expect(names(await claim(store.polling, 2_000))).toEqual([]);
  });

  test("a hint makes a run due, and a look that began before the hint does not answer it", async () => {
    const { store } = await open();
    const slow: RecordRules = { ...rules, nextPollAt: (sync) => new Date(sync.observedAt.getTime() + 60_000) };
    const [recorded] = await store.ledger.record("t1", [entry("a")], slow);
    const syncId = recorded?.sync.id ?? "";
    await store.polling.makeDue("t1", syncId, at(500));
    const [claimed] = await claim(store.polling, 500);
    expect(claimed?.sync.id).toBe(syncId);
    await store.polling.makeDue("t1", syncId, at(800));
    await store.ledger.record("t1", [entry("a", { observedAt: at(700) }, { fence: claimed?.fence ?? 0 })], slow);
    const [again] = await claim(store.polling, 800);
    expect(again?.fence).toBe(2);
    await store.ledger.record("t1", [entry("a", { observedAt: at(801) }, { fence: 2 })], slow);
    expect(await store.polling.nextDueAt("t1", "acme")).toEqual(at(60_801));
  });

  test("owners that claim at the same time share nothing, and together take everything", async () => {
    const { store: first, url } = await open();
    const { store: second } = open.database === "postgres" ? await open(url) : { store: first };
    await first.ledger.record(
      "t1",
      Array.from({ length: 60 }, (_, index) => entry(`r${index}`)),
      rules,
    );
    const claims = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        claim((index % 2 === 0 ? first : second).polling, 2_000, { owner: `n${index}`, limit: 7 }),
      ),
    );
    const rest = await claim(first.polling, 2_000, { limit: 100 });
    const taken = [...claims.flat(), ...rest].map(({ sync }) => sync.id);
    expect(taken).toHaveLength(60);
    expect(new Set(taken).size).toBe(60);
  });
});
