// What is known of a start without a good answer: when the bad one came, and which runs it may have begun. Columns are added and nothing is
// changed, so a gateway that does not know them goes on beside one that does. Written out on its own, as every migration is.
import { TableColumn } from "typeorm";
import type { MigrationInterface, QueryRunner } from "typeorm";

const TRIGGERS = "sync_trigger";

export class DoubtedStarts1762710000000 implements MigrationInterface {
  readonly name = "DoubtedStarts1762710000000";

  async up(queryRunner: QueryRunner): Promise<void> {
    const postgres = queryRunner.connection.options.type === "postgres";
    await queryRunner.addColumns(TRIGGERS, [
      new TableColumn({ name: "answered_at", type: "bigint", isNullable: true }),
      new TableColumn({ name: "candidate_ids", type: postgres ? "jsonb" : "text", isNullable: true }),
    ]);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropColumns(TRIGGERS, ["candidate_ids", "answered_at"]);
  }
}
