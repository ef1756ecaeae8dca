// What refers to runs that go: repetitions, triggers, definitions and accounts. Nothing that is kept names what is not there.
import { expect, test } from "vitest";
import { TriggerState } from "../../src/domain/sync.ts";
import { SyncStatus } from "../../src/domain/status.ts";
import { describeOnEachDatabase } from "../support/databases.ts";
import { DEFINITION, NOTHING, TENANT, accepted, before, pruneAll, run, runId, see } from "../support/pruning.ts";
import { at, entry, linkedAccount, rules, syncJob, trigger } from "../support/store-values.ts";
import { expectVerified } from "../support/verified.ts";

describeOnEachDatabase("retention", (open) => {
  test("what repeats a run that goes names it no more, and is a new version; one about to be repeated stays", async () => {
    const { store, url } = await open();
    await store.catalog.putDefinitions(TENANT, "acme", [syncJob("job-1")], at(0));
    await run(store, "old", 0, 10);
    await store.ledger.record(TENANT, [entry("again", { observedAt: at(90) }, { retryOfId: runId("old") })], rules);
    const retry = { tenantId: TENANT, definitionId: DEFINITION, retryOfId: runId("old") };
    await store.triggers.create(trigger("retry", retry));
    expect(await pruneAll(store, TENANT, before(50))).toMatchObject({ transitions: 3, runs: 0 });
    await expectVerified(url);
    const [known] = await store.ledger.syncsByIds(TENANT, [runId("again")]);
    expect(known?.retryOfId).toBe(runId("old"));
    const refused = { state: TriggerState.Rejected, error: { code: "PROVIDER_REJECTED", message: "no" } } as const;
    const times = { sentAt: at(91), resolvedAt: at(92), options: null };
    await store.triggers.update(TENANT, "retry", TriggerState.Pending, { ...refused, ...times });
    expect(await pruneAll(store, TENANT, before(50))).toEqual({ ...NOTHING, runs: 1 });
    const [again] = await store.ledger.syncsByIds(TENANT, [runId("again")]);
    expect(again).toEqual({ ...known, retryOfId: null, version: (known?.version ?? 0) + 1 });
    expect(await store.triggers.byIds(TENANT, ["retry"])).toMatchObject([{ retryOfId: null }]);
    await expectVerified(url);
  });

  test("a trigger goes when it was resolved before the horizon and no run names it, an unresolved one never", async () => {
    const { store, url } = await open();
    await accepted(store, "old", 5, ["old"], { idempotencyKey: "old key" });
    await accepted(store, "kept", 5, ["kept"]);
    await accepted(store, "attached", 6, ["kept"], { attached: true, sentAt: null });
    await accepted(store, "young", 60, ["old"], { idempotencyKey: "young key", attached: true, sentAt: null });
    await store.triggers.create(trigger("pending", { tenantId: TENANT, definitionId: DEFINITION }));
    for (const name of ["old", "kept"])
      await store.ledger.record(TENANT, [entry(name, { observedAt: at(5) }, { triggerId: name })], rules);
    await see(store, "old", 55, SyncStatus.Success);
    expect(await pruneAll(store, TENANT, before(50))).toMatchObject({ runs: 0, triggers: 1 });
    const left = await store.triggers.byIds(TENANT, ["old", "kept", "attached", "young", "pending"]);
    expect(left.map(({ id }) => id).toSorted()).toEqual(["kept", "old", "pending", "young"]);
    await expectVerified(url);
    // The run and its trigger go together, with whatever listed the run.
    expect(await pruneAll(store, TENANT, before(70))).toMatchObject({ runs: 1, triggers: 2 });
    expect((await store.triggers.byIds(TENANT, ["old", "young", "kept"])).map(({ id }) => id)).toEqual(["kept"]);
    await expectVerified(url);
  });

  test("a trigger of several runs stays with the last of them, and still lists those that are gone", async () => {
    const { store, url } = await open();
    await accepted(store, "batch", 5, ["gone", "endless"]);
    await store.ledger.record(
      TENANT,
      ["gone", "endless"].map((name) => entry(name, { observedAt: at(5) }, { triggerId: "batch" })),
      rules,
    );
    await see(store, "gone", 10, SyncStatus.Success);
    expect(await pruneAll(store, TENANT, before(50))).toMatchObject({ runs: 1, triggers: 0 });
    expect(await store.triggers.byIds(TENANT, ["batch"])).toMatchObject([
      { syncIds: [runId("gone"), runId("endless")] },
    ]);
    await expectVerified(url);
  });

  test("definitions and accounts that are gone go when nothing that is kept refers to them", async () => {
    const { store, url } = await open();
    const accounts = ["account-1", "account-2", "account-3"].map((one) => linkedAccount(one));
    await store.catalog.putLinkedAccounts(TENANT, "acme", accounts, at(0));
    const jobs = [
      syncJob("job-1"),
      syncJob("job-2", { linkedAccountRemoteId: "account-2" }),
      syncJob("job-3", { linkedAccountRemoteId: "account-3" }),
    ];
    await store.catalog.putDefinitions(TENANT, "acme", jobs, at(0));
    await store.catalog.putDefinitions(
      TENANT,
      "acme",
      [syncJob("job-3", { linkedAccountRemoteId: "account-3" })],
      at(8),
    );
    await store.catalog.putLinkedAccounts(TENANT, "acme", [linkedAccount("account-3")], at(8));
    for (const kind of ["definition", "linkedAccount"] as const)
      await store.catalog.markGone(TENANT, "acme", kind, at(5), at(10));
    await run(store, "of job-1", 20, 30);
    await accepted(store, "g", 100, []);
    await store.catalog.markDefinitionGone(TENANT, DEFINITION, at(10));
    expect(await pruneAll(store, TENANT, before(10))).toEqual(NOTHING);
    expect(await pruneAll(store, TENANT, before(11))).toEqual({ ...NOTHING, definitions: 1, linkedAccounts: 1 });
    // A trigger keeps its definition, and the definition its account, when the run is gone.
    expect(await pruneAll(store, TENANT, before(50))).toEqual({ ...NOTHING, transitions: 3, runs: 1 });
    expect(await pruneAll(store, TENANT, before(101))).toEqual({
      ...NOTHING,
      triggers: 1,
      definitions: 1,
      linkedAccounts: 1,
    });
    const [remaining] = await store.catalog.definitionsOfProvider(TENANT, "acme");
    expect(remaining?.remoteId).toBe("job-3");
    expect(await store.catalog.countLinkedAccounts(TENANT, {})).toBe(1);
    await expectVerified(url);
  });
});
