// Counts beyond 32 bits, on each database: a client is told the number, or the nearest one there is, and no field becomes null.
import { expect, onTestFinished, test } from "vitest";
import { execute, parse } from "graphql";
import type { RecordCounts } from "../../src/domain/sync.ts";
import { createContext } from "../../src/graphql/context.ts";
import { NodeKind, globalIdOf } from "../../src/graphql/global-id.ts";
import { describeOnEachDatabase } from "../support/databases.ts";
import { openGraphqlGateway, schema } from "../support/graphql.ts";
import { entry, rules, task } from "../support/store-values.ts";

const RUN =
  "query ($id: ID!) { sync(id: $id) { attempt runtimeVersion recordCounts { total inserted failed } taskCounts { total running } tasks(first: 1) { nodes { attempt recordCounts { total } } } } }";
const LARGEST_COLUMN = 2 ** 31 - 1;

describeOnEachDatabase("counts", (open) => {
  test.each([3_000_000_000, 2 ** 53 + 2, 1e20])("of %d are told", async (count) => {
    const { store } = await open();
    const gateway = await openGraphqlGateway();
    onTestFinished(() => gateway.close());
    const recordCounts: RecordCounts = {
      ...{ total: count, inserted: count, updated: null, upserted: null, deleted: null },
      ...{ failed: count, warnings: null, fetched: null, persisted: null },
    };
    const taskCounts = { total: count, success: 0, failed: 0, running: count, pending: 0 };
    const facts = { recordCounts, taskCounts, attempt: count, runtimeVersion: count };
    const run = entry("r1", { facts, tasks: [task("a", { attempt: count, recordCounts })] });
    const [recorded] = await store.ledger.record("t1", [run], rules);
    const id = globalIdOf(NodeKind.Sync, recorded?.sync.id ?? "");
    const context = createContext({ ...gateway.ports, store }, { tenantId: "t1", name: "tester", scopes: [] });
    const { data, errors } = await execute({
      schema,
      document: parse(RUN),
      variableValues: { id },
      contextValue: context,
    });
    expect(errors).toBeUndefined();
    // Attempts stand in a column of 32 bits.
    const attempt = Math.min(count, LARGEST_COLUMN);
    expect(data).toEqual({
      sync: {
        ...{ attempt, runtimeVersion: attempt },
        recordCounts: { total: count, inserted: count, failed: count },
        taskCounts: { total: count, running: count },
        tasks: { nodes: [{ attempt, recordCounts: { total: count } }] },
      },
    });
  });
});
