// When something runs next by itself is the vendor's word, and a word that has passed is not shown.
import { afterEach, beforeEach, expect, test } from "vitest";
import { NodeKind, globalIdOf } from "../../src/graphql/global-id.ts";
import { TENANT, openGraphqlGateway, type GraphqlGateway } from "../support/graphql.ts";
import { idOf } from "../support/seed-runs.ts";
import { at, modelSync, syncJob } from "../support/store-values.ts";

let gateway: GraphqlGateway;

beforeEach(async () => {
  gateway = await openGraphqlGateway();
});

afterEach(async () => {
  await gateway.close();
});

test("the next run of a definition is shown until it has come", async () => {
  const planned = new Date(gateway.clock.now().getTime() + 60_000);
  const definitions = [syncJob("job", { nextRunAt: planned }), modelSync("push", { nextRunAt: planned })];
  await gateway.store.catalog.putDefinitions(TENANT, "acme", definitions, at(0));
  const ids = [
    globalIdOf(NodeKind.SyncJob, idOf("definition", "job")),
    globalIdOf(NodeKind.ModelSync, idOf("definition", "push")),
  ];
  const query = "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on SyncDefinition { nextRunAt } } }";
  const shown = async () => (await gateway.ask(query, { ids })).data;
  const nextRunAt = planned.toISOString();
  expect(await shown()).toEqual({ nodes: [{ nextRunAt }, { nextRunAt }] });
  await gateway.clock.advance(59_999);
  expect(await shown()).toEqual({ nodes: [{ nextRunAt }, { nextRunAt }] });
  await gateway.clock.advance(1);
  expect(await shown()).toEqual({ nodes: [{ nextRunAt: null }, { nextRunAt: null }] });
});
