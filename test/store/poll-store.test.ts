// Due work under leases and fences, on each database.
import { expect, test } from "vitest";
import { SyncStatus } from "../../src/domain/status.ts";
import type { ClaimedRun, PollStore } from "../../src/domain/poll-port.ts";
import type { RecordRules } from "../../src/domain/store-port.ts";
import { describeOnEachDatabase } from "../support/databases.ts";
import { at, entry, rules } from "../support/store-values.ts";

const claim = (polling: PollStore, now: number, { owner = "n1", limit = 10, until = now + 5_000 } = {}) =>
  polling.claimDue("t1", "acme", at(now), limit, { owner, until: at(until) });
const names = (claimed: readonly ClaimedRun[]): readonly string[] => claimed.map(({ sync }) => sync.remoteId);

const ends = (polling: PollStore) => polling.nextDueAt("t1", "acme");

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

  test("runs due in a moment are taken along, and the lease of one that is being looked at is kept all the same", async () => {
    const { store } = await open();
    await store.ledger.record("t1", [entry("a"), entry("b", { observedAt: at(5_000) })], rules);
    const lease = { owner: "n1", until: at(3_000) };
    const take = (now: number) => store.polling.claimDue("t1", "acme", at(now), 10, lease, at(6_000));
    expect(names(await store.polling.claimDue("t1", "acme", at(1_000), 10, lease, at(5_999)))).toEqual(["a"]);
    expect(names(await take(2_999))).toEqual(["b"]);
    expect(names(await take(3_000))).toEqual(["a", "b"]);
  });

  test("a renewal lengthens the lease it is for, shortens none, and says nothing of what was given back or taken", async () => {
    const { store } = await open();
    const { polling } = store;
    await store.ledger.record("t1", [entry("kept"), entry("given back"), entry("taken")], rules);
    const claimed = await claim(polling, 1_000, { until: 4_000 });
    const held = claimed.map(({ sync, fence }) => ({ id: sync.id, fence }));
    const idOfRun = (name: string) => claimed.find(({ sync }) => sync.remoteId === name)?.sync.id ?? "";
    await store.ledger.record("t1", [entry("given back", { observedAt: at(99_000) }, { fence: 1 })], rules);
    await polling.renew("t1", held, at(8_000));
    expect(await ends(polling)).toEqual(at(8_000));
    await polling.renew("t1", held, at(6_000));
    await polling.renew("t1", [], at(90_000));
    expect(await ends(polling)).toEqual(at(8_000));
    expect(names(await claim(polling, 7_999))).toEqual([]);
    const taken = await claim(polling, 8_000, { owner: "n2", until: 9_000 });
    expect(names(taken).toSorted()).toEqual(["kept", "taken"]);
    await polling.renew("t1", held, at(50_000));
    await polling.renew("t1", [{ id: idOfRun("kept"), fence: 2 }], at(60_000));
    expect(names(await claim(polling, 9_000))).toEqual(["taken"]);
  });

  test("renewals and recordings of the same runs at once wait for each other in no circle", async () => {
    const { store, url } = await open();
    const { store: second } = open.database === "postgres" ? await open(url) : { store };
    await store.ledger.record(
      "t1",
      Array.from({ length: 60 }, (_, index) => entry(`r${index}`)),
      rules,
    );
    const claimed = await claim(store.polling, 1_000, { limit: 100 });
    const held = claimed.map(({ sync, fence }) => ({ id: sync.id, fence }));
    const seen = claimed.map(({ sync, fence }) => entry(sync.remoteId, { observedAt: at(1_500) }, { fence }));
    const renewals = [held, held.toReversed(), held].map((these, index) =>
      second.polling.renew("t1", these, at(7_000 + index)),
    );
    const [recorded] = await Promise.all([store.ledger.record("t1", seen, rules), ...renewals]);
    expect(recorded.every(({ accepted }) => accepted)).toBe(true);
    expect(await ends(store.polling)).toEqual(at(2_500));
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

  test("a lease that is given back is free at once, and only for whoever held it last", async () => {
    const { store } = await open();
    await store.ledger.record("t1", [entry("a")], rules);
    const [claimed] = await claim(store.polling, 1_000, { until: 90_000 });
    const given = { id: claimed?.sync.id ?? "", fence: claimed?.fence ?? 0 };
    await store.polling.giveBack("t1", [{ ...given, fence: given.fence - 1 }]);
    expect(names(await claim(store.polling, 2_000))).toEqual([]);
    await store.polling.giveBack("t1", []);
    await store.polling.giveBack("t1", [given]);
    const [again] = await claim(store.polling, 2_000);
    expect(again).toMatchObject({ sync: { id: given.id }, fence: given.fence + 1, polls: 0, failures: 0 });
    await store.polling.giveBack("t1", [given]);
    expect(names(await claim(store.polling, 2_000))).toEqual([]);
  });

  test("an ended run that is to be read stays due at its time, whoever reports it again, until that is done or given up", async () => {
    const { store } = await open();
    const asked: unknown[] = [];
    let next: Date | null = at(100);
    const reading: RecordRules = {
      ...rules,
      nextPollAt: (_sync, { changed: _changed, ...news }) => {
        asked.push(news);
        return next;
      },
    };
    const ended = { status: SyncStatus.Failed };
    await store.ledger.record(
      "t1",
      ["done", "given up", "left"].map((name) => entry(name, ended)),
      reading,
    );
    next = at(1);
    await store.ledger.record("t1", [entry("done", ended)], reading);
    expect(await store.polling.nextDueAt("t1", "acme")).toEqual(at(100));
    const claimed = await claim(store.polling, 100);
    const idOfRun = (name: string) => claimed.find(({ sync }) => sync.remoteId === name)?.sync.id ?? "";
    next = null;
    await store.ledger.record("t1", [entry("done", ended, { fence: 1 }), entry("done", ended)], reading);
    const settlement = { fence: 1, nextPollAt: null, failures: 1, missingSince: null };
    await store.polling.settle("t1", [
      { ...settlement, syncId: idOfRun("given up") },
      { ...settlement, syncId: idOfRun("left"), fence: 0 },
    ]);
    expect(names(await claim(store.polling, 9_000))).toEqual(["left"]);
    await store.ledger.record("t1", [entry("done", ended)], reading);
    const first = { isNew: true, isDue: false, isDisputed: false };
    const again = { isNew: false, isDue: true, isDisputed: false };
    expect(asked).toEqual([first, first, first, again, again]);
  });

  test("an open run is never given up", async () => {
    const { store } = await open();
    await store.ledger.record("t1", [entry("a")], rules);
    const [claimed] = await claim(store.polling, 1_000, { until: 5_000 });
    const settlement = { syncId: claimed?.sync.id ?? "", fence: 1, failures: 1, missingSince: null };
    await store.polling.settle("t1", [{ ...settlement, nextPollAt: null }]);
    expect(await store.polling.nextDueAt("t1", "acme")).toEqual(at(5_000));
  });

  test("a hint makes a run due, and a look that began before the hint does not answer it", async () => {
    const { store } = await open();
    const slow: RecordRules = { ...rules, nextPollAt: (sync) => new Date(sync.observedAt.getTime() + 60_000) };
    const [recorded] = await store.ledger.record("t1", [entry("a")], slow);
    const syncId = recorded?.sync.id ?? "";
    await store.polling.makeDue("t1", [syncId], at(500));
    const [claimed] = await claim(store.polling, 500);
    expect(claimed?.sync.id).toBe(syncId);
    await store.polling.makeDue("t1", [syncId], at(800));
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
