// The self-check: what it finds, what it leaves alone, and that it only reads.
import { access } from "node:fs/promises";
import { dirname } from "node:path";
import { expect, test } from "vitest";
import type { Store } from "../../src/domain/store-port.ts";
import { openReadOnly } from "../../src/store/checks/snapshot.ts";
import { openMigratedDatabase } from "../../src/store/open-store.ts";
import { sql, verbatim } from "../../src/store/sql.ts";
import { checkNames, verifyStore } from "../../src/store/verify.ts";
import { databaseMaker, describeOnEachDatabase } from "../support/databases.ts";
import { LOOSENED, PLANTED, damageTo } from "../support/planted-violations.ts";
import { LAST_CONTACT, fillSoundStore, runId } from "../support/sound-store.ts";
import { at, entry, rules, trigger } from "../support/store-values.ts";
import { expectVerified } from "../support/verified.ts";

const makeFile = databaseMaker("sqlite");
const TENANT = "sound";
/** Some fifteen hundred commits, each of which SQLite carries to the disk. */
const MANY_TENANTS = { timeout: 120_000 };

/** Each in a tenant of its own. */
const plants = Object.entries(PLANTED).flatMap(([check, list]) =>
  list.map((plant, index) => {
    const tenant = `${check} ${index + 1}`;
    return { tenant, check, ...plant(damageTo(tenant)) };
  }),
);

test("every check has a violation that is planted for it", () => {
  expect(Object.entries(PLANTED).flatMap(([name, list]) => (list.length > 0 ? [name] : []))).toEqual(checkNames);
});

describeOnEachDatabase("the self-check", (open) => {
  /** Changes the database behind the store's back. */
  const change = async (url: string, statements: readonly string[]): Promise<void> => {
    const database = await openMigratedDatabase(url);
    try {
      for (const statement of statements) await database.write(sql`${verbatim(statement)}`);
    } finally {
      await database.close();
    }
  };

  test("finds nothing wrong with a sound store, and says how much it looked at", async () => {
    const { store, url } = await open();
    await fillSoundStore(store, TENANT);
    expect(await verifyStore(url)).toEqual({
      violations: [],
      checks: checkNames.length,
      cut: [],
      rows: { runs: 4, transitions: 8, triggers: 6, deliveries: 2 },
    });
  });

  test("finds nothing wrong with an empty store", async () => {
    await expectVerified((await open()).url);
  });

  test("finds each violation that is planted, by its name, and nothing else in any tenant", MANY_TENANTS, async () => {
    const { store, url } = await open();
    await Promise.all([TENANT, ...plants.map(({ tenant }) => tenant)].map((tenant) => fillSoundStore(store, tenant)));
    await change(url, [...LOOSENED[open.database], ...plants.flatMap(({ statements }) => statements)]);
    const { violations } = await verifyStore(url, { mostPerCheck: 1_000 });
    const found = violations.map(({ tenant, check }) => `${tenant}: ${check}`);
    const planted = plants.flatMap(({ tenant, check, also = [] }) =>
      [check, ...also].map((one) => `${tenant}: ${one}`),
    );
    expect([...new Set(found)].toSorted()).toEqual(planted.toSorted());
    for (const { tenant, check, subject } of plants) {
      const subjects = violations.filter((one) => one.tenant === tenant && one.check === check);
      expect({ tenant, subjects: subjects.map((one) => one.subject) }).toEqual({ tenant, subjects: [subject] });
    }
  });

  test("nothing is overdue while nobody is in contact with the provider", async () => {
    const { store, url } = await open();
    await fillSoundStore(store, TENANT);
    const yearAgo = LAST_CONTACT.getTime() - 365 * 86_400_000;
    await change(url, [
      `update sync_poll set next_poll_at = ${yearAgo}, lease_until = case when lease_until is null then null else ${yearAgo} end`,
      `update sync_trigger set created_at = ${yearAgo}, lease_until = case when lease_until is null then null else ${yearAgo} end, sent_at = case when sent_at is null then null else ${yearAgo} end`,
      `update webhook_delivery set received_at = ${yearAgo}, due_at = case when due_at is null then null else ${yearAgo} end`,
      `update provider_state set last_success_at = ${yearAgo}`,
    ]);
    await expectVerified(url);
    await change(url, [`update provider_state set last_failure_at = ${LAST_CONTACT.getTime()}`]);
    const { violations } = await verifyStore(url);
    expect(violations.map(({ check }) => check)).toEqual([
      "poll-left",
      "poll-left",
      "lease-left",
      "trigger-left",
      "trigger-left",
      "delivery-left",
    ]);
  });

  test("what is overdue and is done before the second look is no violation; what stays is", async () => {
    const { store, url } = await open();
    await fillSoundStore(store, TENANT);
    const early = LAST_CONTACT.getTime() - 1_800_000;
    await change(url, [
      `update sync_trigger set created_at = ${early} where id = 'pending'`,
      `update sync_poll set lease_until = ${early} where lease_until is not null`,
    ]);
    let pauses = 0;
    const pause = async (): Promise<void> => {
      pauses += 1;
      await store.triggers.update(TENANT, "pending", "PENDING", { state: "SENT", sentAt: LAST_CONTACT });
    };
    const { violations } = await verifyStore(url, { pause });
    expect(violations.map(({ check, subject }) => [check, subject])).toEqual([["lease-left", runId(TENANT, "open")]]);
    expect(pauses).toBe(1);
  });

  test("nothing waits for a second look when nothing is overdue", async () => {
    const { store, url } = await open();
    await fillSoundStore(store, TENANT);
    await change(url, ["update ledger_head set last_sequence = 12"]);
    const pause = () => Promise.reject(new Error("nobody asked for a pause"));
    expect((await verifyStore(url, { pause })).violations).toHaveLength(1);
  });

  test("lists at most as many of one check as asked for, and says that there are more", async () => {
    const { store, url } = await open();
    await fillSoundStore(store, TENANT);
    await change(url, ["delete from sync_poll"]);
    const all = await verifyStore(url);
    expect([all.violations.length, all.cut]).toEqual([2, []]);
    const some = await verifyStore(url, { mostPerCheck: 1 });
    expect([some.violations.length, some.cut]).toEqual([1, ["poll-open"]]);
  });

  test("finds a wrong id behind the first thousand rows", async () => {
    const { store, url } = await open();
    await store.ledger.record(
      TENANT,
      Array.from({ length: 2_001 }, (_, index) => entry(`run-${index}`)),
      rules,
    );
    await expectVerified(url);
    const rows = await runIdsOf(store);
    await change(url, [`update sync set definition_id = 'another' where id = '${rows.at(-1) ?? ""}'`]);
    const { violations } = await verifyStore(url);
    expect(violations.map(({ check, subject }) => [check, subject])).toEqual([["identities", rows.at(-1)]]);
  });

  test("one look sees one moment, holds up no writer, and cannot write", async () => {
    const { store, url } = await open();
    const other = await openReadOnly(url);
    try {
      const count = sql`select count(*) as found from sync`;
      await other.at(async ({ query }) => {
        expect(Number((await query(count))[0]?.["found"])).toBe(0);
        await store.ledger.record(TENANT, [entry("meanwhile")], rules);
        expect(Number((await query(count))[0]?.["found"])).toBe(0);
        await expect(query(sql`delete from sync`)).rejects.toThrow(/read-?only/u);
      });
      expect(await other.at(({ query }) => query(count))).toEqual([{ found: 1 }]);
    } finally {
      await other.close();
    }
  });

  test("raises no false alarm while a gateway writes", async () => {
    const { store, url } = await open();
    await fillSoundStore(store, TENANT);
    const writing = { done: false };
    const written = writeALot(store).finally(() => {
      writing.done = true;
    });
    let looks = 0;
    for (let last = false; !last; looks += 1) {
      last = writing.done;
      await expectVerified(url);
    }
    await written;
    expect(looks).toBeGreaterThan(1);
  });

  test("refuses a schema that is older or newer than itself", async () => {
    const { url } = await open();
    await change(url, ["update migration set name = 'Future1999999999999' where name like 'WebhookInbox%'"]);
    await expect(verifyStore(url)).rejects.toThrow(/lacks WebhookInbox/u);
    const another = (await open()).url;
    await change(another, ["insert into migration (id, timestamp, name) values (99, 1, 'Future1999999999999')"]);
    await expect(verifyStore(another)).rejects.toThrow(/has Future1999999999999/u);
  });

  test("refuses a database that no gateway has used, and leaves it as it is", async () => {
    const url = await make();
    const refused = open.database === "postgres" ? /lacks InitialSchema/u : /does not answer/u;
    await expect(verifyStore(url)).rejects.toThrow(refused);
    await expect(verifyStore(url)).rejects.toThrow(refused);
  });

  const make = databaseMaker(open.database);
});

