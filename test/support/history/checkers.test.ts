// The checkers of histories, on histories made up for them: each is green where all is well and red for what it is there to find.
import { describe, expect, test } from "vitest";
import { checkEffects } from "./check-effects.ts";
import { checkLiveness } from "./check-liveness.ts";
import { checkReads } from "./check-reads.ts";
import { checkStream, type Frame } from "./check-stream.ts";
import { checkTriggers } from "./check-triggers.ts";
import type { StoredRun, StoredTransition, StoredTrigger, StoredWorld } from "./ground-truth.ts";
import { createHistory, operationsOf, type HistoryEvent, type Operation } from "./history.ts";

const run = (id: string, given: Partial<StoredRun> = {}): StoredRun => ({
  ...{ id, provider: "acme", remoteId: `remote ${id}`, status: "SUCCESS", trigger: `t ${id}`, createdAt: new Date(0) },
  ...given,
});
const trigger = (id: string, given: Partial<StoredTrigger> = {}): StoredTrigger => ({
  ...{
    id: `t ${id}`,
    provider: "acme",
    key: `key ${id}`,
    state: "ACCEPTED",
    attached: false,
    doubted: false,
    runs: [id],
  },
  ...given,
});
const world = (given: Partial<StoredWorld> = {}): StoredWorld => ({
  ...{ runs: [run("a")], triggers: [trigger("a")], transitions: [] },
  ...given,
});
const started = (
  type: "ok" | "fail" | "info",
  runs: readonly string[] = [],
  given: Partial<Operation> = {},
): Operation =>
  ({
    ...{ process: "p", f: "trigger", type, value: { key: "key a", definition: "d", runs }, from: 1, to: 2 },
    ...given,
  }) as Operation;
const foundBy = (breaches: readonly { readonly found: string }[]): readonly string[] =>
  breaches.map(({ found }) => found);

describe("a history", () => {
  const event = (process: string, type: HistoryEvent["type"], time: number, status: string | null = null) =>
    ({ process, f: "read", type, value: { run: "a", status }, time }) as const;

  test("is read as operations in the order of their invocations, and one without an ending is undecided", () => {
    const history = createHistory();
    for (const one of [event("p", "invoke", 1), event("q", "invoke", 2), event("q", "ok", 3, "RUNNING")])
      history.write(one);
    expect(operationsOf(history.events)).toEqual([
      { process: "p", f: "read", type: "info", value: { run: "a", status: null }, from: 1, to: null },
      { process: "q", f: "read", type: "ok", value: { run: "a", status: "RUNNING" }, from: 2, to: 3 },
    ]);
  });

  test.each([
    ["two things at once", [event("p", "invoke", 1), event("p", "invoke", 2)]],
    ["an ending of nothing", [event("p", "ok", 1)]],
    ["an ending by another", [event("p", "invoke", 1), event("q", "ok", 2)]],
  ])("with %s is refused", (_what, events) => {
    expect(() => operationsOf(events)).toThrow(/p does two|has not begun/u);
  });
});

describe("triggers", () => {
  test("are well when each acknowledged one is stored once with its runs, however often it was asked for", () => {
    const told = [started("info"), started("ok", ["a"]), started("ok", ["a"])];
    expect(checkTriggers(told, world())).toEqual([]);
    expect(
      checkTriggers([started("fail")], world({ runs: [], triggers: [trigger("a", { state: "REJECTED" })] })),
    ).toEqual([]);
    expect(checkTriggers([started("info")], world({ runs: [], triggers: [] }))).toEqual([]);
    // Refused before anything was committed, and asked for again.
    expect(checkTriggers([started("fail"), started("ok", ["a"], { from: 3, to: 4 })], world())).toEqual([]);
  });

  test.each<[string, readonly Operation[], StoredWorld, RegExp]>([
    ["lost", [started("ok", ["a"])], world({ triggers: [] }), /has no such trigger/u],
    ["without their runs", [started("ok", ["a"])], world({ runs: [] }), /has not the acknowledged runs a/u],
    [
      "there twice",
      [started("ok", ["a"])],
      world({ triggers: [trigger("a"), trigger("a", { id: "u" })] }),
      /2 triggers/u,
    ],
    ["answered in two ways", [started("ok", ["a"]), started("ok", ["b"])], world(), /different runs: a and b/u],
    ["stored with other runs", [started("ok", ["b"])], world({ runs: [run("b")] }), /has it ACCEPTED with a/u],
    ["taken back", [started("ok", ["a"])], world({ triggers: [trigger("a", { state: "UNCERTAIN" })] }), /UNCERTAIN/u],
    ["refused and accepted", [started("fail")], world(), /refused to every caller, and accepted/u],
    [
      "acknowledged, and refused later",
      [started("ok", ["a"]), started("fail", [], { from: 3, to: 4 })],
      world(),
      /refused when it was asked for again/u,
    ],
    ["from nowhere", [], world(), /nobody asked for/u],
  ])("that are %s are found", (_what, told, stored, found) => {
    expect(foundBy(checkTriggers(told, stored)).join("\n")).toMatch(found);
  });
});

