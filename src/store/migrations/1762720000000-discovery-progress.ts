// How far looking for runs has come, and when a definition was last read in full. Columns are added and nothing is changed, so a gateway that
// does not know them goes on beside one that does. Written out on its own, as every migration is.
import { TableColumn } from "typeorm";
import type { MigrationInterface, QueryRunner } from "typeorm";

const PROVIDER_STATES = "provider_state";
const DEFINITIONS = "definition";

export class DiscoveryProgress1762720000000 implements MigrationInterface {
  readonly name = "DiscoveryProgress1762720000000";

  async up(queryRunner: QueryRunner): Promise<void> {
    const json = queryRunner.connection.options.type === "postgres" ? "jsonb" : "text";
    await queryRunner.addColumn(PROVIDER_STATES, new TableColumn({ name: "discovery", type: json, isNullable: true }));
    await queryRunner.addColumn(
      DEFINITIONS,
      new TableColumn({ name: "detailed_at", type: "bigint", isNullable: true }),
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropColumn(DEFINITIONS, "detailed_at");
    await queryRunner.dropColumn(PROVIDER_STATES, "discovery");
  }
}
