// The limits over both transports: the same refusal on each, before anything of the operation has run, and the socket serves on.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ledgerCursor } from "../../src/graphql/cursors.ts";
import { LIMITS } from "../../src/graphql/limits/limits.ts";
import { LIMIT_CASES, VARIABLE_PAGES, many, pages } from "../graphql/limits/limit-cases.ts";
import { TENANT, openGraphqlGateway, valueAt, type GraphqlGateway } from "../support/graphql.ts";
import { http, post, serveGraphql, type GraphqlServer } from "../support/graphql-server.ts";
import { openAcknowledged, type RawSocket } from "../support/raw-socket.ts";
import { seedCatalog, seedRuns } from "../support/seed-runs.ts";

let gateway: GraphqlGateway;
let server: GraphqlServer;
let socket: RawSocket;
let contexts = 0;

beforeAll(async () => {
  gateway = await openGraphqlGateway();
  const contextOf = (_request: unknown, signal: AbortSignal) => {
    contexts += 1;
    return gateway.context({}, signal);
  };
  server = await serveGraphql(gateway, { contextOf });
  socket = await openAcknowledged(server.url);
  await seedCatalog(gateway.store);
  await seedRuns(gateway.store, 20);
}, 60_000);

beforeEach(() => {
  gateway.counting.reset();
  gateway.vendorCalls.length = 0;
  gateway.defects.length = 0;
  contexts = 0;
});

afterAll(async () => {
  await socket.close();
  await server.close();
  await gateway.close();
});

interface Sent {
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly extensions?: Readonly<Record<string, unknown>>;
}

/** An operation's first message, and its `complete` where one follows. */
async function overSocket(payload: Sent) {
  socket.send({ id: "1", type: "subscribe", payload });
  const message = await socket.next();
  if (valueAt(message, "type") !== "next") return message;
  const last = valueAt(await socket.next(), "type");
  if (last !== "complete") throw new Error(`expected one answer, got ${String(last)} after it`);
  return message;
}

const nested = (levels: number): string => {
  const level = "definition { ... on SyncJob { syncs(first: 100) { nodes { ";
  return `{ syncs(first: 100) { nodes { ${level.repeat(levels)} id ${"} } } } ".repeat(levels)} } } }`;
};

describe("an operation beyond a limit", () => {
  it.each(Object.entries(LIMIT_CASES))(
    "is refused over both transports before anything of it runs: %s",
    async (_name, one) => {
      const { status, body } = await post(server.url, one.beyond);
      const message = await overSocket(one.beyond);

      const extensions = { code: one.code, limit: one.limit, max: LIMITS[one.limit], actual: one.actual };
      expect(status).toBe(400);
      expect(body).toMatchObject({ errors: [{ extensions }] });
      expect(message).toEqual({ id: "1", type: "error", payload: valueAt(body, "errors") });
      expect(gateway.counting.calls()).toEqual({});
      expect(gateway.vendorCalls).toEqual([]);
      expect(gateway.defects).toEqual([]);
    },
  );

  it.each([1, 2, 3, 4, 5, 6, 20])("is refused for pages of a hundred, %i levels below the first", async (levels) => {
    const query = nested(levels);
    const { status, body } = await post(server.url, { query });
    expect(status).toBe(400);
    expect(await overSocket({ query })).toEqual({ id: "1", type: "error", payload: valueAt(body, "errors") });
    expect(gateway.counting.calls()).toEqual({});
  });

  it("is refused as a subscription too, for what each event would read", async () => {
    const query = `subscription { syncStatusChanged { sync { definition { syncs(first: 100) { nodes { transitions(first: 100) { nodes { id } } } } } } } }`;
    expect(await overSocket({ query })).toMatchObject({
      type: "error",
      payload: [{ extensions: { code: "QUERY_TOO_COMPLEX", limit: "objects" } }],
    });
    expect(gateway.listeners()).toBe(0);
    expect(contexts).toBe(0);
  });

  it("is refused by GET too", async () => {
    const search = new URLSearchParams({ query: pages("100", "100") }).toString();
    const answer = await http(`${server.url}?${search}`, { headers: { "apollo-require-preflight": "true" } });
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ extensions: { limit: "objects" } }] } });
  });

  it("is refused although its document was taken with other variables before", async () => {
    for (const [inner, isTaken] of [
      [1, true],
      [100, false],
      [1, true],
      [100, false],
    ] as const) {
      const sent = { query: VARIABLE_PAGES, variables: { inner } };
      expect([inner, (await post(server.url, sent)).status]).toEqual([inner, isTaken ? 200 : 400]);
      expect([inner, valueAt(await overSocket(sent), "type")]).toEqual([inner, isTaken ? "next" : "error"]);
    }
  });

  it("gets at most five errors, the same over both transports", async () => {
    const query = `{ ${many(30, (one) => `nope${one}`)} }`;
    const { status, body } = await post(server.url, { query });
    expect(status).toBe(400);
    expect(valueAt(body, "errors")).toHaveLength(5);
    expect(await overSocket({ query })).toEqual({ id: "1", type: "error", payload: valueAt(body, "errors") });
  });

  it("leaves the socket to what is within", async () => {
    await overSocket({ query: nested(6) });
    expect(await overSocket({ query: "{ viewer { name } }" })).toMatchObject({ payload: { data: { viewer: {} } } });
  });
});

describe("an operation within the limits", () => {
  it("tells what it costs when its request asks for that, the same over both transports", async () => {
    const sent = { query: "{ a: syncs(first: 7) { nodes { id } } }", extensions: { cost: true } };
    const { body } = await post(server.url, sent);
    expect(valueAt(body, "extensions.cost")).toEqual({
      ...{ depth: 3, introspectionDepth: 0, selections: 3, aliases: 1, rootFields: 1, directives: 0, repeats: 1 },
      ...{ objects: 7, values: 9 },
      limits: {
        ...{ depth: 12, introspectionDepth: 20, selections: 5_000, aliases: 100, rootFields: 30, directives: 20 },
        ...{ repeats: 100, objects: 10_000, values: 100_000 },
      },
    });
    const message = await overSocket(sent);
    expect(valueAt(message, "payload.extensions.cost")).toEqual(valueAt(body, "extensions.cost"));
    const search = new URLSearchParams({ query: sent.query, extensions: JSON.stringify(sent.extensions) }).toString();
    const got = await http(`${server.url}?${search}`, { headers: { "apollo-require-preflight": "true" } });
    expect(valueAt(got.body, "extensions.cost")).toEqual(valueAt(body, "extensions.cost"));
  });

  it.each([[undefined], [{}], [{ cost: false }], [{ cost: "true" }]])(
    "does not tell it for extensions %j",
    async (extensions) => {
      const sent = { query: "{ viewer { name } }", ...(extensions === undefined ? {} : { extensions }) };
      expect((await post(server.url, sent)).body).toEqual({ data: { viewer: { name: "tester" } } });
      expect(valueAt(await overSocket(sent), "payload")).toEqual({ data: { viewer: { name: "tester" } } });
    },
  );

  it("tells it with each event of a subscription", async () => {
    const query = "subscription ($after: String) { syncStatusChanged(after: $after) { sync { id } } }";
    const variables = { after: ledgerCursor(TENANT, 0) };
    const follower = await openAcknowledged(server.url);
    follower.send({ id: "1", type: "subscribe", payload: { query, variables, extensions: { cost: true } } });
    const events = [await follower.next(), await follower.next()];
    await follower.close();
    expect(events.map((event) => valueAt(event, "payload.extensions.cost.objects"))).toEqual([2, 2]);
  });
});