const RUNS = 60;

/** Runs from their trigger to their end, several at a time. */
async function writeALot(store: Store): Promise<void> {
  const one = async (name: string): Promise<void> => {
    const { definitionId } = (await store.triggers.byIds(TENANT, ["accepted"]))[0] ?? trigger(name);
    await store.triggers.create(trigger(name, { tenantId: TENANT, definitionId }));
    await store.triggers.update(TENANT, name, "PENDING", { state: "SENT", sentAt: at(1) });
    const [recorded] = await store.ledger.record(TENANT, [entry(name, {}, { triggerId: name })], rules);
    const syncIds = [recorded?.sync.id ?? ""];
    const resolved = { state: "ACCEPTED", syncIds, options: null, resolvedAt: at(2) } as const;
    await store.triggers.update(TENANT, name, "SENT", resolved);
    await store.polling.claimDue(TENANT, "acme", at(9_000), 3, { owner: "gateway", until: at(60_000) });
    await store.ledger.record(TENANT, [entry(name, { status: "SUCCESS", observedAt: at(10) })], rules);
  };
  await Promise.all(Array.from({ length: RUNS }, (_, index) => one(`written-${index}`)));
}

async function runIdsOf(store: Store): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let sequence = 0; ;) {
    const found = await store.ledger.transitionsAfter(TENANT, sequence, 1_000);
    if (found.length === 0) return [...new Set(ids)].toSorted();
    ids.push(...found.map(({ syncId }) => syncId));
    sequence = found.at(-1)?.sequence ?? 0;
  }
}

test("an SQLite file that is not there is not made, nor its folder", async () => {
  const url = await makeFile();
  await expect(verifyStore(url)).rejects.toMatchObject({ cause: { code: "SQLITE_CANTOPEN" } });
  await expect(access(dirname(url.slice("sqlite:".length)))).rejects.toThrow("ENOENT");
});
