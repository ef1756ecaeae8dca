// Numbers in the order of commits, whatever the order of everything else: writers on connections of their own take numbers, linger, commit
// or roll back, while readers follow. And what a subscriber is told is committed already.
import fc from "fast-check";
import { expect, test } from "vitest";
import { BusNews } from "../../src/domain/runtime-ports.ts";
import { SyncStatus } from "../../src/domain/status.ts";
import type { LedgerStore } from "../../src/domain/store-port.ts";
import type { Transition } from "../../src/domain/sync.ts";
import { createInProcessBus } from "../../src/server/in-process-bus.ts";
import { createTransitionFeed } from "../../src/server/transition-feed.ts";
import type { Database } from "../../src/store/database.ts";
import { openMigratedDatabase } from "../../src/store/open-store.ts";
import { recordEntries } from "../../src/store/record.ts";
import { sql } from "../../src/store/sql.ts";
import { describeOnEachDatabase, type EachDatabase } from "../support/databases.ts";
import { eventually } from "../support/eventually.ts";
import { createGate } from "../support/gate.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { lasting, tried } from "../support/properties.ts";
import { at, entry, rules } from "../support/store-values.ts";

/** One transaction of a writer: which of a few runs it moves, how long it lingers with its numbers in hand, and how it ends. */
const turn = fc.record({
  run: fc.integer({ min: 0, max: 3 }),
  status: fc.constantFrom(...Object.values(SyncStatus)),
  lingers: fc.integer({ min: 0, max: 4 }),
  commits: fc.boolean(),
});
type Turn = typeof turn extends fc.Arbitrary<infer Value> ? Value : never;
const writers = fc.array(fc.array(turn, { minLength: 1, maxLength: 3 }), { minLength: 2, maxLength: 4 });

class RolledBack extends Error {
  override readonly name = "RolledBack";
}

/** Does a writer's turns one after the other. Runs of turns that roll back are nobody else's, so that their names must never be seen. */
async function write(database: Database, tenantId: string, turns: readonly Turn[], name: string): Promise<void> {
  for (const [index, { run, status, lingers, commits }] of turns.entries()) {
    const remoteId = commits ? `run-${run}` : `ghost-${name}-${index}`;
    const work = database.transaction(async (query) => {
      await recordEntries({ query, dialect: database.dialect, tenantId }, [entry(remoteId, { status })], rules);
      for (let left = lingers; left > 0; left -= 1) await query(sql`select 1 as found`);
      if (!commits) throw new RolledBack();
    });
    await work.catch((error: unknown) => {
      if (!(error instanceof RolledBack)) throw error;
    });
  }
}

/** Follows the ledger by number until the writers are done, and then to its end. */
async function follow(ledger: LedgerStore, tenantId: string, writing: { readonly done: boolean }) {
  const seen: Transition[] = [];
  for (let last = false; !last;) {
    last = writing.done;
    const page = await ledger.transitionsAfter(tenantId, seen.at(-1)?.sequence ?? 0, 3);
    seen.push(...page);
    if (page.length > 0) last = false;
  }
  return seen;
}

async function connections(open: EachDatabase, count: number) {
  const { store, url, close } = await open();
  const made: Database[] = [];
  // One file belongs to one gateway, and has one writer; there the writers share it.
  const wanted = open.database === "postgres" ? count : 1;
  for (let index = 0; index < wanted; index += 1) made.push(await openMigratedDatabase(url));
  const [first] = made;
  if (first === undefined) throw new Error("expected a connection");
  const closeAll = async () => {
    await Promise.all(made.map((one) => one.close()));
    await close();
  };
  return { store, url, of: (index: number) => made[index % made.length] ?? first, closeAll };
}

