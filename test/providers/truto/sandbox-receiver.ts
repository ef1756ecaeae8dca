// A webhook's receiver for the tests of the Truto sandbox: registers itself, and checks every delivery it hands out against the
// OpenAPI document assembled from the vendor's pages.
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { parse } from "yaml";
import { type Whim, whimOf } from "../../../src/providers/truto/sandbox-deliveries.ts";
import { eventually } from "../../support/eventually.ts";
import { type FakeHandler, type FakeVendor, startFakeVendor } from "../../support/fake-vendor.ts";
import { type OpenApiContract, openApiAvailable, openApiContract } from "../../support/openapi.ts";
import { type Client, contract, record, rows, text } from "./sandbox-client.ts";

export interface Receiver {
  readonly webhookId: string;
  readonly secret: string;
  readonly server: FakeVendor;
  /** Waits for that many deliveries about a run and gives them in order of arrival, checked. */
  deliveriesOf(runId: string, count: number): Promise<readonly Record<string, unknown>[]>;
  /** How many deliveries about a run have arrived so far. */
  countOf(runId: string): number;
}

export interface ReceiverOptions {
  /** Left out: everything. */
  readonly events?: readonly string[];
  /** Default: answers 200. */
  readonly handler?: FakeHandler;
}

const servers: FakeVendor[] = [];

/** Closes what `listen` has started; behind the closing of the sandboxes, at the end of every test. */
export async function closeReceivers(): Promise<void> {
  await Promise.all(servers.splice(0).map((server) => server.close()));
}

/** Registers a receiver. What starts by itself is paused first, so that a test meets its own runs alone. */
export async function listen(
  client: Client,
  { events, handler = () => ({}) }: ReceiverOptions = {},
): Promise<Receiver> {
  await pauseTriggers(client);
  const server = await startFakeVendor(handler);
  servers.push(server);
  const body = { target_url: `${server.url}/hook`, ...(events === undefined ? {} : { event_types: events }) };
  const created = await client.call("POST", "/webhook", { body });
  expect(created.status).toBe(200);
  const own = (runId: string) => server.requests.filter((request) => request.body.includes(runId));
  return {
    webhookId: text(created.body, "id"),
    secret: text(created.body, "secret"),
    server,
    countOf: (runId) => own(runId).length,
    deliveriesOf: async (runId, count) => {
      const found = await eventually(`${count} deliveries`, () => (own(runId).length >= count ? own(runId) : null));
      return found.map((request) => checked(request.json()));
    },
  };
}

/** A seed whose first deliveries have just these oddities. */
export function seedWith(whims: readonly Whim[]): number {
  for (let seed = 1; seed < 100_000; seed += 1) {
    if (whims.every((whim, number) => whimOf(seed, number) === whim)) return seed;
  }
  throw new Error(`no seed gives ${JSON.stringify(whims)}`);
}

export const names = (deliveries: readonly Record<string, unknown>[]): readonly unknown[] =>
  deliveries.map(({ event }) => event);

const deliveryContract = openApiAvailable() ? readDeliveryContract() : null;

function checked(body: unknown): Record<string, unknown> {
  deliveryContract?.checkRequestBody({ method: "POST", path: "/delivery", body });
  const delivery = record(body);
  if (delivery["event"] !== "test") {
    contract?.checkAnswer({ method: "GET", path: "/sync-job-run/{id}", status: 200, body: delivery["payload"] });
  }
  return delivery;
}

/** The document writes deliveries down as a webhook; for the check they become a path. */
function readDeliveryContract(): OpenApiContract {
  const root = fileURLToPath(new URL("../../..", import.meta.url));
  const folder = resolve(process.env["SYNCGRAPH_OPENAPI_DIR"] ?? join(root, "../shared/providers/openapi"));
  const document = record(parse(readFileSync(join(folder, "truto.assembled.openapi.yml"), "utf8")));
  const paths = { "/delivery": record(document["webhooks"])["delivery"] };
  return openApiContract("truto deliveries", { paths, components: document["components"] });
}

async function pauseTriggers(client: Client): Promise<void> {
  for (const trigger of rows(await client.call("GET", "/sync-job-cron-trigger"))) {
    const job = text(trigger, "sync_job_id");
    await client.call("DELETE", `/sync-job-cron-trigger/${text(trigger, "id")}`);
    await eventually("triggered runs to end", async () => {
      const runs = rows(await client.call("GET", `/sync-job-run?sync_job_id=${job}`));
      return runs.every((run) => run["finished_at"] !== null) ? true : null;
    });
  }
}
