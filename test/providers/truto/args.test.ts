// Arguments against both forms of `args_schema`: table of schema, arguments and the sentences a caller gets.
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/domain/json.ts";
import { checkArguments } from "../../../src/providers/truto/args.ts";

const marked = (properties: JsonObject, more: JsonObject = {}): JsonObject => ({ type: "object", properties, ...more });

const CASES: readonly (readonly [string, JsonObject | null, JsonObject, readonly string[]])[] = [
  ["no schema", null, { anything: 1 }, []],
  ["an empty schema", {}, { anything: 1 }, []],
  [
    "a marked argument that is missing",
    marked({ since: { type: "string", required: true } }),
    {},
    ["args.since: expected a string, got nothing"],
  ],
  ["a mark that is off", marked({ since: { type: "string", required: false } }), {}, []],
  [
    "a standard list of required names",
    marked({ since: {} }, { required: ["since"] }),
    {},
    ["args.since: expected a value, got nothing"],
  ],
  [
    "a wrong type",
    marked({ since: { type: "string" } }),
    { since: 5 },
    ["args.since: expected a string, got a number"],
  ],
  [
    "null for a text",
    marked({ since: { type: "string" } }),
    { since: null },
    ["args.since: expected a string, got null"],
  ],
  [
    "several types",
    marked({ n: { type: ["integer", "null"] } }),
    { n: "1" },
    ["args.n: expected an integer or null, got a string"],
  ],
  [
    "a mark inside an object",
    marked({ range: { type: "object", properties: { from: { type: "string", required: true } } } }),
    { range: {} },
    ["args.range.from: expected a string, got nothing"],
  ],
  [
    "a list's entries",
    marked({ ids: { type: "array", items: { type: "string" } } }),
    { ids: ["a", 2] },
    ["args.ids.1: expected a string, got a number"],
  ],
  [
    "a choice",
    marked({ mode: { enum: ["a", "b"] } }),
    { mode: "c" },
    ['args.mode: expected one of ["a","b"], got another string'],
  ],
  [
    "a bound",
    marked({ n: { type: "number", minimum: 5 } }),
    { n: 4 },
    ["args.n: expected a value that must be >= 5, got another number"],
  ],
  [
    "a standard format",
    marked({ to: { type: "string", format: "email" } }),
    { to: "x" },
    ["args.to: expected a string of the format email, got another string"],
  ],
  ["an unknown argument", marked({ since: {} }), { other: 1 }, []],
  [
    "an unknown argument where the schema forbids them",
    marked({ since: {} }, { additionalProperties: false }),
    { other: 1 },
    ["args.other: expected no argument of that name, got one"],
  ],
  [
    "two failures",
    marked({ a: { required: true }, b: { type: "string" } }),
    { b: 1 },
    ["args.a: expected a value, got nothing", "args.b: expected a string, got a number"],
  ],
  [
    "a flat map's missing argument",
    {
      integrated_account_id: { type: "string", format: "integrated_account_id", required: true },
      webhook_id: { type: "string" },
    },
    {},
    ["args.integrated_account_id: expected a string, got nothing"],
  ],
  [
    "a flat map's id",
    { id: { type: "string", format: "webhook_id" } },
    { id: "94801e49-a652-42f9-af14-dd203d7897da" },
    [],
  ],
  [
    "a flat map's broken id",
    { id: { type: "string", format: "datastore_id" } },
    { id: "not an id" },
    ["args.id: expected a string of the format datastore_id, got another string"],
  ],
  ["a date", { day: { type: "string", format: "date" } }, { day: "2026-01-31" }, []],
  ["a date with a time", { day: { type: "string", format: "updated_at" } }, { day: "2026-01-31T10:00:00.000Z" }, []],
  [
    "no date",
    { day: { type: "string", format: "date" } },
    { day: "yesterday" },
    ["args.day: expected a string of the format date, got another string"],
  ],
  [
    "a flat map with an argument called type",
    { type: { type: "string", required: true } },
    {},
    ["args.type: expected a string, got nothing"],
  ],
  [
    "a flat map with an argument called properties",
    { properties: { type: "object", required: true } },
    {},
    ["args.properties: expected an object, got nothing"],
  ],
  [
    "an argument called like a method of every object",
    { constructor: { type: "string", required: true } },
    {},
    ["args.constructor: expected a string, got nothing"],
  ],
  ["a type the validator does not know", { day: { type: "date", required: true } }, { day: "2026-01-31" }, []],
  ["a pattern that is none", marked({ a: { type: "string", pattern: "(" } }), { a: "x" }, []],
  [
    "a keyword of the wrong type",
    marked({ a: { type: "string", minLength: "x", required: true } }),
    {},
    ["args.a: expected a string, got nothing"],
  ],
  [
    "references to elsewhere",
    marked({ a: { $ref: "https://example.com/schema.json" } }, { $schema: "https://example.com/draft" }),
    { a: 1 },
    [],
  ],
];

describe("checking arguments", () => {
  it.each(CASES)("%s", (_what, schema, args, sentences) => {
    expect(checkArguments(schema, args).map((problem) => problem.message)).toEqual(sentences);
  });

  it("names the argument by its path", () => {
    expect(
      checkArguments(marked({ a: { properties: { "b/c~d": { type: "string" } } } }), { a: { "b/c~d": 1 } }),
    ).toMatchObject([{ code: "BAD_USER_INPUT", field: ["args", "a", "b/c~d"] }]);
  });

  it("quotes no value, whatever fails", () => {
    const secret = "planted-argument";
    const schema = marked({
      a: { type: "number" },
      b: { format: "email" },
      c: { enum: ["x"] },
      d: { pattern: "^x$" },
      e: { const: "y" },
      f: { maxLength: 2 },
    });
    const problems = checkArguments(schema, { a: secret, b: secret, c: secret, d: secret, e: secret, f: secret });
    expect(problems).toHaveLength(6);
    expect(JSON.stringify(problems)).not.toContain(secret);
  });

  it("tells a bounded number of problems", () => {
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`a${index}`, { required: true }]));
    expect(checkArguments(marked(many), {})).toHaveLength(20);
  });
});
