// A store that has been there for a while: everything in it becomes older, or old runs are put into it.
import { openMigratedDatabase, openStore } from "../../src/store/open-store.ts";
import { sql, verbatim } from "../../src/store/sql.ts";
import { entry, rules } from "./store-values.ts";

const DAY_MS = 86_400_000;

/** What the gateway and the vendors noted as the time of something. */
const TIMES: Readonly<Record<string, readonly string[]>> = {
  transition: ["occurred_at", "observed_at"],
  sync: ["created_at", "started_at", "finished_at", "updated_at", "observed_at"],
  sync_trigger: ["created_at", "sent_at", "resolved_at"],
};

/** Makes runs, transitions and triggers of a store that no gateway has open so many days older. */
export async function age(databaseUrl: string, days: number): Promise<void> {
  const database = await openMigratedDatabase(databaseUrl);
  try {
    for (const [table, columns] of Object.entries(TIMES)) {
      const changes = columns.map((column) => `${column} = ${column} - ${days * DAY_MS}`).join(", ");
      await database.write(sql`${verbatim(`update ${table} set ${changes}`)}`);
    }
  } finally {
    await database.close();
  }
}

/** Puts ended runs of the tenant `local` into an empty store, last reported so many days ago. Each has three transitions. */
export async function fillWithOldRuns(databaseUrl: string, count: number, days: number): Promise<void> {
  const store = await openStore(databaseUrl);
  try {
    const observedAt = new Date(Date.now() - days * DAY_MS);
    const runs = Array.from({ length: count }, (_, index) => entry(`old-${index}`, { status: "SUCCESS", observedAt }));
    for (let done = 0; done < count; done += 500) {
      await store.ledger.record("local", runs.slice(done, done + 500), rules);
    }
  } finally {
    await store.close();
  }
}

/** Transitions of the tenant `local` that are left, read beside whatever gateway has the store open. */
export async function countTransitions(databaseUrl: string): Promise<number> {
  const database = await openMigratedDatabase(databaseUrl);
  try {
    const [row] = await database.read(sql`select count(*) as found from transition where tenant_id = ${"local"}`);
    return Number(row?.["found"]);
  } finally {
    await database.close();
  }
}
