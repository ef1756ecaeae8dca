// One thing that holds in every store that is well, and how what breaks it is found. The checks themselves stand beside this file.
import type { Query } from "../database.ts";
import type { Dialect } from "../dialect.ts";
import { sql, verbatim } from "../sql.ts";
import type { Sql } from "../sql.ts";
import type { StoredRow } from "../table.ts";

/** What was found where something else was expected. Ids and words of closed sets only: never what a vendor or a caller wrote. */
export interface Finding {
  readonly tenant: string;
  /** Id of the row it is about. */
  readonly subject: string;
  readonly found: string;
}

/** One moment of the database: every query sees the same commits. */
export interface Snapshot {
  readonly query: Query;
  readonly dialect: Dialect;
}

export interface Check {
  readonly expected: string;
  /** True where what is found may be work that somebody is about to do: it must be found twice. */
  readonly late: boolean;
  /** Finds what breaks it, at most so much. */
  find(snapshot: Snapshot, most: number): Promise<readonly Finding[]>;
}

/**
 * A check the database makes itself, so that only what is wrong leaves it.
 *
 * @param violations select of `tenant_id`, `subject` and `found`, one row for each violation
 */
export function sqlCheck(expected: string, violations: Sql | ((dialect: Dialect) => Sql)): Check {
  return {
    expected,
    late: false,
    find: async ({ query, dialect }, most) => {
      const rows = typeof violations === "function" ? violations(dialect) : violations;
      const found = await query(
        sql`select tenant_id, subject, found from (${rows}) as violation order by tenant_id, subject limit ${most}`,
      );
      return found.map(findingOf);
    },
  };
}

/**
 * A check of what is overdue at a provider.
 *
 * Overdue is measured against the provider's last contact that was noted, not against a clock: while no gateway runs, or none is
 * configured with this provider, nobody promised to do the work.
 *
 * @param violations as for `sqlCheck`, with `provider_key` and `at`, the moment from which it is too late
 */
export function lateCheck(expected: string, violations: Sql): Check {
  const rows = sql`select late.tenant_id as tenant_id, late.subject as subject, late.found as found from (${violations}) as late join provider_state as contact on contact.tenant_id = late.tenant_id and contact.provider_key = late.provider_key where ${LAST_CONTACT} > late.at`;
  return { ...sqlCheck(expected, rows), late: true };
}

/** A null of SQL as a word. */
export const orNone = (expression: string): Sql => verbatim(`coalesce(cast(${expression} as text), 'none')`);

const LAST_CONTACT = sql`case when coalesce(contact.last_success_at, 0) > coalesce(contact.last_failure_at, 0) then coalesce(contact.last_success_at, 0) else coalesce(contact.last_failure_at, 0) end`;

function findingOf(row: StoredRow): Finding {
  return { tenant: String(row["tenant_id"]), subject: String(row["subject"]), found: String(row["found"]) };
}
