// The inbox: one row for each genuine webhook delivery, kept after its processing so that a repetition is known.
import { DeliveryState } from "../../domain/store-port.ts";
import type { StoredDelivery } from "../../domain/store-port.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { WebhookEvent } from "../../domain/webhook-port.ts";
import { decodeRow, defineTable, json, nullable, text, time, word } from "../table.ts";
import type { RowOf, StoredRow } from "../table.ts";

export const webhookDeliveryTable = defineTable({
  name: "webhook_delivery",
  // The vendor's id of the delivery is its own only within one configured account.
  primaryKey: ["tenantId", "providerKey", "deliveryId"],
  columns: {
    tenantId: text(),
    providerKey: text(),
    deliveryId: text(),
    event: text(),
    fingerprint: text(),
    payload: json<JsonObject>(),
    receivedAt: time(),
    state: word(DeliveryState),
    dueAt: nullable(time()),
  },
  indices: [
    { name: "webhook_delivery_due", properties: ["tenantId", "providerKey", "dueAt"] },
    {
      name: "webhook_delivery_waiting",
      properties: ["tenantId", "providerKey", "receivedAt", "deliveryId"],
      where: "due_at is not null",
    },
    { name: "webhook_delivery_received", properties: ["tenantId", "receivedAt"] },
  ],
});

export function deliveryRowOf({ event, ...delivery }: StoredDelivery): RowOf<typeof webhookDeliveryTable.columns> {
  const { deliveryId, name, fingerprint, payload } = event;
  return { ...delivery, deliveryId, event: name, fingerprint, payload };
}

export function deliveryOf(stored: StoredRow): StoredDelivery {
  const { deliveryId, event: name, fingerprint, payload, ...delivery } = decodeRow(webhookDeliveryTable, stored);
  const event: WebhookEvent = { deliveryId, name, fingerprint, payload };
  return { ...delivery, event };
}
