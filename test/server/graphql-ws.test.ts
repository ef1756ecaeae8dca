// GraphQL over WebSocket with a client that speaks the protocol by hand, and with the library most clients use.
// https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
import { createClient } from "graphql-ws";
import { WebSocket } from "ws";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ErrorCode, GatewayError } from "../../src/domain/errors.ts";
import { ledgerCursor } from "../../src/graphql/cursors.ts";
import { NodeKind, globalIdOf } from "../../src/graphql/global-id.ts";
import { cursorsIn } from "../support/ledger-cursors.ts";
import { eventually } from "../support/eventually.ts";
import { newId, openGraphqlGateway, providerError, textAt, valueAt, type GraphqlGateway } from "../support/graphql.ts";
import { serveGraphql, type GraphqlServer } from "../support/graphql-server.ts";
import { openAcknowledged, type RawSocket } from "../support/raw-socket.ts";
import { ended, seedRun, seedRuns } from "../support/seed-runs.ts";

const WATCH =
  "subscription ($filter: SyncFilter, $after: String) { syncStatusChanged(filter: $filter, after: $after) { cursor from to sync { remoteId status } } }";

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

const subscribe = (id: string, query: string, variables: object = {}) =>
  socket.send({ id, type: "subscribe", payload: { query, variables } });

/** The socket serves: a query on it is answered. */
async function expectAlive(): Promise<void> {
  subscribe("alive", "{ viewer { name } }");
  expect(await socket.next()).toEqual({ id: "alive", type: "next", payload: { data: { viewer: { name: "tester" } } } });
  expect(await socket.next()).toEqual({ id: "alive", type: "complete" });
}

const failure = (id: string, code: string, more: object = {}) => ({
  id,
  type: "error",
  payload: [expect.objectContaining({ ...more, extensions: expect.objectContaining({ code }) })],
});
const to = (frame: unknown) => [
  valueAt(frame, "payload.data.syncStatusChanged.sync.remoteId"),
  valueAt(frame, "payload.data.syncStatusChanged.to"),
];

describe("a subscription", () => {
  it("gets every transition in order, each once, and only those that match", async () => {
    subscribe("1", WATCH, { filter: { statuses: ["RUNNING", "SUCCESS"] }, after: ledgerCursor("t1", 0) });
    await seedRun(gateway.store, "run-1", { status: "CREATED" });
    await seedRun(gateway.store, "run-1");
    await seedRun(gateway.store, "run-1", ended);
    gateway.ring();

    const frames = [await socket.next(), await socket.next()];

    expect(frames.map(to)).toEqual([
      ["run-1", "RUNNING"],
      ["run-1", "SUCCESS"],
    ]);
    expect(
      frames.map((frame) => [
        valueAt(frame, "id"),
        valueAt(frame, "type"),
        valueAt(frame, "payload.data.syncStatusChanged.from"),
      ]),
    ).toEqual([
      ["1", "next", "CREATED"],
      ["1", "next", "RUNNING"],
    ]);
  });

  it("goes on after the cursor it was given", async () => {
    await seedRuns(gateway.store, 3);
    subscribe("all", WATCH, { after: ledgerCursor("t1", 0) });
    const first = await socket.next();
    socket.send({ id: "all", type: "complete" });

    // Frames of the first may still have been on their way.
    subscribe("rest", WATCH, { after: textAt(first, "payload.data.syncStatusChanged.cursor") });
    const rest: unknown[] = [];
    const all = await cursorsIn(gateway.store, "t1");
    while (rest.length === 0 || valueAt(rest.at(-1), "payload.data.syncStatusChanged.cursor") !== all.at(-1)) {
      const frame = await socket.next();
      if (valueAt(frame, "id") === "rest") rest.push(frame);
    }

    const cursors = [first, ...rest].map((frame) => textAt(frame, "payload.data.syncStatusChanged.cursor"));
    expect(all.length).toBeGreaterThan(3);
    expect(cursors).toEqual(all);
  });

  it("shows each transition the run as it stands then, not as an earlier event found it", async () => {
    subscribe("1", WATCH, { after: ledgerCursor("t1", 0) });
    await seedRun(gateway.store, "run-1");
    gateway.ring();
    await socket.next();
    expect(valueAt(await socket.next(), "payload.data.syncStatusChanged.sync.status")).toBe("RUNNING");
    await seedRun(gateway.store, "run-1", ended);
    gateway.ring();
    expect(valueAt(await socket.next(), "payload.data.syncStatusChanged.sync.status")).toBe("SUCCESS");
  });

  it.each([
    ["a cursor that is none", { after: "x" }, ErrorCode.CursorInvalid],
    ["an empty cursor", { after: "" }, ErrorCode.CursorInvalid],
    ["another tenant's cursor", { after: ledgerCursor("t2", 0) }, ErrorCode.CursorInvalid],
    ["a cursor the ledger has not come to", { after: ledgerCursor("t1", 1_000) }, ErrorCode.CursorExpired],
    ["an id of another type", { filter: { syncs: [globalIdOf(NodeKind.Trigger, newId())] } }, ErrorCode.BadUserInput],
    ["a provider nobody configured", { filter: { providers: ["nobody"] } }, ErrorCode.NotFound],
    ["a variable of the wrong type", { filter: { open: "yes" } }, ErrorCode.BadUserInput],
  ])("with %s ends with an error, and the socket lives", async (_case, variables, code) => {
    subscribe("1", WATCH, variables);

    expect(await socket.next()).toEqual(failure("1", code));
    await expectAlive();
    expect(gateway.defects).toEqual([]);
  });

  it("whose ledger fails ends with a masked error, and the socket lives", async () => {
    const broken = new Error("secret /etc/passwd");
    gateway.ports.store.ledger.head = () => Promise.reject(broken);
    subscribe("1", WATCH);

    const frame = await socket.next();

    expect(frame).toEqual(failure("1", ErrorCode.Internal));
    expect(JSON.stringify(frame)).not.toContain("passwd");
    expect(gateway.defects).toHaveLength(1);
    await expectAlive();
  });

  it("that is completed is released, and gets nothing more", async () => {
    subscribe("1", WATCH, { after: ledgerCursor("t1", 0) });
    await seedRun(gateway.store, "run-1", { status: "CREATED" });
    gateway.ring();
    await socket.next();
    const sleepers = gateway.clock.pending().length;
    expect(sleepers).toBeGreaterThan(0);

    socket.send({ id: "1", type: "complete" });
    await eventually("the ledger is no longer followed", () =>
      gateway.clock.pending().length < sleepers ? true : null,
    );
    await seedRun(gateway.store, "run-1");
    gateway.ring();
    await expectAlive();
  });

  it("reaches a client of the graphql-ws library too", async () => {
    const client = createClient({ url: server.url.replace("http", "ws"), webSocketImpl: WebSocket, retryAttempts: 0 });
    const events = client.iterate({ query: WATCH, variables: { after: ledgerCursor("t1", 0) } });
    await seedRun(gateway.store, "run-1", { status: "CREATED" });
    gateway.ring();

    const { value } = await events.next();

    expect(value).toMatchObject({
      data: { syncStatusChanged: { from: null, to: "CREATED", sync: { remoteId: "run-1" } } },
    });
    await client.dispose();
  });
});

