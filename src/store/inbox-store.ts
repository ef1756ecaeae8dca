// The webhooks' part of the port: deliveries by the vendor's id, and which of them are due.
import type { InboxStore, StoredDelivery } from "../domain/store-port.ts";
import type { Database } from "./database.ts";
import { deliveryOf, deliveryRowOf, webhookDeliveryTable } from "./entities/webhook-delivery.ts";
import { sql } from "./sql.ts";
import { insertRows, selected } from "./statements.ts";
import type { Field } from "./table.ts";

const SETTLEMENT_FIELDS: readonly Field[] = webhookDeliveryTable.fields.filter(({ property }) =>
  ["tenantId", "providerKey", "deliveryId", "state", "dueAt"].includes(property),
);

export function createInboxStore({ dialect, read, write }: Database): InboxStore {
  const storedFingerprint = async ({ tenantId, providerKey, event }: StoredDelivery): Promise<unknown> => {
    const [row] = await read(
      sql`select fingerprint from webhook_delivery where tenant_id = ${tenantId} and provider_key = ${providerKey} and delivery_id = ${event.deliveryId}`,
    );
    return row?.["fingerprint"];
  };
  const put = async (delivery: StoredDelivery): Promise<"STORED" | "REPEATED" | "CONFLICTING"> => {
    // Waits for whoever is committing the same delivery, so the row to compare with is there.
    if ((await insertRows(write, dialect, webhookDeliveryTable, [deliveryRowOf(delivery)], "skip")) === 1)
      return "STORED";
    const earlier = await storedFingerprint(delivery);
    // Pruned between the two statements: nothing is in the way any more.
    if (earlier === undefined) return put(delivery);
    return earlier === delivery.event.fingerprint ? "REPEATED" : "CONFLICTING";
  };
  return {
    put,
    due: async (tenantId, providerKey, now, limit) => {
      // Wrapped, so that no planner reads all that are due by their time, to sort them for a few.
      const isDue = sql`due_at is not null and coalesce(due_at, 0) <= ${now.getTime()}`;
      const rows = await read(
        sql`select ${selected(webhookDeliveryTable)} from webhook_delivery where tenant_id = ${tenantId} and provider_key = ${providerKey} and ${isDue} order by received_at, delivery_id limit ${limit}`,
      );
      return rows.map(deliveryOf);
    },
    settle: async (tenantId, providerKey, settlements) => {
      if (settlements.length === 0) return;
      // Each row with its whole key: were the provider a condition of its own, SQLite would read all of its deliveries.
      const rows = settlements.map(({ deliveryId, state, dueAt }) => ({
        tenant_id: tenantId,
        provider_key: providerKey,
        delivery_id: deliveryId,
        state,
        due_at: dueAt?.getTime() ?? null,
      }));
      await write(
        sql`update webhook_delivery set state = given.state, due_at = given.due_at from ${dialect.given(SETTLEMENT_FIELDS, rows)} where webhook_delivery.tenant_id = given.tenant_id and webhook_delivery.provider_key = given.provider_key and webhook_delivery.delivery_id = given.delivery_id`,
      );
    },
    nextDueAt: async (tenantId, providerKey) => {
      const [row] = await read(
        sql`select min(due_at) as found from webhook_delivery where tenant_id = ${tenantId} and provider_key = ${providerKey}`,
      );
      const found = row?.["found"] ?? null;
      return found === null ? null : new Date(Number(found));
    },
    prune: async (tenantId, receivedBefore) => {
      const removed = await write(
        sql`delete from webhook_delivery where tenant_id = ${tenantId} and received_at < ${receivedBefore.getTime()} and due_at is null returning 1 as removed`,
      );
      return removed.length;
    },
  };
}
