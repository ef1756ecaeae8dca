// One account at several addresses, so that a test can tell which gateway asked, or stand between one of them and the vendor. A gateway refuses
// a key whose address is another than the one the store knows: here, the store never learns at which it is.
import pg from "pg";
import { openStore } from "../../src/store/open-store.ts";

/** @param databaseUrl of an empty database of PostgreSQL */
export async function takeAnyAddress(databaseUrl: string): Promise<void> {
  await (await openStore(databaseUrl)).close();
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const unknown = ["kind", "address", "sandbox", "remote_account", "credential", "confirmed_at"];
    const body = `begin ${unknown.map((name) => `new.${name} := null;`).join(" ")} return new; end`;
    await client.query(`create function forget() returns trigger language plpgsql as '${body}'`);
    await client.query(
      "create trigger forget before insert or update on provider_account for each row execute function forget()",
    );
  } finally {
    await client.end();
  }
}
