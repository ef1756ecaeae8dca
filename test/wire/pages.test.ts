// Walking pages: all of them, in order, and never for ever.
import { describe, expect, it } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import { inParts, walkPages } from "../../src/wire/pages.ts";
import type { WalkOptions, WirePage } from "../../src/wire/pages.ts";
import { providerErrorOf } from "./client-at.ts";

const OPTIONS: WalkOptions = { provider: "acme", operation: "list things" };

async function collect<Item>(pages: AsyncIterable<readonly Item[]>): Promise<readonly (readonly Item[])[]> {
  const all: (readonly Item[])[] = [];
  for await (const page of pages) all.push(page);
  return all;
}

const numbered =
  (count: number) =>
  async (cursor: string | null): Promise<WirePage<number>> => {
    const page = Number(cursor ?? "0");
    return { items: [page], next: page + 1 < count ? String(page + 1) : null };
  };

describe("walkPages", () => {
  it("yields every page in order, the empty ones too", async () => {
    expect(await collect(walkPages(numbered(3), OPTIONS))).toEqual([[0], [1], [2]]);
    expect(await collect(walkPages(async () => ({ items: [], next: null }), OPTIONS))).toEqual([[]]);
  });

  it("takes an empty cursor for the end", async () => {
    expect(await collect(walkPages(async () => ({ items: [1], next: "" }), OPTIONS))).toEqual([[1]]);
  });

  it("asks for no page that nobody wants", async () => {
    const asked: (string | null)[] = [];
    const fetchPage = async (cursor: string | null): Promise<WirePage<number>> => {
      asked.push(cursor);
      return numbered(9)(cursor);
    };
    for await (const page of walkPages(fetchPage, OPTIONS)) if (page[0] === 1) break;
    expect(asked).toEqual([null, "1"]);
  });

  it("ends a walk whose cursors go in a circle", async () => {
    const next: Record<string, string> = { start: "a", a: "b", b: "a" };
    const walk = collect(walkPages(async (cursor) => ({ items: [], next: next[cursor ?? "start"] ?? null }), OPTIONS));
    const error = await providerErrorOf(walk);
    expect(error).toMatchObject({ code: ErrorCode.ProviderBadResponse, retryable: false, provider: "acme" });
    expect(error.message).toContain("acme: list things");
  });

  it("ends a walk that has no end", async () => {
    const walk = collect(walkPages(numbered(Number.POSITIVE_INFINITY), { ...OPTIONS, maxPages: 20 }));
    expect((await providerErrorOf(walk)).message).toContain("at most 20 pages");
    expect(await collect(walkPages(numbered(20), { ...OPTIONS, maxPages: 20 }))).toHaveLength(20);
    expect((await providerErrorOf(collect(walkPages(numbered(1_001), OPTIONS)))).message).toContain("1000");
  });

  it("throws rather than end early when the caller goes away", async () => {
    const caller = new AbortController();
    const fetchPage = async (cursor: string | null): Promise<WirePage<number>> => {
      if (cursor === "2") caller.abort();
      return numbered(9)(cursor);
    };
    const walk = collect(walkPages(fetchPage, { ...OPTIONS, signal: caller.signal }));
    expect(await providerErrorOf(walk)).toMatchObject({ code: ErrorCode.ProviderTimeout, retryable: true });
  });

  it("passes on what a page fails with", async () => {
    const walk = collect(walkPages(() => Promise.reject(new Error("page is broken")), OPTIONS));
    await expect(walk).rejects.toThrow("page is broken");
  });
});

describe("a page longer than anybody works on in one step", () => {
  it("comes in parts, between which everything else has its turn", async () => {
    const items = Array.from({ length: 450 }, (_, index) => index);
    let turns = 0;
    const count = (): void => {
      turns += 1;
      next = setImmediate(count);
    };
    let next = setImmediate(count);
    const parts: (readonly number[])[] = [];
    const at: number[] = [];
    for await (const part of walkPages(() => Promise.resolve({ items, next: null }), OPTIONS)) {
      parts.push(part);
      at.push(turns);
    }
    clearImmediate(next);
    expect(parts.map(({ length }) => length)).toEqual([200, 200, 50]);
    expect(parts.flat()).toEqual(items);
    expect(new Set(at).size).toBe(3);
  });

  it("is one part when it is as long as pages that are asked for, or empty", async () => {
    for (const length of [0, 1, 200]) {
      const parts: number[] = [];
      for await (const part of inParts(Array<number>(length).fill(0))) parts.push(part.length);
      expect(parts).toEqual([length]);
    }
  });
});
