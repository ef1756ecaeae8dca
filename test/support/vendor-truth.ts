// What a vendor itself says, asked directly with its own credentials: the truth the gateway's answers are compared with.
import { objectOf, type Json } from "./openapi-examples.ts";
import { credentialHeaders, type VendorServer } from "./vendors.ts";

/** GETs a path of the vendor and gives the body. Throws when the answer is no success. */
export async function vendorSays(vendor: VendorServer, path: string): Promise<unknown> {
  return answered(vendor, path, await fetch(`${vendor.url}${path}`, { headers: credentialHeaders(vendor) }));
}

/** POSTs a body and gives the answer's object. Throws when the answer is no success. */
export async function vendorTakes(vendor: VendorServer, path: string, body: unknown): Promise<Json> {
  const headers = { ...credentialHeaders(vendor), "content-type": "application/json" };
  return objectOf(
    await answered(
      vendor,
      path,
      await fetch(`${vendor.url}${path}`, { method: "POST", headers, body: JSON.stringify(body) }),
    ),
  );
}

/** A vendor's time as the gateway writes times; null stays null. */
export function time(written: unknown): string | null {
  if (typeof written !== "string") return null;
  const at = /[zZ]$|[+-]\d\d:\d\d$/u.test(written) ? written : `${written.replace(" ", "T")}Z`;
  return new Date(at).toISOString();
}

/** Null for what a vendor leaves out. */
export const orNull = (value: unknown): unknown => value ?? null;

async function answered(vendor: VendorServer, path: string, response: Response): Promise<unknown> {
  if (response.ok) return response.json();
  throw new Error(`${vendor.vendor} answers ${path} with ${response.status}: ${await response.text()}`);
}
