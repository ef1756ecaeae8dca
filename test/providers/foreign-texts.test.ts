// Every vendor's recorded replies with our own key, acting characters and line ends planted in their texts: none of it reaches a domain value.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { answerTo, fixturesOf } from "../support/provider-fixtures.ts";
import { loadVendorRows } from "../support/provider-modules.ts";
import { tried } from "../support/properties.ts";
import { recordedProvider } from "../support/recorded-provider.ts";

const rows = await loadVendorRows();
const ACTING = ["\u0000", "\u001B[2J", "\u0085", "\u202E", "\u2066", "\u2028", "\uDC00"];

/** The value with something planted behind its texts and names, each time something else. */
function planted(value: unknown, plants: Iterator<string>, names: boolean): unknown {
  if (typeof value === "string") return value + plants.next().value;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((one: unknown) => planted(one, plants, names));
  const entries = Object.entries(value).flatMap(([name, inner]): readonly (readonly [string, unknown])[] => {
    const entry = [name, planted(inner, plants, names)] as const;
    return names ? [entry, [name + plants.next().value, inner]] : [entry];
  });
  return Object.fromEntries(entries);
}

function* repeated(plants: readonly string[]): Generator<string, string> {
  for (let index = 0; ; index += 1) yield plants[index % plants.length] ?? "";
}

describe.each(rows)("texts of $name", ({ kind, vendor, owns }) => {
  const secret = Object.values(vendor.credentials)[0] ?? "";
  const asks = fixturesOf(kind).filter(
    ({ name, request, replies }) =>
      owns(name) &&
      replies.length > 0 &&
      replies.every(({ status = 200, text }) => status < 300 && text === undefined) &&
      request.call.method !== "receiveWebhook",
  );
  // Most texts stay as they are: an id that is not what the vendor sent is refused, and so is a time that is none.
  const plants = fc.array(
    fc.oneof({ weight: 12, arbitrary: fc.constant("") }, fc.constantFrom(...ACTING, ` ${secret}`, `${btoa(secret)} `)),
    { minLength: 1, maxLength: 29 },
  );

  it("show no key of ours and nothing that acts, whatever stands where", async () => {
    expect(asks.length).toBeGreaterThan(0);
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...asks), plants, fc.boolean(), async ({ request, replies }, texts, names) => {
        const bodies = replies.map(({ to, body }) => ({ to, body: planted(body, repeated(texts), names) }));
        const shown = JSON.stringify(await answerTo(recordedProvider(vendor, bodies, request.settings), request.call));
        expect(shown).not.toContain(secret);
        expect(shown).not.toContain(btoa(secret).replace(/=+$/, ""));
        // JSON writes what acts as escapes, but for the ends of lines.
        expect(shown).not.toMatch(/\\[ubf]|[\u007F-\u009F\u2028-\u202E\u2066-\u2069]/);
      }),
      tried(150),
    );
  });
});
