// One vendor goes away and comes back: the others' data stays whole, and the answer says who is missing.
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { eventually } from "../support/eventually.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { ask } from "../support/gateway-client.ts";
import { triggerSync } from "../support/gateway-operations.ts";
import { VENDORS, entryOf, startVendor, type Vendor, type VendorServer } from "../support/vendors.ts";

/** So slow that nothing starts by itself while the test looks. */
const STANDSTILL = 0.01;

const nodeShape = z.looseObject({ id: z.string(), provider: z.object({ key: z.string() }) });
type Node = z.output<typeof nodeShape>;

/** Each list with fields that change only when the vendor changes them. */
const LISTS: Readonly<Record<string, string>> = {
  linkedAccounts:
    "id name remoteId integration category status rawStatus statusMessage customerId createdAt provider { key }",
  syncJobs:
    "id name remoteId active integration argsSchema resources { name method query } provider { key } linkedAccount { id name }",
  modelSyncs:
    "id name remoteId active mode fields { target } target { object } schedules { rawFrequency } provider { key }",
  syncs:
    "id remoteId status outcome rawStatus createdAt recordCounts { total fetched } provider { key } definition { id name }",
};
const NAMES = Object.keys(LISTS);
/** Fewer runs than fit on a page are younger. */
const RECENT = new Date(Date.now() - 8 * 3_600_000).toISOString();
const PAGE = 100;
const STARTED = new Date().toISOString();

/** Lists that ask a vendor about its own definitions; others have nothing to miss when it is away. */
const concerns = (list: string, vendor: Vendor): boolean =>
  list === "modelSyncs" ? vendor === "polytomic" : !(list === "syncJobs" && vendor === "polytomic");

const failureShape = z.object({
  provider: z.object({ key: z.string(), lastSuccessAt: z.string().nullable() }),
  code: z.string(),
  retryable: z.boolean(),
  since: z.string(),
});

interface Listed {
  readonly nodes: readonly Node[];
  readonly failures: readonly z.output<typeof failureShape>[];
}

/** An answer that has errors is thrown away by many clients: here, by the shape. */
async function read(gateway: TestGateway, list: string): Promise<Listed> {
  const page = z.object({ nodes: z.array(nodeShape), providerFailures: z.array(failureShape) });
  const shape = z.record(z.string(), page);
  // Runs that go on change while the test looks, and one that ends meanwhile must push no other off the page.
  const filter = list === "syncs" ? `, filter: { open: false, createdAfter: "${RECENT}" }` : "";
  const { data, errors } = await ask(
    gateway.url,
    shape,
    `{ ${list}(first: ${PAGE}${filter}) {
        nodes { ${LISTS[list] ?? "id"} }
        providerFailures { provider { key lastSuccessAt } code retryable since }
      } }`,
  );
  expect({ list, errors }).toEqual({ list, errors: [] });
  return { nodes: data[list]?.nodes ?? [], failures: data[list]?.providerFailures ?? [] };
}

/** Ordered by id: a list may order equal names as it likes. */
const without = (nodes: readonly Node[], vendor: Vendor): readonly Node[] =>
  nodes.filter(({ provider }) => provider.key !== vendor).toSorted((one, other) => one.id.localeCompare(other.id));

interface World extends AsyncDisposable {
  readonly gateway: TestGateway;
  vendor(kind: Vendor): VendorServer;
}

/** Four vendors on ports of their own, and a gateway that has read what those that run have. */
async function startWorld(options: { readonly without?: Vendor } = {}): Promise<World> {
  const vendors: VendorServer[] = [];
  for (const kind of VENDORS) vendors.push(await startVendor(kind, STANDSTILL));
  const vendor = (kind: Vendor): VendorServer => {
    const found = vendors.find((one) => one.vendor === kind);
    if (found === undefined) throw new Error(`no ${kind}`);
    return found;
  };
  if (options.without !== undefined) await vendor(options.without).stop();
  const gateway = await startTestGateway({ providers: vendors.map(entryOf) });
  await untilSettled(
    gateway,
    VENDORS.filter((kind) => kind !== options.without),
  );
  return {
    gateway,
    vendor,
    [Symbol.asyncDispose]: async () => {
      await gateway.close();
      for (const one of vendors) await one.stop();
    },
  };
}

const discoveryShape = z.object({
  providers: z.array(z.object({ key: z.string(), discoveryLagMs: z.number().nullable() })),
});

/** Catalogs read and history discovered, so that there is something to compare with. */
async function untilSettled(gateway: TestGateway, kinds: readonly Vendor[]): Promise<void> {
  await eventually("runs of every vendor that answers", async () => {
    const { data } = await ask(gateway.url, discoveryShape, "{ providers { key discoveryLagMs } }");
    const wanted = data.providers.filter(({ key }) => kinds.some((kind) => kind === key));
    return wanted.every(({ discoveryLagMs }) => discoveryLagMs !== null) ? true : null;
  });
}

