// Who may ask: by which names the gateway is asked, and from which pages, over HTTP and when a WebSocket is opened.
import { request as ask } from "node:http";
import { WebSocket } from "ws";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parseHost } from "../../src/server/web-addresses.ts";
import { openGraphqlGateway, type GraphqlGateway } from "../support/graphql.ts";
import { sendRaw, serveGraphql, type GraphqlServer } from "../support/graphql-server.ts";

const BODY = JSON.stringify({ query: "{ viewer { name } }" });
/** Everything a page may set by itself; the port is put in for PORT. */
type Headers = Readonly<Record<string, string>>;

let gateway: GraphqlGateway;
let server: GraphqlServer;

beforeAll(async () => {
  gateway = await openGraphqlGateway();
});

beforeEach(async () => {
  server = await serveGraphql(gateway);
});

afterEach(() => server.close());
afterAll(() => gateway.close());

async function allowing(hosts: readonly string[], origins: readonly string[] = []): Promise<void> {
  await server.close();
  const allowedHosts = hosts.map((host) => {
    const parsed = parseHost(host);
    if (parsed === null) throw new Error(`no host: ${host}`);
    return parsed;
  });
  server = await serveGraphql(gateway, { access: { allowedHosts, allowedOrigins: origins } });
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

const here = (headers: Headers): Headers =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, value.replaceAll("PORT", String(server.port))]),
  );

function send(method: string, path: string, headers: Headers, body = ""): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = ask({ host: "127.0.0.1", port: server.port, method, path, headers: here(headers) }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }));
    });
    asked.on("error", reject).end(body);
  });
}

const post = (headers: Headers): Promise<Answer> =>
  send("POST", "/graphql", { "content-type": "application/json", ...headers }, BODY);

/** @returns 101 when a socket is opened and acknowledged, otherwise the status of the refusal and its text */
function open(headers: Headers): Promise<Pick<Answer, "status" | "text">> {
  return new Promise((resolve, reject) => {
    const url = server.url.replace("http", "ws");
    const socket = new WebSocket(url, "graphql-transport-ws", { headers: here(headers) });
    socket.on("open", () => socket.send('{"type":"connection_init"}'));
    socket.on("message", () => {
      socket.terminate();
      resolve({ status: 101, text: "" });
    });
    socket.on("unexpected-response", (_request, answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, text }));
    });
    socket.on("error", reject);
  });
}

const refusal = (code: string, name: string) => ({
  errors: [{ message: expect.stringContaining(name), extensions: { code } }],
});

/** The statuses of both ways in, and where they differ, that they do. */
async function bothWays(headers: Headers): Promise<number> {
  const [http, socket] = await Promise.all([post(headers), open(headers)]);
  const opened = socket.status === 101 ? 200 : socket.status;
  if (http.status !== opened) throw new Error(`HTTP answers ${http.status}, the upgrade ${socket.status}`);
  return http.status;
}

