// The first schema, for both databases. Written out on its own: a migration must not change when the tables' descriptions do.
import { Table, TableColumn, TableForeignKey, TableIndex } from "typeorm";
import type { MigrationInterface, QueryRunner } from "typeorm";

type Type = "text" | "bigint" | "integer" | "boolean" | "json";

/** Column names with their types; a question mark after the type allows NULL. Those of the key come first. */
type Layout = Readonly<Record<string, Type | `${Type}?`>>;

interface Plan {
  readonly columns: Layout;
  readonly key: readonly string[];
  readonly unique?: Readonly<Record<string, readonly string[]>>;
  readonly indices?: Readonly<Record<string, readonly string[]>>;
  /** Indices over runs that have not ended. */
  readonly openIndices?: Readonly<Record<string, readonly string[]>>;
  readonly syncConstraint?: string;
}

const PLANS: Readonly<Record<string, Plan>> = {
  linked_account: {
    key: ["tenant_id", "id"],
    columns: {
      tenant_id: "text",
      id: "text",
      provider_key: "text",
      remote_id: "text",
      name: "text",
      integration: "text?",
      category: "text?",
      status: "text",
      raw_status: "text?",
      status_message: "text?",
      resumes_at: "bigint?",
      last_synced_at: "bigint?",
      customer_id: "text?",
      environment_id: "text?",
      sandbox: "boolean?",
      created_at: "bigint?",
      updated_at: "bigint?",
      observed_at: "bigint",
      gone_at: "bigint?",
    },
    unique: { linked_account_remote: ["tenant_id", "provider_key", "remote_id"] },
    indices: {
      linked_account_name: ["tenant_id", "name", "id"],
      linked_account_provider_name: ["tenant_id", "provider_key", "name", "id"],
      linked_account_customer: ["tenant_id", "customer_id", "name", "id"],
    },
  },
  definition: {
    key: ["tenant_id", "id"],
    columns: {
      tenant_id: "text",
      id: "text",
      provider_key: "text",
      remote_id: "text",
      kind: "text",
      name: "text",
      active: "boolean?",
      integration: "text?",
      linked_account_id: "text?",
      linked_account_remote_id: "text?",
      next_run_at: "bigint?",
      created_at: "bigint?",
      updated_at: "bigint?",
      detailed: "boolean",
      details: "json",
      observed_at: "bigint",
      gone_at: "bigint?",
    },
    unique: { definition_remote: ["tenant_id", "provider_key", "remote_id"] },
    indices: {
      definition_name: ["tenant_id", "name", "id"],
      definition_kind_name: ["tenant_id", "kind", "name", "id"],
      definition_provider_name: ["tenant_id", "provider_key", "name", "id"],
      definition_account_name: ["tenant_id", "linked_account_id", "name", "id"],
    },
  },
  sync: {
    key: ["tenant_id", "id"],
    columns: {
      tenant_id: "text",
      id: "text",
      provider_key: "text",
      remote_id: "text",
      alternate_remote_id: "text?",
      remote_type: "text?",
      definition_id: "text?",
      linked_account_id: "text?",
      definition_remote_id: "text?",
      linked_account_remote_id: "text?",
      status: "text",
      outcome: "text?",
      raw_status: "text",
      waiting_reason: "text?",
      resumes_at: "bigint?",
      integration: "text?",
      origin: "text",
      operation: "text?",
      full_refresh: "boolean?",
      initial: "boolean?",
      one_off: "boolean?",
      attempt: "integer?",
      batch_id: "text?",
      entity_id: "text?",
      file_id: "text?",
      models: "json",
      on_error: "text?",
      runtime_version: "integer?",
      task_counts: "json?",
      record_counts: "json?",
      time_range_start: "bigint?",
      time_range_end: "bigint?",
      created_at: "bigint",
      started_at: "bigint?",
      finished_at: "bigint?",
      updated_at: "bigint?",
      error: "json?",
      raw: "json?",
      observed_at: "bigint",
      observed_via: "text",
      trigger_id: "text?",
      retry_of_id: "text?",
      version: "integer",
    },
    unique: { sync_remote: ["tenant_id", "provider_key", "remote_id"] },
    indices: {
      sync_created: ["tenant_id", "created_at", "id"],
      sync_observed: ["tenant_id", "observed_at", "id"],
      sync_provider_created: ["tenant_id", "provider_key", "created_at", "id"],
      sync_definition_created: ["tenant_id", "definition_id", "created_at", "id"],
      sync_account_created: ["tenant_id", "linked_account_id", "created_at", "id"],
      sync_status_created: ["tenant_id", "status", "created_at", "id"],
    },
    openIndices: { sync_open: ["tenant_id", "definition_id", "created_at", "id"] },
  },
  sync_task: {
    key: ["tenant_id", "sync_id", "task_key"],
    columns: {
      tenant_id: "text",
      sync_id: "text",
      task_key: "text",
      name: "text",
      status: "text?",
      raw_status: "text?",
      attempt: "integer?",
      record_counts: "json?",
      started_at: "bigint?",
      finished_at: "bigint?",
      error: "json?",
    },
    indices: { sync_task_name: ["tenant_id", "sync_id", "name", "task_key"] },
    syncConstraint: "sync_task_sync",
  },
  transition: {
    key: ["tenant_id", "sequence"],
    columns: {
      tenant_id: "text",
      sequence: "bigint",
      id: "text",
      sync_id: "text",
      from_status: "text?",
      to_status: "text",
      outcome: "text?",
      raw_status: "text?",
      occurred_at: "bigint",
      observed_at: "bigint",
      observed_via: "text",
      inferred: "boolean",
    },
    unique: { transition_id: ["tenant_id", "id"], transition_sync: ["tenant_id", "sync_id", "sequence"] },
    syncConstraint: "transition_sync_reference",
  },
  ledger_head: { key: ["tenant_id"], columns: { tenant_id: "text", last_sequence: "bigint" } },
  sync_conflict: {
    key: ["tenant_id", "id"],
    columns: {
      tenant_id: "text",
      id: "text",
      sync_id: "text",
      committed_status: "text",
      committed_outcome: "text?",
      observed_status: "text",
      raw_status: "text",
      observed_at: "bigint",
      observed_via: "text",
    },
    indices: { sync_conflict_sync: ["tenant_id", "sync_id", "observed_at"] },
    syncConstraint: "sync_conflict_sync_reference",
  },
  sync_poll: {
    key: ["tenant_id", "sync_id"],
    columns: {
      tenant_id: "text",
      sync_id: "text",
      provider_key: "text",
      next_poll_at: "bigint",
      lease_owner: "text?",
      lease_until: "bigint?",
      fence: "bigint",
      polls: "integer",
      failures: "integer",
      missing_since: "bigint?",
      hinted_at: "bigint?",
    },
    indices: { sync_poll_due: ["tenant_id", "provider_key", "next_poll_at", "sync_id"] },
    syncConstraint: "sync_poll_sync",
  },
  sync_trigger: {
    key: ["tenant_id", "id"],
    columns: {
      tenant_id: "text",
      id: "text",
      provider_key: "text",
      definition_id: "text",
      idempotency_key: "text?",
      fingerprint: "text",
      state: "text",
      options: "json?",
      attached: "boolean",
      sync_ids: "json",
      retry_of_id: "text?",
      error: "json?",
      created_at: "bigint",
      sent_at: "bigint?",
      resolved_at: "bigint?",
    },
    unique: { sync_trigger_idempotency: ["tenant_id", "idempotency_key"] },
    indices: { sync_trigger_state: ["tenant_id", "state", "created_at", "id"] },
  },
  provider_state: {
    key: ["tenant_id", "provider_key"],
    columns: {
      tenant_id: "text",
      provider_key: "text",
      health: "text",
      last_success_at: "bigint?",
      last_failure_at: "bigint?",
      last_error: "json?",
      catalog_at: "bigint?",
      discovered_until: "bigint?",
      unknown_statuses: "json",
    },
  },
};

