// Who the store is. A table is added and nothing is changed, so a gateway that does not know it goes on beside one that does: it reads the
// cursors that carry the new ids as it always did. Written out on its own, as every migration is.
import { randomBytes } from "node:crypto";
import { Table, TableColumn } from "typeorm";
import type { MigrationInterface, QueryRunner } from "typeorm";

const IDENTITY = "store_identity";

export class StoreIdentity1762730000000 implements MigrationInterface {
  readonly name = "StoreIdentity1762730000000";

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.createTable(identity(queryRunner.connection.options.type === "postgres"));
    // Hexadecimal digits need no quoting. Only a ledger that has begun can have given cursors that do not name it.
    const [installation, ledger] = [randomBytes(16), randomBytes(8)].map((bytes) => bytes.toString("hex"));
    await queryRunner.query(
      `insert into ${IDENTITY} (tenant_id, installation_id, ledger_id, takes_unnamed) select '', '${installation}', '${ledger}', exists (select 1 from ledger_head)`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable(IDENTITY);
  }
}

function identity(postgres: boolean): Table {
  // Byte order on PostgreSQL, as the other tables have it.
  const text = postgres ? { type: "text", collation: "C" } : { type: "text" };
  const key = { ...text, isPrimary: true, primaryKeyConstraintName: `${IDENTITY}_key` };
  return new Table({
    name: IDENTITY,
    columns: [
      new TableColumn({ name: "tenant_id", ...key }),
      new TableColumn({ name: "installation_id", ...text }),
      new TableColumn({ name: "ledger_id", ...text }),
      new TableColumn({ name: "takes_unnamed", type: "boolean" }),
      ...["seen_at", "back_to", "back_from"].map((name) => new TableColumn({ name, type: "bigint", isNullable: true })),
    ],
  });
}
