// Who holds an intention, and what it must not run beside, on each database and with two stores on one.
import { expect, test } from "vitest";
import type { Store } from "../../src/domain/store-port.ts";
import { TriggerState } from "../../src/domain/sync.ts";
import type { Trigger } from "../../src/domain/sync.ts";
import { describeOnEachDatabase } from "../support/databases.ts";
import { at, entry, rules, trigger } from "../support/store-values.ts";
import { identityOf } from "../../src/domain/identity.ts";

const lease = (untilMs: number, owner = "node-1") => ({ owner, until: at(untilMs) });
const ACCOUNT = identityOf("t1", "acme", "linkedAccount", "account-1");

describeOnEachDatabase("intentions", (open) => {
  async function twoStores(): Promise<readonly [Store, Store]> {
    const { store, url } = await open();
    return [store, (await open(url)).store];
  }
  const intend = (
    store: Store,
    id: string,
    { alone = true, account = null, ...given }: Partial<Trigger> & { alone?: boolean; account?: string | null } = {},
  ) =>
    store.triggers.intend(trigger(id, given), {
      lease: lease(10_000),
      linkedAccountId: account,
      aloneSince: alone ? at(0) : null,
    });
  const outcomeOf = async (intended: ReturnType<typeof intend>) => (await intended).outcome;

  test("of fifty that must be alone, over two stores at once, one is committed and the others are told of it", async () => {
    const stores = await twoStores();
    const ids = Array.from({ length: 50 }, (_, index) => `g${index}`);
    const answers = await Promise.all(ids.map((id, index) => intend(stores[index % 2 === 0 ? 0 : 1], id)));
    const created = answers.flatMap((one) => (one.outcome === "CREATED" ? [one.held.trigger] : []));
    expect(created).toHaveLength(1);
    const rivals = answers.flatMap((one) => (one.outcome === "RIVAL" ? [one.trigger] : []));
    expect(rivals).toHaveLength(49);
    for (const rival of rivals) expect(rival).toEqual(created[0]);
    expect(await stores[0].triggers.unresolved("t1", at(1))).toEqual(created);
  });

  test("a repeated key is told its own trigger, whatever else goes on and however it must run", async () => {
    const { store } = await open();
    const first = await intend(store, "g1", { idempotencyKey: "k" });
    expect(first).toEqual({ outcome: "CREATED", held: { trigger: trigger("g1", { idempotencyKey: "k" }), fence: 0 } });
    for (const alone of [true, false]) {
      const again = await intend(store, "g2", { idempotencyKey: "k", alone });
      expect(again).toMatchObject({ outcome: "KNOWN", trigger: { id: "g1" } });
    }
  });

  test("one that need not be alone is held up by nobody, and holds up those that must", async () => {
    const { store } = await open();
    await store.ledger.record("t1", [entry("open")], rules);
    for (const id of ["g1", "g2"]) expect(await outcomeOf(intend(store, id, { alone: false }))).toBe("CREATED");
    expect(await intend(store, "g3")).toMatchObject({ outcome: "RIVAL", trigger: { id: "g1" } });
  });

  test.each([
    [TriggerState.Pending, null, "RIVAL"],
    [TriggerState.Sent, null, "RIVAL"],
    [TriggerState.Accepted, at(1), "CREATED"],
    [TriggerState.Rejected, at(1), "CREATED"],
    [TriggerState.Uncertain, at(0), "CREATED"],
    [TriggerState.Uncertain, at(1), "RIVAL"],
  ] as const)(
    "beside one in %s, resolved at %s, one asked for at the beginning is %s",
    async (state, resolvedAt, outcome) => {
      const { store } = await open();
      await store.triggers.create(trigger("g1", { state, resolvedAt }));
      expect(await outcomeOf(intend(store, "g2"))).toBe(outcome);
    },
  );

  test("another definition or customer is no rival; one of nobody knows whom is everybody's", async () => {
    const { store } = await open();
    expect(await outcomeOf(intend(store, "g1", { account: "a1" }))).toBe("CREATED");
    expect(await outcomeOf(intend(store, "g2", { account: "a2" }))).toBe("CREATED");
    expect(await outcomeOf(intend(store, "g3", { definitionId: "definition-2" }))).toBe("CREATED");
    expect(await outcomeOf(intend(store, "g4", { account: "a1" }))).toBe("RIVAL");
    expect(await outcomeOf(intend(store, "g5"))).toBe("RIVAL");
    expect(await outcomeOf(intend(store, "g6", { definitionId: "definition-2", account: "a1" }))).toBe("RIVAL");
  });

  test("an open run of the definition, for the customer, is told; an ended one is not", async () => {
    const { store } = await open();
    const definitionId = identityOf("t1", "acme", "definition", "job-1");
    await store.ledger.record("t1", [entry("r1")], rules);
    expect(await outcomeOf(intend(store, "g1", { definitionId }))).toBe("OPEN");
    expect(await outcomeOf(intend(store, "g1", { definitionId, account: ACCOUNT }))).toBe("OPEN");
    expect(await outcomeOf(intend(store, "g1", { definitionId, account: "another" }))).toBe("CREATED");
    await store.ledger.record("t1", [entry("r1", { status: "SUCCESS" })], rules);
    expect(await outcomeOf(intend(store, "g2", { definitionId, account: ACCOUNT }))).toBe("CREATED");
  });

  test("a lease that ended is taken over by one of two at once, and what its old holder writes is refused", async () => {
    const [store, other] = await twoStores();
    await Promise.all(Array.from({ length: 20 }, (_, index) => intend(store, `g${index}`, { alone: false })));
    const take = (from: Store) => from.triggers.takeOver("t1", "acme", at(10_000), 15, lease(20_000, "node-2"));
    expect(await store.triggers.takeOver("t1", "acme", at(9_999), 15, lease(20_000))).toEqual([]);
    expect(await store.triggers.takeOver("t1", "globex", at(10_000), 15, lease(20_000))).toEqual([]);
    const taken = [...(await Promise.all([take(store), take(other)])).flat(), ...(await take(store))];
    expect(taken.map(({ trigger: { id }, fence }) => `${id} ${fence}`).toSorted()).toEqual(
      Array.from({ length: 20 }, (_, index) => `g${index} 1`).toSorted(),
    );
    const { triggers } = store;
    const sent = { state: TriggerState.Sent, sentAt: at(1) };
    expect(await triggers.update("t1", "g1", { state: TriggerState.Pending, fence: 0 }, sent)).toBe(false);
    expect(await triggers.update("t1", "g1", { state: TriggerState.Sent, fence: 1 }, sent)).toBe(false);
    expect(await triggers.update("t1", "g1", { state: TriggerState.Pending, fence: 1 }, sent)).toBe(true);
  });

  test("a renewal lengthens what was not taken over, and nothing else", async () => {
    const { store } = await open();
    for (const id of ["g1", "g2", "g3"]) await intend(store, id, { alone: false });
    await store.triggers.renew(
      "t1",
      [
        { id: "g1", fence: 0 },
        { id: "g2", fence: 1 },
      ],
      at(30_000),
    );
    await store.triggers.renew("t1", [], at(90_000));
    const taken = await store.triggers.takeOver("t1", "acme", at(10_000), 10, lease(20_000));
    expect(taken.map((held) => held.trigger.id).toSorted()).toEqual(["g2", "g3"]);
    await store.triggers.renew("t1", [{ id: "g2", fence: 0 }], at(40_000));
    expect(await store.triggers.nextLeaseEndAt("t1", "acme")).toEqual(at(20_000));
  });

  test("a renewal that comes late shortens nothing", async () => {
    const { store } = await open();
    await intend(store, "g1");
    for (const untilMs of [30_000, 20_000]) await store.triggers.renew("t1", [{ id: "g1", fence: 0 }], at(untilMs));
    expect(await store.triggers.nextLeaseEndAt("t1", "acme")).toEqual(at(30_000));
  });

  test("a lease that is given back ends at once, unless the trigger was taken over or resolved", async () => {
    const { store } = await open();
    const { triggers } = store;
    await intend(store, "g1");
    await triggers.giveBack("t1", { id: "g1", fence: 1 }, at(5));
    expect(await triggers.nextLeaseEndAt("t1", "acme")).toEqual(at(10_000));
    await triggers.giveBack("t1", { id: "g1", fence: 0 }, at(5));
    expect(await triggers.takeOver("t1", "acme", at(5), 10, lease(20_000))).toMatchObject([{ fence: 1 }]);
    await triggers.giveBack("t1", { id: "g1", fence: 0 }, at(6));
    expect(await triggers.nextLeaseEndAt("t1", "acme")).toEqual(at(20_000));
    await triggers.create(trigger("unheld", { createdAt: at(5) }));
    await triggers.giveBack("t1", { id: "unheld", fence: 0 }, at(6));
    expect(await triggers.takeOver("t1", "acme", at(7), 10, lease(20_000))).toEqual([]);
  });

  test("the next lease to end is that of an unresolved trigger of the provider; without a lease a minute after it was made", async () => {
    const { store } = await open();
    const { triggers } = store;
    expect(await triggers.nextLeaseEndAt("t1", "acme")).toBeNull();
    await triggers.create(trigger("old", { createdAt: at(5) }));
    expect(await triggers.nextLeaseEndAt("t1", "acme")).toEqual(at(60_005));
    expect(await triggers.takeOver("t1", "acme", at(60_004), 10, lease(99_000))).toEqual([]);
    await intend(store, "g1", { alone: false });
    expect(await triggers.nextLeaseEndAt("t1", "acme")).toEqual(at(10_000));
    expect(await triggers.nextLeaseEndAt("t1", "globex")).toBeNull();
    await triggers.update("t1", "g1", TriggerState.Pending, { state: TriggerState.Accepted });
    expect(await triggers.nextLeaseEndAt("t1", "acme")).toEqual(at(60_005));
    expect(await triggers.takeOver("t1", "acme", at(60_005), 10, lease(99_000))).toMatchObject([
      { trigger: trigger("old", { createdAt: at(5) }), fence: 1 },
    ]);
  });

  test("beside a sent start another is answering until its answer is doubted or its holder is gone", async () => {
    const { store } = await open();
    const { triggers } = store;
    const isAnswering = async (now = 9_999) =>
      (await triggers.rivalsOf("t1", "g1", at(now))).some((rival) => rival.isAnswering);
    for (const [id, account] of [
      ["g1", "a1"],
      ["g2", "a1"],
      ["g3", "a2"],
    ] as const) {
      await intend(store, id, { alone: false, account });
      if (id !== "g2")
        await triggers.update("t1", id, TriggerState.Pending, { state: TriggerState.Sent, sentAt: at(1) });
    }
    expect(await isAnswering()).toBe(false);
    await triggers.update("t1", "g2", TriggerState.Pending, { state: TriggerState.Sent, sentAt: at(1) });
    expect(await isAnswering()).toBe(true);
    expect(await isAnswering(10_000)).toBe(false);
    await triggers.update("t1", "g2", TriggerState.Sent, { doubtedAt: at(2) });
    expect(await isAnswering()).toBe(false);
    await triggers.update("t1", "g2", TriggerState.Sent, { state: TriggerState.Accepted });
    expect(await isAnswering()).toBe(false);
  });
});