describe("effects", () => {
  const start = (...runs: readonly string[]) => ({
    provider: "acme",
    runs: runs.map((id) => `remote ${id}`),
    findable: true,
  });
  const uncertain = world({
    runs: [run("a", { trigger: null })],
    triggers: [trigger("a", { state: "UNCERTAIN", runs: [] })],
  });

  test("are well when each start at the vendor is one trigger's, and repeated answers of one start count once", () => {
    expect(checkEffects([start("a"), start("a"), start()], world())).toEqual({
      ...{ breaches: [], starts: 1, duplicates: 0, uncertain: 0, unseen: 0, adopted: 0 },
    });
    const both = world({ runs: [run("a"), run("b", { trigger: "t a" })] });
    expect(checkEffects([start("a", "b")], both).breaches).toEqual([]);
  });

  test("that a start in doubt took for its own are counted, and no breach", () => {
    const doubted = world({ triggers: [trigger("a", { doubted: true })] });
    expect(checkEffects([], doubted)).toMatchObject({ breaches: [], adopted: 1 });
  });

  test("that nobody could see are counted, and no breach", () => {
    const half = { ...start("a", "z"), findable: false };
    expect(checkEffects([half], world())).toMatchObject({ breaches: [], unseen: 1 });
  });

  test("that nobody can tell are explained by a trigger that says so", () => {
    expect(checkEffects([start("a")], uncertain)).toMatchObject({ breaches: [], uncertain: 1, duplicates: 0 });
  });

  test.each<[string, readonly ReturnType<typeof start>[], StoredWorld, number, RegExp]>([
    [
      "twice for one trigger",
      [start("a"), start("b")],
      world({ runs: [run("a"), run("b", { trigger: "t a" })] }),
      1,
      /2 times/u,
    ],
    [
      "for no trigger",
      [start("a")],
      world({ runs: [run("a", { trigger: null })], triggers: [] }),
      1,
      /belong to no trigger/u,
    ],
    [
      "more often than there is doubt",
      [start("a"), start("b")],
      { ...uncertain, runs: [run("a", { trigger: null }), run("b", { trigger: null })] },
      1,
      /2 starts belong/u,
    ],
    [
      "for two triggers at once",
      [start("a", "b")],
      world({ runs: [run("a"), run("b")], triggers: [trigger("a"), trigger("b")] }),
      0,
      /several triggers/u,
    ],
    ["unknown to the ledger", [start("a"), start("z")], world(), 1, /lacks 1 of the runs/u],
    ["never, and accepted", [], world(), 0, /no start at the vendor began/u],
  ])("that happened %s are found", (_what, effects, stored, duplicates, found) => {
    const report = checkEffects(effects, stored);
    expect(foundBy(report.breaches).join("\n")).toMatch(found);
    expect(report.duplicates).toBe(duplicates);
  });
});

