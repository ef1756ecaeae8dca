// Measures what sockets that do not read cost a gateway: its memory, and how late everybody else hears of a transition. Prints one line
// without such sockets and one with them; judges nothing.
// `npm run measure:slow-consumers -- [sockets] [transitions] [bytes of an event] [subscriptions of each socket]`
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { pino } from "pino";
import { WebSocket } from "ws";
import { BusNews } from "../src/domain/runtime-ports.ts";
import { SyncStatus } from "../src/domain/status.ts";
import { readConfig } from "../src/server/config.ts";
import { startGateway, type GatewayParts } from "../src/server/gateway.ts";
import { entry, rules } from "../test/support/store-values.ts";

const TENANT = "local";
const READERS = 5;
/** Runs recorded at once; each has three transitions. */
const BATCH = 10;
const PACE_MS = 20;
const EVENT_BYTES = Number(process.argv[3] ?? 100);
const MODEL = "a-model-of-20-letters";
const PLAIN = "subscription { syncStatusChanged { cursor to observedAt sync { remoteId models } } }";
/** Four times the bytes of an event, as objects of their own. */
const NESTED =
  "subscription { syncStatusChanged { cursor to observedAt sync { models transitions(first: 3) { nodes { cursor sync { models } } } } } }";

interface Report {
  readonly rssMb: number;
  /** The most it ever was. */
  readonly peakMb: number;
  readonly url?: string;
}

if (process.argv[2] === "gateway") await serve();
else await measure();

/** The gateway's process: records what it is told to, and reports its memory. */
async function serve(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "syncgraph-measure-"));
  const kept: GatewayParts[] = [];
  const config = readConfig({
    PORT: "0",
    DATABASE_URL: `sqlite:${join(folder, "m.sqlite")}`,
    SYNCGRAPH_SANDBOX: "off",
  });
  const gateway = await startGateway(config, {
    log: pino({ level: "warn" }),
    around: (parts) => {
      kept.push(parts);
      return parts;
    },
  });
  const [parts] = kept;
  if (parts === undefined) throw new Error("the gateway was not assembled");
  const report = (): void => {
    const [rssMb, peakMb] = [process.memoryUsage().rss / 2 ** 20, process.resourceUsage().maxRSS / 1_024];
    process.send?.({ rssMb, peakMb, url: gateway.url });
  };
  let number = 0;
  process.on("message", (message) => {
    void (async () => {
      if (message === "end") {
        await gateway.close();
        await rm(folder, { recursive: true, force: true });
        process.exit(0);
      }
      for (let left = Number(message); left > 0; left -= BATCH * 3) {
        const runs = Array.from({ length: BATCH }, () =>
          entry(`run-${(number += 1)}`, {
            ...{ status: SyncStatus.Success, rawStatus: "done", observedAt: new Date() },
            facts: { models: Array.from({ length: Math.ceil(EVENT_BYTES / MODEL.length) }, () => MODEL) },
          }),
        );
        await parts.store.ledger.record(TENANT, runs, rules);
        parts.bus.ring(TENANT, BusNews.Transitions);
        await pause(PACE_MS);
      }
      globalThis.gc?.();
      report();
    })();
  });
  report();
}

async function measure(): Promise<void> {
  const [sockets = "100", transitions = "10000", bytes = "100", subscriptions = "1"] = process.argv.slice(2);
  for (const paused of [0, Number(sockets)]) {
    const args = ["gateway", bytes];
    const child = fork(new URL(import.meta.url), args, { execArgv: [...process.execArgv, "--expose-gc"] });
    const { url = "" } = await reported(child);
    const readers = await Promise.all(Array.from({ length: READERS }, () => subscribe(url)));
    const stopped = await Promise.all(Array.from({ length: paused }, () => subscribe(url, Number(subscriptions))));
    for (const { socket } of stopped) socket.pause();
    child.send("300");
    const before = await reported(child);
    for (const { lags } of readers) lags.length = 0;
    child.send(transitions);
    const after = await reported(child);
    await pause(1_000);
    const lags = readers.flatMap((reader) => reader.lags).toSorted((one, other) => one - other);
    const at = (share: number): string => `${lags[Math.floor(lags.length * share)] ?? "-"} ms`;
    const grown = (after.rssMb - before.rssMb).toFixed(1);
    const closed = stopped.filter(({ socket }) => socket.readyState !== WebSocket.OPEN).length;
    console.log(
      `${paused} paused: memory +${grown} MB, at most ${after.peakMb.toFixed(0)} MB; ${lags.length} events to ${READERS} readers, lag p50 ${at(0.5)}, p99 ${at(0.99)}; ${closed} closed`,
    );
    for (const { socket } of [...readers, ...stopped]) socket.terminate();
    child.send("end");
    await once(child, "exit");
  }
}

async function reported(child: ChildProcess): Promise<Report> {
  const [message]: readonly unknown[] = await once(child, "message");
  if (typeof message !== "object" || message === null) throw new Error("the gateway reported nothing");
  const url: unknown = Reflect.get(message, "url");
  const [rssMb, peakMb] = [Number(Reflect.get(message, "rssMb")), Number(Reflect.get(message, "peakMb"))];
  return { rssMb, peakMb, ...(typeof url === "string" ? { url } : {}) };
}

interface Reader {
  readonly socket: WebSocket;
  /** Milliseconds from each transition's commit to its arrival. */
  readonly lags: number[];
}

async function subscribe(url: string, subscriptions = 1): Promise<Reader> {
  const socket = new WebSocket(url.replace(/^http/, "ws"), "graphql-transport-ws");
  socket.on("error", () => undefined);
  const lags: number[] = [];
  await once(socket, "open");
  socket.send(JSON.stringify({ type: "connection_init" }));
  await once(socket, "message");
  const query = subscriptions === 1 ? PLAIN : NESTED;
  for (let id = 1; id <= subscriptions; id += 1)
    socket.send(JSON.stringify({ id: String(id), type: "subscribe", payload: { query } }));
  socket.on("message", (data: Buffer) => {
    const observedAt = /"observedAt":"([^"]+)"/.exec(data.toString("utf8"))?.[1];
    if (observedAt !== undefined) lags.push(Date.now() - Date.parse(observedAt));
  });
  return { socket, lags };
}
