// RootFi's sandbox through v4, beside v3 on the same server: what its runs end as by its own word, and what may be started there.
import { COMPANIES } from "../../src/providers/rootfi/sandbox-data.ts";
import type { ProviderEntry } from "../support/gateway.ts";
import { listOf, objectOf, type Json } from "../support/openapi-examples.ts";
import { vendorSays } from "../support/vendor-truth.ts";
import { entryOf, type VendorServer } from "../support/vendors.ts";

/** The same vendor, its address that of v4. */
export function v4Of(vendor: VendorServer): VendorServer {
  return { ...vendor, url: vendor.url.replace(/\/v3$/u, "/v4") };
}

export function entryOfV4(v4: VendorServer): ProviderEntry & { readonly apiVersion: string } {
  // v4 limits requests, and discovery asks for each company.
  return { ...entryOf(v4), apiVersion: "v4", poll: { fastMs: 150, slowMs: 400, discoverMs: 5_000 } };
}

/**
 * Sync jobs that can be started: v4 knows the first connection of a company alone. One that starts by itself is left out, because its own
 * run may be in the way.
 */
export const STARTABLE: readonly string[] = COMPANIES.flatMap(({ name, connections: [connection] }) =>
  connection?.status === "HEALTHY" && connection.automaticEveryMs === null
    ? [`${name} / ${connection.integration}`]
    : [],
);

export async function rawSyncs(v4: VendorServer, company: string): Promise<readonly Json[]> {
  const answer = objectOf(await vendorSays(v4, `/core/companies/${company}/syncs?limit=100`));
  return listOf(objectOf(answer["data"])["syncs"]);
}

export async function rawSync(v4: VendorServer, company: string, remoteId: string): Promise<Json> {
  const found = (await rawSyncs(v4, company)).find(({ id }) => id === remoteId);
  if (found === undefined) throw new Error(`company ${company} has no sync ${remoteId}`);
  return found;
}

export async function rawJobs(v4: VendorServer, remoteId: string): Promise<readonly Json[]> {
  const answer = objectOf(await vendorSays(v4, `/core/syncs/${remoteId}/jobs?limit=100`));
  return listOf(objectOf(answer["data"])["jobs"]);
}

/** The end that the vendor's word means; the word itself for a run that goes on. */
export function endOfV4(sync: Json): string {
  const word = String(sync["status"]);
  return { SUCCESS: "SUCCESS: COMPLETE", PARTIAL_SUCCESS: "SUCCESS: PARTIAL", FAILED: "FAILED: ERROR" }[word] ?? word;
}