describe("a stream", () => {
  const table: readonly StoredTransition[] = [1, 2, 3, 4].map((place) => ({
    ...{ place, run: place < 3 ? "a" : "b", to: "RUNNING", provider: place < 3 ? "acme" : "globex" },
  }));
  const frames = (...places: readonly number[]): readonly Frame[] =>
    places.map((place) => ({ place, run: place < 3 ? "a" : "b", to: "RUNNING", at: place }));
  const of = (given: readonly Frame[], provider: string | null = null, after = 0) =>
    checkStream({ subscriber: "s", after, provider, frames: given }, table);

  test("is well when it is the table from where it began, or the part of it that was asked for", () => {
    expect(of(frames(1, 2, 3, 4))).toMatchObject({ breaches: [], delivered: 4 });
    expect(of(frames(3, 4), null, 2).breaches).toEqual([]);
    expect(of(frames(1, 2), "acme").breaches).toEqual([]);
    expect(of(frames(3, 4), "globex", 1).breaches).toEqual([]);
  });

  test.each<[string, readonly Frame[], Record<string, number>]>([
    ["a gap", frames(1, 3, 4), { lost: 1, doubled: 0, reordered: 0, foreign: 0 }],
    ["its end missing", frames(1, 2), { lost: 2, doubled: 0, reordered: 0, foreign: 0 }],
    ["a double", frames(1, 2, 2, 3, 4), { lost: 0, doubled: 1, reordered: 0, foreign: 0 }],
    ["another order", frames(1, 3, 2, 4), { lost: 0, doubled: 0, reordered: 1, foreign: 0 }],
    ["what is not in the table", frames(1, 2, 3, 4, 5), { lost: 0, doubled: 0, reordered: 0, foreign: 1 }],
    ["another run than the table", frames(1, 2, 3, 4).map((one) => ({ ...one, run: "a" })), { lost: 0, foreign: 2 }],
  ])("with %s is found", (_what, given, counts) => {
    const report = of(given);
    expect(report).toMatchObject(counts);
    expect(report.breaches.length).toBe(1);
  });

  test("with what was not asked for is found", () => {
    expect(of(frames(1, 2, 3), "acme")).toMatchObject({ foreign: 1 });
    expect(of(frames(2, 3, 4), null, 2)).toMatchObject({ foreign: 1 });
  });
});

describe("reads", () => {
  const read = (status: string | null, process = "p"): Operation => ({
    ...{ process, f: "read", type: "ok", value: { run: "a", status }, from: 1, to: 2 },
  });

  test("are well when they never go back for one client; another client may be behind", () => {
    expect(
      checkReads([started("ok", ["a"]), read("CREATED"), read("RUNNING"), read("CREATED", "q"), read("SUCCESS")]),
    ).toEqual([]);
    expect(checkReads([read(null, "q"), read("CREATED", "q")])).toEqual([]);
  });

  test.each<[string, readonly Operation[], RegExp]>([
    ["go back", [read("RUNNING"), read("CREATED")], /from RUNNING to CREATED/u],
    ["change an end", [read("FAILED"), read("SUCCESS")], /from FAILED to SUCCESS/u],
    ["lose a run", [read("RUNNING"), read(null)], /was there, RUNNING, and is gone/u],
    ["miss the client's own start", [started("ok", ["a"]), read(null)], /was there and is gone/u],
  ])("that %s are found", (_what, operations, found) => {
    expect(foundBy(checkReads(operations)).join("\n")).toMatch(found);
  });
});

describe("liveness", () => {
  const limits = { calm: [{ from: 0, to: 10 }], least: 0.95, actions: ["trigger"] } as const;
  const many = (count: number, type: "ok" | "fail" | "info", given: Partial<Operation> = {}) =>
    Array.from({ length: count }, () => started(type, [], given));

  test("is there when nearly all that was asked for in calm stretches happened; what fails in a fault does not count", () => {
    const told = [...many(95, "ok"), ...many(5, "fail"), ...many(50, "info", { from: 11, to: 12 })];
    expect(checkLiveness(told, limits)).toEqual({ breaches: [], operations: 100, ok: 95 });
  });

  test.each<[string, readonly Operation[]]>([
    ["nothing was done", []],
    ["everything fell into faults", many(10, "ok", { from: 11, to: 12 })],
    ["too much was refused", [...many(94, "ok"), ...many(6, "fail")]],
    ["too much was never answered", [...many(94, "ok"), ...many(6, "info", { to: null })]],
    ["one kind of thing never worked", many(9, "ok", { f: "list", value: { runs: 1 } })],
  ])("is missed where %s", (_what, operations) => {
    expect(checkLiveness(operations, limits).breaches).not.toEqual([]);
  });
});
