// What stands for the vendors' patience: takes webhooks at an address that outlives the gateway, and sends each again until it gets a 2xx.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

export interface WebhookRelay {
  /** Where a provider's webhooks are to be sent. */
  urlOf(providerKey: string): string;
  /** Where GraphQL of the gateway is now. */
  pointTo(gatewayUrl: string): void;
  /** Deliveries that came, apart from repetitions, by provider. */
  countOf(providerKey: string): number;
  /** Those of them that got their 2xx. */
  takenOf(providerKey: string): number;
  /** Those without a 2xx yet. */
  waiting(): number;
  close(): Promise<void>;
}

const AGAIN_AFTER_MS = 100;
const ANSWER_WITHIN_MS = 5_000;

export async function startWebhookRelay(): Promise<WebhookRelay> {
  const closing = new AbortController();
  const [came, taken] = [new Map<string, Set<string>>(), new Map<string, Set<string>>()];
  const underWay = new Set<Promise<void>>();
  let gateway: string | null = null;

  async function deliver(path: string, headers: Readonly<Record<string, string>>, body: string): Promise<void> {
    while (!closing.signal.aborted) {
      const signal = AbortSignal.any([closing.signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]);
      const sent = gateway === null ? null : fetch(new URL(path, gateway), { method: "POST", headers, body, signal });
      const isTaken = await sent?.then(
        ({ ok }) => ok,
        () => false,
      );
      if (isTaken === true) return void noted(taken, path).add(body);
      await pause(AGAIN_AFTER_MS);
    }
  }

  const server = createServer((incoming, answer) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      const [path, body] = [incoming.url ?? "/", Buffer.concat(chunks).toString("utf8")];
      noted(came, path).add(body);
      const headers = Object.entries(incoming.headers).flatMap(([name, value]) =>
        typeof value === "string" && !OF_THE_CONNECTION.has(name) ? [[name, value] as const] : [],
      );
      const sent = deliver(path, Object.fromEntries(headers), body).finally(() => underWay.delete(sent));
      underWay.add(sent);
      answer.writeHead(200).end();
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  const pathOf = (providerKey: string): string => `/webhooks/${providerKey}`;
  return {
    urlOf: (providerKey) => `http://127.0.0.1:${port}${pathOf(providerKey)}`,
    pointTo: (gatewayUrl) => {
      gateway = gatewayUrl;
    },
    countOf: (providerKey) => noted(came, pathOf(providerKey)).size,
    takenOf: (providerKey) => noted(taken, pathOf(providerKey)).size,
    waiting: () => underWay.size,
    close: async () => {
      closing.abort();
      await Promise.allSettled(underWay);
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

/** The bodies that were noted of a path. */
function noted(notes: Map<string, Set<string>>, path: string): Set<string> {
  const bodies = notes.get(path) ?? new Set();
  notes.set(path, bodies);
  return bodies;
}

const OF_THE_CONNECTION = new Set(["host", "connection", "content-length", "transfer-encoding", "keep-alive"]);
