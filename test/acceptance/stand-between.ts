// A server between the gateway and a vendor that changes what the vendor answers: for what no sandbox says by itself.
import { startFakeVendor, type FakeVendor } from "../support/fake-vendor.ts";
import type { ProviderEntry } from "../support/gateway.ts";
import { credentialHeaders, entryOf, type VendorServer } from "../support/vendors.ts";

export interface Between extends AsyncDisposable {
  /** The vendor, reached through this. */
  readonly entry: ProviderEntry;
  readonly asked: FakeVendor["requests"];
}

/**
 * Passes everything on.
 *
 * @param change gives the text to answer with for the vendor's own; the path is without the query
 */
export async function standBetween(
  vendor: VendorServer,
  change: (path: string, text: string) => string,
): Promise<Between> {
  const target = new URL(vendor.url);
  const fake = await startFakeVendor(async ({ method, path, query, body }) => {
    const headers = { ...credentialHeaders(vendor), "content-type": "application/json" };
    const search = query.size === 0 ? "" : `?${query.toString()}`;
    const answer = await fetch(`${target.origin}${path}${search}`, {
      method,
      headers,
      ...(body === "" ? {} : { body }),
    });
    const text = change(path, await answer.text());
    return { status: answer.status, headers: { "content-type": "application/json" }, text };
  });
  const path = target.pathname === "/" ? "" : target.pathname;
  const entry = entryOf({ ...vendor, url: `${fake.url}${path}` });
  return { entry, asked: fake.requests, [Symbol.asyncDispose]: () => fake.close() };
}
