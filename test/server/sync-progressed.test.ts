// `syncProgressed` over a real socket, by a client that speaks the protocol by hand.
import { afterEach, beforeEach, expect, it } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import { identityOf } from "../../src/domain/identity.ts";
import type { RecordCounts } from "../../src/domain/sync.ts";
import { NodeKind, globalIdOf } from "../../src/graphql/global-id.ts";
import { eventually } from "../support/eventually.ts";
import { newId, openGraphqlGateway, valueAt, type GraphqlGateway } from "../support/graphql.ts";
import { serveGraphql, type GraphqlServer } from "../support/graphql-server.ts";
import { openAcknowledged, type RawSocket } from "../support/raw-socket.ts";
import { ended, idOf, seedRun } from "../support/seed-runs.ts";
import { at, entry, rules, task } from "../support/store-values.ts";

const WATCH =
  "subscription ($id: ID!) { syncProgressed(id: $id) { id status waitingReason recordCounts { total } tasks { nodes { name status } } } }";
const RUN = globalIdOf(NodeKind.Sync, idOf("sync", "run-1"));

let gateway: GraphqlGateway;
let server: GraphqlServer;
let socket: RawSocket;

beforeEach(async () => {
  gateway = await openGraphqlGateway();
  server = await serveGraphql(gateway);
  socket = await openAcknowledged(server.url);
});

afterEach(async () => {
  await socket.close();
  await server.close();
  await gateway.close();
});

const watch = (id: string, variables: object = { id: RUN }) =>
  socket.send({ id, type: "subscribe", payload: { query: WATCH, variables } });

async function nextRun(): Promise<unknown> {
  const frame = await socket.next();
  expect(frame).toMatchObject({ type: "next", payload: { data: { syncProgressed: { id: RUN } } } });
  return valueAt(frame, "payload.data.syncProgressed");
}

const total = (count: number): RecordCounts => ({
  ...{ total: count, inserted: null, updated: null, upserted: null, deleted: null },
  ...{ failed: null, warnings: null, fetched: null, persisted: null },
});

it("sends the run as it stands, its counts and tasks as they change, its end, and completes", async () => {
  await seedRun(gateway.store, "run-1", { status: "CREATED" });
  watch("1");
  expect(await nextRun()).toMatchObject({ status: "CREATED", recordCounts: null, tasks: { nodes: [] } });

  await seedRun(gateway.store, "run-1", {
    observedAt: at(1),
    facts: { recordCounts: total(5), waitingReason: "RATE_LIMITED" },
    tasks: [task("tickets")],
  });
  gateway.ring();
  expect(await nextRun()).toMatchObject({
    ...{ status: "RUNNING", waitingReason: "RATE_LIMITED", recordCounts: { total: 5 } },
    tasks: { nodes: [{ name: "tickets", status: "RUNNING" }] },
  });

  // The tasks alone, and what was loaded for the event before must not be shown again.
  await seedRun(gateway.store, "run-1", { observedAt: at(2), tasks: [task("tickets", { status: "SUCCESS" })] });
  gateway.ring();
  expect(await nextRun()).toMatchObject({
    status: "RUNNING",
    tasks: { nodes: [{ name: "tickets", status: "SUCCESS" }] },
  });

  await seedRun(gateway.store, "run-1", ended);
  gateway.ring();
  expect(await nextRun()).toMatchObject({ status: "SUCCESS", recordCounts: { total: 5 } });
  expect(await socket.next()).toEqual({ id: "1", type: "complete" });
});

it("of an ended run sends it once and completes", async () => {
  await seedRun(gateway.store, "run-1", ended);
  watch("1");
  expect(await nextRun()).toMatchObject({ status: "SUCCESS" });
  expect(await socket.next()).toEqual({ id: "1", type: "complete" });
});

it.each([
  ["an id nobody has", globalIdOf(NodeKind.Sync, newId()), ErrorCode.NotFound],
  ["another tenant's run", globalIdOf(NodeKind.Sync, identityOf("t2", "acme", "sync", "run-1")), ErrorCode.NotFound],
  ["no id at all", "nonsense", ErrorCode.BadUserInput],
  ["an id of another type", globalIdOf(NodeKind.Trigger, newId()), ErrorCode.BadUserInput],
])("with %s ends with an error, and the socket lives", async (_case, id, code) => {
  await seedRun(gateway.store, "run-1", ended);
  await gateway.store.ledger.record("t2", [entry("run-1", ended)], rules);
  watch("1", { id });
  expect(await socket.next()).toEqual({
    id: "1",
    type: "error",
    payload: [expect.objectContaining({ extensions: { code } })],
  });
  watch("2");
  await nextRun();
  expect(gateway.defects).toEqual([]);
});

it("is released when the client completes it, and the socket lives", async () => {
  await seedRun(gateway.store, "run-1");
  watch("1");
  await nextRun();
  // The run is looked at each second, and so is the socket.
  expect(gateway.clock.pending()).toEqual([1_000, 1_000]);
  socket.send({ id: "1", type: "complete" });
  await eventually("the run is no longer watched", () => (gateway.clock.pending().length === 1 ? true : null));
  await seedRun(gateway.store, "run-1", ended);
  watch("2");
  expect(await nextRun()).toMatchObject({ status: "SUCCESS" });
});
