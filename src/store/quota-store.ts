// The quotas' part of the port: turns over `quota_turn`, given while their window's row is locked. Time is the database's.
//
// Turn n comes no sooner than the vendor's stretch of time after the last moment at which turn n - requests may have been used. Turns
// and their ends come in the order of their numbers, so this holds for every gateway's limit that is not larger than another's.
import type { QuotaStore } from "../domain/quota-port.ts";
import type { Database, Query } from "./database.ts";
import { quotaTurnOf, quotaTurnTable } from "./entities/quota.ts";
import { sql } from "./sql.ts";
import type { Sql } from "./sql.ts";
import { selected } from "./statements.ts";

/** Turns that are of no more use are removed this many at a time, so that most turns cost no removal. */
const PRUNED_AT_ONCE = 16;
/**
 * No turn is taken this long before it comes, and no pause is longer. Times that are further away were written before the database's
 * clock was set back, and must not hold up everybody until it is there again.
 */
const HORIZON_MS = 600_000;

interface Account {
  readonly tenantId: string;
  readonly providerKey: string;
}

interface OpenWindow extends Account {
  readonly query: Query;
  /** Number of the turn that is asked for. */
  readonly turn: number;
  readonly nowMs: number;
  readonly pausedUntilMs: number;
}

/**
 * @param now epoch milliseconds, as an expression of the database's
 */
export function createQuotaStore(
  { dialect, read, write, transaction }: Database,
  now = (): Sql => dialect.now,
): QuotaStore {
  /** Takes the next number; the window is locked from here to the commit. */
  async function open(query: Query, { tenantId, providerKey }: Account): Promise<OpenWindow> {
    const [row] = await query(
      sql`insert into quota_window (tenant_id, provider_key, last_turn, paused_until) values (${tenantId}, ${providerKey}, 1, 0) on conflict (tenant_id, provider_key) do update set last_turn = quota_window.last_turn + 1 returning last_turn, paused_until, ${now()} as now_ms`,
    );
    const [turn, nowMs, pausedUntilMs] = [row?.["last_turn"], row?.["now_ms"], row?.["paused_until"]].map(Number);
    if (turn === undefined || nowMs === undefined || pausedUntilMs === undefined) throw new Error("store: no window");
    return { query, tenantId, providerKey, turn, nowMs, pausedUntilMs };
  }

  return {
    take: (tenantId, providerKey, limit, wish) =>
      transaction(async (query) => {
        const window = await open(query, { tenantId, providerKey });
        const { turn, nowMs } = window;
        const oldest = turn - Math.max(1, Math.floor(limit.requests));
        const { comesAtMs, lastUntilMs } = await nextTurn(window, oldest, limit.perMs);
        const waitMs = comesAtMs - nowMs;
        if (waitMs > wish.withinMs) {
          await query(sql`update quota_window set last_turn = last_turn - 1 where ${own(window)}`);
          return { taken: false, waitMs };
        }
        const usedUntilMs = Math.max(lastUntilMs, comesAtMs + Math.ceil(wish.lastsMs));
        await query(
          sql`insert into quota_turn (tenant_id, provider_key, turn, comes_at, used_until) values (${tenantId}, ${providerKey}, ${turn}, ${comesAtMs}, ${usedUntilMs})`,
        );
        if (turn % PRUNED_AT_ONCE === 0)
          await query(sql`delete from quota_turn where ${own(window)} and turn <= ${oldest}`);
        return { taken: true, waitMs };
      }),
    pausedForMs: async (tenantId, providerKey) => {
      const [row] = await read(
        sql`select paused_until - ${now()} as left_ms from quota_window where ${own({ tenantId, providerKey })}`,
      );
      const leftMs = Number(row?.["left_ms"] ?? 0);
      return leftMs > HORIZON_MS ? 0 : Math.max(0, leftMs);
    },
    pause: async (tenantId, providerKey, ms) => {
      const longer = sql`case when excluded.paused_until > quota_window.paused_until then excluded.paused_until else quota_window.paused_until end`;
      await write(
        sql`insert into quota_window (tenant_id, provider_key, last_turn, paused_until) values (${tenantId}, ${providerKey}, 0, ${now()} + ${Math.ceil(ms)}) on conflict (tenant_id, provider_key) do update set paused_until = ${longer}`,
      );
    },
  };
}

const own = ({ tenantId, providerKey }: Account): Sql => sql`tenant_id = ${tenantId} and provider_key = ${providerKey}`;

/** @param oldest number of the turn that must be out of the vendor's sight, or the first one kept after it; below 1 there is none */
async function nextTurn(window: OpenWindow, oldest: number, perMs: number) {
  const { query, turn, nowMs, pausedUntilMs } = window;
  const freeing = sql`select min(turn) from quota_turn where ${own(window)} and turn >= ${oldest}`;
  const rows = await query(
    sql`select ${selected(quotaTurnTable)} from quota_turn where ${own(window)} and (turn = ${turn - 1} or turn = (${freeing})) order by turn`,
  );
  const believed = (time: Date | number): number => (Number(time) > nowMs + HORIZON_MS ? 0 : Number(time));
  const [first, last] = [rows[0], rows.at(-1)].map((row) => (row === undefined ? undefined : quotaTurnOf(row)));
  const freeAtMs = first === undefined || oldest < 1 ? 0 : believed(first.usedUntil) + perMs;
  const comesAtMs = Math.max(nowMs, believed(pausedUntilMs), believed(last?.comesAt ?? 0), freeAtMs);
  return { comesAtMs, lastUntilMs: believed(last?.usedUntil ?? 0) };
}
