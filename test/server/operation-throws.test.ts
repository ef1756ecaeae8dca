// Whatever one operation throws, wherever it does: it is that operation's error, the socket serves on, and HTTP does not answer 500.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createContext, type GatewayContext, type GatewayPorts } from "../../src/graphql/context.ts";
import { eventually } from "../support/eventually.ts";
import { TENANT, openGraphqlGateway, valueAt, type GraphqlGateway } from "../support/graphql.ts";
import { post, serveGraphql, type GraphqlServer } from "../support/graphql-server.ts";
import { openAcknowledged, type RawSocket } from "../support/raw-socket.ts";
import { seedCatalog, seedRuns } from "../support/seed-runs.ts";

const VIEWER = { tenantId: TENANT, name: "tester", scopes: ["raw:read"] };
const FOLLOW = "subscription { syncStatusChanged { cursor sync { id raw } } }";

let gateway: GraphqlGateway;
let server: GraphqlServer;
let socket: RawSocket;
/** What the operations of a test work through; replaced by each. */
let ports: GatewayPorts;
let contextOf: (signal: AbortSignal) => GatewayContext;

beforeEach(async () => {
  gateway = await openGraphqlGateway();
  ports = gateway.ports;
  contextOf = (signal) => createContext(ports, VIEWER, signal);
  server = await serveGraphql(gateway, { contextOf: (_request, signal) => contextOf(signal) });
  socket = await openAcknowledged(server.url);
});

afterEach(async () => {
  await socket.close();
  await server.close();
  await gateway.close();
});

const subscribe = (query: string, variables: object = {}) =>
  socket.send({ id: "1", type: "subscribe", payload: { query, variables } });

async function expectAlive(): Promise<void> {
  contextOf = (signal) => gateway.context({}, signal);
  socket.send({ id: "alive", type: "subscribe", payload: { query: "{ viewer { name } }" } });
  expect(await socket.next()).toMatchObject({ id: "alive", type: "next", payload: { data: { viewer: {} } } });
  expect(await socket.next()).toEqual({ id: "alive", type: "complete" });
}

function throwing(thrown: unknown): never {
  throw thrown;
}
const unreadable = (): Error => {
  const error = new Error("secret");
  Object.defineProperty(error, "message", { get: () => throwing(new Error("secret")) });
  return error;
};
const THROWN: readonly (readonly [string, unknown])[] = [
  ["an error", new Error("secret")],
  ["a text", "secret"],
  ["nothing", undefined],
  ["a symbol", Symbol("secret")],
  ["an object without a text", Object.create(null)],
  ["an error that cannot be read", unreadable()],
];

/** A stream of one entry that is as the test wants it. */
function streamOf(given: Partial<AsyncIterator<unknown>>): AsyncIterableIterator<never> {
  const stream = { next: () => Promise.resolve({ done: true, value: undefined }), ...given };
  return Object.assign(stream, { [Symbol.asyncIterator]: () => stream }) as AsyncIterableIterator<never>;
}
const following = (follow: GatewayPorts["feed"]["follow"]): GatewayPorts => ({
  ...gateway.ports,
  feed: { ...gateway.ports.feed, follow },
});

const MASKED = {
  message: "The gateway failed. Its log has the details.",
  extensions: { code: "INTERNAL_SERVER_ERROR" },
};

/** Where an operation may throw over a WebSocket. What is thrown is masked, and the operation ends with `error`. */
const PLACES: Readonly<Record<string, (thrown: unknown) => void>> = {
  "while its context is made": (thrown) => {
    contextOf = () => throwing(thrown);
  },
  "when it subscribes": (thrown) => {
    ports = following(() => throwing(thrown));
  },
  "when its first event is asked for": (thrown) => {
    ports = following(() => streamOf({ next: () => throwing(thrown) }));
  },
  "when its first event is waited for": (thrown) => {
    ports = following(() => streamOf({ next: () => Promise.reject(thrown) }));
  },
};

