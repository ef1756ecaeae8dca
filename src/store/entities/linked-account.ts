// The mirror of the vendors' linked accounts. Rows the vendor stopped listing are kept with the time they went.
import { LinkedAccountStatus } from "../../domain/definition.ts";
import type { LinkedAccount } from "../../domain/definition.ts";
import { decodeRow, defineTable, flag, nullable, text, time, word } from "../table.ts";
import type { StoredRow } from "../table.ts";

export const linkedAccountTable = defineTable({
  name: "linked_account",
  primaryKey: ["tenantId", "id"],
  columns: {
    tenantId: text(),
    id: text(),
    providerKey: text(),
    remoteId: text(),
    name: text(),
    integration: nullable(text()),
    category: nullable(text()),
    status: word(LinkedAccountStatus),
    rawStatus: nullable(text()),
    statusMessage: nullable(text()),
    resumesAt: nullable(time()),
    lastSyncedAt: nullable(time()),
    customerId: nullable(text()),
    environmentId: nullable(text()),
    sandbox: nullable(flag()),
    createdAt: nullable(time()),
    updatedAt: nullable(time()),
    observedAt: time(),
    goneAt: nullable(time()),
  },
  indices: [
    { name: "linked_account_remote", properties: ["tenantId", "providerKey", "remoteId"], unique: true },
    { name: "linked_account_name", properties: ["tenantId", "name", "id"] },
    { name: "linked_account_provider_name", properties: ["tenantId", "providerKey", "name", "id"] },
    { name: "linked_account_customer", properties: ["tenantId", "customerId", "name", "id"] },
  ],
});

export const linkedAccountOf = (stored: StoredRow): LinkedAccount => decodeRow(linkedAccountTable, stored);
