// The accounts' part of the port: which account each provider's key speaks to, and which gateways have it configured.
import type { AccountStore, ProviderAccount, RenameOutcome } from "../domain/provider-account.ts";
import type { Database, Query } from "./database.ts";
import { providerAccountOf, providerAccountTable, providerHolderTable } from "./entities/provider-account.ts";
import { identifier, sql } from "./sql.ts";
import type { Sql } from "./sql.ts";
import { insertRows, insertion, selected } from "./statements.ts";
import { encodeRow } from "./table.ts";

/** A gateway without accounts holds nothing; that somebody asked the provider so lately tells that it is configured. */
const ASKED_LATELY_MS = 60_000;

export function createAccountStore({ dialect, read, write, transaction }: Database): AccountStore {
  return {
    all: (tenantId) => storedAccounts(read, tenantId),
    add: async (tenantId, accounts) => {
      const rows = accounts.map((account) => ({ tenantId, ...account }));
      await insertRows(write, dialect, providerAccountTable, rows, "skip");
    },
    confirm: async (tenantId, before, { kind, address, sandbox, remoteAccount, credential, confirmedAt }) => {
      const unchanged = sql`coalesce(kind, '') = ${before.kind ?? ""} and coalesce(address, '') = ${before.address ?? ""} and coalesce(credential, '') = ${before.credential ?? ""}`;
      const written = await write(
        sql`update provider_account set kind = ${kind}, address = ${address}, sandbox = ${sandbox}, remote_account = ${remoteAccount}, credential = ${credential}, confirmed_at = ${confirmedAt.getTime()} where tenant_id = ${tenantId} and provider_key = ${before.providerKey} and ${unchanged} returning provider_key`,
      );
      return written.length > 0;
    },
    hold: async (tenantId, providerKeys, owner, until) => {
      if (providerKeys.length === 0) return;
      const held = providerKeys.map((providerKey) =>
        encodeRow(providerHolderTable, { tenantId, providerKey, owner, heldUntil: until }),
      );
      await transaction(async (query) => {
        await query(
          sql`${insertion(dialect, providerHolderTable, held)} on conflict (tenant_id, provider_key, owner) do update set held_until = excluded.held_until`,
        );
        await query(
          sql`update provider_account set removed_at = null where tenant_id = ${tenantId} and ${dialect.anyOf(identifier("provider_key"), providerKeys)} and removed_at is not null`,
        );
      });
    },
    letGo: async (tenantId, owner) => {
      await write(sql`delete from provider_holder where tenant_id = ${tenantId} and owner = ${owner}`);
    },
    sweep: (tenantId, now) =>
      transaction(async (query) => {
        await query(
          sql`insert into provider_account (tenant_id, provider_key, shown_key) select tenant_id, provider_key, provider_key from provider_state where tenant_id = ${tenantId} and not exists (select 1 from provider_account as known where known.tenant_id = provider_state.tenant_id and known.provider_key = provider_state.provider_key) on conflict do nothing`,
        );
        await query(sql`delete from provider_holder where tenant_id = ${tenantId} and held_until <= ${now.getTime()}`);
        await query(
          sql`update provider_account set removed_at = ${now.getTime()} where tenant_id = ${tenantId} and removed_at is null and not exists (select 1 from provider_holder as holder where holder.tenant_id = provider_account.tenant_id and holder.provider_key = provider_account.provider_key) and not (kind is null and exists (${askedSince(now.getTime() - ASKED_LATELY_MS)}))`,
        );
      }),
    rename: (tenantId, from, to) => transaction((query) => rename(query, tenantId, from, to)),
    adopt: async (tenantId, shownKey) => {
      const found = await write(
        sql`update provider_account set kind = null, address = null, sandbox = null, remote_account = null, credential = null, confirmed_at = null where tenant_id = ${tenantId} and shown_key = ${shownKey} returning provider_key`,
      );
      return found.length > 0;
    },
  };
}

/** The same for who has only a connection that reads. */
export async function storedAccounts(query: Query, tenantId: string): Promise<readonly ProviderAccount[]> {
  return (await query(accountsOf(tenantId))).map(providerAccountOf);
}

const accountsOf = (tenantId: string): Sql =>
  sql`select ${selected(providerAccountTable)} from provider_account where tenant_id = ${tenantId} order by shown_key`;

const askedSince = (time: number): Sql =>
  sql`select 1 from provider_state where provider_state.tenant_id = provider_account.tenant_id and provider_state.provider_key = provider_account.provider_key and (last_success_at > ${time} or last_failure_at > ${time})`;

async function rename(query: Query, tenantId: string, from: string, to: string): Promise<RenameOutcome> {
  const accounts = await storedAccounts(query, tenantId);
  const shown = (key: string): ProviderAccount | undefined => accounts.find(({ shownKey }) => shownKey === key);
  const [account, target] = [shown(from), shown(to)];
  if (account === undefined) return target === undefined ? "UNKNOWN" : "DONE_BEFORE";
  if (from === to) return "DONE_BEFORE";
  if (target !== undefined) {
    // A gateway that was started with the new key too early, and refused it, has left nothing but the row.
    if (await hasHistory(query, tenantId, target.providerKey)) return "TAKEN";
    for (const table of ["provider_account", "provider_holder", "provider_state"])
      await query(
        sql`delete from ${identifier(table)} where tenant_id = ${tenantId} and provider_key = ${target.providerKey}`,
      );
  }
  await query(
    sql`update provider_account set shown_key = ${to} where tenant_id = ${tenantId} and provider_key = ${account.providerKey}`,
  );
  return "RENAMED";
}

async function hasHistory(query: Query, tenantId: string, providerKey: string): Promise<boolean> {
  for (const table of ["sync", "definition", "linked_account"]) {
    const rows = await query(
      sql`select 1 as found from ${identifier(table)} where tenant_id = ${tenantId} and provider_key = ${providerKey} limit 1`,
    );
    if (rows.length > 0) return true;
  }
  return false;
}
