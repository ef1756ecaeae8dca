// A vendor that reports hundreds of changes within a moment, over HTTP, at a whole gateway: what is answered 2xx is stored, all of it has its
// effect once, and the gateway goes on meanwhile. How deliveries are worked off together is in `test/tracking/inbox-burst.test.ts`.
import { createHmac } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { ErrorCode, GatewayError } from "../../src/domain/errors.ts";
import type { Store } from "../../src/domain/store-port.ts";
import { databaseMaker, describeOnEachDatabase } from "../support/databases.ts";
import { eventually } from "../support/eventually.ts";
import { createGate, type Gate } from "../support/gate.ts";
import { startTestGateway, type ProviderEntry } from "../support/gateway.ts";
import { ask, newestCursor, watchTransitions } from "../support/gateway-client.ts";
import { listDefinitions, startRuns, untilEnded } from "../support/gateway-operations.ts";
import { entryOf, startVendor, type VendorServer } from "../support/vendors.ts";

const SECRET = "a-secret-of-the-customer";
const RUNS = 150;
/** What Truto tells of a run, in the order in which it does, and the run's status then. */
const LIFE = [
  ["created", "created"],
  ["started", "running"],
  ["updated", "running"],
  ["completed", "completed"],
] as const;
/** Deliveries that are under way at once. */
const AT_ONCE = 60;
/** Each delivery of so many is refused by the store when it first comes, and each of so many is sent twice. */
const REFUSED_OF = 7;
const DOUBLED_OF = 10;
/** Longer than anything takes on a busy machine. */
const PATIENCE_MS = 60_000;
const NEVER_MS = 3_600_000;
const PATIENT = { fastMs: NEVER_MS, slowMs: NEVER_MS, discoverMs: NEVER_MS } as const;

interface Delivery {
  readonly id: string;
  readonly body: string;
}

/** Each run's life in its order, the runs' lives beside each other. */
function burst(): readonly Delivery[] {
  const created_at = new Date().toISOString();
  const all = LIFE.flatMap(([event, status]) =>
    Array.from({ length: RUNS }, (_, run): Delivery => {
      const id = `${event}-${run}`;
      const payload = { id: `burst-${run}`, sync_job_id: "a-job", integrated_account_id: "an-account", status };
      const body = { id, event: `sync_job_run:${event}`, payload: { ...payload, created_at }, created_at };
      return { id, body: JSON.stringify(body) };
    }),
  );
  return all.flatMap((one, index) => (index % DOUBLED_OF === 0 ? [one, one] : [one]));
}

/** The store, as the gateway has it: refuses some deliveries once, and hands out the second lot of what is due when it is told to. */
function meddling(store: Store, { stored, workOff }: { readonly stored: Set<string>; readonly workOff: Gate }): Store {
  const refused = new Set<string>();
  let taken = 0;
  return {
    ...store,
    inbox: {
      ...store.inbox,
      put: async (delivery) => {
        const { deliveryId } = delivery.event;
        const number = Number(deliveryId.split("-")[1]);
        if (number % REFUSED_OF === 0 && !refused.has(deliveryId)) {
          refused.add(deliveryId);
          throw new GatewayError(ErrorCode.ServiceUnavailable, "the test's store is away");
        }
        const answer = await store.inbox.put(delivery);
        stored.add(deliveryId);
        return answer;
      },
      due: async (...given) => {
        if (taken > 0) await workOff.opened;
        const due = await store.inbox.due(...given);
        taken += due.length;
        return due;
      },
    },
  };
}

