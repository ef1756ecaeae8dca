// The triggers' part of the port: one row for each recorded intention, and one for each idempotency key of a tenant. What an intention
// must not run beside is in `trigger-rivals.ts`.
import type { TriggerStore } from "../domain/store-port.ts";
import type { Trigger } from "../domain/sync.ts";
import type { Database, Query } from "./database.ts";
import { fenceOf, syncTriggerTable, triggerOf, triggerRow } from "./entities/sync-trigger.ts";
import { identifier, join, sql } from "./sql.ts";
import type { Sql } from "./sql.ts";
import { insertRows, selected } from "./statements.ts";
import type { Field } from "./table.ts";
import { alone, isUnresolved, leaseEnd, rivalsOf } from "./trigger-rivals.ts";

export function createTriggerStore({ dialect, read, write, transaction }: Database): TriggerStore {
  return {
    create: async (trigger) => {
      // Waits for whoever is committing the same key, so the row to read afterwards is there.
      const written = await insertRows(write, dialect, syncTriggerTable, [triggerRow(trigger, null)], "skip");
      return written === 1 ? trigger : earlier(read, trigger);
    },
    intend: (trigger, intent) =>
      transaction(async (query) => {
        const obstacle = intent.aloneSince === null ? null : await alone(query, dialect, trigger, intent);
        if (obstacle !== null) return obstacle;
        const written = await insertRows(query, dialect, syncTriggerTable, [triggerRow(trigger, intent)], "skip");
        if (written === 1) return { outcome: "CREATED", held: { trigger, fence: 0 } };
        return { outcome: "KNOWN", trigger: await earlier(query, trigger) };
      }),
    update: async (tenantId, id, expected, patch) => {
      const values: Readonly<Record<string, unknown>> = { ...patch };
      const fields = syncTriggerTable.fields.filter(({ property }) => values[property] !== undefined);
      const assignments = fields.map(({ name }) => sql`${identifier(name)} = given.${identifier(name)}`);
      // Without a field to change, the answer still tells whether the state is the expected one.
      const changes = assignments.length === 0 ? sql`state = sync_trigger.state` : join(assignments, ", ");
      const row = Object.fromEntries(
        fields.map(({ property, name, column }) => [name, column.write(values[property])]),
      );
      const given = dialect.given([ID_FIELD, ...fields], [{ id, ...row }]);
      const { state, fence } = typeof expected === "string" ? { state: expected, fence: null } : expected;
      const held = fence === null ? sql`` : sql`and coalesce(sync_trigger.fence, 0) = ${fence}`;
      const rows = await write(
        sql`update sync_trigger set ${changes} from ${given} where sync_trigger.tenant_id = ${tenantId} and sync_trigger.id = ${id} and sync_trigger.state = ${state} ${held} returning 1 as written`,
      );
      return rows.length === 1;
    },
    byIds: async (tenantId, ids) => {
      const rows = await read(
        sql`select ${selected(syncTriggerTable)} from sync_trigger where tenant_id = ${tenantId} and ${dialect.anyOf(identifier("id"), ids)}`,
      );
      return rows.map(triggerOf);
    },
    unresolved: async (tenantId, createdBefore) => {
      const rows = await read(
        sql`select ${selected(syncTriggerTable)} from sync_trigger where tenant_id = ${tenantId} and ${isUnresolved(dialect)} and created_at < ${createdBefore.getTime()} order by created_at, id`,
      );
      return rows.map(triggerOf);
    },
    renew: async (tenantId, held, until) => {
      if (held.length === 0) return;
      // Each row with its whole key: were the tenant a condition of its own, SQLite would read all of its triggers.
      const rows = held.map(({ id, fence }) => ({ tenant_id: tenantId, id, fence, lease_until: until.getTime() }));
      // Renewals over several connections may arrive in another order than they were sent in: an older one shortens nothing.
      await write(
        sql`update sync_trigger set lease_until = given.lease_until from ${dialect.given(RENEWAL_FIELDS, rows)} where sync_trigger.tenant_id = given.tenant_id and sync_trigger.id = given.id and coalesce(sync_trigger.fence, 0) = given.fence and coalesce(sync_trigger.lease_until, 0) < given.lease_until`,
      );
    },
    giveBack: async (tenantId, { id, fence }, now) => {
      await write(
        sql`update sync_trigger set lease_until = ${now.getTime()} where tenant_id = ${tenantId} and id = ${id} and coalesce(fence, 0) = ${fence} and lease_owner is not null and ${isUnresolved(dialect)}`,
      );
    },
    takeOver: async (tenantId, providerKey, now, limit, { owner, until }) => {
      const ended = sql`select tenant_id, id from sync_trigger where tenant_id = ${tenantId} and provider_key = ${providerKey} and ${isUnresolved(dialect)} and ${leaseEnd} <= ${now.getTime()} order by ${leaseEnd}, id limit ${limit} ${dialect.lockFreeRows}`;
      const rows = await write(
        sql`with ended as materialized (${ended}) update sync_trigger set lease_owner = ${owner}, lease_until = ${until.getTime()}, fence = coalesce(sync_trigger.fence, 0) + 1 from ended where sync_trigger.tenant_id = ended.tenant_id and sync_trigger.id = ended.id returning ${ALL_COLUMNS}`,
      );
      const taken = rows.map((row) => ({ trigger: triggerOf(row), fence: fenceOf(row) }));
      // An update returns its rows in no order.
      return taken.toSorted((one, other) => orderOf(one.trigger) - orderOf(other.trigger));
    },
    nextLeaseEndAt: async (tenantId, providerKey) => {
      const [row] = await read(
        sql`select min(${leaseEnd}) as found from sync_trigger where tenant_id = ${tenantId} and provider_key = ${providerKey} and ${isUnresolved(dialect)}`,
      );
      const found = row?.["found"] ?? null;
      return found === null ? null : new Date(Number(found));
    },
    rivalsOf: (tenantId, id, now) => rivalsOf(read, dialect, { tenantId, id }, now),
  };
}

const FIELDS = syncTriggerTable.fields;
const ID_FIELD: Field = { property: "id", name: "id", column: syncTriggerTable.columns.id };
const RENEWAL_FIELDS = FIELDS.filter(({ property }) => ["tenantId", "id", "fence", "leaseUntil"].includes(property));
const ALL_COLUMNS: Sql = join(
  FIELDS.map(({ name }) => sql`sync_trigger.${identifier(name)} as ${identifier(name)}`),
  ", ",
);

const orderOf = ({ createdAt }: Trigger): number => createdAt.getTime();

async function earlier(query: Query, trigger: Trigger): Promise<Trigger> {
  const { tenantId, id, idempotencyKey } = trigger;
  const same = idempotencyKey === null ? sql`id = ${id}` : sql`idempotency_key = ${idempotencyKey}`;
  const rows = await query(
    sql`select ${selected(syncTriggerTable)} from sync_trigger where tenant_id = ${tenantId} and ${same}`,
  );
  const [found] = rows.map(triggerOf);
  if (found === undefined) throw new Error(`store: trigger ${id} exists already under another idempotency key`);
  return found;
}
