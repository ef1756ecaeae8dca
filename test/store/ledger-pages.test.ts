// Keyset pages over runs, tasks and transitions, on each database.
import fc from "fast-check";
import { expect, test } from "vitest";
import { identityOf } from "../../src/domain/identity.ts";
import { SyncOutcome, SyncStatus } from "../../src/domain/status.ts";
import type { Page, PageRequest, Position, SyncFilter, SyncOrder } from "../../src/domain/store-port.ts";
import { describeOnEachDatabase } from "../support/databases.ts";
import { at, entry, linkedAccount, rules, task } from "../support/store-values.ts";

const FIRST: PageRequest = { limit: 100, direction: "forward", from: null };
const NEWEST: SyncOrder = { field: "CREATED_AT", descending: true };
const definition = (remoteId: string): string => identityOf("t1", "acme", "definition", remoteId);
const run = (remoteId: string): string => identityOf("t1", "acme", "sync", remoteId);

/** Reads a whole list page by page; `between` may add rows while it goes on. */
async function walk<T>(
  list: (page: PageRequest) => Promise<Page<T>>,
  place: (item: T) => Position,
  direction: PageRequest["direction"],
  limit: number,
  between: () => Promise<void> = () => Promise.resolve(),
): Promise<readonly T[]> {
  const pages: (readonly T[])[] = [];
  for (let from: Position | null = null, more = true; more;) {
    const page: Page<T> = await list({ limit, direction, from });
    const edge = direction === "forward" ? page.items.at(-1) : page.items[0];
    more = (direction === "forward" ? page.hasNextPage : page.hasPreviousPage) && edge !== undefined;
    from = edge === undefined ? null : place(edge);
    pages.push(page.items);
    await between();
  }
  return (direction === "forward" ? pages : pages.toReversed()).flat();
}

