// The one rule for texts of other systems, on any JSON, with secrets and acting characters planted anywhere in it.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createForeignText, isAsSent } from "../../src/wire/foreign-text.ts";
import { tried } from "../support/properties.ts";

const SECRET = 'sk/live"42+äöü';
const texts = createForeignText([SECRET]);

/** Forms in which a vendor may give a key back. */
const FORMS = [
  SECRET,
  encodeURIComponent(SECRET),
  Buffer.from(SECRET).toString("base64"),
  Buffer.from(SECRET).toString("base64url"),
  Buffer.from(`${SECRET}:`).toString("base64").replace(/=+$/, ""),
];
const ACTING = ["\u0000", "\u001B[2J", "\u007F", "\u0085", "\u202E", "\u2066", "\u2028", "\u2029", "\uD800"];

const planted = fc
  .tuple(fc.string({ maxLength: 8 }), fc.constantFrom(...FORMS, ...ACTING, "\n", ""), fc.string({ maxLength: 8 }))
  .map((parts) => parts.join(""));
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    planted,
    fc.integer(),
    fc.constant(null),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(planted, tie("value"), { maxKeys: 4 }),
  ),
})).value;

describe("the rule for foreign texts", () => {
  it("lets no secret and no acting character through, wherever they are, and changes nothing else", () => {
    fc.assert(
      fc.property(json, (value) => {
        const shown = texts.value(value);
        const written = JSON.stringify(shown) ?? "";
        expect(FORMS.filter((form) => written.includes(JSON.stringify(form).slice(1, -1)))).toEqual([]);
        // Line ends in texts stay; JSON writes them as escapes, and nothing else that would be one.
        expect(written.replaceAll(/\\[nrt"\\]/g, "")).not.toMatch(/[\p{Cc}\p{Cs}\u2028-\u202E\u2066-\u2069]|\\/u);
        expect(texts.value(shown)).toBe(shown);
      }),
      tried(400),
    );
  });

  it("is asked for by every JSON in which it changes something", () => {
    fc.assert(
      fc.property(json, fc.boolean(), (value, escapes) => {
        const plain = JSON.stringify(value) ?? "null";
        const text = escapes ? plain.replaceAll("/", String.raw`\/`) : plain;
        const changes = JSON.stringify(texts.value(JSON.parse(text))) !== plain;
        expect(changes && !texts.mayChange(text)).toBe(false);
      }),
      tried(400),
    );
  });

  it("gives back the very value where it changes nothing", () => {
    const value = { name: "שלום <b>HTML</b> \u200F", list: [1, { sql: "select 1\n\tfrom a" }], none: null };
    expect(texts.value(value)).toBe(value);
    expect(texts.mayChange(JSON.stringify(value))).toBe(false);
  });

  it("shows names of entries on one line, and hides secrets in them", () => {
    expect(texts.value({ "a\nb": 1, [SECRET]: 2 })).toEqual({ "a\u240Ab": 1, "[redacted]": 2 });
  });

  it("is no rule for secrets that anything may hold by chance", () => {
    expect(createForeignText(["abc", ""]).text("abc")).toBe("abc");
  });
});

it.each([
  ["id-1", true],
  ["שלום", true],
  ["a\u240Ab", false],
  ["a\uFFFDb", false],
  ["x [redacted]", false],
  ["a\nb", false],
])("tells whether %j is as it was sent: %s", (text, holds) => {
  expect(isAsSent(text)).toBe(holds);
});
