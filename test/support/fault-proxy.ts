// A server between a wire client and a vendor's sandbox that lets a test break what it likes: which requests, which of them, and how.
// What it can do to a request is in `fault-acts.ts`; which faults there are, and what is expected of each, in `faults.ts`.
import { createServer, request as forward, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
/** A request as it arrived. */
export interface ProxiedRequest {
  readonly method: string;
  /** Path and query as sent, the base URL's own path included. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
}

/** An answer in whole. */
export interface ProxiedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
}

/** One request in the hands of a fault. */
export interface Struck {
  readonly request: ProxiedRequest;
  /** How many requests the same rule has struck before. */
  readonly nth: number;
  readonly response: ServerResponse;
  readonly socket: Socket;
  /** Passes the request on and gives the vendor's whole answer. */
  forward(): Promise<ProxiedAnswer>;
  /** Lets time pass. */
  pause(ms: number): Promise<void>;
}

/** How time passes for a proxy: by being waited for, or by moving a clock that its client goes by too. */
export type Pause = (ms: number, signal: AbortSignal) => Promise<void>;

export type Act = (struck: Struck) => Promise<void> | void;

export interface FaultRule {
  /** Default: every request. */
  readonly strikes?: (request: ProxiedRequest) => boolean;
  readonly act: Act;
}

export interface FaultProxy extends AsyncDisposable {
  /** `http://127.0.0.1:<port>` and the vendor's own path, no trailing slash. */
  readonly url: string;
  /** Everything that arrived, struck or not, in order. */
  readonly requests: readonly ProxiedRequest[];
  /** Those that a rule struck. */
  readonly struck: readonly ProxiedRequest[];
  /** Struck requests that were neither answered in whole nor given up by the client. */
  held(): number;
  /** From now on this rule alone holds; null lets everything through. What a rule has struck already stays in its hands. */
  break(rule: FaultRule | null): void;
  /** Resolves when that many requests have been struck in all. */
  untilStruck(count: number): Promise<void>;
  close(): Promise<void>;
}

/** Puts a proxy in front of a vendor. Close it in the end. */
export async function startFaultProxy(vendorUrl: string, pause: Pause): Promise<FaultProxy> {
  const vendor = new URL(vendorUrl);
  const requests: ProxiedRequest[] = [];
  const struck: ProxiedRequest[] = [];
  const watchers = new Set<() => void>();
  const sockets = new Set<Socket>();
  const closing = new AbortController();
  let held = 0;
  let rule: { readonly given: FaultRule; strikes: number } | null = null;

  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await readRequest(incoming);
    requests.push(request);
    const current = rule;
    const pass = () => passOn(vendor, request);
    if (current === null || current.given.strikes?.(request) === false) return giveAnswer(response, await pass());
    const nth = current.strikes;
    current.strikes += 1;
    struck.push(request);
    held += 1;
    response.once("close", () => (held -= 1));
    for (const watcher of watchers) watcher();
    await current.given.act({
      request,
      nth,
      response,
      socket: incoming.socket,
      forward: pass,
      pause: (ms) => pause(ms, closing.signal),
    });
  }

  const server = createServer((incoming, response) => {
    // A client that goes away in the middle is what many faults are about.
    response.on("error", () => undefined);
    handle(incoming, response).catch(() => response.destroy());
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;

  const close = async (): Promise<void> => {
    closing.abort();
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  return {
    url: `http://127.0.0.1:${port}${vendor.pathname.replace(/\/$/u, "")}`,
    requests,
    struck,
    held: () => held,
    break: (given) => {
      rule = given === null ? null : { given, strikes: 0 };
    },
    untilStruck: (count) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (struck.length < count) return;
          watchers.delete(look);
          resolve();
        };
        watchers.add(look);
        look();
      }),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Gives an answer as it is. */
export function giveAnswer(response: ServerResponse, { status, headers, body }: ProxiedAnswer): void {
  response.writeHead(status, { ...ownHeaders(headers), "content-length": body.length });
  response.end(body);
}

/** Headers of the message, not of the connection it came by. */
export function ownHeaders(headers: ProxiedAnswer["headers"]): Record<string, string | string[]> {
  const hop = new Set(["connection", "keep-alive", "transfer-encoding", "content-length"]);
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined || hop.has(name) ? [] : [[name, typeof value === "string" ? value : [...value]]],
    ),
  );
}

function passOn(vendor: URL, { method, target, headers, body }: ProxiedRequest): Promise<ProxiedAnswer> {
  return new Promise((resolve, reject) => {
    const place = { host: vendor.hostname, port: vendor.port, path: target };
    const passed = forward({ ...place, method, headers: ownHeaders(headers), agent: false }, (reply) => {
      const chunks: Buffer[] = [];
      reply.on("data", (chunk: Buffer) => chunks.push(chunk));
      reply.once("error", reject);
      reply.once("end", () =>
        resolve({ status: reply.statusCode ?? 502, headers: reply.headers, body: Buffer.concat(chunks) }),
      );
    });
    passed.once("error", reject);
    passed.end(body);
  });
}

async function readRequest(incoming: IncomingMessage): Promise<ProxiedRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(Buffer.from(chunk));
  const { method = "GET", url = "/", headers } = incoming;
  return { method, target: url, headers, body: Buffer.concat(chunks).toString("utf8") };
}
