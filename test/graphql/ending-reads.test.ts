// After its deadline nothing more is begun for an operation, and what is under way is not waited for: over both transports, for
// statements, loaders' batches and vendors' calls. A client that has gone ends its queries in the same way.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createContext } from "../../src/graphql/context.ts";
import { ClientGoneError, DeadlineError } from "../../src/graphql/end-reasons.ts";
import { createReads } from "../../src/graphql/ending-reads.ts";
import { eventually, within } from "../support/eventually.ts";
import { createGate } from "../support/gate.ts";
import { TENANT, openGraphqlGateway, valueAt, type GraphqlGateway } from "../support/graphql.ts";
import { post, serveGraphql, type GraphqlServer } from "../support/graphql-server.ts";
import { openAcknowledged, type RawSocket } from "../support/raw-socket.ts";
import { seedCatalog, seedRuns } from "../support/seed-runs.ts";

const VIEWER = { tenantId: TENANT, name: "tester", scopes: [] };
/** A list, and two levels of loaders beneath it. */
const QUERY = "{ viewer { name } syncs(first: 3) { nodes { id definition { name latestSync { id } } } } }";
const NOT_READ = { extensions: { code: "SERVICE_UNAVAILABLE" }, message: expect.stringContaining("15 s") };

let gateway: GraphqlGateway;
let server: GraphqlServer;
let socket: RawSocket;
/** Holds up the definitions' statement, once it was begun. */
let begun: ReturnType<typeof createGate>;
let answered: ReturnType<typeof createGate>;

beforeEach(async () => {
  gateway = await openGraphqlGateway();
  begun = createGate();
  answered = createGate();
  const { catalog } = gateway.store;
  const slow: typeof catalog.definitionsByIds = async (...given) => {
    begun.open();
    await answered.opened;
    return catalog.definitionsByIds(...given);
  };
  const store = { ...gateway.store, catalog: { ...catalog, definitionsByIds: slow } };
  const contextOf = (_request: unknown, signal: AbortSignal) =>
    createContext({ ...gateway.ports, store }, VIEWER, signal);
  server = await serveGraphql(gateway, { contextOf });
  socket = await openAcknowledged(server.url);
  await seedCatalog(gateway.store);
  await seedRuns(gateway.store, 3);
  gateway.counting.reset();
});

afterEach(async () => {
  answered.open();
  await socket.close();
  await server.close();
  await gateway.close();
});

describe("a query at its deadline", () => {
  it.each([
    ["HTTP", async () => (await post(server.url, { query: QUERY })).body],
    [
      "WebSocket",
      async () => {
        socket.send({ id: "1", type: "subscribe", payload: { query: QUERY } });
        return valueAt(await socket.next(), "payload");
      },
    ],
  ])("is answered at once with what there is, and reads nothing more, over %s", async (_transport, ask) => {
    const answer = ask();
    await begun.opened;
    await gateway.clock.advance(14_999);
    const before = gateway.counting.calls();
    await gateway.clock.advance(1);

    const body = await within("the answer does not wait for the statement", answer);
    expect(body).toMatchObject({
      data: {
        viewer: { name: "tester" },
        syncs: { nodes: [{ definition: null }, { definition: null }, { definition: null }] },
      },
      errors: [NOT_READ, NOT_READ, NOT_READ],
    });
    answered.open();
    await eventually(
      "the statement has ended",
      () => (gateway.counting.calls()["catalog.definitionsByIds"] ?? 0) || null,
    );
    expect(gateway.counting.calls()).toEqual({ ...before, "catalog.definitionsByIds": 1 });
    expect(gateway.defects).toEqual([]);
  });
});

describe("reads", () => {
  function portOf() {
    const calls: string[] = [];
    const port = {
      name: "port",
      read: (id: string) => Promise.resolve(calls.push(id)),
      sync: () => calls.push("sync"),
      part: {
        read: (id: string) => Promise.resolve(calls.push(`part ${id}`)),
        hangs: () => new Promise<never>(() => undefined),
      },
      change: () => Promise.resolve(calls.push("change")),
    };
    return { calls, port };
  }

  it("go on as they are until their operation ends", async () => {
    const { calls, port } = portOf();
    const ending = createReads(new AbortController().signal).ending(port);
    await ending.read("1");
    await ending.part.read("2");
    expect([ending.name, ending.sync(), calls]).toEqual(["port", 3, ["1", "part 2", "sync"]]);
  });

  it.each([
    ["the deadline", new DeadlineError(15_000)],
    ["a client that has gone from a query", new ClientGoneError(() => false)],
    ["any other reason", new Error("given up")],
  ])("do not begin after %s, and are not waited for", async (_what, reason) => {
    const { calls, port } = portOf();
    const operation = new AbortController();
    const ending = createReads(operation.signal).ending(port);
    const underWay = ending.part.hangs();
    operation.abort(reason);
    await expect(underWay).rejects.toMatchObject({ code: "SERVICE_UNAVAILABLE" });
    await expect(ending.read("1")).rejects.toMatchObject({ code: "SERVICE_UNAVAILABLE" });
    await expect(ending.part.read("2")).rejects.toMatchObject({ code: "SERVICE_UNAVAILABLE" });
    expect(calls).toEqual([]);
  });

  it("of a mutation go on when its client has gone: what it asked for is wanted all the same", async () => {
    const { calls, port } = portOf();
    const operation = new AbortController();
    const ending = createReads(operation.signal).ending(port);
    operation.abort(new ClientGoneError(() => true));
    await ending.read("1");
    expect(calls).toEqual(["1"]);
  });

  it("of a port are stopped from beginning by their names, and what changes something is not", async () => {
    const { calls, port } = portOf();
    const operation = new AbortController();
    const guarded = createReads(operation.signal).notBegun(port, ["read"]);
    operation.abort(new DeadlineError(30_000));
    await expect(guarded.read("1")).rejects.toMatchObject({ code: "SERVICE_UNAVAILABLE" });
    await guarded.change();
    expect(calls).toEqual(["change"]);
  });

  it("that are under way are as many as there are without a warning, and are forgotten when they end", async () => {
    const operation = new AbortController();
    const { port } = portOf();
    const ending = createReads(operation.signal).ending(port);
    const warnings: unknown[] = [];
    const warned = (warning: unknown): void => void warnings.push(warning);
    process.on("warning", warned);
    await Promise.all(Array.from({ length: 50 }, (_, index) => ending.read(String(index))));
    await new Promise((resolve) => setImmediate(resolve));
    process.off("warning", warned);
    expect(warnings).toEqual([]);
  });
});

describe("vendors", () => {
  it("are asked for nothing more after the deadline", async () => {
    const operation = new AbortController();
    const context = createContext(gateway.ports, VIEWER, operation.signal);
    operation.abort(new DeadlineError(15_000));
    await expect(context.ports.operations.refresh(TENANT, "x", 0)).rejects.toMatchObject({
      code: "SERVICE_UNAVAILABLE",
    });
    await expect(context.ports.catalog.ensureFresh(TENANT, ["acme"])).rejects.toMatchObject({
      code: "SERVICE_UNAVAILABLE",
    });
    await expect(context.liveReads.scheduleOptions({ providerKey: "acme" })).rejects.toMatchObject({
      code: "SERVICE_UNAVAILABLE",
    });
    expect(gateway.vendorCalls).toEqual([]);
  });
});
