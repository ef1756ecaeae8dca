// Comparing secrets, and reading what a stranger sent.
import { describe, expect, it } from "vitest";
import { deliveredJson, isAmong } from "../../src/wire/webhook-proof.ts";

describe("a proof", () => {
  it.each([
    [["a"], ["a"], true],
    [["x", "b"], ["a", "b"], true],
    [["a"], ["b"], false],
    [["a"], ["a "], false],
    [["a".repeat(10_000)], ["a"], false],
    [[], ["a"], false],
    [["a"], [], false],
  ])("of %j against %j holds: %s", (given, expected, holds) => {
    expect(isAmong(given, expected)).toBe(holds);
  });
});

describe("a delivered body", () => {
  const bytes = (text: string) => new TextEncoder().encode(text);

  it("is its JSON", () => {
    expect(deliveredJson(bytes('{"a":[1]}'))).toEqual({ a: [1] });
  });

  it.each([
    ["no JSON", bytes("{")],
    ["empty", bytes("")],
    ["no text", new Uint8Array([0xff, 0xfe, 0x22])],
    ["nested beyond use", bytes(`${"[".repeat(5_000)}${"]".repeat(5_000)}`)],
  ])("that is %s is of no use", (_, body) => {
    expect(deliveredJson(body)).toBeUndefined();
  });

  it("cannot reach into prototypes", () => {
    deliveredJson(bytes('{"__proto__":{"polluted":true}}'));
    expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
  });
});
