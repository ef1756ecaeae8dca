// What queries cost: a stated number of database calls whatever the number of rows, and no call to a vendor.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NodeKind, globalIdOf } from "../../src/graphql/global-id.ts";
import { listAt, openGraphqlGateway, providerInfo, type GraphqlGateway } from "../support/graphql.ts";
import { idOf, seedCatalog, seedRuns } from "../support/seed-runs.ts";

const RUNS = `
  query Runs($first: Int!) {
    syncs(first: $first) {
      nodes {
        id
        provider { key capabilities { cancel } }
        linkedAccount { name provider { key } }
        definition { name latestSync { id status } linkedAccount { name } }
        tasks(first: 5) { nodes { name status } }
        transitions(first: 5) { nodes { to sync { id } } }
        trigger { state definition { name } syncs { nodes { id } } }
        retryOf { id }
      }
    }
  }
`;

const JOBS = `
  query Jobs($first: Int!) {
    syncJobs(first: $first) {
      nodes { name provider { key } linkedAccount { name } latestSync { id } syncs(first: 3) { nodes { id tasks(first: 2) { nodes { name } } } } }
    }
  }
`;

describe("database calls", () => {
  let gateway: GraphqlGateway;

  beforeEach(async () => {
    gateway = await openGraphqlGateway();
  });

  afterEach(async () => {
    await gateway.close();
  });

  it.each([5, 50])("of a page of %i runs with everything around them are one per edge", async (count) => {
    await seedCatalog(gateway.store);
    await seedRuns(gateway.store, 51);
    gateway.counting.reset();

    const { data, errors } = await gateway.ask(RUNS, { first: count });

    expect(errors).toEqual([]);
    expect(listAt(data, "syncs.nodes")).toHaveLength(count);
    expect(gateway.counting.calls()).toEqual({
      "catalog.definitionsByIds": 1,
      "catalog.linkedAccountsByIds": 1,
      "ledger.latestSyncs": 1,
      "ledger.listSyncs": 1,
      // The repeated run, then what the triggers began.
      "ledger.syncsByIds": 2,
      "ledger.tasksBySync": 1,
      "ledger.transitionsBySync": 1,
      "triggers.byIds": 1,
    });
    expect(gateway.vendorCalls).toEqual([]);
  });

  it.each([5, 50])("of a page of %i sync jobs with their runs are one per edge", async (count) => {
    await seedCatalog(gateway.store, 50);
    await seedRuns(gateway.store, 60, 50);
    gateway.counting.reset();

    const { data, errors } = await gateway.ask(JOBS, { first: count });

    expect(errors).toEqual([]);
    expect(listAt(data, "syncJobs.nodes")).toHaveLength(count);
    expect(gateway.counting.calls()).toEqual({
      "catalog.linkedAccountsByIds": 1,
      "catalog.listDefinitions": 1,
      "ledger.latestSyncs": 1,
      "ledger.syncsByDefinition": 1,
      "ledger.tasksBySync": 1,
    });
    expect(gateway.vendorCalls).toEqual([]);
  });

  it("of nodes of mixed kinds are one per kind", async () => {
    await seedCatalog(gateway.store);
    const runs = await seedRuns(gateway.store, 4);
    const triggers = runs.flatMap(({ triggerId }) => triggerId ?? []);
    const transitions = await gateway.store.ledger.transitionsAfter("t1", 0, 100);
    gateway.counting.reset();
    const ids = [
      ...runs.map(({ id }) => globalIdOf(NodeKind.Sync, id)),
      ...triggers.map((id) => globalIdOf(NodeKind.Trigger, id)),
      ...transitions.map(({ id }) => globalIdOf(NodeKind.SyncTransition, id)),
      ...["job-1", "job-2"].map((job) => globalIdOf(NodeKind.SyncJob, idOf("definition", job))),
      ...["model-sync-1", "model-sync-2"].map((one) => globalIdOf(NodeKind.ModelSync, idOf("definition", one))),
      ...["account-1", "account-2"].map((account) =>
        globalIdOf(NodeKind.LinkedAccount, idOf("linkedAccount", account)),
      ),
      globalIdOf(NodeKind.Provider, "acme"),
    ];

    const { data, errors } = await gateway.ask("query ($ids: [ID!]!) { nodes(ids: $ids) { id __typename } }", { ids });

    expect(errors).toEqual([]);
    expect(listAt(data, "nodes").map((node) => JSON.stringify(node))).toEqual(
      ids.map((id) => expect.stringContaining(`"${id}"`)),
    );
    expect(gateway.counting.calls()).toEqual({
      "catalog.definitionsByIds": 1,
      "catalog.linkedAccountsByIds": 1,
      "ledger.syncsByIds": 1,
      "ledger.transitionsByIds": 1,
      "triggers.byIds": 1,
    });
    expect(gateway.vendorCalls).toEqual([]);
  });

  it("of a list that is not counted do not count, and of one that is count once", async () => {
    await seedCatalog(gateway.store);
    await seedRuns(gateway.store, 3);
    gateway.counting.reset();

    await gateway.ask("{ syncs { nodes { id } } }");
    expect(gateway.counting.calls()).toEqual({ "ledger.listSyncs": 1 });

    gateway.counting.reset();
    const { data } = await gateway.ask("{ syncs(first: 2) { totalCount } }");
    expect(data).toEqual({ syncs: { totalCount: 3 } });
    expect(gateway.counting.calls()).toEqual({ "ledger.countSyncs": 1, "ledger.listSyncs": 1 });
  });

  it("of providers are one state each, and none when nothing of it is asked for", async () => {
    gateway.counting.reset();
    await gateway.ask("{ providers { key kind sandbox capabilities { startOptions } } }");
    expect(gateway.counting.calls()).toEqual({});

    await gateway.ask(
      "{ providers { health lastSuccessAt lastError { code } discoveryLagMs unknownStatuses { word } } }",
    );
    expect(gateway.counting.calls()).toEqual({ "providerStates.get": 3 });
  });

  it("are kept apart by operation: the second one reads again", async () => {
    await seedCatalog(gateway.store);
    const id = globalIdOf(NodeKind.LinkedAccount, idOf("linkedAccount", "account-1"));
    gateway.counting.reset();

    await gateway.ask("query ($id: ID!) { one: linkedAccount(id: $id) { id } two: linkedAccount(id: $id) { id } }", {
      id,
    });
    expect(gateway.counting.calls()).toEqual({ "catalog.linkedAccountsByIds": 1 });

    await gateway.ask("query ($id: ID!) { linkedAccount(id: $id) { id } }", { id });
    expect(gateway.counting.calls()).toEqual({ "catalog.linkedAccountsByIds": 2 });
  });
});

describe("a provider that was taken out of the configuration", () => {
  it("is still shown with its runs, as removed and able to do nothing", async () => {
    const gateway = await openGraphqlGateway([providerInfo("globex")]);
    try {
      await seedRuns(gateway.store, 1);

      const { data, errors } = await gateway.ask(
        "{ syncs { nodes { provider { key kind displayName capabilities { cancel startOptions } } isStale } } }",
      );

      expect(errors).toEqual([]);
      const provider = {
        key: "acme",
        kind: "removed",
        displayName: "acme",
        capabilities: { cancel: false, startOptions: [] },
      };
      expect(data).toEqual({ syncs: { nodes: [{ provider, isStale: false }] } });
    } finally {
      await gateway.close();
    }
  });
});
