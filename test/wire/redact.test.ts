// Secrets in other people's text.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { capText, createRedactor } from "../../src/wire/redact.ts";

/** Of the processor, in microseconds. */
const MOST_WORK_US = 3_000_000;
const SECRET = "s3cr3t/key+with=signs";

describe("a redactor", () => {
  const redact = createRedactor([SECRET, "", "abc"]);
  const base64 = (text: string): string => Buffer.from(text).toString("base64");

  it.each([
    SECRET,
    encodeURIComponent(SECRET),
    encodeURIComponent(SECRET).toLowerCase(),
    base64(SECRET),
    Buffer.from(SECRET).toString("base64url"),
    base64(`${SECRET}:`).replace(/=+$/, ""),
    base64(`:${SECRET}`).replace(/=+$/, ""),
  ])("hides %s", (form) => {
    expect(redact(`before ${form} after`)).not.toContain(form);
    expect(redact(`before ${form} after`)).toMatch(/^before .*after$/);
  });

  it("hides secrets that are escaped in JSON", () => {
    const quoted = 'pass"word\\\u0001 long';
    expect(createRedactor([quoted])(JSON.stringify({ value: quoted }))).not.toContain("word");
  });

  it.each([
    ["Authorization: Bearer eyJhbGciOi.x.y rest", "Authorization: Bearer [redacted] rest"],
    ["basic dXNlcjpwYXNz", "basic [redacted]"],
    ["see https://logs.example/run?sig=1&x=2 for more", "see https://logs.example/run?[redacted] for more"],
    ["postgres://user:pass@db.example/x", "postgres://[redacted]@db.example/x"],
    ["api_key=12345&limit=1", "api_key=[redacted]&limit=1"],
    ['{"password": "hunter2", "name": "n"}', '{"password": "[redacted]", "name": "n"}'],
  ])("hides what looks like a credential in %s", (text, expected) => {
    expect(redact(text)).toBe(expected);
  });

  it("leaves ordinary text alone, also where a secret is too short to be one", () => {
    const text = "abc: the token bucket is empty; https://docs.example/errors says why";
    expect(redact(text)).toBe(text);
  });

  it("hides the longer of two secrets as a whole", () => {
    expect(createRedactor(["abcdef", "abcdefghij"])("x abcdefghij y")).toBe("x [redacted] y");
  });

  it("lets no secret through, whatever it is and whatever surrounds it", () => {
    const secrets = fc.array(
      fc.string({ minLength: 8, maxLength: 40 }).filter((text) => /[^[\]a-z]/.test(text)),
      { minLength: 1, maxLength: 3 },
    );
    const text = fc.string({ maxLength: 60 });
    fc.assert(
      fc.property(secrets, text, text, fc.nat(), (keys, before, after, choice) => {
        const key = keys[choice % keys.length] ?? "";
        const forms = [key, encodeURIComponent(key), JSON.stringify(key).slice(1, -1)];
        const hidden = createRedactor(keys)(forms.map((form) => `${before}${form}${after}`).join(" | "));
        expect(hidden).not.toContain(key);
      }),
      { seed: 20_260_104, numRuns: 300 },
    );
  });

  it("is not kept busy by text that is made to keep it busy", () => {
    const hostile = [
      "http://".repeat(100_000),
      "bearer ".repeat(100_000),
      "token".repeat(100_000),
      "a".repeat(700_000),
      "token= ".repeat(100_000),
    ];
    for (const text of hostile) {
      const before = process.cpuUsage();
      redact(text);
      // Work, not time: another program's does not count. Going back to the beginning at each character would take minutes of it.
      const { user, system } = process.cpuUsage(before);
      expect(user + system).toBeLessThan(MOST_WORK_US);
    }
  });
});

describe("capText", () => {
  it("cuts to the length and says so", () => {
    expect(capText("abcdef", 6)).toBe("abcdef");
    expect(capText("abcdefg", 6)).toBe("abcde\u2026");
  });

  it("does not cut through a character", () => {
    expect(capText("ab\u{1F600}cd", 4)).toBe("ab\u2026");
  });
});
