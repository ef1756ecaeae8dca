// Walks that begin in the middle of a list, leave it before its end, or find what nobody can read on the way.
import { expect, test } from "vitest";
import { ErrorCode, ProviderError } from "../../src/domain/errors.ts";
import { nextPage } from "../../src/wire/next-page.ts";
import { walkPages } from "../../src/wire/pages.ts";
import type { WalkOptions, WirePage } from "../../src/wire/pages.ts";
import { badResponse } from "../../src/wire/read-reply.ts";

const SOURCE = { provider: "acme", request: "GET /things", httpStatus: 200 };
const PROBLEM = badResponse(SOURCE, { field: "next", expected: "a cursor", got: "a number" });

/** Five pages, each with its number. */
async function walked(options: Partial<WalkOptions>, change: (page: number) => Partial<WirePage<number>> = () => ({})) {
  const told: number[] = [];
  const left: (string | null)[] = [];
  const fetchPage = async (cursor: string | null): Promise<WirePage<number>> => {
    const page = Number(cursor ?? "0");
    return { items: [page], next: page < 4 ? String(page + 1) : null, ...change(page) };
  };
  const onLeft = (cursor: string | null) => void left.push(cursor);
  let failure: unknown = null;
  try {
    for await (const items of walkPages(fetchPage, { provider: "acme", operation: "list things", onLeft, ...options }))
      told.push(...items);
  } catch (error) {
    failure = error;
  }
  return { told, left, failure };
}

/** So many pages may be asked for besides the first. */
function pages(count: number): () => boolean {
  let left = count;
  return () => (left -= 1) >= 0;
}

test("a walk is left where no page may be asked for any more, and goes on from there", async () => {
  expect(await walked({ mayReadOn: pages(1) })).toEqual({ told: [0, 1], left: ["2"], failure: null });
  expect(await walked({ from: "2", mayReadOn: pages(1) })).toEqual({ told: [2], left: ["3"], failure: null });
  expect(await walked({ from: "3", mayReadOn: pages(9) })).toEqual({ told: [3, 4], left: [], failure: null });
  expect(await walked({ mayReadOn: pages(0) })).toEqual({ told: [0], left: ["1"], failure: null });
});

test("a page that cannot be read is where a walk is gone on with; the first one is the list's beginning", async () => {
  const failing = (at: number) => (page: number) => {
    if (page === at) throw PROBLEM;
    return {};
  };
  expect(await walked({}, failing(3))).toEqual({ told: [0, 1, 2], left: ["3"], failure: PROBLEM });
  expect(await walked({}, failing(0))).toEqual({ told: [], left: [null], failure: PROBLEM });
});

test("items that cannot be read, or the name of a next page, are told after everything that can be", async () => {
  const unreadable = await walked({}, (page) => (page === 1 ? { items: [], unreadable: PROBLEM } : {}));
  expect(unreadable).toEqual({ told: [0, 2, 3, 4], left: [], failure: PROBLEM });
  const next = await walked({}, (page) => (page === 2 ? { next: PROBLEM } : {}));
  expect(next).toEqual({ told: [0, 1, 2], left: ["2"], failure: PROBLEM });
});

test("a walk that says what cannot be read as it comes to it does not fail for it", async () => {
  const unreadable: unknown[] = [];
  const onUnreadable = (failure: unknown) => void unreadable.push(failure);
  const change = (page: number) => (page === 1 || page === 3 ? { items: [], unreadable: PROBLEM } : {});
  expect(await walked({ onUnreadable }, change)).toEqual({ told: [0, 2, 4], left: [], failure: null });
  expect(unreadable).toEqual([PROBLEM, PROBLEM]);
});

test("a list that names the page it was gone on with, or a cursor of any length, has no end", async () => {
  const again = await walked({ from: "2" }, () => ({ next: "2" }));
  expect(again.failure).toMatchObject({ code: ErrorCode.ProviderBadResponse });
  const long = await walked({}, () => ({ next: "x".repeat(8_193) }));
  expect(long.failure).toMatchObject({ code: ErrorCode.ProviderBadResponse });
  expect((await walked({}, (page) => (page === 0 ? { next: "x".repeat(8_192) } : {}))).told.length).toBeGreaterThan(1);
});

test("the next page is named by a text, and by nothing on the last page", () => {
  for (const none of [undefined, null, ""]) expect(nextPage(none, SOURCE, "next")).toBeNull();
  expect(nextPage("abc", SOURCE, "next")).toBe("abc");
  expect(nextPage(7, SOURCE, "next", { numbers: true })).toBe("7");
  expect(nextPage("abc", SOURCE, "next", { read: (cursor) => cursor.toUpperCase() })).toBe("ABC");
  for (const wrong of [7, 0, true, false, {}, [], "a\u0000b"]) {
    const error = nextPage(wrong, SOURCE, "page.next");
    expect(error).toBeInstanceOf(ProviderError);
    expect(String(error)).toContain('expected "page.next" to be a cursor');
  }
});
