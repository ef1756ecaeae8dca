// RootFi's cursors in all their forms, and answers that cannot be understood.
import { describe, expect, it } from "vitest";
import { ProviderError } from "../../../src/domain/errors.ts";
import { cursorOf, parsePage, parseStarted, parseSync } from "../../../src/providers/rootfi/wire-types.ts";

const SOURCE = { provider: "rootfi-eu", request: "GET /core/syncs", httpStatus: 200 };

describe("a cursor of RootFi", () => {
  const forms: readonly [string, string][] = [
    ["eyJyb290ZmlfaWQiOjQ0MDA2MX0=", "eyJyb290ZmlfaWQiOjQ0MDA2MX0="],
    ["eyJpZCI6MX0%3D", "eyJpZCI6MX0="],
    ["https://api.rootfi.dev/syncs?next=eyJpZCI6MX0%3D", "eyJpZCI6MX0="],
    ["https://elsewhere.example/?limit=5&next=eyJpZCI6MX0=", "eyJpZCI6MX0="],
    ["/syncs?next=eyJpZCI6MX0%253D", "eyJpZCI6MX0="],
    ["https://api.rootfi.dev/syncs?next=a+b/c", "a+b/c"],
    ["17", "17"],
    ["100%", "100%"],
    ["%E0%A4%A", "%E0%A4%A"],
  ];
  it.each(forms)("%s is asked for as %s", (next, cursor) => {
    expect(cursorOf(next, SOURCE)).toBe(cursor);
  });

  it.each(["https://api.rootfi.dev/syncs", "https://api.rootfi.dev/syncs?next=", "https://next=1/"])(
    "that is the address %s without one is refused, because the list would end early",
    (next) => {
      expect(() => cursorOf(next, SOURCE)).toThrow(/expected "next" to be a cursor/);
    },
  );

  it("may be a number", () => {
    expect(parsePage({ data: [], next: 12 }, SOURCE)).toEqual({ items: [], place: "data", next: "12" });
  });

  it.each([undefined, null, ""])("that is %s ends the list", (next) => {
    expect(parsePage({ data: [], next }, SOURCE).next).toBeNull();
  });
});

describe("an answer of RootFi that cannot be understood", () => {
  const answers: readonly [string, () => unknown, string][] = [
    ["null", () => parsePage(null, SOURCE), 'expected "body" to be an object, got null'],
    ["no list", () => parsePage({ data: {} }, SOURCE), 'expected "data" to be a list, got an object'],
    [
      "a status of null",
      () => parseSync({ sync_id: "a", status: null }, SOURCE),
      'expected "status" to be a string, got null',
    ],
    ["no id", () => parseSync({ status: "RUNNING" }, SOURCE), 'expected "sync_id" to be an id, got nothing'],
    [
      "a start without an id",
      () => parseStarted({ data: { status: "created" } }, SOURCE),
      'expected "sync_id" to be an id, got nothing',
    ],
    ["a start without a body", () => parseStarted(null, SOURCE), 'expected "data" to be an object, got null'],
  ];
  it.each(answers)("(%s) names provider, request, field, what was expected and what came", (_case, parse, words) => {
    expect(parse).toThrow(ProviderError);
    expect(parse).toThrow(`rootfi-eu: GET /core/syncs: ${words}`);
  });

  it("may have reached the vendor, so that nothing is started twice", () => {
    expect(() => parseStarted({}, SOURCE)).toThrow(
      expect.objectContaining({ code: "PROVIDER_BAD_RESPONSE", sent: true }) as Error,
    );
  });
});