describeOnEachDatabase("writers that take numbers and linger", (open) => {
  test(
    "let no reader pass a number that appears later, and show nobody what is rolled back",
    async () => {
      const { store, of, closeAll } = await connections(open, 4);
      let tenants = 0;
      try {
        await fc.assert(
          fc.asyncProperty(writers, async (all) => {
            tenants += 1;
            const tenantId = `t${tenants}`;
            const writing = { done: false };
            const done = Promise.all(
              all.map((turns, index) => write(of(index), tenantId, turns, String(index))),
            ).finally(() => {
              writing.done = true;
            });
            const readers = await Promise.all([
              follow(store.ledger, tenantId, writing),
              follow(store.ledger, tenantId, writing),
            ]);
            await done;
            const head = await store.ledger.head(tenantId);
            for (const seen of readers) {
              expect(seen.map(({ sequence }) => sequence)).toEqual(
                Array.from({ length: head }, (_, index) => index + 1),
              );
            }
            const ids = [...new Set(readers[0].map(({ syncId }) => syncId))];
            const runs = await store.ledger.syncsByIds(tenantId, ids);
            expect(runs.filter(({ remoteId }) => remoteId.startsWith("ghost"))).toEqual([]);
          }),
          { ...tried(open.database === "postgres" ? 200 : 40), endOnFailure: true },
        );
      } finally {
        await closeAll();
      }
    },
    lasting(60_000),
  );

  test(
    "show subscribers nothing that is not committed for everybody, and nothing of what is rolled back",
    async () => {
      const { store, url, of, closeAll } = await connections(open, 4);
      const { store: beside } = await open(url);
      const bus = createInProcessBus();
      const feed = createTransitionFeed({ store, bus, clock: createManualClock() });
      let tenants = 0;
      try {
        await fc.assert(
          fc.asyncProperty(writers, async (all) => {
            tenants += 1;
            const tenantId = `t${tenants}`;
            const following = feed.follow(tenantId, {}, 0);
            const told: string[] = [];
            const newest = { is: Number.POSITIVE_INFINITY };
            const listening = (async () => {
              for (;;) {
                const { done, value } = await following.next();
                if (done === true) return;
                const { transition, sync } = value;
                const [committed] = await beside.ledger.transitionsByIds(tenantId, [transition.id]);
                expect(committed).toEqual(transition);
                told.push(sync.remoteId);
                if (transition.sequence === newest.is) return;
              }
            })();
            await Promise.all(
              all.map(async (turns, index) => {
                for (const [place, one] of turns.entries()) {
                  await write(of(index), tenantId, [one], `${index}-${place}`);
                  bus.ring(tenantId, BusNews.Transitions);
                }
              }),
            );
            newest.is = await store.ledger.head(tenantId);
            // The last one may have been told before it was known to be the last.
            if (told.length >= newest.is) await following.return?.();
            else bus.ring(tenantId, BusNews.Transitions);
            await listening;
            await following.return?.();
            expect(told).toHaveLength(newest.is);
            expect(told.filter((remoteId) => remoteId.startsWith("ghost"))).toEqual([]);
          }),
          { ...tried(40), endOnFailure: true },
        );
      } finally {
        feed.close();
        await closeAll();
      }
    },
    lasting(60_000),
  );

  test("number by the order of commits whatever clocks say: a vendor's, or those of gateways an hour apart", async () => {
    const { store } = await open();
    const skew = fc.constantFrom(-86_400_000, -3_600_000, -1, 0, 1, 3_600_000, 86_400_000);
    let tenants = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(skew, skew), { minLength: 1, maxLength: 8 }), async (skews) => {
        tenants += 1;
        const tenantId = `skewed-${tenants}`;
        for (const [index, [observed, vendor]] of skews.entries()) {
          const facts = { createdAt: at(vendor), startedAt: at(-vendor), finishedAt: at(vendor * 2) };
          const given = { status: SyncStatus.Success, rawStatus: "done", observedAt: at(observed), facts };
          await store.ledger.record(tenantId, [entry(`run-${index}`, given)], rules);
        }
        const all = await store.ledger.transitionsAfter(tenantId, 0, 100);
        const runs = await store.ledger.syncsByIds(tenantId, [...new Set(all.map(({ syncId }) => syncId))]);
        const names = new Map(runs.map(({ id, remoteId, status }) => [id, `${remoteId} ${status}`]));
        expect(all.map(({ syncId, to }) => `${names.get(syncId)} ${to}`)).toEqual(
          skews.flatMap((_, index) => ["CREATED", "RUNNING", "SUCCESS"].map((to) => `run-${index} SUCCESS ${to}`)),
        );
      }),
      tried(30),
    );
  });

  // SQLite has one writer: there is no second one to wait.
  if (open.database === "postgres")
    test("wait for one that has numbers: the second cannot commit first", async () => {
      const { store, of, closeAll } = await connections(open, 2);
      const [taken, go] = [createGate(), createGate()];
      const order: string[] = [];
      const record = (database: Database, name: string, before: () => Promise<void>) =>
        database
          .transaction(async (query) => {
            await recordEntries({ query, dialect: database.dialect, tenantId: "t1" }, [entry(name)], rules);
            await before();
          })
          .then(() => void order.push(name));
      try {
        const first = record(of(0), "first", async () => {
          taken.open();
          await go.opened;
        });
        await taken.opened;
        const second = record(of(1), "second", () => Promise.resolve());
        await eventually("the second waits for a lock", async () => {
          const waiting = sql`select count(*) as found from pg_stat_activity where datname = current_database() and wait_event_type = ${"Lock"}`;
          return Number((await of(0).read(waiting))[0]?.["found"]) > 0 ? true : null;
        });
        expect([await store.ledger.transitionsAfter("t1", 0, 10), await store.ledger.head("t1"), order]).toEqual([
          [],
          0,
          [],
        ]);
        go.open();
        await Promise.all([first, second]);
        expect(order).toEqual(["first", "second"]);
        const all = await store.ledger.transitionsAfter("t1", 0, 10);
        const runs = await store.ledger.syncsByIds(
          "t1",
          all.map(({ syncId }) => syncId),
        );
        const nameOf = (id: string) => runs.find((run) => run.id === id)?.remoteId;
        expect(all.map(({ sequence, syncId }) => [sequence, nameOf(syncId)])).toEqual([
          [1, "first"],
          [2, "first"],
          [3, "second"],
          [4, "second"],
        ]);
      } finally {
        go.open();
        await closeAll();
      }
    });
});
