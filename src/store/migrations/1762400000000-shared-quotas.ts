// Turns at vendors that all gateways share. Tables are added and nothing is changed, so a gateway that does not know them goes on beside
// one that does; its own calls are counted by nobody else. Written out on its own, as every migration is.
import { Table, TableColumn } from "typeorm";
import type { MigrationInterface, QueryRunner } from "typeorm";

const WINDOWS = "quota_window";
const TURNS = "quota_turn";

export class SharedQuotas1762400000000 implements MigrationInterface {
  readonly name = "SharedQuotas1762400000000";

  async up(queryRunner: QueryRunner): Promise<void> {
    const postgres = queryRunner.connection.options.type === "postgres";
    await queryRunner.createTable(
      new Table({
        name: WINDOWS,
        columns: [...providerKey(WINDOWS, postgres), number("last_turn"), number("paused_until")],
      }),
    );
    const turn = new TableColumn({
      name: "turn",
      type: "bigint",
      isPrimary: true,
      primaryKeyConstraintName: `${TURNS}_key`,
    });
    await queryRunner.createTable(
      new Table({
        name: TURNS,
        columns: [...providerKey(TURNS, postgres), turn, number("comes_at"), number("used_until")],
      }),
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable(TURNS);
    await queryRunner.dropTable(WINDOWS);
  }
}

const number = (name: string): TableColumn => new TableColumn({ name, type: "bigint" });

function providerKey(table: string, postgres: boolean): readonly TableColumn[] {
  // Byte order on PostgreSQL, as the other tables have it.
  const text = postgres ? { type: "text", collation: "C" } : { type: "text" };
  const key = { ...text, isPrimary: true, primaryKeyConstraintName: `${table}_key` };
  return ["tenant_id", "provider_key"].map((name) => new TableColumn({ name, ...key }));
}
