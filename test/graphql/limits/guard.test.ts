// What the guard refuses, limit by limit: the first operation beyond each is refused with what it has and how to come below, and the
// last one within it is taken.
import { parse } from "graphql";
import { describe, expect, it } from "vitest";
import { createGuard } from "../../../src/graphql/limits/guard.ts";
import { LIMITS } from "../../../src/graphql/limits/limits.ts";
import { schema } from "../../support/graphql.ts";
import { costOf, refusals } from "../../support/judged.ts";
import { LIMIT_CASES, STRUCTURE, VARIABLE_PAGES, bareBomb, bomb, deep, many, pages } from "./limit-cases.ts";

describe("the guard", () => {
  it.each(Object.entries(LIMIT_CASES))(
    "refuses too many %s, and says which limit, what there is and what to do",
    (_name, one) => {
      const [first] = refusals(one.beyond);
      expect(first).toMatchObject({
        extensions: { code: one.code, limit: one.limit, max: LIMITS[one.limit], actual: one.actual },
      });
      const numbers = [one.actual, LIMITS[one.limit]].filter((number) => number > 2);
      for (const number of numbers) expect(first?.message.replaceAll(",", "")).toContain(String(number));
    },
  );

  it.each(Object.entries(LIMIT_CASES))("takes as many %s as are allowed", (_name, { within }) => {
    expect(costOf(within)).toBeDefined();
  });

  it("tells the whole cost with a refusal for its objects", () => {
    expect(refusals({ query: pages("100", "100") })).toMatchObject([
      { extensions: { cost: { objects: 10_200, depth: 7, limits: { objects: 10_000, depth: 12 } } } },
    ]);
  });

  it.each([4, 5, 6, 100])("refuses pages of a hundred in %i levels of each other", (levels) => {
    const nested = "definition { ... on SyncJob { syncs(first: 100) { nodes { ";
    const query = `{ syncs(first: 100) { nodes { ${nested.repeat(levels)} id ${"} } } } ".repeat(levels)} } } }`;
    expect(refusals({ query }).map(({ extensions }) => extensions?.["limit"])).toEqual(["depth"]);
  });

  it("refuses pages of a hundred in three levels of each other by their objects", () => {
    const query = pages("100", "100").replace("node { id }", "node { transitions(first: 100) { nodes { id } } }");
    expect(refusals({ query })).toMatchObject([
      { extensions: { limit: "objects", actual: 1_010_200 } },
      { extensions: { limit: "values" } },
    ]);
  });
});

describe("documents that unfold to more than they have", () => {
  it.each([
    ["spreads alone", bareBomb(25), ["selections"]],
    ["aliases", bomb(10, "id"), ["selections", "aliases"]],
    ["aliases, very deeply", bomb(25, "id"), ["depth", "selections"]],
    ["spreads, as often as there are tokens", bareBomb(120), ["selections"]],
    ["spreads of what there is not", bareBomb(25).replace("{ id }", "{ ...Nothing }"), ["selections"]],
  ])("are refused without unfolding them: %s", (_what, query, limits) => {
    // Unfolded naively the test would never end.
    const told = refusals({ query }).map(({ extensions }) => extensions?.["limit"]);
    expect(limits).toEqual(expect.arrayContaining(told));
    expect(told.length).toBeGreaterThan(0);
  });

  it.each([
    ["itself", "{ sync(id: 1) { ...A } } fragment A on Sync { retryOf { ...A } }"],
    [
      "itself by others",
      "{ sync(id: 1) { ...A } } fragment A on Sync { ...B ...B } fragment B on Sync { retryOf { ...A } ...A }",
    ],
    ["itself at the root", "{ ...A } fragment A on Query { viewer { name } ...A }"],
    ["itself in a subscription", "subscription { ...A } fragment A on Subscription { ...A }"],
  ])("are refused when a fragment spreads %s", (_what, query) => {
    expect(refusals({ query })[0]).toMatchObject({
      message: expect.stringContaining("within itself"),
      extensions: { code: STRUCTURE },
    });
  });

  it("count a list that several fragments select once", () => {
    const fragments = many(
      20,
      (one) => `fragment F${one} on Query { syncs(first: 100) { nodes { id a${one}: status } } }`,
    );
    expect(costOf({ query: `{ ${many(20, (one) => `...F${one}`)} } ${fragments}` }).objects).toBe(100);
  });
});

describe("the objects of an answer", () => {
  const objects = (query: string, variables = {}): number => costOf({ query, variables }).objects;

  it.each([
    ["a list is its page", "{ syncs(first: 7) { nodes { id } } }", 7],
    ["a list without `first` is a page of 50", "{ syncs { nodes { id } } }", 50],
    ["`last` is a page too", "{ syncs(last: 7) { nodes { id } } }", 7],
    [
      "edges and nodes are both counted",
      "{ syncs(first: 7) { nodes { id } edges { node { id } } pageInfo { endCursor } } }",
      14,
    ],
    ["one object is one", '{ sync(id: "x") { id retryOf { id } } }', 2],
    [
      "parts of an object are not counted",
      "{ viewer { name } syncs(first: 7) { nodes { error { message } taskCounts { total } } } }",
      7,
    ],
    [
      "what may be skipped is counted",
      "query ($no: Boolean = false) { syncs(first: 7) @include(if: $no) { nodes { id } } }",
      7,
    ],
    ["`nodes` has as many as there are ids", '{ nodes(ids: ["a", "b", "c"]) { id } }', 3],
    ["one id is a list of one", '{ nodes(ids: "a") { id } }', 1],
    ["a list without pages has its usual size", "{ providers { key } }", 10],
    ["introspection has a size of its own", "{ __schema { types { name } } }", 2_000],
    ["a count alone has none", "{ syncs(first: 100) { totalCount } }", 0],
    [
      "an event of a subscription is counted",
      "subscription { syncStatusChanged { sync { tasks(first: 9) { nodes { name } } } } }",
      11,
    ],
  ])("%s", (_what, query, expected) => {
    expect(objects(query)).toBe(expected);
  });

  it.each([
    ["as given", { n: 3 }, 3],
    ["by its default when it is left out", {}, 20],
    ["as 50 when it is null", { n: null }, 50],
  ])("by a variable are counted %s", (_what, variables, expected) => {
    expect(objects("query ($n: Int = 20) { syncs(first: $n) { nodes { id } } }", variables)).toBe(expected);
  });

  it("are those of the operation that is asked for, and the limits of the document are for all of its operations", () => {
    const query = `query Small { viewer { name } } query Large ${pages("100", "100")}`;
    expect(costOf({ query, operationName: "Small" }).objects).toBe(0);
    expect(refusals({ query, operationName: "Large" })).toMatchObject([{ extensions: { limit: "objects" } }]);
    const other = `query Small { viewer { name } } query Deep ${deep(13)}`;
    expect(refusals({ query: other, operationName: "Small" })).toMatchObject([{ extensions: { limit: "depth" } }]);
  });

  it("of the same document are judged anew with other variables", () => {
    const guard = createGuard(schema);
    const document = parse(VARIABLE_PAGES);
    const isRefused = (inner: number) => guard.judge({ document, operationName: null, variables: { inner } }).isRefused;
    expect([isRefused(1), isRefused(100), isRefused(1)]).toEqual([false, true, false]);
  });
});
