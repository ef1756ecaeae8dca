// The triggers' part of the port: one row for each recorded intention, and one for each idempotency key of a tenant.
import { TriggerState } from "../domain/sync.ts";
import type { Trigger } from "../domain/sync.ts";
import type { TriggerStore } from "../domain/store-port.ts";
import type { Database } from "./database.ts";
import { syncTriggerTable, triggerOf } from "./entities/sync-trigger.ts";
import { identifier, join, sql } from "./sql.ts";
import { insertRows, selected } from "./statements.ts";
import type { Field } from "./table.ts";

export function createTriggerStore({ dialect, read, write }: Database): TriggerStore {
  const stored = async (trigger: Trigger): Promise<Trigger | undefined> => {
    const { tenantId, id, idempotencyKey } = trigger;
    const same = idempotencyKey === null ? sql`id = ${id}` : sql`idempotency_key = ${idempotencyKey}`;
    const rows = await read(
      sql`select ${selected(syncTriggerTable)} from sync_trigger where tenant_id = ${tenantId} and ${same}`,
    );
    return rows.map(triggerOf)[0];
  };
  return {
    create: async (trigger) => {
      // Waits for whoever is committing the same key, so the row to read afterwards is there.
      if ((await insertRows(write, dialect, syncTriggerTable, [trigger], "skip")) === 1) return trigger;
      const earlier = await stored(trigger);
      if (earlier === undefined)
        throw new Error(`store: trigger ${trigger.id} exists already under another idempotency key`);
      return earlier;
    },
    update: async (tenantId, id, expected, patch) => {
      const values: Readonly<Record<string, unknown>> = { ...patch };
      const fields = syncTriggerTable.fields.filter(({ property }) => values[property] !== undefined);
      const assignments = fields.map(({ name }) => sql`${identifier(name)} = given.${identifier(name)}`);
      // Without a field to change, the answer still tells whether the state is the expected one.
      const changes = assignments.length === 0 ? sql`state = sync_trigger.state` : join(assignments, ", ");
      const given = dialect.given(
        [ID_FIELD, ...fields],
        [
          {
            id,
            ...Object.fromEntries(fields.map(({ property, name, column }) => [name, column.write(values[property])])),
          },
        ],
      );
      const rows = await write(
        sql`update sync_trigger set ${changes} from ${given} where sync_trigger.tenant_id = ${tenantId} and sync_trigger.id = given.id and sync_trigger.state = ${expected} returning 1 as written`,
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
      const open = dialect.anyOf(identifier("state"), [TriggerState.Pending, TriggerState.Sent]);
      const rows = await read(
        sql`select ${selected(syncTriggerTable)} from sync_trigger where tenant_id = ${tenantId} and ${open} and created_at < ${createdBefore.getTime()} order by created_at, id`,
      );
      return rows.map(triggerOf);
    },
  };
}

const ID_FIELD: Field = { property: "id", name: "id", column: syncTriggerTable.columns.id };
