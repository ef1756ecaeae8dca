// What a PostgreSQL database tells of the starts that changed hands.
import pg from "pg";

/** How often a start was taken from the gateway that worked on it. */
export async function takeovers(databaseUrl: string): Promise<number> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ fences: number }>(
      "select coalesce(sum(fence), 0)::int as fences from sync_trigger",
    );
    return rows[0]?.fences ?? 0;
  } finally {
    await client.end();
  }
}
