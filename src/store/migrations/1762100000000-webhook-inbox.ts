// The inbox of webhooks, and what is known of each provider's webhooks. Written out on its own, as every migration is.
import { Table, TableColumn, TableIndex } from "typeorm";
import type { MigrationInterface, QueryRunner } from "typeorm";

const DELIVERIES = "webhook_delivery";
const PROVIDER_STATES = "provider_state";

export class WebhookInbox1762100000000 implements MigrationInterface {
  readonly name = "WebhookInbox1762100000000";

  async up(queryRunner: QueryRunner): Promise<void> {
    const postgres = queryRunner.connection.options.type === "postgres";
    await queryRunner.createTable(deliveries(postgres));
    await queryRunner.addColumns(PROVIDER_STATES, [
      new TableColumn({ name: "last_webhook_at", type: "bigint", isNullable: true }),
      new TableColumn({ name: "webhook_refusals", type: postgres ? "jsonb" : "text", isNullable: true }),
    ]);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropColumns(PROVIDER_STATES, ["webhook_refusals", "last_webhook_at"]);
    await queryRunner.dropTable(DELIVERIES);
  }
}

function deliveries(postgres: boolean): Table {
  // Byte order on PostgreSQL, as the other tables have it.
  const text = postgres ? { type: "text", collation: "C" } : { type: "text" };
  const key = { ...text, isPrimary: true, primaryKeyConstraintName: `${DELIVERIES}_key` };
  return new Table({
    name: DELIVERIES,
    columns: [
      new TableColumn({ name: "tenant_id", ...key }),
      new TableColumn({ name: "provider_key", ...key }),
      new TableColumn({ name: "delivery_id", ...key }),
      new TableColumn({ name: "event", ...text }),
      new TableColumn({ name: "fingerprint", ...text }),
      new TableColumn({ name: "payload", type: postgres ? "jsonb" : "text" }),
      new TableColumn({ name: "received_at", type: "bigint" }),
      new TableColumn({ name: "state", ...text }),
      new TableColumn({ name: "due_at", type: "bigint", isNullable: true }),
    ],
    indices: [
      new TableIndex({ name: "webhook_delivery_due", columnNames: ["tenant_id", "provider_key", "due_at"] }),
      new TableIndex({ name: "webhook_delivery_received", columnNames: ["tenant_id", "received_at"] }),
    ],
  });
}
