// What contradicts a run's end is shown beside it: whole, oldest first, and in one statement for a page of runs.
import { afterEach, beforeEach, expect, it } from "vitest";
import { NodeKind, globalIdOf } from "../../src/graphql/global-id.ts";
import { ObservationSource, SyncOutcome, SyncStatus } from "../../src/domain/status.ts";
import { openGraphqlGateway, type GraphqlGateway } from "../support/graphql.ts";
import { idOf, seedRun } from "../support/seed-runs.ts";
import { at } from "../support/store-values.ts";

const CONFLICTS = "conflicts { committedStatus committedOutcome observedStatus rawStatus observedAt observedVia }";

let gateway: GraphqlGateway;

beforeEach(async () => {
  gateway = await openGraphqlGateway();
});

afterEach(async () => {
  await gateway.close();
});

async function seedContradicted(remoteId: string): Promise<void> {
  const failed = { status: SyncStatus.Failed, outcome: SyncOutcome.Cancelled };
  const succeeded = { status: SyncStatus.Success, rawStatus: "done" };
  await seedRun(gateway.store, remoteId, failed);
  await seedRun(gateway.store, remoteId, { ...succeeded, observedAt: at(20), source: ObservationSource.Poll });
  await seedRun(gateway.store, remoteId, { ...succeeded, observedAt: at(10), source: ObservationSource.Webhook });
}

it("of a run are told with both ends, when and by whom, and the run keeps its end", async () => {
  await seedContradicted("a");
  const { data, errors } = await gateway.ask(`query ($id: ID!) { sync(id: $id) { status outcome ${CONFLICTS} } }`, {
    id: globalIdOf(NodeKind.Sync, idOf("sync", "a")),
  });
  const said = {
    committedStatus: "FAILED",
    committedOutcome: "CANCELLED",
    observedStatus: "SUCCESS",
    rawStatus: "done",
  };
  expect(errors).toEqual([]);
  expect(data).toEqual({
    sync: {
      status: "FAILED",
      outcome: "CANCELLED",
      conflicts: [
        { ...said, observedAt: at(10).toISOString(), observedVia: "WEBHOOK" },
        { ...said, observedAt: at(20).toISOString(), observedVia: "POLL" },
      ],
    },
  });
});

it("are none of a run that goes on or whose end nobody contradicts, and cost one statement for a page of runs", async () => {
  await seedRun(gateway.store, "open");
  await seedRun(gateway.store, "done", { status: SyncStatus.Success });
  await seedContradicted("a");
  await seedContradicted("b");
  gateway.counting.reset();
  const { data } = await gateway.ask("{ syncs { nodes { remoteId conflicts { observedVia } } } }");
  const two = [{ observedVia: "WEBHOOK" }, { observedVia: "POLL" }];
  expect(data).toEqual({
    syncs: {
      nodes: expect.arrayContaining([
        { remoteId: "open", conflicts: [] },
        { remoteId: "done", conflicts: [] },
        { remoteId: "a", conflicts: two },
        { remoteId: "b", conflicts: two },
      ]),
    },
  });
  expect(gateway.counting.calls()).toEqual({ "ledger.conflictsBySync": 1, "ledger.listSyncs": 1 });
});
