// Which account each provider's key speaks to, and which gateways have it configured.
import type { ProviderAccount } from "../../domain/provider-account.ts";
import { decodeRow, defineTable, flag, nullable, text, time } from "../table.ts";
import type { StoredRow } from "../table.ts";

export const providerAccountTable = defineTable({
  name: "provider_account",
  primaryKey: ["tenantId", "providerKey"],
  columns: {
    tenantId: text(),
    providerKey: text(),
    shownKey: text(),
    kind: nullable(text()),
    address: nullable(text()),
    sandbox: nullable(flag()),
    remoteAccount: nullable(text()),
    credential: nullable(text()),
    confirmedAt: nullable(time()),
    removedAt: nullable(time()),
  },
  indices: [{ name: "provider_account_shown", properties: ["tenantId", "shownKey"], unique: true }],
});

/** One row for each gateway that has the provider configured. */
export const providerHolderTable = defineTable({
  name: "provider_holder",
  primaryKey: ["tenantId", "providerKey", "owner"],
  columns: { tenantId: text(), providerKey: text(), owner: text(), heldUntil: time() },
});

export function providerAccountOf(stored: StoredRow): ProviderAccount {
  const { tenantId: _, ...account } = decodeRow(providerAccountTable, stored);
  return account;
}
