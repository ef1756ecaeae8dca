// JSON from somebody who may mean harm.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UnreadableJsonError, readJson } from "../../src/wire/read-json.ts";

describe("readJson", () => {
  it("reads any JSON as it is", () => {
    const values = fc.jsonValue({ maxDepth: 5 }).filter((value) => !JSON.stringify(value).includes("__proto__"));
    fc.assert(
      fc.property(values, (value) => {
        const text = JSON.stringify(value);
        expect(JSON.stringify(readJson(text, 20))).toBe(text);
      }),
      { seed: 20_260_105 },
    );
  });

  it("drops prototype keys at any depth, also when they are escaped", () => {
    const read = readJson('{"a": [{"\\u005f_proto__": {"x": 1}, "b": 2}], "__proto__": null}', 20);
    expect(JSON.stringify(read)).toBe('{"a":[{"b":2}]}');
  });

  it("counts levels exactly and survives a depth that recursion would not", () => {
    expect(readJson("[[[]]]", 3)).toEqual([[[]]]);
    expect(() => readJson("[[[[]]]]", 3)).toThrow(UnreadableJsonError);
    expect(() => readJson(`${"[".repeat(200_000)}${"]".repeat(200_000)}`, 100)).toThrow("deeper than 100");
  });

  it.each([
    ['{"a": [1', "cut short", true],
    ['{"a": 1}}', "not JSON", false],
    ["OK", "not JSON", false],
    ["<!doctype html>", "a web page", false],
  ])("says of %j that it is %s", (text, words, cutShort) => {
    const read = (): unknown => readJson(text, 10);
    expect(read).toThrow(words);
    expect(read).toThrow(expect.objectContaining({ cutShort }));
  });
});
