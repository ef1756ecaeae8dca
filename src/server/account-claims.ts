// What a provider's configuration says of its account, with a fingerprint from which nobody can tell the credential.
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { AccountClaim } from "../domain/provider-account.ts";
import type { ProviderConfig } from "./config.ts";

const SALT_BYTES = 16;

/** @param baseUrl where the vendor's API is; what is more than its origin is no part of the account's address */
export function accountClaim(
  config: Pick<ProviderConfig, "key" | "kind" | "credentials">,
  { sandbox, baseUrl }: { readonly sandbox: boolean; readonly baseUrl: string },
): AccountClaim {
  const credential = JSON.stringify(
    Object.entries(config.credentials).toSorted(([one], [other]) => (one < other ? -1 : 1)),
  );
  // Vendors' credentials are long and random: nobody guesses them through a keyed hash.
  const print = (salt: Buffer): Buffer => createHmac("sha256", salt).update(credential).digest();
  return {
    shownKey: config.key,
    kind: config.kind,
    address: new URL(baseUrl).origin,
    sandbox,
    fingerprint() {
      const salt = randomBytes(SALT_BYTES);
      return `${salt.toString("hex")}.${print(salt).toString("hex")}`;
    },
    matches(fingerprint) {
      const [salt = "", known = ""] = fingerprint.split(".").map((part) => Buffer.from(part, "hex"));
      const own = print(Buffer.from(salt));
      return own.length === known.length && timingSafeEqual(own, Buffer.from(known));
    },
  };
}
