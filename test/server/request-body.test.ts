// Reading a body: what is too large is answered and cut off, and a client that goes away is no failure of ours.
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readBody, refuse } from "../../src/server/request-body.ts";
import { post, sendRaw } from "../support/graphql-server.ts";

const KB = 1_024;
const TOO_LARGE = { errors: [{ message: "The body is larger than 256 KB.", extensions: { code: "BAD_REQUEST" } }] };

describe("readBody", () => {
  let server: Server;
  let port: number;
  let url: string;
  let outcomes: unknown[];
  let onOutcome: (outcome: unknown) => void;

  beforeEach(async () => {
    outcomes = [];
    onOutcome = (outcome) => outcomes.push(outcome);
    server = createServer((request, response) => {
      readBody(request, response).then(
        (body) => {
          onOutcome(body);
          if (body !== null) response.end(JSON.stringify(body.json ?? "nothing"));
        },
        (error: unknown) => onOutcome(error),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    port = typeof address === "object" && address !== null ? address.port : 0;
    url = `http://127.0.0.1:${port}/`;
  });

  afterEach(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  });

  const sized = (bytes: number) => `"${"a".repeat(bytes - 2)}"`;

  it("takes 256 KB to the byte", async () => {
    expect((await post(url, sized(256 * KB))).status).toBe(200);
    expect(outcomes).toEqual([{ json: "a".repeat(256 * KB - 2) }]);
  });

  it.each([256 * KB + 1, 500 * KB, 1_500 * KB])(
    "answers %i bytes with 413 in JSON and closes the connection",
    async (bytes) => {
      for (let round = 0; round < 5; round += 1) {
        const { status, headers, body } = await post(url, sized(bytes));
        expect([status, body, headers.get("connection")]).toEqual([413, TOO_LARGE, "close"]);
      }
      expect(outcomes).toEqual([null, null, null, null, null]);
    },
  );

  it("cuts off a body without end", async () => {
    const head =
      "POST / HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    const chunk = `10000\r\n${"a".repeat(0x10000)}\r\n`;
    const received = await sendRaw(port, [head, ...Array.from({ length: 20 }, () => chunk)]).catch(String);
    // The answer may be lost with the connection; what must not happen is that the gateway goes on reading.
    expect(received).toMatch(/^HTTP\/1\.1 413|ECONNRESET|EPIPE|^$/);
    expect(outcomes).toEqual([null]);
  });

  it("reads characters that are split over chunks", async () => {
    const bytes = Buffer.from('"grün 🌍"');
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    socket.write(
      `POST / HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\nContent-Length: ${bytes.length}\r\nConnection: close\r\n\r\n`,
    );
    for (const byte of bytes) socket.write(Buffer.of(byte));
    await once(socket.resume(), "close");
    expect(outcomes).toEqual([{ json: "grün 🌍" }]);
  });

  it("gives up quietly when the client goes away in the middle", async () => {
    const settled = new Promise<unknown>((resolve) => {
      onOutcome = resolve;
    });
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    socket.write(
      'POST / HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"query"',
    );
    await once(server, "request");
    socket.destroy();
    expect(await settled).toBeNull();
  });

  it.each([
    ["application/json", 200],
    ["APPLICATION/JSON; Charset=UTF-8", 200],
    ['application/json; charset="utf-8"', 200],
    ["application/graphql+json", 200],
    ["application/json; charset=us-ascii", 415],
    ["application/json; charset=utf-8; charset=utf-7", 415],
    ["application/jsonp", 415],
    ["application/json-seq", 415],
    ["text/json", 415],
    ["text/plain; application/json", 415],
  ])("answers the content type %s with %i", async (contentType, status) => {
    const { status: got, body } = await post(url, "{}", { "content-type": contentType });
    expect([got, status === 200 || JSON.stringify(body).includes('"BAD_REQUEST"')]).toEqual([status, true]);
  });
});

describe("refuse", () => {
  it.each([
    [404, "NOT_FOUND"],
    [400, "BAD_REQUEST"],
    [413, "BAD_REQUEST"],
    [500, "INTERNAL_SERVER_ERROR"],
  ])("answers %i with the code %s", async (status, code) => {
    const server = createServer((_, response) => refuse(response, status, "why"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const address = server.address();
      const answer = await post(`http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/`, {});
      expect([answer.status, answer.body]).toEqual([status, { errors: [{ message: "why", extensions: { code } }] }]);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
