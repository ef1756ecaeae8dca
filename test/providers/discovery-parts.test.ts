// A vendor's list of runs is read in parts: a look that may take one more page says where it stopped, and the next one goes on from there.
import { expect, test } from "vitest";
import type { DiscoverOptions, UnreadRest } from "../../src/domain/provider-port.ts";
import { adapterAt } from "../support/adapter-at-fake-vendor.ts";
import type { VendorUnderTest } from "../support/adapter-at-fake-vendor.ts";
import { startOf } from "../support/conformance-questions.ts";
import type { VendorConformance } from "../support/conformance.ts";
import type { FakeHandler, FakeReply } from "../support/fake-vendor.ts";
import { definitionOf } from "../support/provider-values.ts";
import { conformance as polytomic } from "./polytomic/conformance.ts";
import { conformance as rootfi, v4 as rootfiV4 } from "./rootfi/conformance.ts";
import { conformance as truto } from "./truto/conformance.ts";

const PAGES = 5;
const AT = "2026-06-01T00:00:00.000Z";

interface PagedVendor {
  readonly conformance: VendorConformance & VendorUnderTest;
  /** The query parameter that names a page. */
  readonly cursor: string;
  /** A page with one run. */
  page(runId: string, next: string | null): unknown;
}

const vendors = {
  truto: {
    conformance: truto,
    cursor: "next_cursor",
    page: (id: string, next: string | null) => ({
      result: [{ id, status: "completed", created_at: AT, sync_job_id: "job", integrated_account_id: "account" }],
      next_cursor: next,
    }),
  },
  "rootfi v3": {
    conformance: rootfi,
    cursor: "next",
    page: (id: string, next: string | null) => ({
      data: [{ sync_id: id, status: "SUCCESS", rootfi_created_at: AT }],
      next,
    }),
  },
  "rootfi v4": {
    conformance: rootfiV4,
    cursor: "cursor",
    page: (id: string, next: string | null) => ({ data: { syncs: [{ id, status: "SUCCESS", createdAt: AT }], next } }),
  },
  polytomic: {
    conformance: polytomic,
    cursor: "page_token",
    page: (id: string, next: string | null) => ({
      data: [{ id, status: "completed", created_at: AT, started_at: AT, completed_at: AT }],
      pagination: { next_page_token: next },
    }),
  },
} satisfies Record<string, PagedVendor>;

const table: readonly (readonly [string, PagedVendor])[] = Object.entries(vendors);

const SINCE = new Date("2026-05-31T00:00:00.000Z");

/** One page besides the first, unless told otherwise. */
async function connect({ conformance, cursor, page }: PagedVendor, answer: (number: number) => FakeReply | null) {
  const handler: FakeHandler = ({ query }) => {
    const number = Number((query.get(cursor) ?? "page-0").replace("page-", ""));
    return answer(number) ?? { json: page(`run-${number}`, number + 1 < PAGES ? `page-${number + 1}` : null) };
  };
  const at = await adapterAt(conformance, handler);
  const definition = definitionOf(startOf(conformance).definition);
  return {
    [Symbol.asyncDispose]: () => at[Symbol.asyncDispose](),
    requests: at.vendor.requests,
    look: async (options: DiscoverOptions = {}) => {
      const rests: UnreadRest[] = [];
      const found: string[] = [];
      let pages = 1;
      const bounds = { pages: { take: () => (pages -= 1) >= 0 }, onLeft: (rest: UnreadRest) => void rests.push(rest) };
      let failed = false;
      try {
        for await (const runs of at.provider.discover(SINCE, [definition], { ...bounds, ...options }))
          found.push(...runs.map(({ remoteId }) => remoteId));
      } catch {
        failed = true;
      }
      return { rests, found, failed };
    },
  };
}

test.each(table)("%s: looks go on where the one before stopped, until the list ends", async (_name, vendor) => {
  await using connected = await connect(vendor, () => null);
  const first = await connected.look();
  expect(first).toMatchObject({ found: ["run-0", "run-1"], failed: false, rests: [expect.anything()] });
  const second = await connected.look({ goOn: first.rests });
  expect(second).toMatchObject({ found: ["run-2"], failed: false, rests: [expect.anything()] });
  const third = await connected.look({ goOn: second.rests });
  const last = await connected.look({ goOn: third.rests });
  expect([third.found, last.found, last.rests]).toEqual([["run-3"], ["run-4"], []]);
  const asked = connected.requests.map(({ query }) => query.get(vendor.cursor));
  expect(asked).toEqual([null, "page-1", "page-2", "page-3", "page-4"]);
  // A cursor holds for one question: all but the cursor is the same.
  const questions = connected.requests.map(({ path, query }) => {
    query.delete(vendor.cursor);
    return `${path}?${query.toString()}`;
  });
  expect(new Set(questions).size).toBe(1);
});

test.each(table)(
  "%s: what was read before a page that fails is told, and where that page is",
  async (_name, vendor) => {
    let broken = true;
    await using connected = await connect(vendor, (number) =>
      broken && number === 1 ? { status: 500, json: {} } : null,
    );
    const first = await connected.look();
    expect(first).toMatchObject({ found: ["run-0"], failed: true, rests: [expect.anything()] });
    broken = false;
    expect(await connected.look({ goOn: first.rests })).toMatchObject({ found: ["run-1"], failed: false });
  },
);

test.each(table)("%s: nothing is left of a list that was read to its end", async (_name, vendor) => {
  await using connected = await connect(vendor, () => null);
  const { rests, found } = await connected.look({ pages: { take: () => true } });
  expect([rests, found]).toEqual([[], ["run-0", "run-1", "run-2", "run-3", "run-4"]]);
});

test("truto: a stretch that ends before now is asked for with both its ends", async () => {
  await using connected = await connect(vendors.truto, () => null);
  await connected.look({ until: new Date("2026-06-02T00:00:00.000Z") });
  expect(connected.requests[0]?.query.get("created_at[gt]")).toBe("2026-05-30T23:59:59.000Z");
  expect(connected.requests[0]?.query.get("created_at[lt]")).toBe("2026-06-02T00:00:00.000Z");
});

test("truto: a rest that another version wrote is read from the beginning", async () => {
  await using connected = await connect(vendors.truto, () => null);
  const { found } = await connected.look({ goOn: [{ list: "runs", cursor: "page-3" }] });
  expect(found).toEqual(["run-0", "run-1"]);
});
