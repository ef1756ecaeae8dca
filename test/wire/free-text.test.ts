// Foreign sentences: what must not be shown is blanked, and what is left is one short line.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { freeTextRedactor } from "../../src/wire/free-text.ts";

const redact = freeTextRedactor(["the-api-key-itself"]);

describe("a foreign sentence", () => {
  it.each([
    "the-api-key-itself",
    "Bearer abcdefgh12345678",
    "https://user:pass@books.example/x",
    "https://books.example/x?signature=abc",
    "api_key=abcdef",
    "ada@example.com",
    "sk_live_0123456789abcdef0123456789abcdef",
  ])("does not show %s", (secret) => {
    const shown = redact(`failed with ${secret} and more`);
    expect(shown).not.toContain(secret);
    expect(shown).toContain("[redacted]");
    expect(shown).toMatch(/^failed with .* and more$/);
  });

  it.each([
    "job 6870abae-60d9-48fb-8235-49cd812c06b9",
    "a-very-long-word-without-any-number-in-it-at-all",
    "2026-11-22T12:00:00.000Z",
    "",
  ])("keeps %j", (text) => {
    expect(redact(text)).toBe(text);
  });

  it("is one line of at most 256 characters, whatever it was", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 600 }), (text) => {
        const shown = redact(text);
        expect(shown.length).toBeLessThanOrEqual(256);
        expect(shown).not.toMatch(/[\r\n\u2028\u2029]/);
      }),
      { seed: 20_261_122, numRuns: 300 },
    );
    expect(redact("line\n".repeat(1_000))).toHaveLength(256);
  });
});
