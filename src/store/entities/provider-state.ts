// What the gateway knows of its contact with each provider.
import { ProviderHealth } from "../../domain/store-port.ts";
import type { ProviderState } from "../../domain/store-port.ts";
import { decodeRow, defineTable, json, nullable, text, time, word } from "../table.ts";
import type { StoredRow } from "../table.ts";

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
  },
});

export function providerStateOf(stored: StoredRow): ProviderState {
  const { tenantId: _tenantId, providerKey: _providerKey, ...state } = decodeRow(providerStateTable, stored);
  return state;
}
