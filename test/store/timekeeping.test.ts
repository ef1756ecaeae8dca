// The clock that gateways go by is set back: what is stored with times that have not come is put right, once, and nothing else is touched.
import { expect, test } from "vitest";
import type { Store } from "../../src/domain/store-port.ts";
import { DeliveryState } from "../../src/domain/store-port.ts";
import { ProviderHealth } from "../../src/domain/provider-state.ts";
import { TriggerState } from "../../src/domain/sync.ts";
import { identityOf } from "../../src/domain/identity.ts";
import { describeOnEachDatabase } from "../support/databases.ts";
import { account, at, delivery, entry, linkedAccount, rules, syncJob, trigger } from "../support/store-values.ts";

const T = "t1";
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** The wrong time, and the right one after it. */
const AHEAD = 2 * HOUR_MS;
const NOW = AHEAD - HOUR_MS;
const later = (ms: number): Date => at(NOW + ms);
const lease = (untilMs: number, owner = "other") => ({ owner, until: at(untilMs) });

/** A store as a gateway left it that died while its clock was an hour ahead. */
async function leave(store: Store): Promise<string> {
  const seen = { ...rules, nextPollAt: () => at(AHEAD + 30_000) };
  const [open, held] = await store.ledger.record(
    T,
    ["open", "held"].map((id) => entry(id, { observedAt: at(AHEAD - 60_000) })),
    seen,
  );
  const first = await store.polling.claimDue(T, "acme", at(AHEAD + 30_000), 1, lease(AHEAD + 40_000, "dead"));
  expect(first).toHaveLength(1);
  const intent = { lease: lease(AHEAD + 10_000, "dead"), linkedAccountId: null, aloneSince: null };
  await store.triggers.intend(trigger("left", { createdAt: at(AHEAD) }), intent);
  await store.triggers.create(trigger("without-lease", { createdAt: at(AHEAD) }));
  await store.triggers.create(
    trigger("doubted", { state: TriggerState.Uncertain, createdAt: at(AHEAD), resolvedAt: at(AHEAD) }),
  );
  await store.inbox.put(
    delivery("d1", { receivedAt: at(AHEAD), state: DeliveryState.Parked, dueAt: at(AHEAD + 4_000) }),
  );
  await store.providerStates.patch(T, "acme", {
    ...{ health: ProviderHealth.Up, catalogAt: at(AHEAD), discoveredUntil: at(AHEAD), lastWebhookAt: at(0) },
    lastSuccessAt: at(AHEAD - 90 * 60_000),
  });
  await store.catalog.putDefinitions(T, "acme", [syncJob("job", { name: "before" })], at(AHEAD));
  await store.catalog.putLinkedAccounts(T, "acme", [linkedAccount("account", { name: "before" })], at(AHEAD));
  expect([open, held].every((one) => one?.accepted)).toBe(true);
  return open?.sync.id ?? "";
}

