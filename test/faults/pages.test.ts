// Lists whose pages are the fault: without an end, and told twice. Pages that name themselves as the next are in
// `test/providers/conformance-runs.test.ts`, what a walk does with any cursor in `test/wire/pages.test.ts`.
import { describe, expect, test } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import type { SyncProvider } from "../../src/domain/provider-port.ts";
import type { Paging } from "../support/conformance.ts";
import { startFaultyVendor, type FaultyVendor } from "../support/faulty-vendor.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { loadVendorRows } from "../support/provider-modules.ts";
import { allOf, refusal } from "../support/provider-values.ts";

const rows = (await loadVendorRows()).flatMap(({ kind, name, vendor }) =>
  vendor.paging === null ? [] : [{ kind, name, vendor, paging: vendor.paging }],
);
/** What a walk is given up after. */
const MOST_PAGES = 1_000;

const listed = async (provider: SyncProvider, { question }: Paging): Promise<readonly string[]> => {
  const items: readonly { readonly remoteId: string }[] =
    question === "listLinkedAccounts"
      ? await allOf(provider.listLinkedAccounts())
      : await allOf(provider.listDefinitions());
  return items.map(({ remoteId }) => remoteId);
};

const itemsIn = (body: unknown, { items }: Paging): readonly unknown[] => {
  const found = [items].flat().reduce<unknown>((value, name) => Reflect.get(Object(value), name) as unknown, body);
  return Array.isArray(found) ? found : [];
};

/** Has the list answered by pages: each gets the whole list's items and its own number, and gives its items and whether more follow. */
function inPages(
  at: FaultyVendor,
  paging: Paging,
  page: (items: readonly unknown[], number: number) => { readonly items: readonly unknown[]; readonly more: boolean },
): void {
  let whole: readonly unknown[] = [];
  at.proxy.break({
    strikes: ({ method, target }) => method === "GET" && target.split("?")[0] === paging.path,
    act: async ({ nth, forward, response }) => {
      // The sandbox gives no page for a cursor that it did not make.
      if (nth === 0) whole = itemsIn(JSON.parse((await forward()).body.toString("utf8")), paging);
      const { items, more } = page(whole, nth);
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify(paging.body(items, more ? `page-${nth + 1}` : null)));
    },
  });
}

describe.each(rows)("a list of $name", ({ kind, vendor, paging }) => {
  test("without an end is given up after a thousand pages, as one that is broken", async () => {
    await using at = await startFaultyVendor(kind, vendor, createManualClock(new Date()));
    inPages(at, paging, () => ({ items: [], more: true }));
    const error = await refusal(listed(at.connect().provider, paging));
    expect(error).toMatchObject({ code: ErrorCode.ProviderBadResponse, retryable: false, sent: true });
    expect(at.proxy.struck.length).toBeLessThanOrEqual(MOST_PAGES);
  });

  test("whose pages come twice has the same entries as without", async () => {
    await using at = await startFaultyVendor(kind, vendor, createManualClock(new Date()));
    const usual = await listed(at.connect().provider, paging);
    inPages(at, paging, (items, number) => ({ items, more: number === 0 }));
    const twice = await listed(at.connect().provider, paging);
    expect(at.proxy.struck.length).toBeGreaterThanOrEqual(2);
    expect(new Set(twice)).toEqual(new Set(usual));
  });
});
