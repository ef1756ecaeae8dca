// What gateways on one PostgreSQL database decide about looking at their vendors, written down by the database itself: every look at a run,
// with the plan it was taken from, and every discovery.
import pg from "pg";

export interface Look {
  readonly providerKey: string;
  readonly syncId: string;
  /** Epoch milliseconds by the gateway's clock: when it was taken, and until when nobody else may look. */
  readonly takenAtMs: number;
  readonly heldUntilMs: number;
  /** When the gateway that looked before had planned it. */
  readonly plannedAtMs: number;
  /** Until when that one may have been looking still; null when it had ended. */
  readonly heldBeforeUntilMs: number | null;
}

export interface LookLog {
  looks(): Promise<readonly Look[]>;
  /** When discoveries of a provider began, in epoch milliseconds, in order. Those that found the vendor away are not among them. */
  discoveries(providerKey: string): Promise<readonly number[]>;
}

/** How long a look is held, as `tracking/leases.ts` has it. */
const LEASE_MS = 10_000;

/** To be called when the schema is there. */
export async function logLooks(databaseUrl: string): Promise<LookLog> {
  await query(
    databaseUrl,
    `create table look_log (number bigserial, provider_key text, sync_id text, planned_at bigint, held_before_until bigint, held_until bigint);
     create function log_look() returns trigger language plpgsql as $$ begin
       insert into look_log (provider_key, sync_id, planned_at, held_before_until, held_until) values (new.provider_key, new.sync_id, old.next_poll_at, old.lease_until, new.lease_until);
       return null;
     end $$;
     create trigger log_look after update on sync_poll for each row when (new.fence > old.fence) execute function log_look();
     create table discovery_log (number bigserial, provider_key text, began_at bigint);
     create function log_discovery() returns trigger language plpgsql as $$ begin
       insert into discovery_log (provider_key, began_at) values (new.provider_key, new.discovered_until);
       return null;
     end $$;
     create trigger log_discovery after update on provider_state for each row
       when (new.discovered_until is distinct from old.discovered_until) execute function log_discovery();`,
  );
  return {
    looks: async () => {
      const rows = await query(databaseUrl, "select * from look_log order by number");
      return rows.map((row) => ({
        providerKey: String(row["provider_key"]),
        syncId: String(row["sync_id"]),
        takenAtMs: Number(row["held_until"]) - LEASE_MS,
        heldUntilMs: Number(row["held_until"]),
        plannedAtMs: Number(row["planned_at"]),
        heldBeforeUntilMs: row["held_before_until"] === null ? null : Number(row["held_before_until"]),
      }));
    },
    discoveries: async (providerKey) => {
      const rows = await query(databaseUrl, "select provider_key, began_at from discovery_log order by began_at");
      return rows.filter((row) => row["provider_key"] === providerKey).map((row) => Number(row["began_at"]));
    },
  };
}

/** Looks that nobody had planned for then: by more than `earlyMs` too soon, or while another gateway was looking. */
export function unplanned(looks: readonly Look[], earlyMs: number): readonly Look[] {
  return looks.filter(
    ({ takenAtMs, plannedAtMs, heldBeforeUntilMs }) =>
      takenAtMs < plannedAtMs - earlyMs || (heldBeforeUntilMs !== null && heldBeforeUntilMs > takenAtMs),
  );
}

async function query(databaseUrl: string, text: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const result = await client.query<Record<string, unknown>>(text);
    return result.rows;
  } finally {
    await client.end();
  }
}