describeOnEachDatabase("pages", (open) => {
  test("forward and backward give the same list, each row once, with equal times and with rows that come in between", async () => {
    const { store } = await open();
    const scenario = fc.record({
      times: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 12 }),
      late: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }),
      limit: fc.integer({ min: 1, max: 5 }),
      field: fc.constantFrom("CREATED_AT", "OBSERVED_AT"),
      descending: fc.boolean(),
      direction: fc.constantFrom("forward", "backward"),
    });
    let tenant = 0;
    await fc.assert(
      fc.asyncProperty(scenario, async ({ times, late, limit, field, descending, direction }) => {
        const tenantId = `t${(tenant += 1)}`;
        const add = (name: string, ms: number) =>
          store.ledger.record(tenantId, [entry(name, { observedAt: at(ms), facts: { createdAt: at(ms) } })], rules);
        await store.ledger.record(
          tenantId,
          times.map((ms, index) => entry(`r${index}`, { observedAt: at(ms), facts: { createdAt: at(ms) } })),
          rules,
        );
        const place = (sync: { createdAt: Date; observedAt: Date; id: string }): Position => ({
          value: (field === "CREATED_AT" ? sync.createdAt : sync.observedAt).getTime(),
          id: sync.id,
        });
        const list = (page: PageRequest) => store.ledger.listSyncs(tenantId, {}, { field, descending }, page);
        const before = await walk(list, place, "forward", limit);
        expect(await walk(list, place, "backward", limit)).toEqual(before);
        expect(before).toHaveLength(times.length);
        const pending = [...late.entries()];
        const during = await walk(list, place, direction, limit, async () => {
          const next = pending.shift();
          if (next !== undefined) await add(`late${next[0]}`, next[1]);
        });
        const ids = during.map(({ id }) => id);
        expect(new Set(ids).size).toBe(ids.length);
        expect(ids.filter((id) => before.some((sync) => sync.id === id))).toEqual(before.map(({ id }) => id));
      }),
      { numRuns: 25, seed: 20260101 },
    );
  });

  test("names with equal bytes are told apart by id, forwards and backwards", async () => {
    const { store } = await open();
    const accounts = ["c", "a", "b", "d", "e"].map((id) => linkedAccount(id, { name: id === "e" ? "zz" : "same" }));
    await store.catalog.putLinkedAccounts("t1", "acme", accounts, at(0));
    const list = (page: PageRequest) => store.catalog.listLinkedAccounts("t1", {}, page);
    const place = ({ name, id }: { name: string; id: string }): Position => ({ value: name, id });
    const forward = await walk(list, place, "forward", 2);
    expect(forward).toHaveLength(5);
    expect(forward.at(-1)?.remoteId).toBe("e");
    expect(await walk(list, place, "backward", 2)).toEqual(forward);
  });

  test("page flags tell of both sides", async () => {
    const { store } = await open();
    await store.ledger.record(
      "t1",
      [1, 2, 3].map((ms) => entry(`r${ms}`, { facts: { createdAt: at(ms) } })),
      rules,
    );
    const list = (page: PageRequest) => store.ledger.listSyncs("t1", {}, NEWEST, page);
    const top = await list({ limit: 2, direction: "forward", from: null });
    expect([top.items.map(({ remoteId }) => remoteId), top.hasNextPage, top.hasPreviousPage]).toEqual([
      ["r3", "r2"],
      true,
      false,
    ]);
    const from = { value: at(2).getTime(), id: run("r2") };
    const rest = await list({ limit: 2, direction: "forward", from });
    expect([rest.items.map(({ remoteId }) => remoteId), rest.hasNextPage, rest.hasPreviousPage]).toEqual([
      ["r1"],
      false,
      true,
    ]);
    const back = await list({ limit: 2, direction: "backward", from });
    expect([back.items.map(({ remoteId }) => remoteId), back.hasNextPage, back.hasPreviousPage]).toEqual([
      ["r3"],
      true,
      false,
    ]);
  });

  test("every field of the filter of runs narrows lists and counts alike", async () => {
    const { store } = await open();
    await store.ledger.record(
      "t1",
      [
        entry("a", { facts: { createdAt: at(1), models: ["x", "y"], origin: "MANUAL" } }),
        entry("b", {
          facts: { createdAt: at(2), models: ["y"] },
          status: SyncStatus.Failed,
          outcome: SyncOutcome.Cancelled,
          definitionRemoteId: "job-2",
        }),
        {
          ...entry("c", { facts: { createdAt: at(3) }, linkedAccountRemoteId: null, status: SyncStatus.Created }),
          providerKey: "other",
        },
      ],
      rules,
    );
    const cases: readonly (readonly [SyncFilter, string])[] = [
      [{}, "abc"],
      [{ providerKeys: ["acme", "nobody"] }, "ab"],
      [{ linkedAccountIds: [identityOf("t1", "acme", "linkedAccount", "account-1")] }, "ab"],
      [{ definitionIds: [definition("job-2"), definition("job-9")] }, "b"],
      [{ syncIds: [run("a")] }, "a"],
      [{ statuses: ["RUNNING", "FAILED"] }, "ab"],
      [{ outcomes: ["CANCELLED"] }, "b"],
      [{ models: ["x"] }, "a"],
      [{ models: ["x", "y"] }, "ab"],
      [{ models: [] }, ""],
      [{ origins: ["MANUAL"] }, "a"],
      [{ createdAfter: at(2) }, "bc"],
      [{ createdBefore: at(2) }, "a"],
      [{ open: true }, "ac"],
      [{ open: false }, "b"],
      [{ statuses: [] }, ""],
      [{ open: true, models: ["y"], providerKeys: ["acme"] }, "a"],
    ];
    for (const [filter, expected] of cases) {
      const { items } = await store.ledger.listSyncs("t1", filter, { field: "CREATED_AT", descending: false }, FIRST);
      expect([filter, items.map(({ remoteId }) => remoteId).join("")]).toEqual([filter, expected]);
      expect(await store.ledger.countSyncs("t1", filter)).toBe(expected.length);
    }
  });

  test("lists of many definitions come in the ids' order, each paged apart in both directions", async () => {
    const { store } = await open();
    const jobs = ["job-1", "job-2"];
    await store.ledger.record(
      "t1",
      jobs.flatMap((job) =>
        [1, 2, 3].map((ms) =>
          entry(`${job}-${ms}`, { definitionRemoteId: job, facts: { createdAt: at(ms), models: [`m${ms % 2}`] } }),
        ),
      ),
      rules,
    );
    await store.ledger.record("t1", [entry("job-1-3", { status: SyncStatus.Success, observedAt: at(9) })], rules);
    const ids = [definition("job-2"), definition("none"), definition("job-1"), definition("job-2")];
    const names = (pages: readonly Page<{ remoteId: string }>[]) =>
      pages.map(({ items }) => items.map(({ remoteId }) => remoteId));
    const forward = await store.ledger.syncsByDefinition("t1", ids, { limit: 2, direction: "forward", from: null });
    expect(names(forward)).toEqual([["job-2-3", "job-2-2"], [], ["job-1-3", "job-1-2"], ["job-2-3", "job-2-2"]]);
    expect(forward.map(({ hasNextPage }) => hasNextPage)).toEqual([true, false, true, true]);
    const backward = await store.ledger.syncsByDefinition("t1", ids, { limit: 2, direction: "backward", from: null });
    expect(names(backward).slice(0, 3)).toEqual([["job-2-2", "job-2-1"], [], ["job-1-2", "job-1-1"]]);
    const latest = await store.ledger.latestSyncs("t1", ids);
    expect(latest.map(({ remoteId }) => remoteId)).toEqual(["job-2-3", "job-1-3"]);
    const pairs = [
      ["job-1", "m0"],
      ["job-1", "m1"],
      ["job-2", "m0"],
      ["job-2", "nothing"],
    ].map(([job = "", model = ""]) => ({ definitionId: definition(job), model }));
    const byModel = await store.ledger.latestSyncsByModel("t1", pairs);
    expect(byModel.map(({ remoteId }) => remoteId).toSorted()).toEqual(["job-1-2", "job-1-3", "job-2-2"]);
    expect((await store.ledger.openSyncs("t1", definition("job-1"))).map(({ remoteId }) => remoteId)).toEqual([
      "job-1-2",
      "job-1-1",
    ]);
    expect(await store.ledger.latestSyncs("t1", [])).toEqual([]);
    expect(await store.ledger.syncsByDefinition("t1", [], FIRST)).toEqual([]);
  });

  test("a run's transitions page by number and its tasks by name, for many runs in one call", async () => {
    const { store } = await open();
    const tasks = [task("k3", { name: "b" }), task("k1", { name: "b" }), task("k2", { name: "a" })];
    await store.ledger.record(
      "t1",
      [entry("r1", { tasks }), entry("r2", { status: SyncStatus.Success, tasks: [task("k9")] })],
      rules,
    );
    const transitions = await store.ledger.transitionsBySync("t1", [run("r2"), run("r1")], {
      limit: 2,
      direction: "forward",
      from: { value: 3, id: "" },
    });
    expect(transitions.map(({ items }) => items.map(({ sequence }) => sequence))).toEqual([[4, 5], []]);
    const last = await store.ledger.transitionsBySync("t1", [run("r1")], {
      limit: 1,
      direction: "backward",
      from: null,
    });
    expect(last[0]).toMatchObject({ items: [{ to: "RUNNING" }], hasPreviousPage: true, hasNextPage: false });
    const [page] = await store.ledger.tasksBySync("t1", [run("r1"), run("r2")], {
      limit: 2,
      direction: "forward",
      from: null,
    });
    expect([page?.items.map(({ key }) => key), page?.hasNextPage]).toEqual([["k2", "k1"], true]);
    const [rest] = await store.ledger.tasksBySync("t1", [run("r1")], {
      limit: 2,
      direction: "forward",
      from: { value: "b", id: "k1" },
    });
    expect(rest?.items.map(({ key }) => key)).toEqual(["k3"]);
  });
});
