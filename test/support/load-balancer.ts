// A load balancer as small as can be, for gateways that come and go: it looks at `/readyz`, passes requests and sockets to those that are
// ready, and tries nothing twice, so that its clients see every mistake.
import { Agent, createServer, request as ask, type IncomingMessage, type ServerResponse } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { eventually } from "./eventually.ts";

export interface LoadBalancer extends AsyncDisposable {
  /** Where clients find GraphQL. */
  readonly url: string;
  /** Adds a gateway; resolves when it is passed requests. */
  add(url: string): Promise<void>;
  remove(url: string): void;
  /** Requests that could not be passed on or were not answered, in words. */
  readonly failures: readonly string[];
}

interface Target {
  readonly url: URL;
  ready: boolean;
}

const LOOKS_EVERY_MS = 200;

/** Keeps its connections to the gateways, as load balancers do. */
export async function startLoadBalancer(): Promise<LoadBalancer> {
  const targets = new Map<string, Target>();
  const failures: string[] = [];
  const agent = new Agent({ keepAlive: true });
  const open = new Set<Duplex>();
  let turn = 0;

  function next(): Target | null {
    const ready = [...targets.values()].filter((target) => target.ready);
    turn += 1;
    return ready[turn % Math.max(ready.length, 1)] ?? null;
  }

  function pass(incoming: IncomingMessage, answer: ServerResponse): void {
    const target = next();
    const refuse = (why: string): void => {
      failures.push(why);
      if (answer.headersSent) return void answer.destroy();
      answer.writeHead(502).end(why);
    };
    if (target === null) return refuse("no gateway is ready");
    const { method, url: path, headers } = incoming;
    const { hostname: host, port } = target.url;
    const asked = ask(
      { host, port, method, path, headers: { ...headers, connection: "keep-alive" }, agent },
      (reply) => {
        // What it says of its connection is between it and this.
        const { connection: _own, "keep-alive": _its, ...passed } = reply.headers;
        answer.writeHead(reply.statusCode ?? 502, passed);
        reply.on("error", (error) => refuse(`${target.url.host} broke off: ${error.message}`));
        reply.pipe(answer);
      },
    );
    asked.on("error", (error) => refuse(`${target.url.host} did not answer: ${error.message}`));
    incoming.pipe(asked);
  }

  /** The request as it came, and then whatever either side sends. */
  function upgrade(incoming: IncomingMessage, client: Duplex, head: Buffer): void {
    const target = next();
    if (target === null) return void client.destroy();
    const { hostname, port } = target.url;
    const gateway: Socket = connect(Number(port), hostname, () => {
      const lines = [`${incoming.method} ${incoming.url} HTTP/1.1`];
      for (let at = 0; at < incoming.rawHeaders.length; at += 2)
        lines.push(`${incoming.rawHeaders[at]}: ${incoming.rawHeaders[at + 1]}`);
      gateway.write(`${lines.join("\r\n")}\r\n\r\n`);
      gateway.write(head);
      client.pipe(gateway).pipe(client);
    });
    for (const [one, other] of [
      [client, gateway],
      [gateway, client],
    ] as const) {
      open.add(one);
      // A side that breaks takes the other with it; the client's own protocol tells what that means.
      one.on("error", () => other.destroy());
      one.on("close", () => {
        open.delete(one);
        other.end();
      });
    }
  }

  const closed = new AbortController();
  void (async () => {
    while (!closed.signal.aborted) {
      await Promise.all(
        [...targets.values()].map(async (target) => {
          target.ready = await isReady(target.url);
        }),
      );
      await pause(LOOKS_EVERY_MS, undefined, { signal: closed.signal }).catch(() => undefined);
    }
  })();

  const server = createServer({ keepAliveTimeout: 60_000 }, pass).on("upgrade", upgrade);
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/graphql`,
    failures,
    async add(url) {
      const target: Target = { url: new URL(url), ready: false };
      targets.set(url, target);
      await eventually(`the gateway at ${url} is passed requests`, () => (target.ready ? true : null));
    },
    remove: (url) => void targets.delete(url),
    [Symbol.asyncDispose]: async () => {
      closed.abort();
      for (const socket of open) socket.destroy();
      agent.destroy();
      await new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      });
    },
  };
}

/** On a connection of its own: a gateway that ends its connections is no less ready. */
function isReady(url: URL): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = ask(new URL("/readyz", url), { agent: false, timeout: 2_000 }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    asked.on("timeout", () => asked.destroy());
    asked.on("error", () => resolve(false)).end();
  });
}
