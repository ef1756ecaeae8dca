// Indices for what was read whole before. Nothing else changes, so a gateway that does not know them goes on beside one that does.
// Written out on its own, as every migration is. What each costs and saves: decision 0027.
import { TableIndex } from "typeorm";
import type { MigrationInterface, QueryRunner } from "typeorm";

const OPEN = "status in ('CREATED', 'RUNNING')";

const INDICES: readonly (readonly [table: string, name: string, columns: readonly string[], where: string])[] = [
  ["sync", "sync_open_created", ["tenant_id", "created_at", "id"], OPEN],
  ["sync", "sync_open_provider", ["tenant_id", "provider_key", "created_at", "id"], OPEN],
  ["sync", "sync_outcome_created", ["tenant_id", "outcome", "created_at", "id"], "outcome is not null"],
  [
    "sync_trigger",
    "sync_trigger_rival",
    ["tenant_id", "definition_id", "created_at", "id"],
    "state in ('PENDING', 'SENT', 'UNCERTAIN')",
  ],
  [
    "webhook_delivery",
    "webhook_delivery_waiting",
    ["tenant_id", "provider_key", "received_at", "delivery_id"],
    "due_at is not null",
  ],
];

export class Indices1762600000000 implements MigrationInterface {
  readonly name = "Indices1762600000000";

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const [table, name, columns, where] of INDICES)
      await queryRunner.createIndex(table, new TableIndex({ name, columnNames: [...columns], where }));
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const [table, name] of INDICES.toReversed()) await queryRunner.dropIndex(table, name);
  }
}
