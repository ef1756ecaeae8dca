// A ledger as a backup left it: everything that was committed after a number is gone, and its numbers are given again.
import { openMigratedDatabase } from "../../src/store/open-store.ts";
import { identifier, sql } from "../../src/store/sql.ts";

/** What is restored knows nothing of what it was; who it is stays as it was when the backup was made. */
export async function restoreTo(databaseUrl: string, tenantId: string, sequence: number): Promise<void> {
  const database = await openMigratedDatabase(databaseUrl);
  try {
    await database.transaction(async (query) => {
      const later = sql`select sync_id from transition where tenant_id = ${tenantId} group by sync_id having min(sequence) > ${sequence}`;
      const runs = await query(sql`${later}`);
      await query(sql`delete from transition where tenant_id = ${tenantId} and sequence > ${sequence}`);
      for (const { sync_id: id } of runs)
        for (const [table, key] of [
          ["sync_task", "sync_id"],
          ["sync_poll", "sync_id"],
          ["sync", "id"],
        ] as const)
          await query(
            sql`delete from ${identifier(table)} where tenant_id = ${tenantId} and ${identifier(key)} = ${String(id)}`,
          );
      await query(sql`update ledger_head set last_sequence = ${sequence} where tenant_id = ${tenantId}`);
    });
  } finally {
    await database.close();
  }
}

/** As a store is that was upgraded from a version whose cursors named no ledger. */
export async function takeUnnamed(databaseUrl: string): Promise<void> {
  const database = await openMigratedDatabase(databaseUrl);
  try {
    await database.write(sql`update store_identity set takes_unnamed = true`);
  } finally {
    await database.close();
  }
}
