// What the gateway knows of its contact with each provider.
import { ProviderHealth } from "../../domain/provider-state.ts";
import type { DiscoveryProgress } from "../../domain/discovery.ts";
import type { ProviderState } from "../../domain/provider-state.ts";
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
    discovery: progress(),
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

/** Dates as they are in JSON. */
type Written<T> = T extends Date ? string : T extends object ? { readonly [Name in keyof T]: Written<T[Name]> } : T;

function progress(): Column<DiscoveryProgress | null> {
  const { read } = nullable(json<Written<DiscoveryProgress>>());
  return { ...nullable(json<DiscoveryProgress>()), read: (stored) => revived(read(stored)) };
}

function revived(written: Written<DiscoveryProgress> | null): DiscoveryProgress | null {
  if (written === null) return null;
  return {
    ...written,
    lookedAt: new Date(written.lookedAt),
    lookOverAt: new Date(written.lookOverAt),
    gaps: written.gaps.map((gap) => ({
      ...gap,
      since: new Date(gap.since),
      until: new Date(gap.until),
      unreadSince: gap.unreadSince === null ? null : new Date(gap.unreadSince),
    })),
  };
}
