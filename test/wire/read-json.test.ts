// JSON from somebody who may mean harm.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createForeignText } from "../../src/wire/foreign-text.ts";
import { JSON_LIMITS } from "../../src/wire/limits.ts";
import { readJson } from "../../src/wire/read-json.ts";
import type { JsonLimits } from "../../src/wire/scan-json.ts";

const texts = createForeignText(["sk_live_planted"]);

/** The value, and how often everything else had its turn meanwhile. */
async function read(text: string, limits: Partial<JsonLimits> = {}) {
  let turns = 0;
  const pause = (): Promise<void> => {
    turns += 1;
    return Promise.resolve();
  };
  const json = await readJson(new TextEncoder().encode(text), { ...JSON_LIMITS, ...limits }, texts, pause);
  return { ...json, turns };
}

const shownOf = async (text: string, limits: Partial<JsonLimits> = {}): Promise<unknown> =>
  (await read(text, limits)).shown;

describe("readJson", () => {
  it("reads any JSON as it is", async () => {
    const values = fc.jsonValue({ maxDepth: 5 }).filter((value) => !JSON.stringify(value).includes("__proto__"));
    await fc.assert(
      fc.asyncProperty(values, async (value) => {
        const text = JSON.stringify(value);
        const { shown, written, turns } = await read(text);
        expect(JSON.stringify(written)).toBe(text);
        expect(JSON.stringify(shown)).toBe(JSON.stringify(texts.value(value)));
        expect(turns).toBe(0);
      }),
      { seed: 20_260_105 },
    );
  });

  it("drops prototype keys at any depth, also when they are escaped", async () => {
    const { shown, written } = await read(String.raw`{"a": [{"\u005f_proto__": {"x": 1}, "b": 2}], "__proto__": null}`);
    expect(JSON.stringify(shown)).toBe('{"a":[{"b":2}]}');
    expect(JSON.stringify(written)).toBe('{"a":[{"b":2}]}');
    // Also beside a text that is changed, where the value is made anew.
    const changed = await shownOf(String.raw`{"a": "sk_live_planted", "__proto__": {"x": 1}}`);
    expect(JSON.stringify(changed)).toBe('{"a":"[redacted]"}');
  });

  it("counts levels exactly and survives a depth that recursion would not", async () => {
    expect(await shownOf("[[[]]]", { depth: 3 })).toEqual([[[]]]);
    await expect(read("[[[[]]]]", { depth: 3 })).rejects.toThrow("deeper than 3");
    await expect(read(`${"[".repeat(200_000)}${"]".repeat(200_000)}`)).rejects.toThrow("deeper than 100");
  });

  it.each([
    ["values in all", { values: 4 }, "[1,2]", "[1,2,3,4]"],
    ["names in one object", { names: 2 }, '{"a":{"b":1,"c":2},"d":3}', '{"a":1,"b":2,"c":3}'],
    ["values in one entry of a list", { entryValues: 5 }, "[[1,2],[3,4],[5,6]]", "[[1,2],[3,4,5,6,7]]"],
    ["values outside of lists", { entryValues: 5 }, '{"a":[1,2],"b":3}', '{"a":1,"b":2,"c":3,"d":4,"e":5}'],
    ["values in short lists together", { entryValues: 6 }, '{"a":[1,2]}', '{"a":[1,2],"b":[3,4],"c":[5,6]}'],
  ])("bounds %s, before anything is made of them", async (_, limits, fits, doesNot) => {
    expect(JSON.stringify(await shownOf(fits, limits))).toBe(fits);
    await expect(read(doesNot, limits)).rejects.toThrow(/^JSON with more than \d+ (?:values|names)/);
    // A sign inside of a text is none.
    const quoted = JSON.stringify([doesNot]);
    expect(JSON.stringify(await shownOf(quoted, limits))).toBe(quoted);
  });

  it("refuses three million zeros and a million names", async () => {
    await expect(read(`{"data":[${"0,".repeat(3_000_000)}0]}`)).rejects.toThrow("more than 1000000 values");
    const names = Array.from({ length: 1_000_000 }, (_, index) => `"${index.toString(36)}":0`);
    await expect(read(`{${names.join(",")}}`)).rejects.toThrow("more than 10000 names");
  });

  it("reads a long list in pieces, wherever it is, as if it were one", async () => {
    const entries = Array.from({ length: 40_000 }, (_, id) => ({ id, note: `é,]}"\\ ${id}`, list: [1, [2]] }));
    for (const body of [
      entries,
      { a: 1, data: entries, next: "n" },
      { data: { syncs: entries, o: [entries[0]] }, z: entries },
    ]) {
      const { shown, written, turns } = await read(JSON.stringify(body));
      expect(JSON.stringify(shown)).toBe(JSON.stringify(body));
      expect(JSON.stringify(written)).toBe(JSON.stringify(body));
      expect(turns).toBeGreaterThan(10);
    }
  });

  it("looks through a long text step by step, also where there is no list", async () => {
    const { shown, turns } = await read(JSON.stringify({ note: "n".repeat(2_000_000) }));
    expect(JSON.stringify(shown)).toHaveLength(2_000_011);
    expect(turns).toBe(3);
  });

  it("refuses a comma that nothing follows, at whichever entry a long list is cut", async () => {
    for (let entries = 19_990; entries <= 20_010; entries += 1) {
      await expect(read(`[${"1,".repeat(entries)}]`)).rejects.toThrow("not JSON");
    }
  });

  it("finds what is wrong with a long list in any of its pieces", async () => {
    const many = "1,".repeat(30_000);
    for (const wrong of [
      `[${many}]`,
      `[${many},1]`,
      `[${many}x]`,
      `[${many}1}`,
      `{"a":[${many}1]],"b":1}`,
      `[${many}1]1`,
    ]) {
      await expect(read(wrong)).rejects.toThrow("not JSON");
    }
    for (const short of [`[${many}`, `{"a":[${many}1]`, `[${many}"a`]) {
      await expect(read(short)).rejects.toThrow(expect.objectContaining({ cutShort: true }));
    }
  });

  it("ends when the pause between two steps says so", async () => {
    const bytes = new TextEncoder().encode(`[${"1,".repeat(50_000)}1]`);
    const reason = new Error("the caller left");
    await expect(readJson(bytes, JSON_LIMITS, texts, () => Promise.reject(reason))).rejects.toBe(reason);
  });

  it("makes texts and names fit to be shown, and keeps them as they were written for sending back", async () => {
    const wrote = { "na\nme": "sk_live_planted", deep: [{ note: "a\u0000\u202E\u2028b", lines: "1\n\t2" }] };
    const long = { data: Array.from({ length: 30_000 }, () => wrote) };
    const show = { "na\u240Ame": "[redacted]", deep: [{ note: "a\u2400\uFFFD\uFFFDb", lines: "1\n\t2" }] };
    const { shown, written } = await read(JSON.stringify(wrote).replaceAll("_", String.raw`\u005f`));
    expect([shown, written]).toEqual([show, wrote]);
    const inPieces = await read(JSON.stringify(long));
    expect(JSON.stringify(inPieces.written)).toBe(JSON.stringify(long));
    expect(JSON.stringify(inPieces.shown)).toBe(JSON.stringify({ data: long.data.map(() => show) }));
  });

  it.each([
    ['{"a": [1', "cut short", true],
    ['{"a": 1}}', "not JSON", false],
    ["OK", "not JSON", false],
    ["<!doctype html>", "a web page", false],
  ])("says of %j that it is %s", async (text, words, cutShort) => {
    await expect(read(text)).rejects.toThrow(words);
    await expect(read(text)).rejects.toThrow(expect.objectContaining({ cutShort }));
  });
});
