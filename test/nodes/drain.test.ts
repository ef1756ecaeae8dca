// A gateway that is told to stop, as a process: load balancers notice first, nothing that runs is cut off, and nothing that hangs holds
// it up.
import { once } from "node:events";
import { Agent, request, type IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { eventually, within } from "../support/eventually.ts";
import { createGate } from "../support/gate.ts";
import { environmentOf, makeFolder, type ProviderEntry } from "../support/gateway.ts";
import { ask } from "../support/gateway-client.ts";
import { definitionNamed, listDefinitions, triggerSync } from "../support/gateway-operations.ts";
import { startGatewayProcess, type GatewayProcess, type ProcessOptions } from "../support/gateway-process.ts";
import { meddleWith } from "../support/meddler.ts";
import { openAcknowledged } from "../support/raw-socket.ts";
import { recordRequests, startVendor } from "../support/vendors.ts";

const CLEAN = { code: 0, signal: null };
const STARTS = /\/core\/syncs$/u;
const COMPANY = "Harbour Lane Coffee Roasters / XERO";
/** Of each test: a process may take long to come up, and to end. */
const TIMEOUT_MS = 240_000;

const left: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of left.splice(0).toReversed()) await end();
});

async function vendorServer() {
  const vendor = await startVendor("rootfi", 20);
  left.push(() => vendor.stop());
  return vendor;
}

async function environmentFor(entry: ProviderEntry, drainSeconds = 0) {
  const folder = await makeFolder();
  left.push(() => folder.remove());
  const environment = await environmentOf(folder.path, { providers: [entry] });
  return { folder: folder.path, environment: { ...environment, SYNCGRAPH_DRAIN_SECONDS: String(drainSeconds) } };
}

async function start(
  { folder, environment }: Awaited<ReturnType<typeof environmentFor>>,
  options: ProcessOptions = {},
) {
  const process = startGatewayProcess(folder, environment, options);
  left.push(async () => process[Symbol.asyncDispose]());
  return { process, url: await process.url() };
}

async function companyOf(url: string): Promise<string> {
  return definitionNamed(await listDefinitions(url), "rootfi", COMPANY).id;
}

/** A client that has opened its socket and reads nothing more, not even that it is closed. */
async function frozenSocket(url: string): Promise<void> {
  const upgrade = { connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13" };
  const headers = { ...upgrade, "sec-websocket-key": "c3luY2dyYXBoIGZyb3plbg==" };
  const asked = request(url, { headers: { ...headers, "sec-websocket-protocol": "graphql-transport-ws" } }).end();
  const [, socket] = await within("the socket opens", once(asked, "upgrade"));
  if (!(socket instanceof Socket)) throw new TypeError("expected a socket");
  left.push(() => Promise.resolve(socket.destroy()));
  socket.pause();
}

/** @returns status, and what the answer says of its connection */
function readiness(url: string, agent: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request(new URL("/readyz", url), { agent }, (answer: IncomingMessage) => {
      answer.resume().once("end", () => resolve(`${answer.statusCode} ${answer.headers.connection}`));
    });
    asked.on("error", reject).end();
  });
}

const logged = ({ process }: { readonly process: GatewayProcess }, what: string) =>
  eventually(`the log says "${what}"`, () => (process.output().includes(what) ? true : null));

describe("a gateway that is told to stop", { timeout: TIMEOUT_MS }, () => {
  test("says so at once and goes on serving, new sockets too, for as long as load balancers need to notice", async () => {
    const { entry } = await recordRequests(await vendorServer());
    const gateway = await start(await environmentFor(entry, 5));
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    expect(await readiness(gateway.url, agent)).toBe("200 keep-alive");
    const before = await openAcknowledged(gateway.url);

    gateway.process.signal("SIGTERM");
    await logged(gateway, "shutting down");
    expect(await readiness(gateway.url, agent)).toBe("503 close");
    const viewer = z.object({ viewer: z.object({ name: z.string() }) });
    expect((await ask(gateway.url, viewer, "{ viewer { name } }")).errors).toEqual([]);
    const during = await openAcknowledged(gateway.url);
    expect(await gateway.process.ended()).toEqual(CLEAN);
    for (const socket of [before, during]) expect(await socket.closed).toMatchObject({ code: 1001 });
  });

  test("answers what it is asked to do, and does not wait for a client that has frozen", async () => {
    const meddler = await meddleWith(await vendorServer());
    left.push(() => meddler.close());
    const gateway = await start(await environmentFor(meddler.entry));
    const definitionId = await companyOf(gateway.url);
    await frozenSocket(gateway.url);
    const [asked, goOn] = [createGate(), createGate()];
    const before = (): Promise<void> => {
      asked.open();
      return goOn.opened;
    };
    void meddler.once("POST", STARTS, { before });
    const answer = triggerSync(gateway.url, { definitionId, idempotencyKey: "k1" });
    await asked.opened;

    gateway.process.signal("SIGTERM");
    await eventually("the port is closed", () =>
      fetch(new URL("/livez", gateway.url)).then(
        () => null,
        () => true,
      ),
    );
    goOn.open();
    expect(await answer).toMatchObject({
      errors: [],
      data: { triggerSync: { trigger: { state: "ACCEPTED" }, userErrors: [] } },
    });
    expect(await gateway.process.ended()).toEqual(CLEAN);
    expect(gateway.process.output()).not.toContain("given up");
  });

  test("gives up a start whose vendor hangs, and whoever comes next finds its run", async () => {
    const recorder = await recordRequests(await vendorServer());
    left.push(() => recorder.close());
    const prepared = await environmentFor(recorder.entry);
    const first = await start(prepared);
    const input = { definitionId: await companyOf(first.url), idempotencyKey: "k1" };
    const begun = recorder.loseNextStartAnswer();
    const unanswered = triggerSync(first.url, input);
    await within("the vendor begins a run", begun);

    first.process.signal("SIGTERM");
    expect(await unanswered).toMatchObject({
      errors: [{ path: ["triggerSync"], extensions: { code: "SERVICE_UNAVAILABLE" } }],
      data: { triggerSync: null },
    });
    expect(await first.process.ended()).toEqual(CLEAN);

    const second = await start(prepared);
    const again = await triggerSync(second.url, input);
    expect(again).toMatchObject({
      errors: [],
      data: { triggerSync: { trigger: { state: "ACCEPTED" }, userErrors: [] } },
    });
    expect(again.data.triggerSync?.syncs).toHaveLength(1);
    expect(recorder.starts()).toHaveLength(1);
  });

  test("ends at once when it is told twice", async () => {
    const recorder = await recordRequests(await vendorServer());
    left.push(() => recorder.close());
    const gateway = await start(await environmentFor(recorder.entry, 300));
    gateway.process.signal("SIGTERM");
    await logged(gateway, "shutting down");
    expect(await gateway.process.stop("SIGTERM")).toEqual({ code: 1, signal: null });
  });

  test("does not go on serving after an error that nobody handled", async () => {
    const recorder = await recordRequests(await vendorServer());
    left.push(() => recorder.close());
    const first = [import.meta.resolve("../support/fails-when-told.ts")];
    const gateway = await start(await environmentFor(recorder.entry, 300), { first });
    gateway.process.signal("SIGUSR2");
    expect(await gateway.process.ended()).toEqual({ code: 1, signal: null });
    expect(gateway.process.output()).toContain("planted: an error that nobody handles");
  });
});
