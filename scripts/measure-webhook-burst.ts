// Measures a burst of webhooks at a gateway of its own process: how soon each is answered, how soon all are worked off, what others notice
// meanwhile, and what memory it takes. Prints one line for each database; judges nothing.
// `npm run measure:webhook-burst -- [deliveries] [states or hints]`, with TEST_DATABASE_URL for PostgreSQL too.
import { createHmac } from "node:crypto";
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { pino } from "pino";
import { Agent, request } from "undici";
import { readConfig } from "../src/server/config.ts";
import { startGateway, type GatewayParts } from "../src/server/gateway.ts";
import { databases, reachable } from "../test/support/databases.ts";
import { environmentOf, makeFolder } from "../test/support/gateway.ts";
import { entryOf, startVendor } from "../test/support/vendors.ts";

const SECRET = "a-secret-of-the-customer";
const TENANT = "local";
const KEY = "truto";
/** Connections a vendor sends over. */
const SENDERS = 50;
const EVENTS = ["created", "started", "updated", "completed"] as const;

if (process.argv[2] === "gateway") await serve();
else for (const database of ["sqlite", "postgres"] as const) if (reachable[database]) await measure(database);

/** The gateway's process. Told "drained", it tells when nothing is due any more; told "end", it ends. */
async function serve(): Promise<void> {
  const kept: GatewayParts[] = [];
  const gateway = await startGateway(readConfig(process.env), {
    log: pino({ level: "error" }),
    around: (parts) => {
      kept.push(parts);
      return parts;
    },
  });
  const [parts] = kept;
  if (parts === undefined) throw new Error("the gateway was not assembled");
  let highest = 0;
  setInterval(() => {
    highest = Math.max(highest, process.memoryUsage().rss / 2 ** 20);
  }, 50).unref();
  process.on("message", (message) => {
    void (async () => {
      if (message === "end") {
        await gateway.close();
        process.exit(0);
      }
      while ((await parts.store.inbox.nextDueAt(TENANT, KEY)) !== null) await pause(20);
      const transitions = await parts.store.ledger.head(TENANT);
      process.send?.({ rssMb: process.memoryUsage().rss / 2 ** 20, highestMb: highest, transitions });
    })();
  });
  process.send?.({ url: gateway.url });
}

async function measure(database: "sqlite" | "postgres"): Promise<void> {
  const [count = "2000", kind = "states"] = process.argv.slice(2);
  const folder = await makeFolder();
  const { url: databaseUrl, drop } = await databases[database].create();
  const [truto, rootfi] = [await startVendor("truto"), await startVendor("rootfi")];
  const providers = [{ ...entryOf(truto), webhookSecret: SECRET }, entryOf(rootfi)];
  const environment = await environmentOf(folder.path, { providers, databaseUrl });
  const child = fork(new URL(import.meta.url), ["gateway"], { env: { ...process.env, ...environment } });
  const { url } = await told(child);
  const webhooks = String(url).replace(/\/graphql$/, `/webhooks/${KEY}`);
  await pause(3_000);
  const before = await drained(child);

  if (kind === "hints") {
    await sendAll(
      webhooks,
      Array.from({ length: 100 }, (_, run) => delivery(`known-${run}`, "started")),
    );
    await drained(child);
  }
  const number = Number(count);
  const bodies = Array.from({ length: number }, (_, index) => {
    // Every tenth comes twice.
    const at = index % 10 === 9 ? index - 1 : index;
    if (kind === "hints") return delivery(`known-${at % 100}`, "deleted", at);
    return delivery(`run-${Math.floor(at / EVENTS.length)}`, EVENTS[at % EVENTS.length] ?? "updated", at);
  });
  const others = keepAsking(String(url));
  const begun = performance.now();
  const answers = await sendAll(webhooks, bodies);
  const sentMs = performance.now() - begun;
  const after = await drained(child);
  const workedOffMs = performance.now() - begun;
  const asked = await others();
  const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
  console.log(
    `${database}, ${number} ${kind}: answered in ${seconds(sentMs)} (${spread(answers)}), worked off after ${seconds(workedOffMs)}` +
      ` (${Math.round(number / (workedOffMs / 1_000))}/s); queries meanwhile: ${asked.length}, ${spread(asked)};` +
      ` transitions ${Number(after["transitions"]) - Number(before["transitions"])};` +
      ` memory ${mb(before["rssMb"])} before, at most ${mb(after["highestMb"])}, ${mb(after["rssMb"])} after`,
  );
  child.send("end");
  await once(child, "exit");
  await Promise.all([truto.stop(), rootfi.stop()]);
  await folder.remove();
  await drop();
}

function mb(value: unknown): string {
  return `${Math.round(Number(value))} MB`;
}

function spread(values: readonly number[]): string {
  const sorted = values.toSorted((one, other) => one - other);
  const at = (share: number): string => `${Math.round(sorted[Math.floor(sorted.length * share)] ?? 0)} ms`;
  return `p50 ${at(0.5)}, p99 ${at(0.99)}`;
}

function delivery(run: string, event: string, number = 0): string {
  const now = new Date().toISOString();
  const status = event === "completed" ? "completed" : event === "created" ? "created" : "running";
  const payload = { id: run, sync_job_id: "job", integrated_account_id: "account", status, created_at: now };
  return JSON.stringify({ id: `${run}/${event}/${number}`, event: `sync_job_run:${event}`, payload, created_at: now });
}

/** @returns how many milliseconds each took to be answered */
async function sendAll(url: string, bodies: readonly string[]): Promise<readonly number[]> {
  const dispatcher = new Agent({ connections: SENDERS });
  const took: number[] = [];
  const left = bodies.values();
  await Promise.all(
    Array.from({ length: SENDERS }, async () => {
      for (const body of left) {
        const v = createHmac("sha256", SECRET).update(body).digest("hex");
        const headers = { "content-type": "application/json", "x-truto-signature": `format=sha256,v=${v}` };
        const at = performance.now();
        const answer = await request(url, { method: "POST", headers, body, dispatcher });
        await answer.body.dump();
        if (answer.statusCode !== 200) throw new Error(`a delivery was answered with ${answer.statusCode}`);
        took.push(performance.now() - at);
      }
    }),
  );
  await dispatcher.close();
  return took;
}

/** Asks one query after the other. @returns the call that stops it and gives how long each took */
function keepAsking(url: string): () => Promise<readonly number[]> {
  const ended = new AbortController();
  const took: number[] = [];
  const body = JSON.stringify({ query: "{ syncs(first: 20) { nodes { id status } } providers { key } }" });
  const asking = (async () => {
    while (!ended.signal.aborted) {
      const at = performance.now();
      const answer = await request(url, { method: "POST", headers: { "content-type": "application/json" }, body });
      await answer.body.dump();
      took.push(performance.now() - at);
      await pause(50);
    }
  })();
  return async () => {
    ended.abort();
    await asking;
    return took;
  };
}

async function drained(child: ChildProcess): Promise<Readonly<Record<string, unknown>>> {
  child.send("drained");
  return told(child);
}

async function told(child: ChildProcess): Promise<Readonly<Record<string, unknown>>> {
  const [message]: readonly unknown[] = await once(child, "message");
  if (typeof message !== "object" || message === null) throw new Error("the gateway told nothing");
  return { ...message };
}
