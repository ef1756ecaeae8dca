// Webhooks over HTTP: what is taken in, what is refused, and that nothing is accepted before it is committed.
import { createServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ErrorCode, GatewayError } from "../../src/domain/errors.ts";
import type { Store } from "../../src/domain/store-port.ts";
import { createAccessPolicy } from "../../src/server/access-policy.ts";
import { createRoutes } from "../../src/server/routes.ts";
import { createWebhooksRoute } from "../../src/server/webhooks-route.ts";
import { createTracker, type Tracker } from "../../src/tracking/tracker.ts";
import { eventually } from "../support/eventually.ts";
import { createFakeProvider } from "../support/fake-provider.ts";
import { SECRET, createWebhookProvider, signed, type WebhookAnswers } from "../support/fake-webhooks.ts";
import { NO_OTHERS, http } from "../support/graphql-server.ts";
import { TENANT, createTestTracking, storeMaker, type TestTracking } from "../support/tracking.ts";

const BODY = JSON.stringify({ type: "state", run: "r1", status: "RUNNING" });

describe("POST /webhooks/<provider>", () => {
  const openStore = storeMaker();
  const webhooks: WebhookAnswers = { secrets: [SECRET] };
  let put: Store["inbox"]["put"];
  let tracking: TestTracking;
  let tracker: Tracker;
  let origin: string;
  let port: number;
  let defects: unknown[];
  let stop: () => Promise<void>;

  beforeEach(async () => {
    webhooks.secrets = [SECRET];
    const store = await openStore();
    put = store.inbox.put;
    const inbox = { ...store.inbox, put: (...given: Parameters<typeof put>) => put(...given) };
    const other = createWebhookProvider("other", { secrets: ["whsec-other"] });
    tracking = createTestTracking({ ...store, inbox }, [
      createWebhookProvider("acme", webhooks),
      other,
      createFakeProvider("mute"),
    ]);
    tracker = createTracker(tracking.tools);
    defects = [];
    ({ origin, port, stop } = await serve(tracking, tracker, (error) => defects.push(error)));
  });

  afterEach(async () => {
    await stop();
    await tracking.tools.queue.close();
    await tracker.close();
  });

  const send = (body: string | Uint8Array, headers: Readonly<Record<string, string>> = {}, path = "/webhooks/acme") =>
    http(origin + path, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: Buffer.from(body),
    });
  const sign = (body: string, given: Parameters<typeof signed>[2] = {}) => signed(body, tracking.clock.now(), given);
  const stored = () => tracking.store.inbox.due(TENANT, "acme", new Date(8.64e15), 100);
  const refusals = async () => (await tracking.store.providerStates.get(TENANT, "acme")).webhookRefusals;

  it("says accepted, with the row committed", async () => {
    const answer = await send(BODY, sign(BODY));
    expect([answer.status, answer.body]).toEqual([200, { status: "accepted" }]);
    expect((await stored()).map(({ event }) => event.payload)).toEqual([JSON.parse(BODY)]);
  });

  it("has its effect without anybody polling", async () => {
    await tracker.start();
    await send(BODY, sign(BODY));
    const run = await eventually("the run is in the ledger", () => tracking.syncOf("r1").catch(() => null));
    expect([run.status, run.observedVia]).toEqual(["RUNNING", "WEBHOOK"]);
  });

  it.each<[string, Readonly<Record<string, string>>]>([
    ["no signature", {}],
    ["an empty one", { "webhook-signature": "" }],
    ["a senseless one", { "webhook-signature": "v1,AAAA" }],
    ["a long one", { "webhook-signature": `v1,${"A".repeat(4_000)}` }],
    ["one in an unknown version only", { "webhook-signature": "v9,AAAA" }],
  ])("refuses %s with 401, stores nothing and counts", async (_case, change) => {
    const headers: Record<string, string> = { ...sign(BODY), ...change };
    if (change["webhook-signature"] === undefined) delete headers["webhook-signature"];
    const answer = await send(BODY, headers);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([401, "application/json; charset=utf-8"]);
    expect(await stored()).toEqual([]);
    expect(await eventually("it is counted", async () => (await refusals())["BAD_SIGNATURE"])).toBe(1);
  });

  it.each([
    ["a changed bit", BODY.replace("r1", "r0")],
    ["another order of its fields", JSON.stringify({ run: "r1", type: "state", status: "RUNNING" })],
    ["a space more", `${BODY} `],
    ["a line end more", `${BODY}\r\n`],
    ["a byte order mark", `\uFEFF${BODY}`],
  ])("refuses the signature of a body over one with %s", async (_case, body) => {
    expect((await send(body, sign(BODY))).status).toBe(401);
    expect(await stored()).toEqual([]);
  });

  it.each(["", "soon", "1.5", "1e18", "-1"])("refuses a signed timestamp of %j, which is none", async (timestamp) => {
    expect((await send(BODY, sign(BODY, { timestamp }))).status).toBe(401);
    expect(await stored()).toEqual([]);
  });

  it.each([-360, 360])(
    "takes a genuine delivery that is %i seconds off, and does nothing about it",
    async (seconds) => {
      const timestamp = String(tracking.clock.now().getTime() / 1_000 + seconds);
      const answer = await send(BODY, sign(BODY, { timestamp }));
      expect([answer.status, answer.body, await stored()]).toEqual([200, { status: "ignored" }, []]);
      expect(await eventually("it is counted", async () => (await refusals())["STALE"])).toBe(1);
    },
  );

  it.each(["not json", "[]", "null", "{}", "\u0000"])(
    "takes a genuine delivery of %j, which means nothing, and stores nothing",
    async (body) => {
      const answer = await send(body, sign(body));
      expect([answer.status, answer.body, await stored()]).toEqual([200, { status: "ignored" }, []]);
    },
  );

  it("accepts a replay and has one row of it", async () => {
    const answers = [await send(BODY, sign(BODY)), await send(BODY, sign(BODY))];
    expect(answers.map(({ status, body }) => [status, body])).toEqual(
      Array.from({ length: 2 }, () => [200, { status: "accepted" }]),
    );
    expect(await stored()).toHaveLength(1);
  });

  it("keeps the first of two genuine events under one id", async () => {
    await send(BODY, sign(BODY));
    const body = BODY.replace("RUNNING", "FAILED");
    expect(await send(body, sign(body))).toMatchObject({ status: 200, body: { status: "ignored" } });
    expect((await stored()).map(({ event }) => event.payload["status"])).toEqual(["RUNNING"]);
  });

  it("takes two secrets during a rotation, and the old one no more after it", async () => {
    webhooks.secrets = ["new", SECRET];
    expect((await send(BODY, sign(BODY, { id: "a" }))).status).toBe(200);
    expect((await send(BODY, sign(BODY, { id: "b", secret: "new" }))).status).toBe(200);
    webhooks.secrets = ["new"];
    expect((await send(BODY, sign(BODY, { id: "c" }))).status).toBe(401);
  });

  it("finds the valid signature among several", async () => {
    const headers = sign(BODY);
    const many = { ...headers, "webhook-signature": `v9,AAAA v1,AAAA ${headers["webhook-signature"]} v1a,AAAA` };
    expect((await send(BODY, many)).status).toBe(200);
  });

  it("refuses all while no secret is configured", async () => {
    webhooks.secrets = [];
    expect((await send(BODY, sign(BODY))).status).toBe(401);
  });

  it("refuses what is signed with another provider's secret", async () => {
    expect((await send(BODY, sign(BODY), "/webhooks/other")).status).toBe(401);
    expect((await send(BODY, sign(BODY, { secret: "whsec-other" }), "/webhooks/other")).status).toBe(200);
  });

  it.each([
    "/webhooks/nobody",
    "/webhooks/mute",
    "/webhooks/",
    "/webhooks/acme/",
    "/webhooks/acme/more",
    "/webhooks/__proto__",
    "/webhooks",
  ])("has nothing at %s", async (path) => {
    expect((await send(BODY, sign(BODY), path)).status).toBe(404);
    expect((await http(origin + path)).status).toBe(404);
  });

  it("finds the path before a query", async () => {
    expect((await send(BODY, sign(BODY), "/webhooks/acme?from=vendor")).status).toBe(200);
  });

  it.each(["GET", "PUT", "DELETE"])("answers %s with 405", async (method) => {
    const answer = await http(`${origin}/webhooks/acme`, { method });
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, "POST"]);
  });

  it("refuses five megabytes with 413 without reading them, announced or not, asked for or not", async () => {
    const large = "x".repeat(5 * 1024 * 1024);
    expect(await sendLarge(port, large, { "content-length": String(large.length) })).toBe(413);
    expect(await sendLarge(port, large, { "transfer-encoding": "chunked" })).toBe(413);
    expect(await sendLarge(port, large, { "content-length": String(large.length), expect: "100-continue" })).toBe(413);
    expect(await stored()).toEqual([]);
  });

  it("takes one megabyte", async () => {
    const body = JSON.stringify({ type: "ping", filler: "x".repeat(1024 * 1024 - 28) });
    expect(Buffer.byteLength(body)).toBeLessThanOrEqual(1024 * 1024);
    expect((await send(body, sign(body))).status).toBe(200);
  });

  it.each(["gzip", "br", "deflate", "gzip, identity"])("refuses a body compressed with %s", async (encoding) => {
    expect((await send(gzipSync(BODY), { ...sign(BODY), "content-encoding": encoding })).status).toBe(415);
    expect(await stored()).toEqual([]);
  });

  it.each(["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonx"])(
    "refuses %s",
    async (type) => {
      expect((await send(BODY, { ...sign(BODY), "content-type": type })).status).toBe(415);
    },
  );

  it("answers a test ping, which has no effect", async () => {
    const body = JSON.stringify({ type: "ping" });
    expect((await send(body, sign(body))).status).toBe(200);
    await tracker.start();
    await eventually("the ping is worked off", async () => ((await stored()).length === 0 ? true : null));
    expect(await tracking.store.ledger.countSyncs(TENANT, {})).toBe(0);
  });

  it("asks the vendor to send again when the store is away, and takes it when it is back", async () => {
    const working = put;
    put = () => Promise.reject(new GatewayError(ErrorCode.ServiceUnavailable, "sqlite: /secret/path is away"));
    const answer = await send(BODY, sign(BODY));
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "5"]);
    expect(JSON.stringify(answer.body)).not.toContain("secret");
    put = working;
    expect((await send(BODY, sign(BODY))).status).toBe(200);
    expect(defects).toEqual([]);
  });

  it("asks the vendor to send again when the gateway itself fails, and reports that", async () => {
    put = () => Promise.reject(new TypeError("a defect"));
    expect((await send(BODY, sign(BODY))).status).toBe(503);
    expect(defects).toEqual([expect.objectContaining({ message: "a defect" })]);
  });

  it("goes on when a vendor hangs up in the middle", async () => {
    await hangUp(port);
    expect((await send(BODY, sign(BODY))).status).toBe(200);
    expect(defects).toEqual([]);
  });
});

