// When an operation ends what it waits for: its client goes away over either transport, or it has taken as long as it may.
import { request } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import { DeadlineError } from "../../src/graphql/end-reasons.ts";
import { NodeKind, globalIdOf } from "../../src/graphql/global-id.ts";
import { within } from "../support/eventually.ts";
import { newId, openGraphqlGateway, providerError, valueAt, type GraphqlGateway } from "../support/graphql.ts";
import { post, serveGraphql, type GraphqlServer } from "../support/graphql-server.ts";
import { openAcknowledged, type RawSocket } from "../support/raw-socket.ts";

const syncId = globalIdOf(NodeKind.Sync, newId());
const READ = { query: "query ($id: ID!) { sync(id: $id, maxAgeSeconds: 0) { id } }", variables: { id: syncId } };
const CANCEL = {
  query: "mutation ($id: ID!) { cancelSync(input: { syncId: $id }) { userErrors { code } } }",
  variables: { id: syncId },
};

let gateway: GraphqlGateway;
let server: GraphqlServer;
/** Resolves with the signal of the first live read. */
let reading: Promise<AbortSignal>;

beforeEach(async () => {
  gateway = await openGraphqlGateway();
  server = await serveGraphql(gateway);
  reading = new Promise((resolve) => {
    // The vendor hangs until the read is ended.
    gateway.script.refresh = (_tenantId, _syncId, _maxAgeMs, options) =>
      new Promise((_answer, fail) => {
        const signal = options?.signal;
        if (signal === undefined) throw new Error("a live read that nobody can end");
        signal.addEventListener("abort", () => fail(providerError("acme", { code: ErrorCode.ProviderTimeout })));
        resolve(signal);
      });
  });
});

afterEach(async () => {
  await server.close();
  await gateway.close();
});

const aborted = (signal: AbortSignal): Promise<unknown> =>
  within(
    "the read is ended",
    new Promise((resolve) => {
      if (signal.aborted) resolve(signal.reason);
      signal.addEventListener("abort", () => resolve(signal.reason), { once: true });
    }),
    1_000,
  );

describe("over HTTP", () => {
  it("a client that closes the connection ends its query's reads", async () => {
    const client = request(server.url, { method: "POST", headers: { "content-type": "application/json" } });
    client.on("error", () => undefined);
    client.end(JSON.stringify(READ));
    const signal = await reading;
    client.destroy();
    expect(await aborted(signal)).not.toBeInstanceOf(DeadlineError);
  });

  it("a query is answered after 15 seconds with what there is", async () => {
    const answer = post(server.url, READ);
    const signal = await reading;
    await gateway.clock.advance(14_999);
    expect(signal.aborted).toBe(false);
    await gateway.clock.advance(1);
    const { status, body } = await answer;
    expect(status).toBe(200);
    expect(body).toMatchObject({
      data: { sync: null },
      errors: [{ path: ["sync"], extensions: { code: "PROVIDER_TIMEOUT" } }],
    });
    expect(signal.reason).toBeInstanceOf(DeadlineError);
  });

  it("a mutation is answered after 30 seconds", async () => {
    let asked = (): void => undefined;
    const begun = new Promise<void>((resolve) => (asked = resolve));
    gateway.script.cancel = () => {
      asked();
      return new Promise(() => undefined);
    };
    const answer = post(server.url, CANCEL);
    await begun;
    expect(gateway.clock.pending()).toEqual([30_000]);
    await gateway.clock.advance(30_000);
    expect(await answer).toMatchObject({
      status: 200,
      body: { data: { cancelSync: null }, errors: [{ extensions: { code: "PROVIDER_TIMEOUT" } }] },
    });
  });

  it("an answer in time leaves nothing behind", async () => {
    gateway.script.refresh = (_tenantId, _syncId, _maxAgeMs, options) => {
      reading = Promise.resolve(options?.signal ?? AbortSignal.abort());
      return Promise.resolve(null);
    };
    await post(server.url, READ);
    expect(gateway.clock.pending()).toEqual([]);
    expect((await reading).aborted).toBe(false);
  });
});

describe("over WebSocket", () => {
  let socket: RawSocket;

  beforeEach(async () => {
    socket = await openAcknowledged(server.url);
    socket.send({ id: "1", type: "subscribe", payload: READ });
  });

  it("a client that completes its query ends the query's reads, and the socket serves on", async () => {
    const signal = await reading;
    socket.send({ id: "1", type: "complete" });
    expect(await aborted(signal)).not.toBeInstanceOf(DeadlineError);
    socket.send({ id: "2", type: "subscribe", payload: { query: "{ viewer { name } }" } });
    expect(valueAt(await socket.next(), "payload.data.viewer.name")).toBe("tester");
    await socket.close();
  });

  it("a client that closes the socket ends them too", async () => {
    const signal = await reading;
    await socket.close();
    expect(await aborted(signal)).not.toBeInstanceOf(DeadlineError);
  });

  it("a query is answered after 15 seconds", async () => {
    await reading;
    await gateway.clock.advance(15_000);
    const frame = await socket.next();
    expect(valueAt(frame, "payload.errors.0.extensions.code")).toBe("PROVIDER_TIMEOUT");
    await socket.close();
    expect(gateway.clock.pending()).toEqual([]);
  });
});
