// Ids: each is the one its vendor's id gives, on every row that has or names it; and what is unique is there once.
import { identityOf } from "../../domain/identity.ts";
import type { IdentifiedKind } from "../../domain/identity.ts";
import { identifier, identifiers, join, sql } from "../sql.ts";
import type { StoredRow } from "../table.ts";
import type { Check, Finding, Snapshot } from "./check.ts";
import { sqlCheck } from "./check.ts";

/** A column with an id and the one with the vendor's id it follows from. */
interface Derived {
  readonly kind: IdentifiedKind;
  readonly id: string;
  readonly remoteId: string;
}

const ACCOUNT: Derived = { kind: "linkedAccount", id: "linked_account_id", remoteId: "linked_account_remote_id" };

/** A run may name a definition or an account that no list of the vendor has shown: its id then waits for it. */
const DERIVED: Readonly<Record<string, readonly Derived[]>> = {
  linked_account: [{ kind: "linkedAccount", id: "id", remoteId: "remote_id" }],
  definition: [{ kind: "definition", id: "id", remoteId: "remote_id" }, ACCOUNT],
  sync: [
    { kind: "sync", id: "id", remoteId: "remote_id" },
    { kind: "definition", id: "definition_id", remoteId: "definition_remote_id" },
    ACCOUNT,
  ],
};

/** Rows at once: the ids cannot be computed by the databases, so the rows pass through here, and never all together. */
const PAGE = 1_000;

const repeated = Object.keys(DERIVED).map(
  (table) =>
    sql`select tenant_id, provider_key as subject, count(*) || ' rows of one vendor id' as found from ${identifier(table)} group by tenant_id, provider_key, remote_id having count(*) > 1`,
);

export const identityChecks = {
  identities: {
    expected: "every id of an account, a definition or a run follows from the vendor's id beside it",
    late: false,
    find: async (snapshot, most) => {
      const findings: Finding[] = [];
      for (const table of Object.keys(DERIVED)) {
        for await (const row of rowsOf(snapshot, table)) {
          findings.push(...wrongIds(table, row));
          if (findings.length >= most) return findings.slice(0, most);
        }
      }
      return findings;
    },
  } satisfies Check,
  "remote-ids": sqlCheck(
    "a vendor's id stands for one run, one definition and one account of a provider",
    join(repeated, " union all "),
  ),
  "idempotency-keys": sqlCheck(
    "an idempotency key of a tenant belongs to one trigger",
    sql`select tenant_id, min(id) as subject, count(*) || ' triggers with one key' as found from sync_trigger where idempotency_key is not null group by tenant_id, idempotency_key having count(*) > 1`,
  ),
};

async function* rowsOf({ query }: Snapshot, table: string): AsyncGenerator<StoredRow> {
  const columns = new Set(["tenant_id", "id", "provider_key", ...(DERIVED[table] ?? []).flatMap(columnsOf)]);
  let tenant = "";
  let id = "";
  for (;;) {
    const page = await query(
      sql`select ${identifiers([...columns])} from ${identifier(table)} where (tenant_id, id) > (${tenant}, ${id}) order by tenant_id, id limit ${PAGE}`,
    );
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    tenant = String(last["tenant_id"]);
    id = String(last["id"]);
  }
}

const columnsOf = ({ id, remoteId }: Derived): readonly string[] => [id, remoteId];

function wrongIds(table: string, row: StoredRow): readonly Finding[] {
  const tenant = String(row["tenant_id"]);
  return (DERIVED[table] ?? []).flatMap(({ kind, id, remoteId }) => {
    const remote = row[remoteId];
    const expected = typeof remote === "string" ? identityOf(tenant, String(row["provider_key"]), kind, remote) : null;
    const found = row[id] ?? null;
    if (found === expected) return [];
    return [{ tenant, subject: String(row["id"]), found: `${table}.${id} ${String(found)} instead of ${expected}` }];
  });
}
