// The identity's part of the port: one row, made by a migration. What it says is remembered, since every cursor carries it.
import { randomBytes } from "node:crypto";
import { realpath } from "node:fs/promises";
import type { IdentityStore, StoreIdentity } from "../domain/identity-port.ts";
import type { Database, Query } from "./database.ts";
import { storeIdentityTable } from "./entities/store-identity.ts";
import { sql } from "./sql.ts";
import { selected } from "./statements.ts";
import { decodeRow } from "./table.ts";

/** @throws Error when the migrations were not run */
export async function readIdentity(read: Query): Promise<StoreIdentity> {
  const rows = await read(sql`select ${selected(storeIdentityTable)} from store_identity where tenant_id = ${""}`);
  const [found] = rows.map((row) => decodeRow(storeIdentityTable, row));
  if (found === undefined) throw new Error("store: the database does not say who it is");
  const { installationId, ledgerId, takesUnnamed } = found;
  return { installationId, ledgerId, takesUnnamed };
}

/** The database's number on its server, and the server's own where this user may read it. */
async function placeOnServer(read: Query): Promise<string> {
  const oid = sql`select oid from pg_database where datname = current_database()`;
  const whole = sql`select (${oid}) as number, (select system_identifier from pg_control_system()) as server`;
  const [row] = await read(whole).catch(() => read(sql`select (${oid}) as number, null as server`));
  return `${String(row?.["server"] ?? "")}/${String(row?.["number"])}`;
}

export function createIdentityStore({ identity, read, write, file }: Database): IdentityStore {
  let known = identity;
  const look = async (): Promise<StoreIdentity> => (known = await readIdentity(read));
  return {
    known: () => known,
    look,
    renewLedger: async (from) => {
      const to = randomBytes(8).toString("hex");
      await write(
        sql`update store_identity set ledger_id = ${to}, takes_unnamed = false where tenant_id = ${""} and ledger_id = ${from}`,
      );
      return look();
    },
    place: async () => (file === null ? placeOnServer(read) : realpath(file)),
  };
}
