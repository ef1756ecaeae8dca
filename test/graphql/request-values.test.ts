// What GraphQL says of a request keeps where and what is expected, and loses the values.
import { GraphQLError, buildSchema, execute, parse, validate } from "graphql";
import { describe, expect, it } from "vitest";
import { withoutValues } from "../../src/graphql/request-values.ts";
import { schema } from "../support/graphql.ts";

/** What GraphQL itself says of an operation with these variables, as it is and without the values. */
async function said(query: string, variables: Readonly<Record<string, unknown>> = {}) {
  const document = parse(query);
  const problems = validate(schema, document);
  const errors =
    problems.length > 0 ? problems : ((await execute({ schema, document, variableValues: variables })).errors ?? []);
  return errors.map((error) => [error.message, withoutValues(error.message, error)]);
}

const TRIGGER = "mutation ($input: TriggerSyncInput!) { triggerSync(input: $input) { attached } }";

describe("withoutValues", () => {
  it.each([
    [
      { definitionId: "1", bogus: "secret" },
      'Variable "$input" got invalid value; Field "bogus" is not defined by type "TriggerSyncInput". Did you mean "args"?',
    ],
    [
      { models: ["secret"] },
      'Variable "$input" got invalid value; Field "definitionId" of required type "ID!" was not provided.',
    ],
    [
      { definitionId: { a: "secret" } },
      'Variable "$input" got invalid value at "input.definitionId"; ID cannot represent value.',
    ],
    [
      { definitionId: "1", models: ["a", 7] },
      'Variable "$input" got invalid value at "input.models[1]"; String cannot represent a non string value.',
    ],
    [
      { definitionId: "1", test: 'secret at "input.models"' },
      'Variable "$input" got invalid value at "input.test"; Boolean cannot represent a non boolean value.',
    ],
    [
      { definitionId: "1", args: "secret: one; two" },
      'Variable "$input" got invalid value at "input.args"; JSONObject cannot represent non-object value.',
    ],
    [
      { definitionId: "1", ifRunning: "ATACH" },
      'Variable "$input" got invalid value at "input.ifRunning"; Value "ATACH" does not exist in "IfRunning" enum. Did you mean the enum value "ATTACH"?',
    ],
    ['secret; at "input.x"', 'Variable "$input" got invalid value; Expected type "TriggerSyncInput" to be an object.'],
  ])("of the variable %j leaves %j", async (input, expected) => {
    const [[before, after] = []] = await said(TRIGGER, { input });

    expect(before).toContain("got invalid value ");
    expect(after).toBe(expected);
  });

  it.each([
    ["{ nodes(ids: 1.5) { id } }", "ID cannot represent a non-string and non-integer value."],
    ['{ syncs(first: "secret") { totalCount } }', "Int cannot represent non-integer value."],
    ['{ syncs(filter: "secret") { totalCount } }', 'Expected value of type "SyncFilter".'],
    [
      "{ syncs(filter: { open: null, statuses: [null] }) { totalCount } }",
      'Expected value of type "SyncStatus!", found null.',
    ],
    [
      '{ syncs(filter: { statuses: ["DONE"] }) { totalCount } }',
      'Enum "SyncStatus" cannot represent non-enum value: "DONE".',
    ],
    [
      '{ syncs(filter: { createdAfter: "secret" }) { totalCount } }',
      "DateTime cannot represent an invalid date-time-string; expected a time such as 2026-01-31T09:00:00Z.",
    ],
    [
      "{ syncs(filter: { createdAfter: true }) { totalCount } }",
      "DateTime cannot represent non string or Date type; expected a time such as 2026-01-31T09:00:00Z.",
    ],
    [
      "{ syncz { totalCount } }",
      'Cannot query field "syncz" on type "Query". Did you mean "sync", "syncs", or "syncJob"?',
    ],
  ])("of %s leaves what is expected there", async (query, expected) => {
    const [[, after] = []] = await said(query);

    expect(after).toBe(expected);
  });

  it.each([
    ['{ a(b: "secret" "secret") }', "Syntax Error: Expected Name, found String."],
    ["{ 4711 }", "Syntax Error: Expected Name, found Int."],
    ["{ a(b: ) }", 'Syntax Error: Unexpected ")".'],
    ["{ a b: }", 'Syntax Error: Expected Name, found "}".'],
  ])("of the text %s leaves where it broke off", (text, expected) => {
    const error = thrownBy(() => parse(text));
    expect(withoutValues(error.message, error)).toBe(expected);
  });

  it("drops everything behind a variable's name when the reason is not known", () => {
    const words = 'Variable "$input" got invalid value "secret"; String cannot represent it';
    expect(withoutValues(words, null)).toBe('Variable "$input" got invalid value.');
    expect(withoutValues(words, new GraphQLError("something else"))).toBe('Variable "$input" got invalid value.');
  });

  it("finds the reason however often the error was wrapped", async () => {
    const small = buildSchema("type Query { field(a: Int): Int }");
    const { errors = [] } = await execute({
      schema: small,
      document: parse("query ($a: Int) { field(a: $a) }"),
      variableValues: { a: "secret" },
    });
    const [inner] = errors;
    if (inner === undefined) throw new Error("GraphQL found nothing wrong");
    const wrapped = new GraphQLError(inner.message, {
      originalError: new GraphQLError(inner.message, { originalError: inner }),
    });

    expect(withoutValues(wrapped.message, wrapped)).toBe(
      'Variable "$a" got invalid value; Int cannot represent non-integer value.',
    );
  });
});

function thrownBy(work: () => unknown): GraphQLError {
  try {
    work();
  } catch (error) {
    if (error instanceof GraphQLError) return error;
  }
  throw new Error("nothing of GraphQL's was thrown");
}