describe("over WebSocket", () => {
  const cases = Object.keys(PLACES).flatMap((place) => THROWN.map(([what], index) => [place, what, index] as const));

  it.each(cases)("%s: %s is the operation's own masked error", async (place, _what, index) => {
    PLACES[place]?.(THROWN[index]?.[1]);
    subscribe(FOLLOW);
    const message = await socket.next();
    expect(message).toMatchObject({ id: "1", type: "error", payload: [MASKED] });
    expect(JSON.stringify(message)).not.toContain("secret");
    expect(gateway.defects.length).toBeGreaterThan(0);
    await expectAlive();
  });

  it.each(THROWN)("%s from a resolver stands beside the data", async (_what, thrown) => {
    ports = { ...gateway.ports, catalog: { ...gateway.ports.catalog, outages: () => throwing(thrown) } };
    subscribe("{ viewer { name } syncs { nodes { id } } }");
    const message = await socket.next();
    expect(valueAt(message, "payload.errors")).toMatchObject([MASKED]);
    expect(JSON.stringify(message)).not.toContain("secret");
    expect(await socket.next()).toEqual({ id: "1", type: "complete" });
    await expectAlive();
  });

  it("what is followed and is no stream is the operation's own masked error", async () => {
    ports = following(() => Object.create(null) as AsyncIterableIterator<never>);
    subscribe(FOLLOW);
    expect(await socket.next()).toMatchObject({ id: "1", type: "error", payload: [MASKED] });
    await expectAlive();
  });

  it.each(THROWN)("%s at the end of a stream is reported and nothing else", async (_what, thrown) => {
    ports = following(() =>
      streamOf({ next: () => new Promise(() => undefined), return: () => Promise.reject(thrown) }),
    );
    subscribe(FOLLOW);
    await eventually("it is followed", () => server.sockets.streams() || null);
    socket.send({ id: "1", type: "complete" });
    await eventually("it is over", () => (server.sockets.streams() === 0 ? true : null));
    await expectAlive();
    expect(gateway.defects.length).toBeGreaterThan(0);
  });

  it.each([
    ["has no JSON", () => ({ count: 1n })],
    ["goes in circles", circle],
    ["throws when it is made JSON", () => ({ toJSON: () => throwing(new Error("secret")) })],
  ])("an answer that %s is a masked error in its place", async (_what, raw) => {
    await seedCatalog(gateway.store);
    await seedRuns(gateway.store, 1);
    spoilRaw(raw());
    subscribe("{ syncs { nodes { raw } } }");
    const message = await socket.next();
    expect(message).toMatchObject({ id: "1", type: "next", payload: { errors: [MASKED] } });
    expect(JSON.stringify(message)).not.toContain("secret");
    expect(await socket.next()).toEqual({ id: "1", type: "complete" });
    await expectAlive();
  });

  it.each([
    ["skipped", "subscription { syncStatusChanged @skip(if: true) { cursor } }", {}],
    ["not included", "subscription ($on: Boolean!) { syncStatusChanged @include(if: $on) { cursor } }", { on: false }],
    ["included", "subscription ($on: Boolean!) { syncStatusChanged @include(if: $on) { cursor } }", { on: true }],
    ["skipped by a part", "subscription { ... @skip(if: true) { syncStatusChanged { cursor } } }", {}],
  ])("a subscription whose field is %s is refused", async (_what, query, variables) => {
    subscribe(query, variables);
    expect(await socket.next()).toMatchObject({
      id: "1",
      type: "error",
      payload: [{ message: expect.stringContaining("@skip"), extensions: { code: "GRAPHQL_VALIDATION_FAILED" } }],
    });
    await expectAlive();
    expect(gateway.defects).toEqual([]);
  });
});

describe("over HTTP", () => {
  it.each([
    ["skipped", { query: "subscription { syncStatusChanged @skip(if: true) { cursor } }" }],
    [
      "included by a variable",
      {
        query: "subscription ($on: Boolean!) { syncStatusChanged @include(if: $on) { cursor } }",
        variables: { on: true },
      },
    ],
  ])("a subscription whose field is %s is refused with 400", async (_what, sent) => {
    const answer = await post(server.url, sent);
    expect(answer).toMatchObject({
      status: 400,
      body: { errors: [{ extensions: { code: "GRAPHQL_VALIDATION_FAILED" } }] },
    });
    expect(gateway.defects).toEqual([]);
  });

  it.each(THROWN)("%s from a resolver stands beside the data", async (_what, thrown) => {
    ports = { ...gateway.ports, catalog: { ...gateway.ports.catalog, outages: () => throwing(thrown) } };
    const { status, body } = await post(server.url, { query: "{ viewer { name } syncs { nodes { id } } }" });
    expect([status, valueAt(body, "errors")]).toMatchObject([200, [MASKED]]);
    expect(JSON.stringify(body)).not.toContain("secret");
  });

  it.each([
    ["has no JSON", () => ({ count: 1n })],
    ["goes in circles", circle],
    ["throws when it is made JSON", () => ({ toJSON: () => throwing(new Error("secret")) })],
  ])("an answer that %s is a masked error in its place", async (_what, raw) => {
    await seedCatalog(gateway.store);
    await seedRuns(gateway.store, 1);
    spoilRaw(raw());
    const { status, body } = await post(server.url, { query: "{ syncs { nodes { raw } } }" });
    expect([status, valueAt(body, "errors")]).toMatchObject([200, [MASKED]]);
  });
});

function circle(): object {
  const one: Record<string, unknown> = {};
  one["one"] = one;
  return one;
}

/** Gives every run an answer of the vendor's that no vendor gives. */
function spoilRaw(raw: unknown): void {
  const { ledger } = gateway.store;
  const list: typeof ledger.listSyncs = async (...given) => {
    const page = await gateway.ports.store.ledger.listSyncs(...given);
    return { ...page, items: page.items.map((sync) => ({ ...sync, raw: raw as typeof sync.raw })) };
  };
  ports = {
    ...gateway.ports,
    store: { ...gateway.ports.store, ledger: { ...gateway.ports.store.ledger, listSyncs: list } },
  };
}
