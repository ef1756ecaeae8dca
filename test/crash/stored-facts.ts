// What a gateway that died, or one that runs, has written down: read beside it, without its help.
import { NodeKind, globalIdOf } from "../../src/graphql/global-id.ts";
import { openReadOnly } from "../../src/store/checks/snapshot.ts";
import type { Query } from "../../src/store/database.ts";
import { sql } from "../../src/store/sql.ts";
import type { Sql } from "../../src/store/sql.ts";
import type { StoredRow } from "../../src/store/table.ts";

export interface StoredTrigger {
  readonly id: string;
  readonly providerKey: string;
  readonly idempotencyKey: string | null;
  readonly state: string;
  /** As clients know them. */
  readonly syncIds: readonly string[];
}

export interface StoredRun {
  /** As clients know it. */
  readonly id: string;
  readonly providerKey: string;
  readonly remoteId: string;
  readonly status: string;
  readonly triggerId: string | null;
}

export interface StoredFacts {
  readonly triggers: readonly StoredTrigger[];
  readonly runs: readonly StoredRun[];
  /** States of webhooks, with the provider: `truto PROCESSED`. */
  readonly deliveries: readonly string[];
  readonly conflicts: number;
  /** Providers whose catalog was once read to its end, and those whose runs were. */
  readonly whole: { readonly catalogs: readonly string[]; readonly discoveries: readonly string[] };
  /** Definitions and accounts that are shown, with the provider: `truto job-1`. */
  readonly catalog: readonly string[];
}

/** Opens the store beside whoever writes to it, for as long as the work goes on. */
export async function withFacts<T>(
  databaseUrl: string,
  work: (read: () => Promise<StoredFacts>) => Promise<T>,
): Promise<T> {
  const store = await openReadOnly(databaseUrl);
  try {
    return await work(() => store.at(({ query }) => factsOf(query)));
  } finally {
    await store.close();
  }
}

/** All of it at one moment. */
async function factsOf(query: Query): Promise<StoredFacts> {
  const rows = async <T>(asked: Sql, of: (row: StoredRow) => T): Promise<readonly T[]> => (await query(asked)).map(of);
  const named = (row: StoredRow): string => `${text(row, "provider_key")} ${text(row, "name")}`;
  return {
    triggers: await rows(
      sql`select id, provider_key, idempotency_key, state, cast(sync_ids as text) as sync_ids from sync_trigger`,
      triggerOf,
    ),
    runs: await rows(sql`select id, provider_key, remote_id, status, trigger_id from sync`, runOf),
    deliveries: await rows(sql`select provider_key, state as name from webhook_delivery`, named),
    conflicts: (await query(sql`select 1 as found from sync_conflict`)).length,
    whole: {
      catalogs: await rows(sql`select provider_key from provider_state where catalog_at is not null`, keyOf),
      discoveries: await rows(sql`select provider_key from provider_state where discovered_until is not null`, keyOf),
    },
    catalog: await rows(
      sql`select provider_key, remote_id as name from definition where gone_at is null union all select provider_key, remote_id as name from linked_account where gone_at is null`,
      named,
    ),
  };
}

const text = (row: StoredRow, name: string): string => String(row[name]);
const keyOf = (row: StoredRow): string => text(row, "provider_key");
const orNull = (row: StoredRow, name: string): string | null => (row[name] === null ? null : text(row, name));

function triggerOf(row: StoredRow): StoredTrigger {
  const syncIds: unknown = JSON.parse(text(row, "sync_ids"));
  return {
    id: text(row, "id"),
    providerKey: keyOf(row),
    idempotencyKey: orNull(row, "idempotency_key"),
    state: text(row, "state"),
    syncIds: Array.isArray(syncIds) ? syncIds.map((id) => globalIdOf(NodeKind.Sync, String(id))) : [],
  };
}

function runOf(row: StoredRow): StoredRun {
  return {
    id: globalIdOf(NodeKind.Sync, text(row, "id")),
    providerKey: keyOf(row),
    remoteId: text(row, "remote_id"),
    status: text(row, "status"),
    triggerId: orNull(row, "trigger_id"),
  };
}
