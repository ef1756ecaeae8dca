// A database that cannot be written to: it is remembered until writing has been proven, and nobody waits for the waits of others.
import { rename } from "node:fs/promises";
import { expect, test } from "vitest";
import { ErrorCode, GatewayError } from "../../src/domain/errors.ts";
import { openMigratedDatabase, storeOn } from "../../src/store/open-store.ts";
import { sql, verbatim } from "../../src/store/sql.ts";
import { databaseMaker, describeOnEachDatabase } from "../support/databases.ts";
import { within } from "../support/eventually.ts";
import { createGate } from "../support/gate.ts";

const AWAY = new GatewayError(ErrorCode.ServiceUnavailable, "away");
const UNAVAILABLE = { code: ErrorCode.ServiceUnavailable };
const makeFile = databaseMaker("sqlite");

describeOnEachDatabase("after something could not be written", (open) => {
  test("writing is proven once, and again until the proof passes; a failure of another kind asks for none", async () => {
    const { url } = await open();
    const database = await openMigratedDatabase(url);
    try {
      let proofs = 0;
      const prove = (failure: Error | null = null) =>
        database.proveWrites(async () => {
          proofs += 1;
          if (failure !== null) throw failure;
        });
      await prove();
      await expect(database.write(sql`insert into nothing values (1)`)).rejects.not.toMatchObject(UNAVAILABLE);
      await prove();
      expect(proofs).toBe(0);
      await expect(database.transaction(() => Promise.reject(AWAY))).rejects.toBe(AWAY);
      // What is written meanwhile proves nothing: it may have been small.
      await database.write(sql`delete from provider_state`);
      await expect(prove(AWAY)).rejects.toBe(AWAY);
      await prove();
      await prove();
      expect(proofs).toBe(2);
    } finally {
      await database.close();
    }
  });

  test("a ping that proves it leaves nothing behind", async () => {
    const { url } = await open();
    const database = await openMigratedDatabase(url);
    try {
      const { ping } = storeOn(database);
      await expect(database.transaction(() => Promise.reject(AWAY))).rejects.toBe(AWAY);
      await ping();
      expect(await database.read(sql`select * from provider_state`)).toEqual([]);
      let proofs = 0;
      await database.proveWrites(() => Promise.resolve(void (proofs += 1)));
      expect(proofs).toBe(0);
    } finally {
      await database.close();
    }
  });
});

test("writers behind one that waited for another program in vain are not let wait again, and later ones are", async () => {
  const url = await makeFile();
  const [database, other] = [await openMigratedDatabase(url), await openMigratedDatabase(url)];
  const [locked, letGo] = [createGate(), createGate()];
  try {
    const holding = other.transaction(async () => {
      locked.open();
      await letGo.opened;
    });
    await locked.opened;
    const writes = Array.from({ length: 20 }, () => database.write(sql`delete from provider_state`));
    const refused = Promise.all(
      writes.map((write) => expect(write).rejects.toMatchObject({ ...UNAVAILABLE, cause: { code: "SQLITE_BUSY" } })),
    );
    // One wait of five seconds; twenty, one after the other, take a hundred.
    await within("all writers are refused", refused);
    letGo.open();
    await holding;
    expect(await database.write(sql`delete from provider_state`)).toEqual([]);
  } finally {
    letGo.open();
    await database.close();
    await other.close();
  }
});

test("a file that is moved while it is open takes nothing until it is back, and one that took its place takes nothing at all", async () => {
  const url = await makeFile();
  const file = url.slice("sqlite:".length);
  const database = await openMigratedDatabase(url);
  const put = (id: string) =>
    database.write(sql`${verbatim("insert into ledger_head (tenant_id, last_sequence) values")} (${id}, 0)`);
  try {
    await put("before");
    await rename(file, `${file}.away`);
    await expect(put("lost")).rejects.toMatchObject(UNAVAILABLE);
    await expect(storeOn(database).ping()).rejects.toMatchObject(UNAVAILABLE);
    await rename(`${file}.away`, file);
    await put("after");
    await storeOn(database).ping();
    expect(await database.read(sql`select tenant_id from ledger_head order by tenant_id`)).toEqual([
      { tenant_id: "after" },
      { tenant_id: "before" },
    ]);
    const beside = await makeFile();
    await (await openMigratedDatabase(beside)).close();
    await rename(beside.slice("sqlite:".length), file);
    await expect(put("elsewhere")).rejects.toMatchObject(UNAVAILABLE);
  } finally {
    await database.close();
  }
});
