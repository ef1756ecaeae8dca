// The provider states' part of the port: one row for each provider of a tenant, changed field by field.
import { ProviderHealth } from "../domain/provider-state.ts";
import type { ProviderState, ProviderStateStore } from "../domain/provider-state.ts";
import type { Database } from "./database.ts";
import { providerStateOf, providerStateTable } from "./entities/provider-state.ts";
import { sql } from "./sql.ts";
import { insertion, selected, takeOver } from "./statements.ts";
import { encodeRow } from "./table.ts";

const NOTHING_KNOWN: ProviderState = {
  health: ProviderHealth.Unknown,
  lastSuccessAt: null,
  lastFailureAt: null,
  lastError: null,
  catalogAt: null,
  discoveredUntil: null,
  discovery: null,
  unknownStatuses: {},
  lastWebhookAt: null,
  webhookRefusals: {},
};

export function createProviderStateStore({ dialect, read, write }: Database): ProviderStateStore {
  return {
    get: async (tenantId, providerKey) => {
      const rows = await read(
        sql`select ${selected(providerStateTable)} from provider_state where tenant_id = ${tenantId} and provider_key = ${providerKey}`,
      );
      return rows.map(providerStateOf)[0] ?? NOTHING_KNOWN;
    },
    patch: async (tenantId, providerKey, patch) => {
      const told = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));
      const row = encodeRow(providerStateTable, { ...NOTHING_KNOWN, ...told, tenantId, providerKey });
      const named = providerStateTable.fields.filter(({ property }) => property in told);
      const onConflict = named.length === 0 ? sql`do nothing` : sql`do update set ${takeOver(named)}`;
      await write(
        sql`${insertion(dialect, providerStateTable, [row])} on conflict (tenant_id, provider_key) ${onConflict}`,
      );
    },
  };
}