describeOnEachDatabase("time that goes back", (open) => {
  test("is nothing while it goes on, or goes back by less than clocks differ", async () => {
    const { store } = await open();
    await leave(store);
    for (const ms of [AHEAD, AHEAD + 10_000, AHEAD + 6_000, AHEAD + 20_000])
      expect(await store.timekeeping.tell(at(ms))).toBeNull();
    expect(await store.polling.claimDue(T, "acme", at(AHEAD + 20_000), 10, lease(AHEAD + 30_000))).toEqual([]);
    expect((await store.providerStates.get(T, "acme")).discoveredUntil).toEqual(at(AHEAD));
  });

  test("is put right by one of any number that say so", async () => {
    const { store, url } = await open();
    const { store: other } = await open(url);
    await leave(store);
    expect(await store.timekeeping.tell(at(AHEAD))).toBeNull();
    const told = await Promise.all([store, other, store, other].map((one) => one.timekeeping.tell(at(NOW))));
    expect(told.toSorted()).toEqual([HOUR_MS, null, null, null]);
    expect(await store.timekeeping.tell(at(NOW + 10_000))).toBeNull();
  });

  test("makes due what was due, and ends leases after their length and not before", async () => {
    const { store } = await open();
    await leave(store);
    await store.timekeeping.tell(at(AHEAD));
    await store.timekeeping.tell(at(NOW));
    const [polled, none] = [
      await store.polling.claimDue(T, "acme", later(0), 10, lease(NOW + 10_000)),
      await store.triggers.takeOver(T, "acme", later(9_999), 10, lease(NOW + 20_000)),
    ];
    expect([polled.length, none.length]).toEqual([1, 0]);
    expect(await store.polling.claimDue(T, "acme", later(10_000), 10, lease(NOW + 20_000))).toHaveLength(2);
    const taken = await store.triggers.takeOver(T, "acme", later(10_000), 10, lease(NOW + 20_000));
    expect(taken.map((one) => one.trigger.id).toSorted()).toEqual(["left", "without-lease"]);
    expect(await store.inbox.due(T, "acme", later(0), 10)).toHaveLength(1);
  });

  test("lets whoever lives keep what it holds", async () => {
    const { store } = await open();
    await leave(store);
    await store.timekeeping.tell(at(AHEAD));
    await store.timekeeping.tell(at(NOW));
    await store.triggers.renew(T, [{ id: "left", fence: 0 }], later(13_000));
    const taken = await store.triggers.takeOver(T, "acme", later(12_000), 10, lease(NOW + 22_000));
    expect(taken.map((one) => one.trigger.id)).toEqual(["without-lease"]);
  });

  test("ends what a gateway that died held of the providers, and is told again by one that lives", async () => {
    const { store } = await open();
    await store.accounts.add(T, [account("acme"), account("beta")]);
    await store.accounts.hold(T, ["acme", "beta"], "dead", at(AHEAD + 15_000));
    await store.timekeeping.tell(at(AHEAD));
    await store.timekeeping.tell(at(NOW));
    await store.accounts.hold(T, ["beta"], "living", later(20_000));
    await store.accounts.sweep(T, later(10_000));
    const accounts = await store.accounts.all(T);
    expect(accounts.map(({ providerKey, removedAt }) => [providerKey, removedAt])).toEqual([
      ["acme", later(10_000)],
      ["beta", null],
    ]);
  });

  test("lets what is read now replace what was seen, and looks a day back for runs begun elsewhere", async () => {
    const { store } = await open();
    const id = await leave(store);
    await store.timekeeping.tell(at(AHEAD));
    await store.timekeeping.tell(at(NOW));
    expect(await store.providerStates.get(T, "acme")).toMatchObject({
      ...{ discoveredUntil: later(-DAY_MS), catalogAt: later(0) },
      // These had come already.
      ...{ lastWebhookAt: at(0), lastSuccessAt: at(AHEAD - 90 * 60_000) },
    });
    const [sync] = await store.ledger.syncsByIds(T, [id]);
    expect(sync?.observedAt).toEqual(at(AHEAD - 60_000 - HOUR_MS));
    await store.catalog.putDefinitions(T, "acme", [syncJob("job", { name: "after" })], later(1_000));
    await store.catalog.putLinkedAccounts(T, "acme", [linkedAccount("account", { name: "after" })], later(1_000));
    const [definition] = await store.catalog.definitionsByIds(T, [identityOf(T, "acme", "definition", "job")]);
    const [linked] = await store.catalog.linkedAccountsByIds(T, [identityOf(T, "acme", "linkedAccount", "account")]);
    expect([definition?.name, linked?.name]).toEqual(["after", "after"]);
    await store.ledger.record(T, [entry("open", { observedAt: later(2_000) })], rules);
    expect((await store.ledger.syncsByIds(T, [id]))[0]?.observedAt).toEqual(later(2_000));
  });

  test("makes no start wait for one that was doubted before it was asked for", async () => {
    const { store } = await open();
    await leave(store);
    await store.timekeeping.tell(at(AHEAD));
    await store.timekeeping.tell(at(NOW));
    const [doubted] = await store.triggers.byIds(T, ["doubted"]);
    expect(doubted?.resolvedAt).toEqual(later(0));
  });

  test("finds what a gateway has written that did not know of it yet, and leaves alone what is planned by the right clock", async () => {
    const { store } = await open();
    await store.timekeeping.tell(at(AHEAD));
    await store.timekeeping.tell(at(NOW));
    for (const [id, dueAt] of [
      ["late", AHEAD + 30_000],
      ["planned", NOW + 60_000],
    ] as const)
      await store.ledger.record(T, [entry(id)], { ...rules, nextPollAt: () => at(dueAt) });
    expect(await store.timekeeping.tell(later(15_000), HOUR_MS / 2)).toBeNull();
    const due = await store.polling.claimDue(T, "acme", later(15_000), 10, lease(NOW + 25_000));
    expect(due.map(({ sync }) => sync.remoteId)).toEqual(["late"]);
  });
});
