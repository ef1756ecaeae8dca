// The self-check of a store whose old history has been removed: nothing is wrong with it, and what is damaged in it is still found.
import { expect, test } from "vitest";
import { identityOf } from "../../src/domain/identity.ts";
import type { SyncStatus } from "../../src/domain/status.ts";
import type { Store } from "../../src/domain/store-port.ts";
import { TriggerState } from "../../src/domain/sync.ts";
import { openMigratedDatabase } from "../../src/store/open-store.ts";
import { sql, verbatim } from "../../src/store/sql.ts";
import { verifyStore } from "../../src/store/verify.ts";
import type { CheckName } from "../../src/store/verify.ts";
import { describeOnEachDatabase } from "../support/databases.ts";
import { damageTo } from "../support/planted-violations.ts";
import { before, pruneAll } from "../support/pruning.ts";
import { runId } from "../support/sound-store.ts";
import { at, entry, rules, syncJob, trigger } from "../support/store-values.ts";
import { expectVerified } from "../support/verified.ts";

/**
 * Transitions 1 to 6 are gone, 7 to 13 are there. Of run `long` 1 and 2 are gone and 9 is its end; all of `endless` is gone (3), which is
 * open still, and of `listed` (4 to 6), which ended and is still reported. 7, 8 and 10 are those of `young`, 11 to 13 of `newest`. Trigger
 * `old` lists a run that is gone.
 */
async function fillPrunedStore(store: Store, tenant: string): Promise<void> {
  const see = (remoteId: string, ms: number, status: SyncStatus, triggerId?: string) => {
    const begun = triggerId === undefined ? {} : { triggerId };
    return store.ledger.record(tenant, [entry(remoteId, { observedAt: at(ms), status }, begun)], rules);
  };
  const accept = async (id: string, ms: number, remoteIds: readonly string[]): Promise<void> => {
    const definitionId = identityOf(tenant, "acme", "definition", "job-1");
    const answer = { state: TriggerState.Accepted, options: null, sentAt: at(ms), resolvedAt: at(ms) };
    const syncIds = remoteIds.map((remoteId) => runId(tenant, remoteId));
    await store.triggers.create(trigger(id, { tenantId: tenant, definitionId, createdAt: at(ms), ...answer, syncIds }));
  };
  await store.catalog.putDefinitions(tenant, "acme", [syncJob("job-1")], at(0));
  await accept("old", 1, ["endless", "gone"]);
  await accept("young", 100, ["young"]);
  await see("long", 0, "RUNNING");
  await see("endless", 1, "CREATED", "old");
  await see("listed", 2, "CREATED");
  await see("listed", 3, "SUCCESS");
  await see("listed", 100, "SUCCESS");
  await see("young", 100, "RUNNING", "young");
  await see("long", 101, "SUCCESS");
  await see("young", 102, "SUCCESS");
  await see("newest", 103, "SUCCESS");
  await pruneAll(store, tenant, before(50));
}

interface Damage {
  readonly what: string;
  readonly statements: readonly string[];
  readonly found: readonly `${CheckName}: ${string}`[];
}

const LOWEST = "ledger-numbers: number 7";

