// Stuut's one list: it tells the health of connections, and serves all open runs of the tenant at once.
import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { eventually } from "../support/eventually.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { ask } from "../support/gateway-client.ts";
import { definitionNamed, listDefinitions, startRuns } from "../support/gateway-operations.ts";
import { listOf, objectOf, type Json } from "../support/openapi-examples.ts";
import { time, vendorSays } from "../support/vendor-truth.ts";
import { recordRequests, startVendor, type Recorder, type VendorServer } from "../support/vendors.ts";

/** So slow that no run starts or ends by itself. */
const STANDSTILL = 0.01;
const NEVER_MS = 3_600_000;
const LIST = "/v2/integrations/connections";

let vendor: VendorServer;
let recorder: Recorder;
let gateway: TestGateway;

beforeEach(async () => {
  vendor = await startVendor("stuut", STANDSTILL);
  recorder = await recordRequests(vendor);
  const poll = { fastMs: 1_000, slowMs: 1_000, discoverMs: NEVER_MS };
  gateway = await startTestGateway({ providers: [{ ...recorder.entry, poll }] });
});

afterEach(async () => {
  await gateway.close();
  await recorder.close();
  await vendor.stop();
});

const openShape = z.object({
  syncs: z.object({ nodes: z.array(z.object({ observedAt: z.string(), observedVia: z.string() })) }),
});

test("one list call tells of all open runs, whatever their connection", async () => {
  const definitions = await listDefinitions(gateway.url);
  const names = [
    "Corvid Medical (Sage Intacct)",
    "Dunmore Foods (SAP Business One)",
    "Bright & Sons Electrical (QuickBooks)",
  ];
  const runs = [];
  for (const name of names)
    runs.push(...(await startRuns(gateway.url, { definitionId: definitionNamed(definitions, "stuut", name).id })));
  expect(runs).toHaveLength(7);
  const before = recorder.requests.length;

  const query = "{ syncs(filter: { open: true }) { nodes { observedAt observedVia } } }";
  await eventually("all of them observed at one moment", async () => {
    const { nodes } = (await ask(gateway.url, openShape, query)).data.syncs;
    expect(nodes).toHaveLength(runs.length);
    const polled = nodes.every(({ observedVia }) => observedVia === "POLL");
    return polled && new Set(nodes.map(({ observedAt }) => observedAt)).size === 1 ? true : null;
  });
  const calls = recorder.requests.slice(before).map(({ method, path }) => `${method} ${path}`);
  expect(new Set(calls)).toEqual(new Set([`GET ${LIST}`]));
  // A call for each run would be seven for one round alone.
  expect(calls.length).toBeLessThan(runs.length);
});

const accountsShape = z.object({
  linkedAccounts: z.object({
    nodes: z.array(
      z.object({
        remoteId: z.string(),
        name: z.string(),
        status: z.string(),
        rawStatus: z.string().nullable(),
        statusMessage: z.string().nullable(),
        createdAt: z.string().nullable(),
        lastSyncedAt: z.string().nullable(),
      }),
    ),
  }),
});

/** By the document: what stops syncs comes before what only explains why. */
function statusOf(connection: Json): string {
  const health = objectOf(connection["health"]);
  if (connection["is_sync_disabled"] === true) return "DISABLED";
  if (connection["is_authentication_pending"] === true || health["authentication_required"] === true)
    return "AUTHENTICATION_REQUIRED";
  if (connection["is_running_setup"] === true) return "PENDING";
  return health["healthy"] === true ? "HEALTHY" : "UNHEALTHY";
}

test("a connection's health is its linked account's status, with what the vendor says to do about it", async () => {
  const fields = "remoteId name status rawStatus statusMessage createdAt lastSyncedAt";
  const { data } = await ask(gateway.url, accountsShape, `{ linkedAccounts(first: 100) { nodes { ${fields} } } }`);
  const said = listOf(await vendorSays(vendor, LIST)).map((connection) => {
    const health = objectOf(connection["health"]);
    const ends = listOf(connection["models"])
      .map((model) => objectOf(model["last_sync"]))
      .filter((sync) => sync["status"] === "complete")
      .map((sync) => time(sync["completed_at"]) ?? "");
    return {
      remoteId: connection["id"],
      name: connection["name"],
      status: statusOf(connection),
      rawStatus: health["status_code"],
      statusMessage:
        health["healthy"] === true ? null : `${String(health["message"])} ${String(health["suggested_resolution"])}`,
      createdAt: time(connection["created_at"]),
      lastSyncedAt: ends.toSorted().at(-1) ?? null,
    };
  });
  expect(data.linkedAccounts.nodes).toEqual(said);
  expect(new Set(said.map(({ status }) => status))).toEqual(
    new Set(["HEALTHY", "DISABLED", "AUTHENTICATION_REQUIRED"]),
  );
});