async function expectOutage(gateway: TestGateway, list: string, vendor: Vendor): Promise<readonly Node[]> {
  const { nodes, failures } = await eventually(`${list} misses ${vendor}`, async () => {
    const answer = await read(gateway, list);
    return answer.failures.length > 0 ? answer : null;
  });
  expect(failures).toMatchObject([{ provider: { key: vendor }, retryable: true }]);
  const [failure] = failures;
  expect(["PROVIDER_UNAVAILABLE", "PROVIDER_TIMEOUT"]).toContain(failure?.code);
  expect(Date.parse(failure?.since ?? "")).toBeGreaterThanOrEqual(
    Date.parse(failure?.provider.lastSuccessAt ?? STARTED),
  );
  return nodes;
}

const whole = (gateway: TestGateway, list: string) =>
  eventually(`${list} of all vendors`, async () => {
    const answer = await read(gateway, list);
    return answer.failures.length === 0 ? answer.nodes : null;
  });

const among = (nodes: readonly Node[], known: readonly Node[]) =>
  nodes.filter(({ id }) => known.some((one) => one.id === id));

describe("a vendor that stops while the gateway runs", () => {
  test.concurrent.each(VENDORS)(
    "%s: the others' data stays as it was, the list names it without an error, and no more when it is back",
    async (kind) => {
      await using world = await startWorld();
      const { gateway } = world;
      const before = new Map<string, readonly Node[]>();
      for (const list of NAMES) {
        const { nodes, failures } = await read(gateway, list);
        expect({ list, failures, empty: nodes.length === 0 }).toEqual({ list, failures: [], empty: false });
        expect(nodes.length).toBeLessThan(PAGE);
        before.set(list, nodes);
      }
      await world.vendor(kind).stop();
      for (const list of NAMES.filter((name) => concerns(name, kind))) {
        const known = before.get(list) ?? [];
        const data = among(await expectOutage(gateway, list, kind), known);
        expect(without(data, kind)).toEqual(without(known, kind));
        // What was known of the vendor before is still shown.
        expect(data).toHaveLength(known.length);
      }
      for (const list of NAMES.filter((name) => !concerns(name, kind))) {
        expect({ list, failures: (await read(gateway, list)).failures }).toEqual({ list, failures: [] });
      }
      await world.vendor(kind).startAgain();
      for (const list of NAMES) {
        const known = before.get(list) ?? [];
        expect(without(among(await whole(gateway, list), known), kind)).toEqual(without(known, kind));
      }
    },
    90_000,
  );
});

describe("a gateway that starts while a vendor is down", () => {
  test.concurrent("answers with the other three, says who is missing, and has the fourth as soon as it is up", async () => {
    await using world = await startWorld({ without: "stuut" });
    const { gateway } = world;
    const lists = NAMES.filter((name) => concerns(name, "stuut"));
    for (const list of lists) {
      const data = await expectOutage(gateway, list, "stuut");
      const others = VENDORS.filter((vendor) => vendor !== "stuut" && concerns(list, vendor));
      expect(new Set(data.map(({ provider }) => provider.key))).toEqual(new Set(others));
    }
    await world.vendor("stuut").startAgain();
    for (const list of lists) {
      const data = await eventually(`${list} with stuut`, async () => {
        const nodes = await whole(gateway, list);
        return nodes.some(({ provider }) => provider.key === "stuut") ? nodes : null;
      });
      expect(without(data, "stuut").length).toBeGreaterThan(0);
    }
  }, 90_000);
});

describe("starting runs while a vendor is down", () => {
  test.concurrent("is an error that names the vendor there, and works at the others", async () => {
    await using world = await startWorld();
    const { gateway } = world;
    const { nodes: jobs } = await read(gateway, "syncJobs");
    const idOf = (kind: Vendor) => jobs.find((job) => job.provider.key === kind && job["active"] === true)?.id;
    await world.vendor("stuut").stop();
    const refused = await triggerSync(gateway.url, { definitionId: idOf("stuut") });
    expect(refused.data.triggerSync).toBeNull();
    expect(refused.errors).toMatchObject([
      { path: ["triggerSync"], extensions: { provider: "stuut", code: "PROVIDER_UNAVAILABLE", retryable: true } },
    ]);
    const begun = await triggerSync(gateway.url, { definitionId: idOf("rootfi") });
    expect(begun.errors).toEqual([]);
    expect(begun.data.triggerSync).toMatchObject({ attached: false, userErrors: [], trigger: { state: "ACCEPTED" } });
    expect(begun.data.triggerSync?.syncs).toHaveLength(1);
  }, 60_000);
});
