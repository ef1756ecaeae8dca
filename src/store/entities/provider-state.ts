// What the gateway knows of its contact with each provider.
import { ProviderHealth } from "../../domain/store-port.ts";
import type { ProviderState } from "../../domain/store-port.ts";
import { decodeRow, defineTable, json, nullable, text, time, word } from "../table.ts";
import type { Column, StoredRow } from "../table.ts";

export const providerStateTable = defineTable({
  name: "provider_state",
  primaryKey: ["tenantId", "providerKey"],
  columns: {
    tenantId: text(),
    providerKey: text(),
    health: word(ProviderHealth),
    lastSuccessAt: nullable(time()),
    lastFailureAt: nullable(time()),
    lastError: nullable(json<NonNullable<ProviderState["lastError"]>>()),
    catalogAt: nullable(time()),
    discoveredUntil: nullable(time()),
    unknownStatuses: json<Readonly<Record<string, number>>>(),
    lastWebhookAt: nullable(time()),
    webhookRefusals: countsOrNone(),
  },
});

export function providerStateOf(stored: StoredRow): ProviderState {
  const { tenantId: _tenantId, providerKey: _providerKey, ...state } = decodeRow(providerStateTable, stored);
  return state;
}

/** The column is younger than the table: rows from before it have NULL, which is none. */
function countsOrNone(): Column<Readonly<Record<string, number>>> {
  const column = nullable(json<Readonly<Record<string, number>>>());
  return { ...column, read: (stored) => column.read(stored) ?? {} };
}