describeOnEachDatabase("a burst of webhooks at a gateway", (open) => {
  const make = databaseMaker(open.database);
  let truto: VendorServer;
  let rootfi: VendorServer;

  beforeEach(async () => {
    [truto, rootfi] = await Promise.all([startVendor("truto"), startVendor("rootfi")]);
  });

  afterEach(async () => {
    await Promise.all([truto.stop(), rootfi.stop()]);
  });

  test(
    "is stored before it is answered, has each effect once, and holds up nobody else",
    { timeout: 200_000 },
    async () => {
      const providers: readonly ProviderEntry[] = [
        { ...entryOf(truto), poll: PATIENT, webhookSecret: SECRET },
        entryOf(rootfi),
      ];
      const [stored, workOff] = [new Set<string>(), createGate()];
      const stores: Store[] = [];
      await using gateway = await startTestGateway({
        providers,
        databaseUrl: await make(),
        around: (parts) => {
          stores.push(parts.store);
          return { ...parts, store: meddling(parts.store, { stored, workOff }) };
        },
      });
      // Before the gateway, which waits for what runs.
      await using _ = { [Symbol.asyncDispose]: async () => workOff.open() };
      const job = (await listDefinitions(gateway.url)).find(({ name }) => name.endsWith("/ XERO"));
      const after = await newestCursor(gateway.url);
      await using watch = watchTransitions(gateway.url, { after });

      const statuses = await sendAll(gateway.url, burst(), (id) => stored.has(id));
      expect(statuses.get("2xx before it was stored")).toBeUndefined();
      expect(statuses.get("503")).toBeGreaterThanOrEqual(Math.floor((RUNS * LIFE.length) / REFUSED_OF));
      expect(stored.size).toBe(RUNS * LIFE.length);

      // The inbox stands in the middle of the burst.
      const [other] = await startRuns(gateway.url, { definitionId: job?.id });
      expect(await untilEnded(watch, other?.id ?? "", PATIENCE_MS)).toMatch(/^CREATED RUNNING (SUCCESS|FAILED)/u);
      expect((await fetch(new URL("/readyz", gateway.url))).status).toBe(200);
      expect(await openRuns(gateway.url)).toMatchObject({ errors: [] });
      expect(pathsOfBurst(watch.seen).has("CREATED RUNNING SUCCESS")).toBe(false);

      workOff.open();
      await watch.until(
        "every run's end",
        (seen) => (pathsOfBurst(seen).get("CREATED RUNNING SUCCESS") === RUNS ? true : null),
        PATIENCE_MS,
      );
      await eventually("nothing is due", async () => {
        const due = await Promise.all(stores.map((store) => store.inbox.nextDueAt("local", "truto")));
        return due.every((at) => at === null) ? true : null;
      });
      expect([...pathsOfBurst(watch.seen)]).toEqual([["CREATED RUNNING SUCCESS", RUNS]]);
    },
  );
});

const shape = z.object({ syncs: z.object({ nodes: z.array(z.object({ id: z.string() })) }) });
const openRuns = (url: string) =>
  ask(url, shape, `{ syncs(first: 5, filter: { providers: ["truto"], open: true }) { nodes { id } } }`);

/** The ways the burst's runs have gone so far, and how many went each. */
function pathsOfBurst(seen: readonly { readonly to: string; readonly sync: { readonly remoteId: string } }[]) {
  const paths = new Map<string, string>();
  for (const { to, sync } of seen) {
    const before = paths.get(sync.remoteId);
    if (sync.remoteId.startsWith("burst-")) paths.set(sync.remoteId, before === undefined ? to : `${before} ${to}`);
  }
  return countsOf([...paths.values()]);
}

function countsOf(words: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

/** Sends each until it has its 2xx, as vendors do. @returns what was answered, and how often */
async function sendAll(
  url: string,
  deliveries: readonly Delivery[],
  isStored: (id: string) => boolean,
): Promise<ReadonlyMap<string, number>> {
  const answers: string[] = [];
  const left = deliveries.values();
  const send = async ({ id, body }: Delivery): Promise<void> => {
    const v = createHmac("sha256", SECRET).update(body).digest("hex");
    const headers = { "content-type": "application/json", "x-truto-signature": `format=sha256,v=${v}` };
    for (;;) {
      const answer = await fetch(new URL("/webhooks/truto", url), { method: "POST", headers, body });
      const wasStored = isStored(id);
      await answer.arrayBuffer();
      answers.push(answer.ok && !wasStored ? "2xx before it was stored" : String(answer.status));
      if (answer.ok) return;
    }
  };
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const delivery of left) await send(delivery);
    }),
  );
  return countsOf(answers);
}
