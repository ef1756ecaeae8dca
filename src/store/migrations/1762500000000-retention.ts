// How far old history has been removed, and what is kept of it. Tables, columns and indices are added and nothing is changed, so a gateway
// that does not know them goes on beside one that does. Written out on its own, as every migration is.
import { Table, TableColumn, TableForeignKey, TableIndex } from "typeorm";
import type { MigrationInterface, QueryRunner } from "typeorm";

const BEGINNINGS = "pruned_beginning";
const HEADS = "ledger_head";
const RUNS = "sync";
const TRIGGERS = "sync_trigger";

export class Retention1762500000000 implements MigrationInterface {
  readonly name = "Retention1762500000000";

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.createTable(beginnings(queryRunner.connection.options.type === "postgres"));
    await queryRunner.addColumns(HEADS, [
      new TableColumn({ name: "pruned_through", type: "bigint", isNullable: true }),
      new TableColumn({ name: "pruned_before", type: "bigint", isNullable: true }),
    ]);
    await queryRunner.createIndex(RUNS, index("sync_trigger_named", "trigger_id"));
    await queryRunner.createIndex(RUNS, index("sync_repeated", "retry_of_id"));
    await queryRunner.createIndex(TRIGGERS, index("sync_trigger_repeated", "retry_of_id"));
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropIndex(TRIGGERS, "sync_trigger_repeated");
    await queryRunner.dropIndex(RUNS, "sync_repeated");
    await queryRunner.dropIndex(RUNS, "sync_trigger_named");
    await queryRunner.dropColumns(HEADS, ["pruned_before", "pruned_through"]);
    await queryRunner.dropTable(BEGINNINGS);
  }
}

/** Most rows refer to nothing. */
const index = (name: string, column: string): TableIndex =>
  new TableIndex({ name, columnNames: ["tenant_id", column], where: `${column} is not null` });

function beginnings(postgres: boolean): Table {
  // Byte order on PostgreSQL, as the other tables have it.
  const text = postgres ? { type: "text", collation: "C" } : { type: "text" };
  const key = { ...text, isPrimary: true, primaryKeyConstraintName: `${BEGINNINGS}_key` };
  return new Table({
    name: BEGINNINGS,
    columns: [
      new TableColumn({ name: "tenant_id", ...key }),
      new TableColumn({ name: "sync_id", ...key }),
      new TableColumn({ name: "sequence", type: "bigint" }),
      new TableColumn({ name: "status", ...text }),
      new TableColumn({ name: "outcome", ...text, isNullable: true }),
    ],
    foreignKeys: [
      new TableForeignKey({
        name: "pruned_beginning_sync",
        columnNames: ["tenant_id", "sync_id"],
        referencedTableName: RUNS,
        referencedColumnNames: ["tenant_id", "id"],
        onDelete: "CASCADE",
      }),
    ],
  });
}
