// Characters that act instead of being seen.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { oneLine, visible } from "../../src/wire/visible-text.ts";

describe("a character that acts", () => {
  it.each([
    ["a terminal's escape", "\u001B[31mred", "\u241B[31mred"],
    ["a null", "a\u0000b", "a\u2400b"],
    ["a delete", "a\u007Fb", "a\u2421b"],
    ["a later control character", "a\u0085\u009Bb", "a\uFFFD\uFFFDb"],
    ["a directional override", "gpj\u202Eexe", "gpj\uFFFDexe"],
    ["a directional isolate", "a\u2066b\u2069", "a\uFFFDb\uFFFD"],
    ["a line separator", "a\u2028b\u2029c", "a\uFFFDb\uFFFDc"],
    ["half of a pair", "a\uD83Db", "a\uFFFDb"],
  ])("is shown: %s", (_, text, shown) => {
    expect(visible(text)).toBe(shown);
    expect(oneLine(text)).toBe(shown);
  });

  it.each([
    ["right-to-left letters and marks", "\u200Fשלום\u200E שלום"],
    ["whole pairs and joined signs", "\u{1F469}\u200D\u{1F680}"],
    ["accents and far letters", "Zoë 東京"],
    ["markup", "<b>bold</b> & [link](x)"],
    ["nothing", ""],
  ])("is none of %s", (_, text) => {
    expect(oneLine(text)).toBe(text);
  });

  it("may be an end of lines where a text has lines, and is shown where it has not", () => {
    expect(visible("select 1\n\tfrom a\r\n")).toBe("select 1\n\tfrom a\r\n");
    expect(oneLine("select 1\n\tfrom a\r\n")).toBe("select 1\u240A\u2409from a\u240D\u240A");
  });

  it("is left in no text, and a text without one is as it was", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(0xffff), { maxLength: 80 }), (units) => {
        const text = String.fromCharCode(...units);
        const shown = oneLine(text);
        expect(shown).not.toMatch(/[\p{Cc}\p{Cs}\u2028-\u202E\u2066-\u2069]/u);
        expect(oneLine(shown)).toBe(shown);
      }),
      { seed: 20_261_130, numRuns: 500 },
    );
  });
});
