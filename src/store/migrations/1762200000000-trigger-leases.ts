// Who works on an unresolved trigger, and whom it is for. Columns are added and nothing is changed, so a gateway that does not know
// them goes on beside one that does. Written out on its own, as every migration is.
import { TableColumn } from "typeorm";
import type { MigrationInterface, QueryRunner } from "typeorm";

const TRIGGERS = "sync_trigger";

export class TriggerLeases1762200000000 implements MigrationInterface {
  readonly name = "TriggerLeases1762200000000";

  async up(queryRunner: QueryRunner): Promise<void> {
    const postgres = queryRunner.connection.options.type === "postgres";
    // Byte order on PostgreSQL, as the other tables have it.
    const text = postgres ? { type: "text", collation: "C" } : { type: "text" };
    await queryRunner.addColumns(TRIGGERS, [
      new TableColumn({ name: "linked_account_id", ...text, isNullable: true }),
      new TableColumn({ name: "lease_owner", ...text, isNullable: true }),
      new TableColumn({ name: "lease_until", type: "bigint", isNullable: true }),
      new TableColumn({ name: "fence", type: "integer", isNullable: true }),
      new TableColumn({ name: "doubted_at", type: "bigint", isNullable: true }),
    ]);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropColumns(TRIGGERS, ["doubted_at", "fence", "lease_until", "lease_owner", "linked_account_id"]);
  }
}