function damagesTo(tenant: string): readonly Damage[] {
  const { where, head, pruned, transition, trigger: changeTrigger } = damageTo(tenant);
  const of = (name: string): string => runId(tenant, name);
  const remove = (number: number): string => `delete from transition ${where(`sequence = ${number}`)}`;
  const forget = (name: string): string => `delete from pruned_beginning ${where(`sync_id = '${of(name)}'`)}`;
  const change = (name: string, set: string): string =>
    `update pruned_beginning set ${set} ${where(`sync_id = '${of(name)}'`)}`;
  const beginnings = ["long", "endless", "listed"].map((name) => `pruned-beginnings: ${of(name)}` as const);
  return [
    {
      what: "a hole in the middle",
      statements: [remove(12)],
      found: ["ledger-numbers: number 13", `path-joins: ${of("newest")}`],
    },
    {
      what: "the lowest that should be there",
      statements: [remove(7)],
      found: ["ledger-numbers: number 8", `path-begins: ${of("young")}`],
    },
    {
      what: "one that should be gone",
      statements: [transition(7, "sequence = 6")],
      found: ["ledger-numbers: number 6", "ledger-numbers: number 8"],
    },
    { what: "a mark that goes too far", statements: [pruned(7)], found: [LOWEST] },
    { what: "a mark that falls short", statements: [pruned(5)], found: [LOWEST, `pruned-beginnings: ${of("listed")}`] },
    {
      what: "no mark",
      statements: [`update ledger_head set pruned_through = null ${where("true")}`],
      found: [LOWEST, ...beginnings],
    },
    {
      what: "a run without its newest transition",
      statements: [remove(13), head(12)],
      found: [`run-status: ${of("newest")}`, `run-outcome: ${of("newest")}`],
    },
    { what: "a run that forgot its beginning", statements: [forget("long")], found: [`path-begins: ${of("long")}`] },
    {
      what: "a run that forgot everything",
      statements: [forget("listed"), forget("endless")],
      found: [`run-status: ${of("listed")}`, `run-status: ${of("endless")}`, `run-outcome: ${of("listed")}`],
    },
    {
      what: "a beginning that ends elsewhere",
      statements: [change("long", "status = 'CREATED'"), change("endless", "status = 'RUNNING'")],
      found: [`path-joins: ${of("long")}`, `run-status: ${of("endless")}`],
    },
    {
      what: "a beginning with another end",
      statements: [change("listed", "outcome = 'PARTIAL'")],
      found: [`run-outcome: ${of("listed")}`],
    },
    {
      what: "a young trigger that lists a run that is not there",
      statements: [changeTrigger("young", `sync_ids = '["${of("young")}", "gone"]'`)],
      found: ["trigger-runs: young"],
    },
    {
      what: "no mark of how old what is gone was",
      statements: [`update ledger_head set pruned_before = null ${where("true")}`],
      found: ["trigger-runs: old"],
    },
  ];
}

describeOnEachDatabase("the self-check of a pruned store", (open) => {
  async function change(url: string, statements: readonly string[]): Promise<void> {
    const database = await openMigratedDatabase(url);
    try {
      for (const statement of statements) await database.write(sql`${verbatim(statement)}`);
    } finally {
      await database.close();
    }
  }

  test("finds nothing wrong with it, and each damage by its name and nothing else", { timeout: 90_000 }, async () => {
    const { store, url } = await open();
    const planted = damagesTo("t0").map(({ what }, index) => ({ tenant: `t${index + 1}`, what, index }));
    for (const { tenant } of planted) await fillPrunedStore(store, tenant);
    await expectVerified(url);
    await change(
      url,
      planted.flatMap(({ tenant, index }) => damagesTo(tenant)[index]?.statements ?? []),
    );
    const { violations } = await verifyStore(url, { mostPerCheck: 1_000 });
    for (const { tenant, what, index } of planted) {
      const own = violations.filter((one) => one.tenant === tenant).map(({ check, subject }) => `${check}: ${subject}`);
      expect([what, own.toSorted()]).toEqual([what, [...(damagesTo(tenant)[index]?.found ?? [])].toSorted()]);
    }
  });

  test("finds a head that is not the last of what was removed, where nothing is left", async () => {
    const { store, url } = await open();
    await fillPrunedStore(store, "t1");
    await store.ledger.record("t1", [entry("endless", { status: "FAILED", observedAt: at(104) })], rules);
    await pruneAll(store, "t1", before(1_000));
    expect([await store.ledger.head("t1"), await store.ledger.oldestSequence("t1")]).toEqual([14, 15]);
    await expectVerified(url);
    await change(url, ["update ledger_head set last_sequence = 15"]);
    const { violations } = await verifyStore(url);
    expect(violations.map(({ check, found }) => [check, found])).toEqual([["ledger-head", "head 15, newest none"]]);
  });
});
