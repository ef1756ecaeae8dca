// The schema: migrations up and down, agreement with the entities, TypeORM's command line, and the plans of the hot statements.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { DataSource } from "typeorm";
import { describe, expect, test } from "vitest";
import type { PageRequest, SyncFilter } from "../../src/domain/store-port.ts";
import { dataSourceOptions } from "../../src/store/data-source.ts";
import { syncTable } from "../../src/store/entities/sync.ts";
import { syncTaskTable } from "../../src/store/entities/sync-task.ts";
import { transitionTable } from "../../src/store/entities/transition.ts";
import { definitionTable } from "../../src/store/entities/definition.ts";
import { definitionConditions, syncConditions } from "../../src/store/filters.ts";
import { groupedPageQuery, pageQuery } from "../../src/store/keyset.ts";
import { openMigratedDatabase, openStore } from "../../src/store/open-store.ts";
import { sql } from "../../src/store/sql.ts";
import type { Sql } from "../../src/store/sql.ts";
import { sqliteDialect } from "../../src/store/sqlite-dialect.ts";
import { databaseMaker, describeOnEachDatabase } from "../support/databases.ts";
import type { DatabaseName } from "../support/databases.ts";

describeOnEachDatabase("the schema", (open) => {
  const make = databaseMaker(open.database);

  test("goes up, agrees with the entities in every column and index, goes down to nothing, and up again", async () => {
    const source = await new DataSource(dataSourceOptions(await make())).initialize();
    try {
      const entities = source.entityMetadatas.map(({ tableName }) => tableName).toSorted();
      for (let round = 0; round < 2; round += 1) {
        expect(await source.runMigrations({ transaction: "all" })).toHaveLength(source.migrations.length);
        expect((await source.driver.createSchemaBuilder().log()).upQueries.map(({ query }) => query)).toEqual([]);
        expect(await tablesOf(source)).toEqual(entities);
        for (const _ of source.migrations) await source.undoLastMigration({ transaction: "all" });
        expect(await tablesOf(source)).toEqual([]);
      }
    } finally {
      await source.destroy();
    }
  });

  test("every primary key and index begins with the tenant", async () => {
    const source = await new DataSource(dataSourceOptions(await make())).initialize();
    try {
      const leading = source.entityMetadatas.flatMap((entity) => [
        [entity.tableName, entity.primaryColumns[0]?.databaseName],
        ...entity.indices.map((index) => [index.name, index.columns[0]?.databaseName]),
      ]);
      expect(leading.length).toBeGreaterThan(20);
      expect(leading.filter(([, column]) => column !== "tenant_id")).toEqual([]);
    } finally {
      await source.destroy();
    }
  });

  test("is made by TypeORM's command line with ormconfig.ts, and a store then opens on it", async () => {
    const url = await make();
    const command = ["node_modules/typeorm/cli.js", "migration:run", "-d", "ormconfig.ts"];
    const { stdout } = await promisify(execFile)(process.execPath, ["--import", "tsx", ...command], {
      env: { ...process.env, DATABASE_URL: url },
    });
    expect(stdout).toContain("InitialSchema1762000000000 has been executed successfully");
    const { store } = await open(url);
    await store.ping();
  });

  test("gateways that start at the same moment all open the store", async () => {
    const url = await make();
    const starts = open.database === "postgres" ? 4 : 1;
    const opened = await Promise.all(Array.from({ length: starts }, () => openStore(url)));
    await Promise.all(opened.map((store) => store.ping()));
    await Promise.all(opened.map((store) => store.close()));
    expect(opened).toHaveLength(starts);
  });
});

const TABLE_NAMES: Readonly<Record<DatabaseName, string>> = {
  sqlite: "select name from sqlite_master where type = 'table'",
  postgres: "select table_name as name from information_schema.tables where table_schema = 'public'",
};

async function tablesOf(source: DataSource): Promise<readonly string[]> {
  const rows: readonly { readonly name: string }[] = await source.query(
    TABLE_NAMES[source.options.type === "postgres" ? "postgres" : "sqlite"],
  );
  return rows
    .map(({ name }) => name)
    .filter((name) => name !== "migration" && !name.startsWith("sqlite_"))
    .toSorted();
}