export class InitialSchema1762000000000 implements MigrationInterface {
  readonly name = "InitialSchema1762000000000";

  async up(queryRunner: QueryRunner): Promise<void> {
    const postgres = queryRunner.connection.options.type === "postgres";
    for (const [name, plan] of Object.entries(PLANS)) await queryRunner.createTable(tableOf(name, plan, postgres));
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const name of Object.keys(PLANS).toReversed()) await queryRunner.dropTable(name);
  }
}

function tableOf(name: string, plan: Plan, postgres: boolean): Table {
  const index =
    (isUnique: boolean, where?: string) =>
    ([indexName, columns]: readonly [string, readonly string[]]) =>
      new TableIndex({
        name: indexName,
        columnNames: [...columns],
        isUnique,
        ...(where === undefined ? {} : { where }),
      });
  return new Table({
    name,
    columns: Object.entries(plan.columns).map(([column, type]) =>
      columnOf(name, column, type, plan.key.includes(column), postgres),
    ),
    indices: [
      ...Object.entries(plan.unique ?? {}).map(index(true)),
      ...Object.entries(plan.indices ?? {}).map(index(false)),
      ...Object.entries(plan.openIndices ?? {}).map(index(false, "status in ('CREATED', 'RUNNING')")),
    ],
    foreignKeys: plan.syncConstraint === undefined ? [] : [syncReference(plan.syncConstraint)],
  });
}

function columnOf(
  table: string,
  name: string,
  type: Type | `${Type}?`,
  isPrimary: boolean,
  postgres: boolean,
): TableColumn {
  const isNullable = type.endsWith("?");
  const plain = isNullable ? type.slice(0, -1) : type;
  const stored = plain === "json" ? (postgres ? "jsonb" : "text") : plain;
  // Byte order on PostgreSQL too, so that lists have one order whatever the database's collation is.
  const collation = postgres && stored === "text" ? { collation: "C" } : {};
  const key = isPrimary ? { isPrimary, primaryKeyConstraintName: `${table}_key` } : {};
  return new TableColumn({ name, type: stored, isNullable, ...collation, ...key });
}

function syncReference(name: string): TableForeignKey {
  return new TableForeignKey({
    name,
    columnNames: ["tenant_id", "sync_id"],
    referencedTableName: "sync",
    referencedColumnNames: ["tenant_id", "id"],
    onDelete: "CASCADE",
  });
}
