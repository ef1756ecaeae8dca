// Every recorded reply of every provider: the exact requests sent, and the domain value the reply must become.
import { describe, expect, it } from "vitest";
import { adapterWithReplies } from "../support/adapter-at-fake-vendor.ts";
import type { SentRequest } from "../support/adapter-at-fake-vendor.ts";
import { answerTo, fixturesOf } from "../support/provider-fixtures.ts";
import { loadVendorRows } from "../support/provider-modules.ts";

const rows = await loadVendorRows();

it("there are vendors with recorded replies", () => {
  expect(rows.length).toBeGreaterThan(0);
});

describe.each(rows)("recorded replies of $name", ({ kind, vendor, owns }) => {
  const fixtures = fixturesOf(kind).filter(({ name }) => owns(name));

  it("are there, and ask every question they are said to ask", () => {
    expect(fixtures.length).toBeGreaterThanOrEqual(vendor.fixtures.atLeast);
    expect(new Set(fixtures.map(({ request }) => request.call.method))).toEqual(new Set(vendor.fixtures.questions));
  });

  it.each(fixtures)(
    "$name: becomes the expected value by exactly the expected requests",
    async ({ request, replies, expected }) => {
      await using at = await adapterWithReplies(vendor, replies, { settings: request.settings ?? {} });
      expect(await answerTo(at.provider, request.call)).toEqual(expected);
      expect(ordered(at.sent(), request.inAnyOrder)).toEqual(
        ordered(request.sent.map(lineAndBody), request.inAnyOrder),
      );
      const keys = at.vendor.requests.map(({ headers }) => headers["idempotency-key"]);
      expect(keys).toEqual(request.sent.map(({ idempotencyKey }) => idempotencyKey));
      for (const { headers } of at.vendor.requests) expect(headers).toMatchObject(vendor.headers);
    },
  );

  it.each(fixtures)("$name: shows nothing that must stay secret", ({ expected }) => {
    expect(JSON.stringify(expected)).not.toMatch(vendor.fixtures.hidden);
  });
});

const lineAndBody = ({ request, body }: SentRequest): SentRequest => ({ request, body });

function ordered(sent: readonly SentRequest[], inAnyOrder = false): readonly SentRequest[] {
  return inAnyOrder ? sent.toSorted((one, other) => (one.request < other.request ? -1 : 1)) : sent;
}
