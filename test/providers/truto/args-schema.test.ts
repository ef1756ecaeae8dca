// Argument schemas that somebody writes: table of those that can be checked against, and of what is wrong with the others.
import { describe, expect, it } from "vitest";
import type { JsonObject, JsonValue } from "../../../src/domain/json.ts";
import { checkArgsSchema } from "../../../src/providers/truto/args-schema.ts";

const whole = (properties: JsonValue): JsonObject => ({ type: "object", properties });

describe("an argument schema", () => {
  it.each<readonly [string, JsonObject]>([
    ["for no arguments", {}],
    ["with marks on its properties", whole({ since: { type: "string", description: "ISO date", required: true } })],
    ["with a standard list of required names", { type: "object", properties: { a: {} }, required: ["a"] }],
    ["with properties alone", { properties: { a: { type: "string" } } }],
    ["as a flat map", { account: { type: "string", format: "integrated_account_id", required: true } }],
    ["as a flat map of types", { since: "string", batch_size: "integer" }],
    ["as a flat map with an argument called type", { type: { type: "string" } }],
    ["with several types", { a: { type: ["string", "null"] } }],
    ["with a nested object", { range: { type: "object", properties: { from: { type: "string", required: true } } } }],
  ])("is taken %s", (_what, schema) => {
    expect(checkArgsSchema(schema)).toEqual([]);
  });

  it.each<readonly [string, JsonObject, string]>([
    ["of another type than an object", { type: "string" }, 'argsSchema.type: expected "object"'],
    ["with a list of properties", whole(["a"]), "argsSchema.properties: expected an object, got a list"],
    ["with a number for an argument", whole({ a: 5 }), "argsSchema.properties.a: expected an object that"],
    ["as a flat map of a list", { a: [] }, "argsSchema.a: expected an object that describes the argument, got a list"],
    ["of null", { a: null }, "argsSchema.a: expected an object that describes the argument, got null"],
    ["with a type nobody knows", { a: { type: "date" } }, "argsSchema.a.type: expected one of string,"],
    ["with a bare word that is no type", { a: "whatever" }, "argsSchema.a.type: expected one of string,"],
    ["with a format that is no word", { a: { format: 7 } }, "argsSchema.a.format: expected a string, got a number"],
    ["with a mark that is no mark", { a: { required: "yes" } }, "argsSchema.a.required: expected true or false"],
    [
      "with a keyword of the wrong type",
      { a: { type: "string", minLength: "x" } },
      "argsSchema: expected a JSON Schema",
    ],
  ])("is refused %s", (_what, schema, sentence) => {
    const problems = checkArgsSchema(schema);
    expect(problems.map(({ message }) => message)).toEqual([expect.stringContaining(sentence)]);
    expect(problems[0]?.field?.join(".")).toBe(sentence.split(":")[0]);
  });
});
