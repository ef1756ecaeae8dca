// The vendors an acceptance test runs a gateway against: their sandboxes as servers of their own, and a recorder to put in front of one.
import { once } from "node:events";
import { createServer, request as forward, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { SandboxServer } from "../../src/domain/sandbox-port.ts";
import { loadSandbox } from "../../src/providers/registry.ts";
import type { ProviderEntry } from "./gateway.ts";

export const VENDORS = ["rootfi", "stuut", "polytomic", "truto"] as const;
export type Vendor = (typeof VENDORS)[number];

export interface VendorServer {
  readonly vendor: Vendor;
  /** Base address, as the configuration names it. */
  readonly url: string;
  readonly credentials: Readonly<Record<string, string>>;
  /** Refuses connections from now on. Harmless when it is stopped already. */
  stop(): Promise<void>;
  /** Listens again on the same port, as a vendor that was restarted. */
  startAgain(): Promise<void>;
}

/** Starts a vendor's sandbox on a free port. Stop it in the end. */
export async function startVendor(vendor: Vendor, speed = 20, seed = 7): Promise<VendorServer> {
  const { startSandbox } = await loadSandbox(vendor);
  const options = { host: "127.0.0.1", speed, seed };
  let running: SandboxServer | null = await startSandbox({ ...options, port: 0 });
  const { url, credentials } = running;
  return {
    vendor,
    url,
    credentials,
    stop: async () => {
      const stopped = running;
      running = null;
      await stopped?.close();
    },
    startAgain: async () => {
      running = await startSandbox({ ...options, port: Number(new URL(url).port) });
    },
  };
}

/** Polls often and asks without a quota worth noticing: tests wait for what a vendor does, not for the gateway's patience. */
export const IMPATIENT = {
  poll: { fastMs: 100, slowMs: 400, discoverMs: 1_000 },
  rateLimit: { requests: 1_000, perMs: 1_000 },
} as const;

/** The vendor as `syncgraph.yaml` names it, its kind as key. */
export function entryOf({
  vendor,
  url,
  credentials,
}: Pick<VendorServer, "vendor" | "url" | "credentials">): ProviderEntry {
  return { key: vendor, kind: vendor, baseUrl: url, credentials, allowPrivateAddress: true, ...IMPATIENT };
}

/** Headers that carry a vendor's credentials, for tests that ask it themselves. */
export function credentialHeaders({
  vendor,
  credentials,
}: Pick<VendorServer, "vendor" | "credentials">): Record<string, string> {
  if (vendor === "rootfi") return { api_key: credentials["apiKey"] ?? "" };
  return { authorization: `Bearer ${credentials["token"] ?? credentials["apiKey"] ?? ""}` };
}

/** A request as the vendor got it. */
export interface Recorded {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
}

/** What the vendor answered to a start, whether or not the answer arrived. */
export interface StartAnswer {
  readonly status: number;
  readonly body: string;
  /** False when it was lost, or the one who asked was gone. */
  readonly heard: boolean;
}

/**
 * - break: the connection breaks before the vendor hears of the request
 * - lose: the vendor does what it is asked, and the connection breaks instead of the answer
 * - refuse: 503 in the vendor's place, which hears nothing
 */
export type Disturbance = "break" | "lose" | "refuse";

export interface Recorder {
  /** The vendor, reached through the recorder. */
  readonly entry: ProviderEntry;
  readonly requests: readonly Recorded[];
  /** Requests that start a run. */
  starts(): readonly Recorded[];
  /** The vendor's answers to these, in the order in which it gave them. */
  readonly startAnswers: readonly StartAnswer[];
  /** From now on each request is disturbed as this says, null lets one pass. Called with null, all pass. */
  disturb(choose: (() => Disturbance | null) | null): void;
  /** Keeps back the vendor's answer to the next start; resolves when the vendor has given it, so that a run has begun. */
  loseNextStartAnswer(): Promise<void>;
  close(): Promise<void>;
}

/** Puts a server in front of a vendor that passes everything on and remembers what it was asked. */
export async function recordRequests(vendor: VendorServer): Promise<Recorder> {
  const requests: Recorded[] = [];
  const startAnswers: StartAnswer[] = [];
  const target = new URL(vendor.url);
  let loseAnswer: (() => void) | null = null;
  let disturbance: () => Disturbance | null = () => null;
  const server = createServer((incoming, answer) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      const body = Buffer.concat(chunks);
      const { method = "GET", url = "/", headers } = incoming;
      const recorded: Recorded = { method, path: url.split("?")[0] ?? url, headers, body: body.toString("utf8") };
      requests.push(recorded);
      const starts = isStart(vendor.vendor, recorded);
      const lost = starts ? loseAnswer : null;
      if (lost !== null) loseAnswer = null;
      const disturbed = disturbance();
      if (disturbed === "break") return void answer.destroy();
      if (disturbed === "refuse") return void answer.writeHead(503).end();
      const passed = forward({ host: target.hostname, port: target.port, method, path: url, headers }, (reply) => {
        // Read whole before it is passed on: what the vendor has done counts, also when nobody is there to hear of it any more.
        void bodyOf(reply).then((text) => {
          const status = reply.statusCode ?? 502;
          const heard = lost === null && disturbed !== "lose" && !answer.destroyed;
          if (starts) startAnswers.push({ status, body: text.toString("utf8"), heard });
          if (lost !== null) return lost();
          if (disturbed === "lose") return answer.destroy();
          answer.writeHead(status, reply.headers);
          return answer.end(text);
        });
      });
      // A vendor that cannot be reached is one whose connections break.
      passed.on("error", () => answer.destroy());
      passed.end(body);
    });
  });
  await listen(server);
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}${target.pathname === "/" ? "" : target.pathname}`;
  return {
    entry: entryOf({ ...vendor, url }),
    requests,
    starts: () => requests.filter((request) => isStart(vendor.vendor, request)),
    startAnswers,
    disturb: (choose) => {
      disturbance = choose ?? (() => null);
    },
    loseNextStartAnswer: () =>
      new Promise((resolve) => {
        loseAnswer = resolve;
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const START_PATHS: Readonly<Record<Vendor, RegExp>> = {
  rootfi: /\/core\/syncs$/u,
  stuut: /\/connections\/[^/]+\/sync$/u,
  polytomic: /\/syncs\/[^/]+\/executions$/u,
  truto: /\/sync-job-run$/u,
};

/** Whether a POST to it starts a run, at whichever vendor. */
export const isStartPath = (path: string): boolean =>
  Object.values(START_PATHS).some((pattern) => pattern.test(path.split("?")[0] ?? path));

function isStart(vendor: Vendor, { method, path }: Recorded): boolean {
  return method === "POST" && START_PATHS[vendor].test(path);
}

async function bodyOf(reply: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  reply.on("data", (chunk: Buffer) => chunks.push(chunk));
  await once(reply, "end");
  return Buffer.concat(chunks);
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
}
