// Errors that are found before anything is executed: how many an answer names, and what it leaves out.
import { describe, expect, it } from "vitest";
import { costOf, refusals } from "../../support/judged.ts";
import { STRUCTURE, VARIABLE_IDS, VARIABLE_LIST, VARIABLE_PAGES, many, texts } from "./limit-cases.ts";

describe("errors before execution", () => {
  it.each([
    ["unknown fields", { query: `{ ${many(20, (one) => `nope${one}`)} }` }, STRUCTURE],
    ["unknown directives", { query: `{ viewer { ${many(20, (one) => `name @aa${one}`)} } }` }, STRUCTURE],
    [
      "wrong values of a variable",
      { query: VARIABLE_LIST, variables: { filter: { statuses: texts(100) } } },
      "BAD_USER_INPUT",
    ],
    [
      "lists that are too long",
      {
        query: `query (${many(20, (one) => `$v${one}: [ID!]!`)}) { ${many(20, (one) => `a${one}: nodes(ids: $v${one}) { id }`)} }`,
        variables: Object.fromEntries(Array.from({ length: 20 }, (_, one) => [`v${one}`, texts(200)])),
      },
      "BAD_USER_INPUT",
    ],
  ])("are at most five: %s", (_what, asked, code) => {
    const told = refusals(asked);
    expect(told).toHaveLength(5);
    expect(told.map(({ extensions }) => extensions?.["code"])).toEqual(Array.from({ length: 5 }, () => code));
    expect(told.at(-1)?.message).toContain("more than 5 errors");
  });

  it.each([
    ["a field", { query: "{ viewer { nam } }" }],
    ["a field at the root", { query: "{ sync }" }],
    ["a type", { query: "{ node(id: 1) { ... on Snyc { id } } }" }],
    ["an argument", { query: "{ syncs(frist: 1) { nodes { id } } }" }],
    ["a value of an enum", { query: "{ syncs(filter: { statuses: [RUNING] }) { nodes { id } } }" }],
    ["a field of an input", { query: "{ syncs(filter: { statusses: [RUNNING] }) { nodes { id } } }" }],
    ["a value of an enum in a variable", { query: VARIABLE_LIST, variables: { filter: { statuses: ["RUNING"] } } }],
    ["a field of an input in a variable", { query: VARIABLE_LIST, variables: { filter: { statusses: ["RUNNING"] } } }],
    ["a field where its parts are missing", { query: "{ node(id: 1) { status } }" }],
  ])("suggest nothing for %s", (_what, asked) => {
    expect(
      refusals(asked)
        .map(({ message }) => message)
        .join(" "),
    ).not.toMatch(/did you mean/i);
  });

  it.each([
    ["no operation", { query: "fragment A on Query { viewer { name } }" }],
    ["variables that are missing", { query: VARIABLE_IDS }],
    ["variables of another type", { query: VARIABLE_IDS, variables: { ids: { a: [1] } } }],
    ["a variable that is null", { query: VARIABLE_IDS, variables: { ids: null } }],
    ["a page of another type", { query: VARIABLE_PAGES, variables: { inner: "many" } }],
    ["an unknown type of a variable", { query: "query ($a: Nope) { syncs(first: $a) { nodes { id } } }" }],
    ["an unknown root", { query: "subscription { nope { nope } }" }],
    ["no name where it is needed", { query: "query A { viewer { name } } query B { viewer { name } }" }],
    ["an operation that fits no name", { query: "query A { viewer { name } }", operationName: "B" }],
    [
      "values in values",
      { query: `{ syncs(filter: { models: ${"[".repeat(900)}${"]".repeat(900)} }) { nodes { id } } }` },
    ],
    ["more tokens than are read", { query: `{ viewer { ${many(2_000, () => "name")} } }` }],
  ])("are errors and nothing worse for %s", (_what, asked) => {
    expect(refusals(asked).length).toBeGreaterThan(0);
  });
});

describe("a condition at the root of a subscription", () => {
  it.each([
    ["a field", "subscription { syncStatusChanged @skip(if: true) { cursor } }"],
    ["a field, by a variable", "subscription ($on: Boolean!) { syncStatusChanged @include(if: $on) { cursor } }"],
    ["a field, by a default", "subscription ($on: Boolean = false) { syncStatusChanged @include(if: $on) { cursor } }"],
    ["a part", "subscription { ... @include(if: false) { syncStatusChanged { cursor } } }"],
    ["a fragment", "subscription { ...A @skip(if: true) } fragment A on Subscription { syncStatusChanged { cursor } }"],
    [
      "a field in a fragment",
      "subscription { ...A } fragment A on Subscription { syncStatusChanged @skip(if: true) { cursor } }",
    ],
  ])("is refused on %s", (_what, query) => {
    expect(refusals({ query, variables: { on: false } })).toMatchObject([
      { message: expect.stringContaining("@skip"), extensions: { code: STRUCTURE } },
    ]);
  });

  it("is refused in an operation that is not asked for, as GraphQL's rules are", () => {
    const query =
      "query A { viewer { name } } subscription B ($on: Boolean!) { syncStatusChanged @skip(if: $on) { cursor } }";
    expect(refusals({ query, operationName: "A" })).toMatchObject([{ extensions: { code: STRUCTURE } }]);
  });

  it("is allowed beneath it", () => {
    const query = "subscription ($on: Boolean!) { syncStatusChanged { cursor sync @include(if: $on) { id } } }";
    expect(costOf({ query, variables: { on: true } }).depth).toBe(3);
  });
});
