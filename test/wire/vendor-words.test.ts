// One reading of a vendor's words for all vendors: the documented spelling is not the only one that is sent.
import { describe, expect, test } from "vitest";
import { vendorWords } from "../../src/wire/vendor-words.ts";

const words = vendorWords([
  ["rate_limited", 1],
  ["Completed", 2],
]);

describe("a vendor's word", () => {
  test.each([
    ["rate_limited", 1],
    ["RATE_LIMITED", 1],
    [" Rate_Limited\n", 1],
    ["rate limited", 1],
    ["rate-limited", 1],
    ["COMPLETED", 2],
    ["completed ", 2],
    ["complete", null],
    ["completed!", null],
    ["", null],
    ["constructor", null],
    ["__proto__", null],
    [null, null],
    [2, null],
    [["completed"], null],
  ])("%j means %j", (word, meaning) => {
    expect(words.of(word)).toBe(meaning);
  });

  test("cannot have two meanings", () => {
    const twice = [
      ["done", 1],
      ["DONE ", 2],
    ] as const;
    expect(() => vendorWords(twice)).toThrow('"DONE " is there twice');
  });
});
