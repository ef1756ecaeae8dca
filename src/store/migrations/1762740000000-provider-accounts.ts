// Which account each provider's key speaks to. Tables are added and nothing is changed, so a gateway that does not know them goes on beside
// one that does. The keys there are become rows that say nothing else: the first contact fills them in. Written out on its own, as every
// migration is.
import { Table, TableColumn, TableIndex } from "typeorm";
import type { MigrationInterface, QueryRunner } from "typeorm";

const ACCOUNTS = "provider_account";
const HOLDERS = "provider_holder";

export class ProviderAccounts1762740000000 implements MigrationInterface {
  readonly name = "ProviderAccounts1762740000000";

  async up(queryRunner: QueryRunner): Promise<void> {
    // Byte order on PostgreSQL, as the other tables have it.
    const text =
      queryRunner.connection.options.type === "postgres" ? { type: "text", collation: "C" } : { type: "text" };
    const key = (table: string, names: readonly string[]) =>
      names.map(
        (name) => new TableColumn({ name, ...text, isPrimary: true, primaryKeyConstraintName: `${table}_key` }),
      );
    const told = (name: string) => new TableColumn({ name, ...text, isNullable: true });
    const time = (name: string) => new TableColumn({ name, type: "bigint", isNullable: true });
    await queryRunner.createTable(
      new Table({
        name: ACCOUNTS,
        columns: [
          ...key(ACCOUNTS, ["tenant_id", "provider_key"]),
          new TableColumn({ name: "shown_key", ...text }),
          told("kind"),
          told("address"),
          new TableColumn({ name: "sandbox", type: "boolean", isNullable: true }),
          told("remote_account"),
          told("credential"),
          time("confirmed_at"),
          time("removed_at"),
        ],
        indices: [
          new TableIndex({
            name: "provider_account_shown",
            columnNames: ["tenant_id", "shown_key"],
            isUnique: true,
          }),
        ],
      }),
    );
    await queryRunner.createTable(
      new Table({
        name: HOLDERS,
        columns: [
          ...key(HOLDERS, ["tenant_id", "provider_key", "owner"]),
          new TableColumn({ name: "held_until", type: "bigint" }),
        ],
      }),
    );
    await queryRunner.query(
      "insert into provider_account (tenant_id, provider_key, shown_key) select tenant_id, provider_key, provider_key from (select tenant_id, provider_key from provider_state union select tenant_id, provider_key from definition union select tenant_id, provider_key from sync) as known where tenant_id <> ''",
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable(HOLDERS);
    await queryRunner.dropTable(ACCOUNTS);
  }
}
