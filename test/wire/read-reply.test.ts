// Answers read with a schema: what fits becomes a value, and what does not is named without being quoted.
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { ProviderError } from "../../src/domain/errors.ts";
import { badResponse, filledText, isRecord, parseReply, typeName } from "../../src/wire/read-reply.ts";

const SOURCE = { provider: "acme-eu", request: "GET /runs", httpStatus: 200 };
const id = z.union([z.string().min(1), z.int()], { error: "an id" }).transform(String);
const shape = z.object({
  name: z.string().min(1),
  inner: z.object({ id }),
  list: z.array(z.object({ flag: z.boolean() })),
});
const GOOD = { name: "a", inner: { id: 7 }, list: [{ flag: true }] };

describe("an answer that fits", () => {
  it("is what the schema makes of it", () => {
    expect(parseReply(shape, { ...GOOD, more: 1 }, SOURCE)).toEqual({ ...GOOD, inner: { id: "7" } });
  });
});

describe("an answer that does not fit", () => {
  const answers: readonly (readonly [string, unknown, string])[] = [
    ["nothing", undefined, 'expected "body" to be an object, got nothing'],
    ["a list", [GOOD], 'expected "body" to be an object, got a list'],
    ["a missing field", { ...GOOD, name: undefined }, 'expected "name" to be a string, got nothing'],
    ["null for a text", { ...GOOD, name: null }, 'expected "name" to be a string, got null'],
    ["an empty text", { ...GOOD, name: "" }, 'expected "name" to be a non-empty string, got an empty string'],
    ["a deep field", { ...GOOD, inner: { id: {} } }, 'expected "inner.id" to be an id, got an object'],
    [
      "an entry",
      { ...GOOD, list: [{ flag: true }, { flag: "planted" }] },
      'expected "list.1.flag" to be a boolean, got a string',
    ],
    ["an object for a list", { ...GOOD, list: {} }, 'expected "list" to be a list, got an object'],
  ];
  it.each(answers)("for %s says who, what, expected and got", (_case, body, words) => {
    expect(() => parseReply(shape, body, SOURCE)).toThrow(ProviderError);
    expect(() => parseReply(shape, body, SOURCE)).toThrow(
      new RegExp(`^acme-eu: GET /runs: ${words.replaceAll(".", "\\.")}$`),
    );
  });

  it("never quotes a value", () => {
    expect(() => parseReply(shape, { ...GOOD, name: ["planted"] }, SOURCE)).not.toThrow(/planted/);
  });

  it("says where in a larger answer it stands", () => {
    expect(() => parseReply(shape, {}, SOURCE, "0.models")).toThrow(/expected "0\.models\.name" to be/);
  });

  it("was sent, came with its status, and is not worth repeating", () => {
    const problem = { field: "id", expected: "a string", got: "null" };
    const facts = { code: "PROVIDER_BAD_RESPONSE", provider: "acme-eu", httpStatus: 201, retryable: false, sent: true };
    expect(badResponse({ ...SOURCE, httpStatus: 201 }, problem)).toMatchObject(facts);
  });
});

describe("words for values", () => {
  it.each([
    [undefined, "nothing"],
    [null, "null"],
    ["", "an empty string"],
    ["planted", "a string"],
    [7, "a number"],
    [true, "a boolean"],
    [[], "a list"],
    [{}, "an object"],
  ])("of %j are %s", (value, words) => {
    expect(typeName(value)).toBe(words);
  });

  it("tell objects from what only looks like one", () => {
    expect([{}, Object.create(null), [], null, "x", undefined].map(isRecord)).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
  });

  it("take a text without its blanks, and blanks for none", () => {
    expect([" a ", "", " \n", 7, null].map(filledText)).toEqual(["a", null, null, null, null]);
  });
});
