// Which providers there are, while gateways come and go with and without one, and what becomes of its starts in flight.
import { expect, test } from "vitest";
import type { Store } from "../../src/domain/store-port.ts";
import { TriggerState } from "../../src/domain/sync.ts";
import { createAccountGate } from "../../src/tracking/account-gate.ts";
import { createProviderDirectory, type ConfiguredProvider } from "../../src/tracking/provider-directory.ts";
import { createProviderRoster } from "../../src/tracking/provider-roster.ts";
import { describeOnEachDatabase } from "../support/databases.ts";
import { createFakeProvider } from "../support/fake-provider.ts";
import { createManualClock, type ManualClock } from "../support/manual-clock.ts";
import { account, entry, rules, syncJob, trigger } from "../support/store-values.ts";
import { TENANT, configure, idOf } from "../support/tracking.ts";
import { expectVerified } from "../support/verified.ts";

const acme = configure(createFakeProvider("acme"));
const beta = configure(createFakeProvider("beta"));

describeOnEachDatabase("the roster of providers", (open) => {
  function gateway(store: Store, clock: ManualClock, owner: string, configured: readonly ConfiguredProvider[]) {
    const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
    const directory = createProviderDirectory(new Map([[TENANT, configured]]));
    const gate = createAccountGate({ store, clock, log });
    return createProviderRoster({ store, clock, directory, owner, log }, { gate, displayNameOf: () => "Fake" });
  }

  async function world() {
    const { store, url } = await open();
    const clock = createManualClock();
    await store.accounts.add(TENANT, [account("acme"), account("beta")]);
    await store.catalog.putDefinitions(TENANT, "acme", [syncJob("job-1")], clock.now());
    return { store, url, clock };
  }

  async function startInFlight(store: Store, clock: ManualClock, id: string, state: TriggerState, untilMs: number) {
    const lease = { owner: "old", until: new Date(clock.now().getTime() + untilMs) };
    const draft = trigger(id, { tenantId: TENANT, definitionId: idOf("definition", "job-1"), idempotencyKey: id });
    await store.triggers.intend(draft, { lease, linkedAccountId: null, aloneSince: null });
    if (state === TriggerState.Sent)
      await store.triggers.update(TENANT, id, TriggerState.Pending, { state, sentAt: clock.now() });
  }

  const triggerOf = async (store: Store, id: string) => (await store.triggers.byIds(TENANT, [id]))[0];

  test("in a rolling restart it is there until the last gateway that has it is gone, and its starts are left to that one", async () => {
    const { store, url, clock } = await world();
    const old = gateway(store, clock, "old", [acme, beta]);
    await old.start();
    await startInFlight(store, clock, "held", TriggerState.Sent, 10_000);
    const young = gateway(store, clock, "young", [beta]);
    await young.start();
    const shown = () => young.providersOf(TENANT).map(({ key, removedAt }) => [key, removedAt !== undefined]);
    expect(shown()).toEqual([
      ["beta", false],
      ["acme", false],
    ]);
    expect(await triggerOf(store, "held")).toMatchObject({ state: "SENT" });
    await old.close();
    await young.close();
    // Its own gateway is gone, and has given back what it held; the start is still leased for a while.
    const last = gateway(store, clock, "last", [beta]);
    await last.start();
    expect(last.providersOf(TENANT)).toMatchObject([{ key: "beta" }, { key: "acme", removedAt: clock.now() }]);
    expect(await triggerOf(store, "held")).toMatchObject({ state: "SENT" });
    await last.close();
    await clock.advance(10_000);
    const later = gateway(store, clock, "later", [beta]);
    await later.start();
    expect(await triggerOf(store, "held")).toMatchObject({
      state: "UNCERTAIN",
      error: { code: "TRIGGER_UNCERTAIN", message: expect.stringMatching(/^acme was taken out of the configuration/u) },
      options: null,
    });
    await later.close();
    await expectVerified(url);
  });

  test("a gateway that dies is taken to have its providers for a quarter of a minute", async () => {
    const { store, clock } = await world();
    await store.accounts.hold(TENANT, ["acme"], "dead", new Date(clock.now().getTime() + 15_000));
    const seen = async () => {
      const roster = gateway(store, clock, "young", [beta]);
      await roster.start();
      const found = roster.providersOf(TENANT).find(({ key }) => key === "acme")?.removedAt ?? null;
      await roster.close();
      return found;
    };
    await clock.advance(14_999);
    expect(await seen()).toBeNull();
    await clock.advance(1);
    expect(await seen()).toEqual(clock.now());
  });

  test("a start that was not sent is told as not begun, and one whose run was seen gets it", async () => {
    const { store, url, clock } = await world();
    await startInFlight(store, clock, "unsent", TriggerState.Pending, 0);
    await startInFlight(store, clock, "begun", TriggerState.Sent, 0);
    const seen = entry("run-1", { definitionRemoteId: "job-1" }, { triggerId: "begun" });
    await store.ledger.record(TENANT, [seen], rules);
    const roster = gateway(store, clock, "young", [beta]);
    await roster.start();
    expect(await triggerOf(store, "unsent")).toMatchObject({ state: "REJECTED", error: { code: "NOT_FOUND" } });
    expect(await triggerOf(store, "begun")).toMatchObject({ state: "ACCEPTED", syncIds: [idOf("sync", "run-1")] });
    await roster.close();
    await expectVerified(url);
  });

  test("what comes back is not removed any more", async () => {
    const { store, clock } = await world();
    const without = gateway(store, clock, "young", [beta]);
    await without.start();
    expect(without.providersOf(TENANT)).toMatchObject([{ key: "beta" }, { key: "acme", removedAt: clock.now() }]);
    await without.close();
    const back = gateway(store, clock, "young", [acme, beta]);
    await back.start();
    expect(back.providersOf(TENANT).map(({ removedAt }) => removedAt)).toEqual([undefined, undefined]);
    expect((await store.accounts.all(TENANT)).map(({ removedAt }) => removedAt)).toEqual([null, null]);
    await back.close();
  });
});
