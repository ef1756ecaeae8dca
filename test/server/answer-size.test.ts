// An answer that is too large becomes one clear error, over both transports; a subscription goes on with the next event.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ledgerCursor } from "../../src/graphql/cursors.ts";
import { LIMITS } from "../../src/graphql/limits/limits.ts";
import { TENANT, openGraphqlGateway, valueAt, type GraphqlGateway } from "../support/graphql.ts";
import { post, serveGraphql, type GraphqlServer } from "../support/graphql-server.ts";
import { openAcknowledged, type RawSocket } from "../support/raw-socket.ts";
import { seedCatalog, seedRun } from "../support/seed-runs.ts";

const RAW = "{ syncs(first: 100) { nodes { id raw } } }";
const MEGABYTE = 1024 * 1024;

let gateway: GraphqlGateway;
let server: GraphqlServer;
let socket: RawSocket;

beforeEach(async () => {
  gateway = await openGraphqlGateway();
  server = await serveGraphql(gateway, {
    contextOf: (_request, signal) => gateway.context({ scopes: ["raw:read"] }, signal),
  });
  socket = await openAcknowledged(server.url);
  await seedCatalog(gateway.store);
});

afterEach(async () => {
  await socket.close();
  await server.close();
  await gateway.close();
});

const textOf = (bytes: number): string => "x".repeat(bytes);
/** Runs whose vendor's answers have so many bytes each. */
async function seedLarge(count: number, bytes: number, from = 0): Promise<void> {
  for (let number = from; number < from + count; number += 1)
    await seedRun(gateway.store, `run-${number}`, { facts: { raw: { text: textOf(bytes) } } });
}

const TOO_LARGE = {
  data: null,
  errors: [
    {
      message: expect.stringMatching(/more than 8 MB.*smaller `first`/),
      extensions: {
        code: "ANSWER_TOO_LARGE",
        limit: "answerBytes",
        max: LIMITS.answerBytes,
        actual: expect.any(Number),
      },
    },
  ],
};

describe("an answer with large values", () => {
  it("is given while it is within the limit", async () => {
    await seedLarge(7, MEGABYTE);
    const { status, body } = await post(server.url, { query: RAW });
    expect(status).toBe(200);
    expect(valueAt(body, "data.syncs.nodes")).toHaveLength(7);
  });

  it("is one error when it is not, over HTTP and WebSocket", async () => {
    await seedLarge(9, MEGABYTE);
    const { status, body } = await post(server.url, { query: RAW });
    expect([status, body]).toEqual([200, TOO_LARGE]);

    socket.send({ id: "1", type: "subscribe", payload: { query: RAW } });
    expect(await socket.next()).toEqual({ id: "1", type: "next", payload: TOO_LARGE });
    expect(await socket.next()).toEqual({ id: "1", type: "complete" });
    expect(gateway.defects).toEqual([]);
  });

  it("is given up before it has grown", async () => {
    await seedLarge(20, MEGABYTE);
    const { body } = await post(server.url, { query: RAW });
    // The first that is too much, and not the last.
    expect(Number(valueAt(body, "errors.0.extensions.actual"))).toBeLessThan(9.5 * MEGABYTE);
  });

  it("does not need to ask for them: other fields are counted when it is sent", async () => {
    for (let number = 0; number < 90; number += 1)
      await seedRun(gateway.store, `run-${number}`, { rawStatus: `${number} ${textOf(100_000)}` });
    const { status, body } = await post(server.url, { query: "{ syncs(first: 100) { nodes { rawStatus } } }" });
    expect([status, body]).toEqual([200, TOO_LARGE]);
  });

  it("tells its cost all the same", async () => {
    await seedLarge(9, MEGABYTE);
    const { body } = await post(server.url, { query: RAW, extensions: { cost: true } });
    expect(body).toEqual({ ...TOO_LARGE, extensions: { cost: expect.objectContaining({ objects: 100 }) } });
  });
});

describe("an event that is too large", () => {
  it("is one error in its place, and the next one comes", async () => {
    await seedLarge(1, 9 * MEGABYTE, 0);
    await seedLarge(1, 10, 1);
    const query = "subscription ($after: String) { syncStatusChanged(after: $after) { sync { remoteId raw } } }";
    const variables = { after: ledgerCursor(TENANT, 0) };
    socket.send({ id: "1", type: "subscribe", payload: { query, variables } });

    const events: unknown[] = [];
    while (!JSON.stringify(events).includes("run-1")) events.push(await socket.next());

    expect(events[0]).toEqual({ id: "1", type: "next", payload: TOO_LARGE });
    expect(valueAt(events.at(-1), "payload.data.syncStatusChanged.sync.remoteId")).toBe("run-1");
  });
});
