// A gateway as it is started, and web pages: what its settings say of names, pages and connections holds on its one port.
import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:net";
import { WebSocket } from "ws";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ConfigError } from "../../src/server/config.ts";
import { eventually, within } from "../support/eventually.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";

const MUTATION = 'mutation { modelSyncDelete(input: { modelSyncId: "x" }) { userErrors { code } } }';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway({
    environment: {
      SYNCGRAPH_ALLOWED_HOSTS: "gateway.example",
      SYNCGRAPH_ALLOWED_ORIGINS: "http://localhost:5173",
      SYNCGRAPH_MAX_CONNECTIONS: "20",
    },
  });
});

afterAll(() => gateway.close());

type Headers = Readonly<Record<string, string>>;

/** @returns the status, and the header that lets a page read the answer */
function post(path: string, headers: Headers): Promise<readonly [number | undefined, string | undefined]> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(gateway.url);
    const type = { "content-type": "application/json" };
    const asked = request({ hostname, port, path, method: "POST", headers: { ...type, ...headers } }, (answer) => {
      answer.resume();
      resolve([answer.statusCode, answer.headers["access-control-allow-origin"]]);
    });
    asked.on("error", reject).end(JSON.stringify({ query: MUTATION }));
  });
}

/** @returns 101, or the status of the refusal */
function open(headers: Headers): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(gateway.url.replace("http", "ws"), "graphql-transport-ws", { headers });
    socket.on("open", () => {
      socket.terminate();
      resolve(101);
    });
    socket.on("unexpected-response", (asked, { statusCode }) => {
      asked.destroy();
      resolve(statusCode);
    });
    socket.on("error", reject);
  });
}

describe("a gateway", () => {
  it.each([
    ["a page of another site", { origin: "https://evil.example" }],
    ["a page without an origin", { origin: "null" }],
    ["a page under a name of its own site", { host: "evil.example", origin: "http://evil.example" }],
  ])("lets %s change nothing and open nothing", async (_case, headers) => {
    expect(await post("/graphql", headers)).toEqual([403, undefined]);
    expect(await open(headers)).toBe(403);
  });

  it("lets in what its settings name", async () => {
    expect(await post("/graphql", { origin: "http://localhost:5173" })).toEqual([200, "http://localhost:5173"]);
    expect(await open({ origin: "http://localhost:5173" })).toBe(101);
    const own = { host: "gateway.example", origin: "https://gateway.example" };
    expect(await post("/graphql", own)).toEqual([200, undefined]);
    expect(await open(own)).toBe(101);
  });

  it("takes webhooks under whatever name the vendor knows", async () => {
    // It is not proven genuine; that is another question.
    expect(await post("/webhooks/truto", { host: "hooks.example" })).toEqual([401, undefined]);
  });

  it("opens no socket for a request with more than a hundred headers", async () => {
    const many = {
      host: "localhost",
      ...Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`x-${index}`, "1"])),
    };
    expect(await open(many)).toBe(431);
    expect(await post("/webhooks/truto", many)).toEqual([431, undefined]);
  });

  it("takes as many connections as it may, says in its log that there were more, and goes on", async () => {
    const { port } = new URL(gateway.url);
    const sockets = Array.from({ length: 30 }, () => connect(Number(port), "127.0.0.1").on("error", () => undefined));
    const closed = sockets.map((socket) => once(socket.resume(), "close"));
    await within("one is not taken", Promise.race(closed));
    await eventually("the log says so", () => gateway.log().includes("SYNCGRAPH_MAX_CONNECTIONS") || null);
    for (const socket of sockets) socket.destroy();
    await Promise.all(closed);
    await eventually("there is room again", async () => (await open({}).catch(() => null)) === 101 || null);
  });

  it("is not started with more connections than it may have files open", async () => {
    const started = startTestGateway({ environment: { SYNCGRAPH_MAX_CONNECTIONS: "1000000" } });
    await expect(started).rejects.toThrow(ConfigError);
  });
});
