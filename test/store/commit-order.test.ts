// Numbers without holes and in commit order, with several stores writing to one database at once; and what readers see meanwhile.
import { expect, test } from "vitest";
import { SyncStatus } from "../../src/domain/status.ts";
import type { LedgerStore } from "../../src/domain/store-port.ts";
import { openMigratedDatabase } from "../../src/store/open-store.ts";
import { sql } from "../../src/store/sql.ts";
import { describeOnEachDatabase } from "../support/databases.ts";
import { at, entry, rules } from "../support/store-values.ts";

const BATCHES = 40;

describeOnEachDatabase("the ledger under concurrent writers", (open) => {
  test("a reader that polls by number while two writers commit sees every number once, in order, without a hole", async () => {
    const { store: first, url } = await open();
    // One file belongs to one gateway; there the two writers share a store.
    const { store: second } = open.database === "postgres" ? await open(url) : { store: first };
    const reader = open.database === "postgres" ? (await open(url)).store : first;
    const write = async (ledger: LedgerStore, name: string): Promise<void> => {
      const batches = Array.from({ length: BATCHES }, (_, index) =>
        ledger.record(
          "t1",
          [entry(`${name}-${index}`), entry(`shared-${index % 7}`, { observedAt: at(index) })],
          rules,
        ),
      );
      await Promise.all(batches);
    };
    const writing = { done: false };
    const both = Promise.all([write(first.ledger, "a"), write(second.ledger, "b")]).finally(() => {
      writing.done = true;
    });
    const seen: number[] = [];
    for (let last = false; !last;) {
      last = writing.done;
      const found = await reader.ledger.transitionsAfter("t1", seen.at(-1) ?? 0, 5);
      seen.push(...found.map(({ sequence }) => sequence));
      if (found.length > 0) last = false;
    }
    await both;
    const expected = BATCHES * 2 * 2 + 7 * 2;
    expect(seen).toEqual(Array.from({ length: expected }, (_, index) => index + 1));
    expect(await reader.ledger.head("t1")).toBe(expected);
  });

  test("two gateways that see one run first at the same time record it once, and both get an answer", async () => {
    const { store: first, url } = await open();
    const { store: second } = open.database === "postgres" ? await open(url) : { store: first };
    for (let round = 0; round < 10; round += 1) {
      const remoteIds = Array.from({ length: 6 }, (_, index) => `run-${round}-${index}`);
      const answers = await Promise.all([
        first.ledger.record(
          "t1",
          remoteIds.map((id) => entry(id, { status: SyncStatus.Created })),
          rules,
        ),
        second.ledger.record(
          "t1",
          remoteIds.toReversed().map((id) => entry(id, { status: SyncStatus.Created })),
          rules,
        ),
      ]);
      expect(answers.flat().flatMap(({ transitions }) => transitions)).toHaveLength(6);
    }
    expect(await first.ledger.countSyncs("t1", {})).toBe(60);
  });

  test("concurrent observations of one run keep its path legal and lose no version", async () => {
    const { store: first, url } = await open();
    const { store: second } = open.database === "postgres" ? await open(url) : { store: first };
    await first.ledger.record("t1", [entry("r")], rules);
    const looks = Array.from({ length: 20 }, (_, index) =>
      (index % 2 === 0 ? first : second).ledger.record("t1", [entry("r", { facts: { attempt: index + 1 } })], rules),
    );
    const versions = (await Promise.all(looks)).flat().map(({ sync }) => sync.version);
    expect(versions.toSorted((left, right) => left - right)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 2),
    );
    const ends = [first, second, first, second].map(({ ledger }) =>
      ledger.record("t1", [entry("r", { status: SyncStatus.Success })], rules),
    );
    await Promise.all(ends);
    expect((await first.ledger.transitionsAfter("t1", 0, 10)).map(({ to }) => to)).toEqual([
      "CREATED",
      "RUNNING",
      "SUCCESS",
    ]);
  });

  test("a reader never sees a part of a transaction, and a failed one leaves nothing", async () => {
    const { url, close } = await open();
    await close();
    const database = await openMigratedDatabase(url);
    const count = async () =>
      Number((await database.read(sql`select count(*) as found from ledger_head`))[0]?.["found"]);
    const add = sql`insert into ledger_head (tenant_id, last_sequence) values (${"t1"}, ${1})`;
    try {
      await database.transaction(async (query) => {
        await query(add);
        expect(await count()).toBe(0);
        expect(await query(sql`select 1 as found from ledger_head`)).toHaveLength(1);
      });
      expect(await count()).toBe(1);
      const failed = database.transaction(async (query) => {
        await query(sql`delete from ledger_head`);
        throw new Error("planted");
      });
      await expect(failed).rejects.toThrow("planted");
      expect(await count()).toBe(1);
    } finally {
      await database.close();
    }
  });
});