describe("queries and mutations over WebSocket", () => {
  it("are answered once and completed", async () => {
    await expectAlive();
    subscribe("2", 'mutation { cancelSync(input: { syncId: "x" }) { userErrors { code field } } }');
    expect(await socket.next()).toEqual({
      id: "2",
      type: "next",
      payload: { data: { cancelSync: { userErrors: [{ code: "BAD_USER_INPUT", field: ["syncId"] }] } } },
    });
    expect(await socket.next()).toEqual({ id: "2", type: "complete" });
  });

  it("give the data of the providers that answer, and name each that does not in the extensions", async () => {
    await seedRuns(gateway.store, 1);
    gateway.script.outages = () => Promise.resolve([providerError("globex")]);
    subscribe("1", "{ runs: syncs { nodes { remoteId } } }");

    expect(await socket.next()).toEqual({
      id: "1",
      type: "next",
      payload: {
        data: { runs: { nodes: [{ remoteId: "run-1" }] } },
        extensions: {
          providerFailures: [
            {
              provider: "globex",
              code: "PROVIDER_RATE_LIMITED",
              message: "globex: list syncs: too many requests",
              retryable: true,
              retryAfterMs: 1_500,
              since: expect.any(String),
              path: ["runs"],
            },
          ],
        },
      },
    });
  });

  it.each([
    ["of a defect are masked and reported", new Error("secret /etc/passwd"), ErrorCode.Internal, 1],
    [
      "of a database that does not answer keep their code",
      new GatewayError(ErrorCode.ServiceUnavailable, "It does not answer."),
      ErrorCode.ServiceUnavailable,
      0,
    ],
  ])("whose errors are %s", async (_case, error, code, reported) => {
    gateway.script.outages = () => Promise.reject(error);
    subscribe("1", "{ syncs { nodes { id } } }");

    const frame = await socket.next();

    expect(frame).toMatchObject({
      id: "1",
      type: "next",
      payload: { data: { syncs: null }, errors: [{ path: ["syncs"], extensions: { code } }] },
    });
    expect(JSON.stringify(frame)).not.toMatch(/passwd|stack/);
    expect(gateway.defects).toHaveLength(reported);
  });

  it.each([
    ["a syntax error", "{", {}, "GRAPHQL_PARSE_FAILED"],
    ["an unknown field", "{ nope }", {}, "GRAPHQL_VALIDATION_FAILED"],
    [
      "an unknown argument of a subscription",
      "subscription { syncStatusChanged(since: 1) { cursor } }",
      {},
      "GRAPHQL_VALIDATION_FAILED",
    ],
    ["too many tokens", `{ ${"viewer{name}".repeat(1_000)} }`, {}, "GRAPHQL_PARSE_FAILED"],
    ["a variable of the wrong type", "query ($id: ID!) { node(id: $id) { id } }", { id: {} }, "BAD_USER_INPUT"],
    [
      "two operations and no name",
      "query A { viewer { name } } query B { viewer { name } }",
      {},
      "OPERATION_RESOLUTION_FAILURE",
    ],
  ])("with %s end with an error, and the socket lives", async (_case, query, variables, code) => {
    for (const round of ["1", "2"]) {
      subscribe(round, query, variables);
      expect(await socket.next()).toEqual(failure(round, code));
    }
    await expectAlive();
    expect(gateway.defects).toEqual([]);
  });
});