describe("plans of hot statements on sqlite", () => {
  const make = databaseMaker("sqlite");
  const first: PageRequest = { limit: 20, direction: "forward", from: null };
  const deep: PageRequest = { limit: 20, direction: "backward", from: { value: 5, id: "x" } };
  const newest = { value: "created_at", id: "id", descending: true, numeric: true } as const;
  const observed = { ...newest, value: "observed_at" } as const;
  const byName = { value: "name", id: "id", descending: false, numeric: false } as const;
  const syncs = (filter: SyncFilter, page = first, order: typeof newest | typeof observed = newest): Sql =>
    pageQuery(syncTable, syncConditions(sqliteDialect, "t1", filter), order, page);
  const byDefinition = { table: syncTable, tenantId: "t1", group: "definition_id", order: newest } as const;
  const bySequence = { value: "sequence", id: null, descending: false, numeric: true } as const;

  test.each<[string, Sql, string]>([
    ["runs by creation", syncs({}), "sync_created"],
    ["runs by creation, deep and backwards", syncs({}, deep), "sync_created"],
    ["runs by observation", syncs({}, deep, observed), "sync_observed"],
    ["runs of a provider", syncs({ providerKeys: ["acme"] }, deep), "sync_provider_created"],
    ["runs of a definition", syncs({ definitionIds: ["d"] }), "sync_definition_created"],
    ["runs of a linked account", syncs({ linkedAccountIds: ["a"] }), "sync_account_created"],
    ["runs of a status", syncs({ statuses: ["FAILED"] }, deep), "sync_status_created"],
    ["open runs of a definition", syncs({ definitionIds: ["d"], open: true }), "sync_open"],
    ["open runs", syncs({ open: true }), "sync_open_created"],
    ["open runs, deep and backwards", syncs({ open: true }, deep), "sync_open_created"],
    ["open runs of a provider", syncs({ providerKeys: ["acme"], open: true }), "sync_open_provider"],
    ["runs of an outcome", syncs({ outcomes: ["LOST"] }, deep), "sync_outcome_created"],
    [
      "definitions by name",
      pageQuery(definitionTable, definitionConditions(sqliteDialect, "t1", null, {}), byName, first),
      "definition_name",
    ],
    [
      "runs of many definitions",
      groupedPageQuery(sqliteDialect, byDefinition, ["a", "b"], deep),
      "sync_definition_created",
    ],
    [
      "transitions of many runs",
      groupedPageQuery(
        sqliteDialect,
        { table: transitionTable, tenantId: "t1", group: "sync_id", order: bySequence },
        ["a"],
        first,
      ),
      "transition_sync",
    ],
    [
      "tasks of many runs",
      groupedPageQuery(
        sqliteDialect,
        { table: syncTaskTable, tenantId: "t1", group: "sync_id", order: { ...byName, id: "task_key" } },
        ["a"],
        first,
      ),
      "sync_task_name",
    ],
  ])("%s are found by their index, in its order", async (_name, query, index) => {
    const database = await openMigratedDatabase(await make());
    try {
      const steps = (await database.read(sql`explain query plan ${query}`)).map(({ detail }) => String(detail));
      expect(steps.join("\n")).toContain(`INDEX ${index} `);
      expect(steps.filter((step) => /^SCAN (?!json_each|row|given)/u.test(step))).toEqual([]);
      // Only the few rows of a grouped page may be sorted again.
      const sorted = steps.some((step) => step.includes("TEMP B-TREE"));
      expect(sorted).toBe(steps.some((step) => step.includes("json_each")));
    } finally {
      await database.close();
    }
  });

  test("the check can fail: a list without an index is seen as one", async () => {
    const database = await openMigratedDatabase(await make());
    try {
      const steps = await database.read(
        sql`explain query plan select id from sync where raw_status = ${"x"} order by version`,
      );
      expect(steps.map(({ detail }) => String(detail))).toEqual(["SCAN sync", "USE TEMP B-TREE FOR ORDER BY"]);
    } finally {
      await database.close();
    }
  });
});
