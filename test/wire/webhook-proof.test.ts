// Comparing secrets, and reading what a stranger sent.
import { describe, expect, it } from "vitest";
import { createForeignText } from "../../src/wire/foreign-text.ts";
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
  const texts = createForeignText(["planted-secret"]);

  it("is its JSON", () => {
    expect(deliveredJson(bytes('{"a":[1]}'), texts)).toEqual({ a: [1] });
  });

  it.each([
    ["no JSON", bytes("{")],
    ["empty", bytes("")],
    ["no text", new Uint8Array([0xff, 0xfe, 0x22])],
    ["of more values than anybody sends", bytes(`[${"0,".repeat(100_000)}0]`)],
    ["nested beyond use", bytes(`${"[".repeat(5_000)}${"]".repeat(5_000)}`)],
  ])("that is %s is of no use", (_, body) => {
    expect(deliveredJson(body, texts)).toBeUndefined();
  });

  it("has texts that are fit to be shown", () => {
    const body = bytes(String.raw`{"na\u0000me":"planted\u002dsecret \u202e\u001b[0m"}`);
    expect(deliveredJson(body, texts)).toEqual({ "na\u2400me": "[redacted] \uFFFD\u241B[0m" });
  });

  it("cannot reach into prototypes", () => {
    deliveredJson(bytes('{"__proto__":{"polluted":true}}'), texts);
    expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
  });
});