async function serve(tracking: TestTracking, tracker: Tracker, reportDefect: (error: unknown) => void) {
  const { directory, clock } = tracking.tools;
  const webhooks = createWebhooksRoute({
    isReceiver: (key) => directory.find(TENANT, key)?.provider.verifyWebhook !== undefined,
    receive: async (key, delivery) => {
      const configured = directory.find(TENANT, key);
      return configured === undefined ? null : tracker.inbox.receive(TENANT, configured, delivery);
    },
    clock,
    reportDefect,
  });
  const graphql = { handle: () => Promise.reject(new Error("no operation was sent")), stop: () => Promise.resolve() };
  const notReady = () => Promise.resolve(null);
  const access = createAccessPolicy(NO_OTHERS);
  const server = createServer(createRoutes({ access, graphql, webhooks, notReady, reportDefect }));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const stop = async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  };
  return { origin: `http://127.0.0.1:${port}`, port, stop };
}

/** Sends a large body in pieces. @returns the status, which may come before the body is through */
function sendLarge(port: number, body: string, headers: Readonly<Record<string, string>>): Promise<number> {
  return new Promise((resolve, reject) => {
    const options = {
      port,
      host: "127.0.0.1",
      method: "POST",
      path: "/webhooks/acme",
      headers: { "content-type": "application/json", ...headers },
    };
    const request = httpRequest(options, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    // The connection breaks under what is still being written once the answer is there.
    request.on("error", reject);
    const write = () => {
      for (let from = 0; from < body.length; from += 65_536) request.write(body.slice(from, from + 65_536));
      request.end();
    };
    if (headers["expect"] === undefined) write();
    else request.on("continue", write);
  });
}

/** Announces a body and goes away before it is through; resolves when the connection is gone. */
function hangUp(port: number): Promise<void> {
  return new Promise((resolve) => {
    const headers = { "content-type": "application/json", "content-length": "1000" };
    const request = httpRequest({ port, host: "127.0.0.1", method: "POST", path: "/webhooks/acme", headers });
    request.on("error", () => undefined);
    request.on("close", () => resolve());
    request.write("{", () => request.destroy());
  });
}
