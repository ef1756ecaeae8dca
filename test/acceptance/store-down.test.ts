// The gateway's own SQLite file fails: nothing is acknowledged that is not stored, nothing is sent to a vendor without its committed
// intention, who can tell is told, and afterwards everything goes on by itself.
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { pino } from "pino";
import { expect, test } from "vitest";
import { z } from "zod";
import { readConfig } from "../../src/server/config.ts";
import { startGateway } from "../../src/server/gateway.ts";
import type { Database } from "../../src/store/database.ts";
import { openMigratedDatabase, storeOn } from "../../src/store/open-store.ts";
import { sql, verbatim } from "../../src/store/sql.ts";
import { eventually } from "../support/eventually.ts";
import { createGate } from "../support/gate.ts";
import { environmentOf, makeFolder } from "../support/gateway.ts";
import { ask } from "../support/gateway-client.ts";
import { definitionNamed, listDefinitions, triggerSync } from "../support/gateway-operations.ts";
import { recordRequests, startVendor, type Recorder } from "../support/vendors.ts";

const SECRET = "a-secret-of-the-customer";
const DEFINITION = "Quarry Road Motors / SALESFORCE";

/** What happens to the file, and how it ends. */
type Fault = (world: { readonly file: string; readonly database: Database }) => Promise<() => Promise<void>>;

const pragma = (database: Database, text: string) => database.write(sql`${verbatim(`pragma ${text}`)}`);

const FAULTS: Readonly<Record<string, Fault>> = {
  "locked by another program": async ({ file }) => {
    const other = await openMigratedDatabase(`sqlite:${file}`);
    const [locked, let_go] = [createGate(), createGate()];
    const holding = other.transaction(async () => {
      locked.open();
      await let_go.opened;
    });
    await locked.opened;
    return async () => {
      let_go.open();
      await holding;
      await other.close();
    };
  },
  "read-only": async ({ database }) => {
    await pragma(database, "query_only = on");
    return async () => void (await pragma(database, "query_only = off"));
  },
  full: async ({ database }) => {
    // As many pages as there are. What still fits into them is stored.
    await pragma(database, "max_page_count = 1");
    return async () => void (await pragma(database, "max_page_count = 1000000"));
  },
  "without its log": async ({ file }) => {
    await rename(`${file}-wal`, `${file}-wal.away`);
    return () => rename(`${file}-wal.away`, `${file}-wal`);
  },
  "without the index of its log": async ({ file }) => {
    await rename(`${file}-shm`, `${file}-shm.away`);
    return () => rename(`${file}-shm.away`, `${file}-shm`);
  },
  "moved away": async ({ file }) => {
    await rename(file, `${file}.away`);
    return () => rename(`${file}.away`, file);
  },
};

interface World extends AsyncDisposable {
  readonly url: string;
  readonly file: string;
  readonly database: Database;
  readonly vendor: Recorder;
  readonly definitionId: string;
}

/** A gateway whose writing connection the test can reach. */
async function startWorld(): Promise<World> {
  const folder = await makeFolder();
  const file = join(folder.path, "gateway.sqlite");
  const vendor = await startVendor("rootfi", 5);
  const recorder = await recordRequests(vendor);
  const providers = [{ ...recorder.entry, webhookSecret: SECRET }];
  const environment = await environmentOf(folder.path, { providers, databaseUrl: `sqlite:${file}` });
  const database = await openMigratedDatabase(`sqlite:${file}`);
  const gateway = await startGateway(readConfig(environment), {
    log: pino({ level: "silent" }),
    around: (parts) => ({ ...parts, store: storeOn(database) }),
  });
  const definitionId = definitionNamed(await listDefinitions(gateway.url), "rootfi", DEFINITION).id;
  return {
    ...{ url: gateway.url, file, database, vendor: recorder, definitionId },
    [Symbol.asyncDispose]: async () => {
      await gateway.close();
      await database.close();
      await recorder.close();
      await vendor.stop();
      await folder.remove();
    },
  };
}

const at = (url: string, path: string): string => url.replace("/graphql", path);
const isReady = async (url: string): Promise<number> => (await fetch(at(url, "/readyz"))).status;

let deliveries = 0;
const deliver = (url: string) =>
  fetch(at(url, "/webhooks/rootfi"), {
    method: "POST",
    headers: { "content-type": "application/json", authorization: SECRET },
    body: JSON.stringify({ type: "SYNC_COMPLETED", id: `delivery-${(deliveries += 1)}`, filler: "x".repeat(500) }),
  });

const runsShape = z.object({ syncs: z.object({ nodes: z.array(z.object({ id: z.string() })) }).nullable() });

test.each(Object.entries(FAULTS))(
  "a database file that is %s",
  async (_name, begin) => {
    await using world = await startWorld();
    const { url, vendor, definitionId, database } = world;
    let keys = 0;
    /** Long enough for a few to fill a page. */
    const nextKey = () => `start ${(keys += 1)} ${"k".repeat(200)}`;
    const start = (idempotencyKey: string) =>
      triggerSync(url, { definitionId, idempotencyKey, ifRunning: "START_ANOTHER" });
    const sentTriggers = async (): Promise<number> => {
      const [row] = await database.read(sql`select count(*) as found from sync_trigger where sent_at is not null`);
      return Number(row?.["found"]);
    };
    const untilAtRest = () =>
      eventually("no run goes on", async () => {
        const { data } = await ask(url, runsShape, "{ syncs(first: 1, filter: { open: true }) { nodes { id } } }");
        return data.syncs?.nodes.length === 0 ? true : null;
      });
    const first = await start(nextKey());
    expect(first.errors).toEqual([]);
    await untilAtRest();
    expect([await isReady(url), (await deliver(url)).status]).toEqual([200, 200]);

    const end = await begin(world);
    const refused = await eventually("a start is refused", async () => {
      const key = nextKey();
      const { data, errors } = await start(key);
      // Never a start that nobody could find again.
      expect(vendor.starts().length).toBeLessThanOrEqual(await sentTriggers());
      const [code = null] = errors.map(({ extensions }) => extensions?.["code"]);
      // What still fits is stored and sent as ever.
      expect([null, "SERVICE_UNAVAILABLE", "PROVIDER_CONFLICT"]).toContain(code);
      expect(data.triggerSync?.syncs.length ?? 0).toBe(code === null ? 1 : 0);
      return code === "SERVICE_UNAVAILABLE" ? key : null;
    });
    const notStored = await eventually("a delivery is not taken", async () => {
      const response = await deliver(url);
      return response.status === 200 ? null : response;
    });
    expect([notStored.status, notStored.headers.get("retry-after")]).toEqual([503, "5"]);
    expect(await isReady(url)).toBe(503);
    // What is stored can be read.
    const { data, errors } = await ask(url, runsShape, "{ syncs(first: 1) { nodes { id } } }");
    expect([data.syncs?.nodes.length, errors]).toEqual([1, []]);

    await end();
    await eventually("it is ready again", async () => ((await isReady(url)) === 200 ? true : null));
    expect((await deliver(url)).status).toBe(200);
    await untilAtRest();
    const { data: again, errors: left } = await start(refused);
    expect([again.triggerSync?.trigger?.state, left]).toEqual(["ACCEPTED", []]);
    await untilAtRest();
    // Each key was one start at the most.
    expect(vendor.starts().length).toBeLessThanOrEqual(keys);
  },
  180_000,
);
