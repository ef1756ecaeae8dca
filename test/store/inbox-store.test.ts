// The inbox of webhooks on each database: what is stored once, what is due, what is pruned, and what is known of a provider's webhooks.
import { expect, test } from "vitest";
import { DataSource } from "typeorm";
import { DeliveryState } from "../../src/domain/store-port.ts";
import type { StoredDelivery } from "../../src/domain/store-port.ts";
import { dataSourceOptions } from "../../src/store/data-source.ts";
import { databaseMaker, describeOnEachDatabase } from "../support/databases.ts";
import { at, delivery, webhookEvent } from "../support/store-values.ts";

const ids = (deliveries: readonly StoredDelivery[]): readonly string[] =>
  deliveries.map(({ event }) => event.deliveryId);

describeOnEachDatabase("the inbox of webhooks", (open) => {
  const make = databaseMaker(open.database);

  test("a delivery comes back as it was put", async () => {
    const { store } = await open();
    const payload = { nested: { list: [1, "two", null, true] }, "odd key": "ünï \u2028" };
    const put = delivery("d1", { event: webhookEvent("d1", { payload }), receivedAt: at(7), dueAt: at(9) });
    expect(await store.inbox.put(put)).toBe("STORED");
    expect(await store.inbox.due("t1", "acme", at(9), 10)).toEqual([put]);
  });

  test("the same delivery again is known, and another one under its id changes nothing", async () => {
    const { store } = await open();
    await store.inbox.put(delivery("d1"));
    expect(await store.inbox.put(delivery("d1", { receivedAt: at(5_000) }))).toBe("REPEATED");
    const other = webhookEvent("d1", { fingerprint: "another", payload: { run: "r2" } });
    expect(await store.inbox.put(delivery("d1", { event: other }))).toBe("CONFLICTING");
    expect(await store.inbox.due("t1", "acme", at(9_000), 10)).toEqual([delivery("d1")]);
  });

  test("an id belongs to one provider of one tenant", async () => {
    const { store } = await open();
    const puts = [delivery("d1"), delivery("d1", { providerKey: "other" }), delivery("d1", { tenantId: "t2" })];
    expect(await Promise.all(puts.map((one) => store.inbox.put(one)))).toEqual(["STORED", "STORED", "STORED"]);
    expect(await store.inbox.due("t1", "other", at(0), 10)).toEqual([puts[1]]);
  });

  test("of many that bring the same delivery at once, one stores it", async () => {
    const { store, url } = await open();
    const second = open.database === "postgres" ? (await open(url)).store : store;
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? store : second).inbox.put(delivery("d1"))),
    );
    expect(answers.filter((answer) => answer === "STORED")).toHaveLength(1);
    expect(answers.filter((answer) => answer === "REPEATED")).toHaveLength(19);
  });

  test("what is due comes oldest first, in order of receipt and not of when it fell due, and no more than asked for", async () => {
    const { store } = await open();
    for (const one of [
      delivery("c", { receivedAt: at(30), dueAt: at(40) }),
      delivery("a", { receivedAt: at(10), dueAt: at(60) }),
      delivery("b", { receivedAt: at(20), dueAt: at(50) }),
      delivery("later", { receivedAt: at(5), dueAt: at(101) }),
    ])
      await store.inbox.put(one);
    expect(ids(await store.inbox.due("t1", "acme", at(100), 10))).toEqual(["a", "b", "c"]);
    expect(ids(await store.inbox.due("t1", "acme", at(100), 2))).toEqual(["a", "b"]);
    expect(await store.inbox.nextDueAt("t1", "acme")).toEqual(at(40));
  });

  test("what is settled is due when it was said to be, or not at all", async () => {
    const { store } = await open();
    await store.inbox.put(delivery("parked"));
    await store.inbox.put(delivery("done"));
    await store.inbox.settle("t1", "acme", [
      { deliveryId: "parked", state: DeliveryState.Parked, dueAt: at(2_000) },
      { deliveryId: "done", state: DeliveryState.Processed, dueAt: null },
    ]);
    expect(await store.inbox.due("t1", "acme", at(1_999), 10)).toEqual([]);
    expect(await store.inbox.nextDueAt("t1", "acme")).toEqual(at(2_000));
    expect(await store.inbox.due("t1", "acme", at(2_000), 10)).toEqual([
      delivery("parked", { state: DeliveryState.Parked, dueAt: at(2_000) }),
    ]);
    expect(await store.inbox.put(delivery("done"))).toBe("REPEATED");
  });

  test("an empty inbox has nothing due", async () => {
    const { store } = await open();
    expect([await store.inbox.due("t1", "acme", at(9), 10), await store.inbox.nextDueAt("t1", "acme")]).toEqual([
      [],
      null,
    ]);
  });

  test("pruning takes what is old and done with, and leaves what is still due", async () => {
    const { store } = await open();
    for (const id of ["old", "dropped", "due", "young"])
      await store.inbox.put(delivery(id, { receivedAt: at(id === "young" ? 100 : 0) }));
    for (const id of ["old", "young"])
      await store.inbox.settle("t1", "acme", [{ deliveryId: id, state: DeliveryState.Processed, dueAt: null }]);
    await store.inbox.settle("t1", "acme", [{ deliveryId: "dropped", state: DeliveryState.Dropped, dueAt: null }]);
    expect(await store.inbox.prune("t1", at(100))).toBe(2);
    const again = await Promise.all(["old", "dropped", "due", "young"].map((id) => store.inbox.put(delivery(id))));
    expect(again).toEqual(["STORED", "STORED", "REPEATED", "REPEATED"]);
  });

  test("what is known of a provider's webhooks is kept beside the rest", async () => {
    const { store } = await open();
    expect(await store.providerStates.get("t1", "acme")).toMatchObject({ lastWebhookAt: null, webhookRefusals: {} });
    await store.providerStates.patch("t1", "acme", { health: "UP" });
    expect(await store.providerStates.get("t1", "acme")).toMatchObject({ lastWebhookAt: null, webhookRefusals: {} });
    await store.providerStates.patch("t1", "acme", { lastWebhookAt: at(5), webhookRefusals: { BAD_SIGNATURE: 3 } });
    await store.providerStates.patch("t1", "acme", { health: "DOWN" });
    const state = { health: "DOWN", lastWebhookAt: at(5), webhookRefusals: { BAD_SIGNATURE: 3 } };
    expect(await store.providerStates.get("t1", "acme")).toMatchObject(state);
  });

  test("a provider's state from before there were webhooks is read as one that knows of none", async () => {
    const url = await make();
    const source = await new DataSource(dataSourceOptions(url)).initialize();
    try {
      await source.runMigrations({ transaction: "all" });
      await source.undoLastMigration({ transaction: "all" });
      const columns = "tenant_id, provider_key, health, unknown_statuses";
      await source.query(`insert into provider_state (${columns}) values ('t1', 'acme', 'UP', '{"odd": 2}')`);
    } finally {
      await source.destroy();
    }
    const { store } = await open(url);
    const state = { health: "UP", unknownStatuses: { odd: 2 }, lastWebhookAt: null, webhookRefusals: {} };
    expect(await store.providerStates.get("t1", "acme")).toMatchObject(state);
  });
});