describe("a page", () => {
  it.each([
    ["of another site", "https://evil.example"],
    ["without an origin, as in a sandboxed frame", "null"],
    ["of no origin at all", ""],
    ["on another port of this machine", "http://127.0.0.1:1"],
    ["on no port of this machine", "http://127.0.0.1"],
    ["of this machine over https", "https://127.0.0.1:PORT"],
    ["of another name of this machine", "http://localhost:PORT"],
    ["of a site whose name begins like this machine's", "http://127.0.0.1.evil.example:PORT"],
    ["of a site whose name ends like this machine's", "http://evil-127.0.0.1:PORT"],
    ["that names this machine as a user", "http://127.0.0.1:PORT@evil.example"],
    ["that puts a path behind", "http://127.0.0.1:PORT/"],
    ["that writes its origin as no browser does", "HTTP://127.0.0.1:PORT"],
    ["of a file", "file://"],
    ["of an extension", "chrome-extension://abcdefghijklmnop"],
    ["with two origins", "http://127.0.0.1:PORT, https://evil.example"],
  ])("%s is refused over HTTP and at the upgrade", async (_case, origin) => {
    expect(await bothWays({ origin })).toBe(403);
  });

  it("that is refused is told which setting lets its origin in, and its browser shows it nothing", async () => {
    const [http, socket] = [
      await post({ origin: "https://evil.example" }),
      await open({ origin: "https://evil.example" }),
    ];
    for (const { text } of [http, socket])
      expect(JSON.parse(text)).toEqual(refusal("FORBIDDEN", "(https://evil.example) may not use this gateway"));
    expect(http.text).toContain("SYNCGRAPH_ALLOWED_ORIGINS");
    expect(http.headers).not.toHaveProperty("access-control-allow-origin");
  });

  it.each([
    ["a simple request", "POST", "/graphql", { "content-type": "text/plain" }],
    [
      "a query by GET",
      "GET",
      `/graphql?query=${encodeURIComponent("{ viewer { name } }")}`,
      { "apollo-require-preflight": "1" },
    ],
    ["a preflight", "OPTIONS", "/graphql", { "access-control-request-method": "POST" }],
  ])("of another site is refused %s", async (_case, method, path, headers) => {
    const answer = await send(
      method,
      path,
      { ...headers, origin: "https://evil.example" },
      method === "POST" ? BODY : "",
    );
    expect(answer.status).toBe(403);
    expect(Object.keys(answer.headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
  });

  it("of the gateway's own is let in", async () => {
    expect(await bothWays({ origin: "http://127.0.0.1:PORT" })).toBe(200);
    expect(await bothWays({ origin: "http://localhost:PORT", host: "localhost:PORT" })).toBe(200);
  });

  it("is asked for its origin, and a request without one is let in", async () => {
    expect(await bothWays({})).toBe(200);
  });
});

describe("a name the gateway is asked by", () => {
  it.each([
    "evil.example",
    "evil.example:PORT",
    "localhost.evil.example",
    "127.0.0.1.evil.example:PORT",
    "app.localhost:PORT",
    "127.0.0.1:PORT@evil.example",
    "evil.example/127.0.0.1",
    "10.0.0.1",
    "[::2]",
    "127.0.0.1:99999",
    "127.0.0.1:",
  ])('"%s" is refused on every page, over HTTP and at the upgrade', async (host) => {
    expect(await bothWays({ host })).toBe(403);
    const page = await send("GET", "/", { host });
    expect(page.status).toBe(403);
    expect(JSON.parse(page.text)).toEqual(refusal("FORBIDDEN", "SYNCGRAPH_ALLOWED_HOSTS"));
  });

  it.each([
    "127.0.0.1",
    "127.0.0.1:1",
    "localhost",
    "LOCALHOST:PORT",
    "localhost.:PORT",
    "[::1]",
    "[::1]:4000",
    "127.1",
  ])('"%s" is loopback\'s, on whichever port a proxy has it', async (host) => {
    expect(await bothWays({ host })).toBe(200);
    expect((await send("GET", "/", { host })).status).toBe(200);
  });

  it("gives a page that brings it no right", async () => {
    expect(await bothWays({ host: "evil.example:PORT", origin: "http://evil.example:PORT" })).toBe(403);
  });

  it.each(["/livez", "/readyz", "/nothing"])("is not asked for at %s", async (path) => {
    const status = path === "/nothing" ? 404 : 200;
    expect((await send("GET", path, { host: "balancer.internal" })).status).toBe(status);
  });

  it("is there once: a request with two of them is refused", async () => {
    const head = (path: string, more: string) =>
      `GET ${path} HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: ${more}\r\n\r\n`;
    expect(await sendRaw(server.port, [head("/", "close")])).toMatch(/^HTTP\/1\.1 400 /);
    const upgrade =
      "Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
    expect(await sendRaw(server.port, [head("/graphql", upgrade)])).toMatch(/^HTTP\/1\.1 400 /);
  });

  it.each(["GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n"])(
    "is missing in %j, which is refused",
    async (head) => {
      expect(await sendRaw(server.port, [head])).toMatch(/^HTTP\/1\.[01] 403 /);
    },
  );

  it("is not taken from a request's target, which is no path of the gateway's then", async () => {
    for (const upgrade of [
      "close",
      "Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ])
      expect(
        await sendRaw(server.port, [
          `GET http://evil.example/graphql HTTP/1.1\r\nHost: localhost\r\nConnection: ${upgrade}\r\n\r\n`,
        ]),
      ).toMatch(/^HTTP\/1\.1 40[04] /);
  });
});

describe("an allowed host", () => {
  it.each([
    ["gateway.example", "gateway.example", 200],
    ["gateway.example", "GATEWAY.example.:8443", 200],
    ["gateway.example", "www.gateway.example", 403],
    ["gateway.example:8443", "gateway.example:8443", 200],
    ["gateway.example:8443", "gateway.example:9443", 403],
    ["gateway.example:8443", "gateway.example", 403],
    // A browser leaves the usual port out.
    ["gateway.example:443", "gateway.example", 200],
    ["gäteway.example", "xn--gteway-bua.example", 200],
    ["192.168.0.10", "192.168.0.10:4000", 200],
  ])("%s, asked as %s, answers %i", async (allowed, host, status) => {
    await allowing([allowed]);
    expect(await bothWays({ host })).toBe(status);
  });

  it.each([
    ["gateway.example", "https://gateway.example", 200],
    ["gateway.example", "http://gateway.example", 200],
    ["gateway.example", "https://gateway.example:8443", 403],
    ["gateway.example", "https://other.example", 403],
    ["gateway.example", "http://127.0.0.1:PORT", 403],
    // With its port only pages over https are its own: another one could have been put in on the way.
    ["gateway.example:443", "https://gateway.example", 200],
    ["gateway.example:443", "http://gateway.example", 403],
  ])("%s has pages of its own: %s gets %i", async (allowed, origin, status) => {
    await allowing([allowed]);
    expect(await bothWays({ host: "gateway.example", origin })).toBe(status);
  });
});

describe("an allowed origin", () => {
  const DEV = "http://localhost:5173";

  it("may open sockets and ask over HTTP, and its browser may read the answers", async () => {
    await allowing([], [DEV, "https://app.example"]);
    for (const origin of [DEV, "https://app.example"]) {
      expect(await bothWays({ origin })).toBe(200);
      const { headers } = await post({ origin });
      expect(headers).toMatchObject({ "access-control-allow-origin": origin, vary: "Origin" });
      expect(headers).not.toHaveProperty("access-control-allow-credentials");
    }
  });

  it("may read why it was refused", async () => {
    await allowing([], [DEV]);
    const { status, headers } = await send("POST", "/graphql", { origin: DEV, "content-type": "text/plain" }, BODY);
    expect([status, headers["access-control-allow-origin"]]).toEqual([415, DEV]);
  });

  it("gets its preflight answered with what GraphQL needs", async () => {
    await allowing([], [DEV]);
    const { status, headers, text } = await send("OPTIONS", "/graphql", {
      origin: DEV,
      "access-control-request-method": "POST",
      "access-control-request-headers": "content-type,authorization,x-apollo-operation-name",
    });
    expect([status, text]).toEqual([204, ""]);
    expect(headers).toMatchObject({
      "access-control-allow-origin": DEV,
      vary: "Origin",
      "access-control-max-age": "7200",
    });
    expect(headers["access-control-allow-methods"]).toBe("GET,POST");
    expect(String(headers["access-control-allow-headers"]).split(",")).toEqual(
      expect.arrayContaining(["content-type", "authorization", "apollo-require-preflight", "x-apollo-operation-name"]),
    );
  });

  it.each([
    "https://localhost:5173",
    "http://localhost:5174",
    "http://localhost:5173.evil.example",
    "http://sub.localhost:5173",
    "https://app.example.evil",
    "https://evil-app.example",
    "null",
  ])("does not let %s in", async (origin) => {
    await allowing([], [DEV, "https://app.example"]);
    expect(await bothWays({ origin })).toBe(403);
    const { status, headers } = await send("OPTIONS", "/graphql", { origin, "access-control-request-method": "POST" });
    expect([status, headers["access-control-allow-origin"]]).toEqual([403, undefined]);
  });

  it("has no right by a name that is not the gateway's", async () => {
    await allowing([], [DEV]);
    expect(await bothWays({ origin: DEV, host: "evil.example" })).toBe(403);
  });

  it("changes nothing for a request without an origin", async () => {
    await allowing([], [DEV]);
    const { status, headers } = await post({});
    expect([status, headers["access-control-allow-origin"], headers["vary"]]).toEqual([200, undefined, "Origin"]);
    expect((await send("OPTIONS", "/graphql", {})).status).toBe(405);
  });
});
