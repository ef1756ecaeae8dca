// Stands between a gateway and a vendor, and lets a test do something at the very moment a certain request passes by.
import { createServer, request as forward, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { ProviderEntry } from "./gateway.ts";
import { entryOf, type VendorServer } from "./vendors.ts";

/** A request as it arrived. */
export interface PassingRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly body: string;
}

export interface Meddling {
  /** Done while the request waits; the vendor has not heard of it yet. */
  readonly before?: () => Promise<void>;
  /** Done when the vendor has answered; the gateway has not heard of it yet. */
  readonly after?: () => Promise<void>;
  /** Another body in place of the vendor's. */
  readonly rewrite?: (body: string) => string;
  /** Break the connection instead of passing on the request, or instead of giving the answer. Left out, both pass. */
  readonly lose?: "request" | "answer";
  /** Refuse it in the vendor's place, quoting the body; the vendor hears nothing of it. */
  readonly refuse?: { readonly status: number; readonly sentence: (body: string) => string };
}

export interface Meddler {
  /** The vendor, reached through the meddler. */
  readonly entry: ProviderEntry;
  /** Everything that arrived, in order. */
  readonly requests: readonly PassingRequest[];
  /** Requests that may change something at the vendor. */
  writes(): readonly PassingRequest[];
  /** Meddles with the next request of this kind, once; the promise tells that it has come. */
  once(method: string, path: RegExp, meddling: Meddling): Promise<void>;
  /** Breaks every connection from now on, until it is called with false. */
  cutOff(cut: boolean): void;
  close(): Promise<void>;
}

/** What is done between the vendor's answer and the gateway. */
interface Later {
  readonly after: Meddling["after"] | undefined;
  readonly rewrite: Meddling["rewrite"] | undefined;
}

interface Trap {
  readonly method: string;
  readonly path: RegExp;
  readonly meddling: Meddling;
  readonly sprung: () => void;
}

/** Puts the meddler in front of a vendor. Close it in the end. */
export async function meddleWith(vendor: VendorServer): Promise<Meddler> {
  const requests: PassingRequest[] = [];
  const traps = new Set<Trap>();
  let isCut = false;

  async function pass(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const body = await readBody(incoming);
    const { method = "GET", url = "/" } = incoming;
    const arrived: PassingRequest = { method, path: url.split("?")[0] ?? url, body: body.toString("utf8") };
    requests.push(arrived);
    if (isCut) return void answer.destroy();
    const trap = [...traps].find((one) => one.method === method && one.path.test(arrived.path));
    if (trap !== undefined) traps.delete(trap);
    await trap?.meddling.before?.();
    const { lose, refuse, after, rewrite } = trap?.meddling ?? {};
    if (refuse !== undefined) answerRefusal(answer, refuse.status, refuse.sentence(arrived.body));
    else if (lose === "request") answer.destroy();
    else if (after !== undefined || rewrite !== undefined)
      await passLater(vendor, incoming, body, answer, { after, rewrite });
    else await passOn(vendor, incoming, body, answer, lose === "answer");
    trap?.sprung();
  }

  const server = createServer((incoming, answer) => {
    // A vendor that cannot be reached is one whose connections break.
    pass(incoming, answer).catch(() => answer.destroy());
  });
  await listen(server);
  const { port } = server.address() as AddressInfo;
  const { pathname } = new URL(vendor.url);
  return {
    entry: entryOf({ ...vendor, url: `http://127.0.0.1:${port}${pathname === "/" ? "" : pathname}` }),
    requests,
    writes: () => requests.filter(({ method }) => method !== "GET"),
    once: (method, path, meddling) =>
      new Promise((resolve) => {
        traps.add({ method, path, meddling, sprung: resolve });
      }),
    cutOff: (cut) => {
      isCut = cut;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Resolves when the vendor has answered in whole. */
function passOn(
  vendor: VendorServer,
  { method, url, headers }: IncomingMessage,
  body: Buffer,
  answer: ServerResponse,
  loseAnswer: boolean,
): Promise<void> {
  const { hostname, port } = new URL(vendor.url);
  return new Promise((resolve, reject) => {
    const passed = forward({ host: hostname, port, method, path: url, headers }, (reply) => {
      reply.once("end", resolve).once("error", reject);
      if (loseAnswer) return void reply.resume().once("end", () => answer.destroy());
      answer.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(answer);
    });
    passed.once("error", reject);
    passed.end(body);
  });
}

/** Takes the vendor's answer in whole before any of it is passed on. */
async function passLater(
  vendor: VendorServer,
  { method = "GET", url = "/", headers }: IncomingMessage,
  body: Buffer,
  answer: ServerResponse,
  { after, rewrite = (given) => given }: Later,
): Promise<void> {
  const { hostname, port } = new URL(vendor.url);
  const reply = await new Promise<IncomingMessage>((resolve, reject) => {
    forward({ host: hostname, port, method, path: url, headers }, resolve).once("error", reject).end(body);
  });
  const told = rewrite((await readBody(reply)).toString("utf8"));
  await after?.();
  const { "content-length": _length, "transfer-encoding": _encoding, ...passed } = reply.headers;
  answer.writeHead(reply.statusCode ?? 502, passed).end(told);
}

function answerRefusal(answer: ServerResponse, status: number, message: string): void {
  answer.writeHead(status, { "content-type": "application/json" });
  answer.end(JSON.stringify({ status, message }));
}

async function readBody(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
}
