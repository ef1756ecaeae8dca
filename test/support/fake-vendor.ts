// A vendor's API in the hands of a test: a real HTTP server on a free loopback port that records what it is asked.
import { createServer } from "node:http";
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { factsOf } from "./eventually.ts";

/** A request as it came over the wire. */
export interface FakeRequest {
  readonly method: string;
  /** As sent, percent-encoding kept, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  /** The body's text; empty when there was none. */
  readonly body: string;
  /** The body parsed as JSON; throws when it is not. */
  json(): unknown;
}

/** What to answer. `json` sets the content type; without `json`, `text` and `bytes` the body is empty. */
export interface FakeReply {
  /** Default 200. */
  readonly status?: number;
  readonly headers?: OutgoingHttpHeaders;
  readonly json?: unknown;
  readonly text?: string;
  readonly bytes?: Buffer;
}

/** Takes the response into its own hands: to hang, to cut, to answer byte by byte. */
export type RawReply = (response: ServerResponse, request: IncomingMessage) => void;

/** Answers a request; undefined means that the test did not expect it, and so does throwing. */
export type FakeHandler = (
  request: FakeRequest,
  /** How many requests came before this one. */
  index: number,
) => FakeReply | RawReply | undefined | Promise<FakeReply | RawReply | undefined>;

export interface FakeVendor {
  /** `http://127.0.0.1:<port>`, no trailing slash. */
  readonly url: string;
  /** Everything that was asked, in order of arrival. */
  readonly requests: readonly FakeRequest[];
  /** Resolves when that many requests have come in all and the handler has begun to answer the last. */
  untilRequests(count: number): Promise<void>;
  /** Cuts all connections. Rejects when a request came that the handler did not expect, so that the test fails. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts a fake vendor. Always close it, in `finally` or `afterEach`: closing is what reports unexpected requests. */
export async function startFakeVendor(handler: FakeHandler): Promise<FakeVendor> {
  const requests: FakeRequest[] = [];
  const unexpected: string[] = [];
  const watchers = new Set<() => void>();
  const tellWatchers = (): void => watchers.forEach((watcher) => watcher());

  const answer = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    // The machine's time is none of a test's that has a clock of its own.
    response.sendDate = false;
    const request = await readRequest(incoming);
    const index = requests.push(request) - 1;
    try {
      const handled = handler(request, index);
      // A handler that takes its time may be waiting for the very test that waits for this request.
      if (handled instanceof Promise) tellWatchers();
      const reply = handled instanceof Promise ? await handled : handled;
      if (reply === undefined) throw new Error("no reply for it");
      send(reply, response, incoming);
    } catch (cause) {
      unexpected.push(`${request.method} ${request.path}: ${factsOf(cause)}`);
      if (!response.headersSent) send({ status: 501, text: "unexpected request" }, response, incoming);
    } finally {
      tellWatchers();
    }
  };

  const server = createServer((incoming, response) => {
    // A client that goes away in the middle of its body is no failure of the fake.
    answer(incoming, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });

  const untilRequests = (count: number): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (requests.length < count) return;
        watchers.delete(look);
        resolve();
      };
      watchers.add(look);
      look();
    });

  const close = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    server.closeAllConnections();
    await closed;
    if (unexpected.length > 0)
      throw new Error(`unexpected requests at the fake vendor: ${unexpected.splice(0).join("; ")}`);
  };

  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, requests, untilRequests, close, [Symbol.asyncDispose]: close };
}

/** A handler that gives one reply after the other and expects no more requests than it has replies. */
export function repliesInOrder(...replies: readonly (FakeReply | RawReply)[]): FakeHandler {
  return (_request, index) => replies[index];
}

async function readRequest(incoming: IncomingMessage): Promise<FakeRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(Buffer.from(chunk));
  const body = Buffer.concat(chunks).toString("utf8");
  const target = incoming.url ?? "/";
  const mark = target.indexOf("?");
  const headers = Object.fromEntries(
    Object.entries(incoming.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(", ") : (value ?? ""),
    ]),
  );
  return {
    method: incoming.method ?? "",
    path: mark === -1 ? target : target.slice(0, mark),
    query: new URLSearchParams(mark === -1 ? "" : target.slice(mark + 1)),
    headers,
    body,
    json: (): unknown => JSON.parse(body),
  };
}

function send(reply: FakeReply | RawReply, response: ServerResponse, incoming: IncomingMessage): void {
  if (typeof reply === "function") {
    reply(response, incoming);
    return;
  }
  const isJson = reply.json !== undefined;
  const body = isJson ? JSON.stringify(reply.json) : (reply.bytes ?? reply.text ?? "");
  response.writeHead(reply.status ?? 200, {
    ...(isJson ? { "content-type": "application/json" } : {}),
    ...reply.headers,
  });
  response.end(body);
}
