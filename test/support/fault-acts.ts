// What a fault proxy can do to one request: to its time, its connection, or the answer's status, bytes and meaning.
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import type { JsonValue } from "../../src/domain/json.ts";
import { giveAnswer, ownHeaders, type Act, type Struck } from "./fault-proxy.ts";

/** Answers after a while: the same one for each place in the row, so that a test that fails fails again. */
export const late =
  (ms: number, jitterMs: number): Act =>
  async (struck) => {
    await struck.pause(ms + jitterMs * Math.sin(struck.nth));
    giveAnswer(struck.response, await struck.forward());
  };

/** @param bytesPerSecond how fast the body comes, a second's worth at a time */
export const slowly =
  (bytesPerSecond: number): Act =>
  async (struck) => {
    const { status, headers, body } = await struck.forward();
    struck.response.writeHead(status, { ...ownHeaders(headers), "content-length": body.length });
    for (let start = 0; start < body.length; start += bytesPerSecond) {
      if (start > 0) await struck.pause(1_000);
      struck.response.write(body.subarray(start, start + bytesPerSecond));
    }
    struck.response.end();
  };

/** @param bytes in each piece */
export const inSlices =
  (bytes: number): Act =>
  async (struck) => {
    const { status, headers, body } = await struck.forward();
    struck.socket.setNoDelay(true);
    struck.response.writeHead(status, ownHeaders(headers));
    for (let start = 0; start < body.length; start += bytes) {
      struck.response.write(body.subarray(start, start + bytes));
      await turn();
    }
    struck.response.end();
  };

/** Takes the request, passes it on, and never answers, for longer than anybody waits. */
export const hang: Act = async (struck) => {
  await struck.forward();
  await struck.pause(120_000);
};

/** The end of the answer is the end of the connection, and that comes late. */
export const closeLate =
  (ms: number): Act =>
  async (struck) => {
    const { status, body } = await struck.forward();
    struck.socket.write(`HTTP/1.1 ${status} X\r\nconnection: close\r\ncontent-type: application/json\r\n\r\n`);
    struck.socket.write(body);
    await struck.pause(ms);
    struck.socket.end();
  };

/** The vendor has acted, and the connection is reset before a byte of the answer. */
export const resetBeforeHeaders: Act = async (struck) => {
  await struck.forward();
  struck.socket.resetAndDestroy();
};

export const resetInBody: Act = async (struck) => {
  const { status, headers, body } = await struck.forward();
  struck.response.writeHead(status, { ...ownHeaders(headers), "content-length": body.length + 10 });
  struck.response.write(body.subarray(0, Math.ceil(body.length / 2)), () => struck.socket.resetAndDestroy());
};

/** A whole answer with half of the JSON in it. */
export const cutJson: Act = async (struck) => {
  const { status, headers } = await struck.forward();
  giveAnswer(struck.response, { status, headers, body: Buffer.from('{"data":[{"id":"a","status":"SUCCE') });
};

/** Refuses in the vendor's place, which hears nothing of it. */
export const refuse =
  (status: number, headers: (struck: Struck) => Readonly<Record<string, string>> = () => ({})): Act =>
  (struck) =>
    giveAnswer(struck.response, {
      status,
      headers: { "content-type": "application/json", ...headers(struck) },
      body: Buffer.from('{"message":"refused by the proxy"}'),
    });

/** Does it to the first requests and lets the others pass. */
export const first =
  (times: number, act: Act): Act =>
  async (struck) => {
    if (struck.nth < times) return act(struck);
    giveAnswer(struck.response, await struck.forward());
  };

/** The vendor acts and answers with success; what the answer holds is another thing. */
export const answering =
  (body: Buffer | string, headers: Readonly<Record<string, string>> = {}): Act =>
  async (struck) => {
    const { status } = await struck.forward();
    const bytes = Buffer.from(body);
    giveAnswer(struck.response, { status, headers: { "content-type": "application/json", ...headers }, body: bytes });
  };

/** @param change gives the text to answer with for the vendor's own; only answers that are JSON are changed */
export const rewriting =
  (change: (json: JsonValue) => string): Act =>
  async (struck) => {
    const answer = await struck.forward();
    const text = answer.body.toString("utf8");
    const body = text.trim() === "" || answer.status >= 300 ? answer.body : Buffer.from(change(parsed(text)));
    giveAnswer(struck.response, { ...answer, body });
  };

/** A body without an end in sight, as fast as it is taken. */
export const flood =
  (megabytes: number): Act =>
  async ({ response, forward }) => {
    await forward();
    response.writeHead(200, { "content-type": "application/json" });
    const piece = Buffer.alloc(1024 * 1024, " ");
    for (let sent = 0; sent < megabytes && !response.destroyed; sent += 1) {
      if (!response.write(piece)) await drained(response);
    }
    response.end("{}");
  };

/** @param megabytes of zeros, which take a thousandth of that on the wire */
export function gzipBomb(megabytes: number): Act {
  const bomb = gzipSync(Buffer.alloc(megabytes * 1024 * 1024));
  return answering(bomb, { "content-encoding": "gzip" });
}

export const manyHeaders =
  (count: number): Act =>
  async (struck) => {
    await struck.forward();
    const lines = Array.from({ length: count }, (_, index) => `x-header-${index}: ${index}\r\n`);
    struck.socket.write(`HTTP/1.1 200 OK\r\n${lines.join("")}content-length: 2\r\n\r\n{}`);
  };

/** Resolves when there is room for more, or nobody to send it to. */
async function drained(response: ServerResponse): Promise<void> {
  const settled = new AbortController();
  const { signal } = settled;
  await Promise.race([once(response, "drain", { signal }), once(response, "close", { signal })]);
  settled.abort();
}

const parsed = (text: string): JsonValue => JSON.parse(text) as JsonValue;

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
