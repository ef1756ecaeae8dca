// One vendor's fault is one vendor's: the answer is there in time, its part about the others is the same to the byte, the error names the one
// that is broken and where it is missing, and the others go on being started, polled and discovered.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { ErrorCode } from "../../src/domain/errors.ts";
import { eventually, within } from "../support/eventually.ts";
import { FAULTS, Fault } from "../support/faults.ts";
import { definitionNamed, listDefinitions, triggerSync } from "../support/gateway-operations.ts";
import { VENDORS, type Vendor } from "../support/vendors.ts";
import { startWorld, type World } from "./world.ts";

/** Nested over all vendors, with fields that change only when a vendor changes them. */
const QUERY = `query ($runs: [ID!]) {
  providers { key kind displayName sandbox capabilities { syncJobs modelSyncs cancel history } }
  linkedAccounts(first: 100) { nodes { id name remoteId integration status provider { key displayName } } }
  syncJobs(first: 100) { nodes { id name active resources { name } linkedAccount { id name } provider { key } } }
  modelSyncs(first: 100) { nodes { id name mode fields { target } target { object linkedAccount { name } } provider { key } } }
  syncs(first: 100, filter: { syncs: $runs }) { nodes {
    id remoteId status outcome rawStatus provider { key } definition { id name } transitions(first: 5) { nodes { from to } }
  } }
}`;
const LISTS = ["linkedAccounts", "syncJobs", "modelSyncs", "syncs"] as const;

/** Fast enough for the vendors' own quotas, which are not what is asked about here. */
const SPEED = 4;
/** A catalog that was read this long ago is read again. */
const STALE_MS = 6_000;
/** How long a list waits for a vendor. */
const LIST_DEADLINE_MS = 12_000;
/** The circuit is closed again after this long; the longest wish to wait that is granted is over after the other. */
const CALM_MS = 11_000;
const GRANTED_MS = 301_000;
/** Far above what an answer takes, far below any deadline. */
const SOON_MS = 9_000;

const START_OF: Readonly<Record<Vendor, string>> = {
  rootfi: "Harbour Lane Coffee Roasters / XERO",
  stuut: "Aldgate Industrial Supply (NetSuite)",
  polytomic: "Warehouse users to Salesforce contacts",
  truto: "HubSpot contacts and companies",
};

/** One of each class; what each single fault does to a request is the matrix's. Each class is had by one of the vendors, in turn. */
const CLASSES: readonly Fault[] = [
  ...[
    Fault.Latency,
    Fault.Slicer,
    Fault.Hang,
    Fault.ResetBeforeHeaders,
    Fault.CutJson,
    Fault.LimitedSeconds,
    Fault.LimitedYear,
  ],
  ...[Fault.Status503, Fault.Burst503, Fault.Status401, Fault.Once401, Fault.Status404, Fault.Html, Fault.WrongTypes],
  ...[Fault.NewWords, Fault.MissingFields, Fault.HugeBody, Fault.GzipBomb, Fault.ManyHeaders, Fault.RedirectPrivate],
];
const CASES = CLASSES.map((fault, index) => [VENDORS[index % VENDORS.length] ?? "rootfi", fault] as const);
/** Those that take the vendor's time, or that it asks for time with. */
const SLOW: ReadonlySet<Fault> = new Set([Fault.Latency, Fault.Hang, Fault.LimitedSeconds]);

const failureShape = z.strictObject({
  ...{ provider: z.string(), code: z.string(), message: z.string(), since: z.string(), retryable: z.boolean() },
  ...{ retryAfterMs: z.number().nullable(), path: z.array(z.union([z.string(), z.number()])) },
});
const answerShape = z.object({
  data: z.record(z.string(), z.unknown()),
  // Many clients throw away an answer that has errors.
  errors: z.undefined().optional(),
  extensions: z.object({ providerFailures: z.array(failureShape) }).default({ providerFailures: [] }),
});

interface Answer {
  readonly status: number;
  readonly data: Readonly<Record<string, unknown>>;
  readonly failures: readonly z.output<typeof failureShape>[];
}

let world: World;
/** Runs that had ended before anything broke: whatever is discovered later, these stay as they are. */
let runs: readonly string[];

beforeAll(async () => {
  world = await startWorld({ speed: SPEED });
  const { data } = await ask("{ syncs(first: 100, filter: { open: false }) { nodes { id } } }");
  runs = z
    .object({ nodes: z.array(z.object({ id: z.string() })) })
    .parse(data["syncs"])
    .nodes.map(({ id }) => id);
});
afterAll(async () => {
  await world.close();
});

async function ask(query: string, variables: object = {}): Promise<Answer> {
  const response = await fetch(world.url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query, variables }),
  });
  const { data, extensions } = answerShape.parse(await response.json());
  return { status: response.status, data, failures: extensions.providerFailures };
}

const nodeShape = z.looseObject({ provider: z.object({ key: z.string() }) });
const listShape = z.object({ nodes: z.array(nodeShape) });

/** A list without what it says of one vendor, as text: a line for each node. */
function partOf(list: string, without: Vendor, { data }: Answer): string {
  const { nodes } = listShape.parse(data[list]);
  return nodes.flatMap((node) => (node.provider.key === without ? [] : [JSON.stringify(node)])).join("\n");
}

/** An answer of all vendors, when every vendor has had time to come back. */
async function whole(): Promise<Answer> {
  let last: Answer["failures"] = [];
  const answer = eventually("an answer of all vendors", async () => {
    const now = await ask(QUERY, { runs });
    last = now.failures;
    return last.length === 0 ? now : null;
  });
  return answer.catch((error: unknown) => {
    throw new Error(`still missing: ${JSON.stringify(last)}`, { cause: error });
  });
}

/** The codes that a fault may be told by: the circuit answers for a vendor that has failed several times in a row. */
function codesOf(fault: Fault): readonly string[] | null {
  const { repeated } = FAULTS[fault];
  if (repeated.is !== "a failure") return null;
  const { code } = repeated.error;
  // The clock's jump may end a request that waits for its turn, or is on its way.
  return SLOW.has(fault) ? [code, ErrorCode.ProviderTimeout, ErrorCode.ProviderUnavailable] : [code];
}

function expectOnly(vendor: Vendor, fault: Fault, { failures }: Answer): void {
  for (const { path, provider } of failures) {
    expect(provider).toBe(vendor);
    expect(LISTS).toContain(path[0]);
  }
  const codes = codesOf(fault);
  if (codes === null) return;
  expect(failures.map(({ path }) => path[0])).toContain("linkedAccounts");
  expect(failures.map(({ code }) => code).filter((code) => !codes.includes(code))).toEqual([]);
}

describe("one of four vendors", () => {
  test.each(CASES)("%s, that %s, costs its own part of the answer and nothing else", async (vendor, fault) => {
    const usual = await whole();
    expect(usual.status).toBe(200);
    world.proxyOf(vendor).break({ act: FAULTS[fault].act });
    try {
      world.clock.jump(STALE_MS);
      const struck = world.proxyOf(vendor).struck.length;
      const asking = ask(QUERY, { runs });
      // The clock stands as it stood: the others' part waits for nobody.
      if (SLOW.has(fault)) await world.proxyOf(vendor).untilStruck(struck + 1);
      const about = SLOW.has(fault) ? await within("the others' part", ask(onlyOf(vendor)), SOON_MS) : null;
      expect(about?.failures ?? []).toEqual([]);
      if (SLOW.has(fault)) world.clock.jump(LIST_DEADLINE_MS);
      const answer = await within("the answer", asking, SOON_MS);
      expect(answer.status).toBe(200);
      for (const list of LISTS) expect(partOf(list, vendor, answer)).toBe(partOf(list, vendor, usual));
      expect(answer.data["providers"]).toEqual(usual.data["providers"]);
      expectOnly(vendor, fault, answer);
    } finally {
      await calm(vendor, fault === Fault.LimitedYear ? GRANTED_MS : CALM_MS);
    }
  });
});

/** Mends a vendor, and lets the time pass until it is asked again. */
async function calm(vendor: Vendor, ms: number): Promise<void> {
  const proxy = world.proxyOf(vendor);
  proxy.break(null);
  world.clock.jump(CALM_MS);
  await eventually("nothing hangs any more", () => (proxy.held() === 0 ? true : null));
  // What was given up just now may have opened the circuit.
  world.clock.jump(ms);
}

/** The lists of the others. */
const onlyOf = (without: Vendor): string => {
  const providers = JSON.stringify(VENDORS.filter((vendor) => vendor !== without));
  const filter = `filter: { providers: ${providers} }`;
  return `{
    linkedAccounts(first: 100, ${filter}) { nodes { id } }
    syncJobs(first: 100, ${filter}) { nodes { id } }
    syncs(first: 100, ${filter}) { nodes { id } }
  }`;
};

describe("while one vendor hangs", () => {
  test.each(VENDORS)(
    "%s, the others are polled and discovered as before, and runs are started at them",
    async (vendor) => {
      await whole();
      const definitions = await listDefinitions(world.url);
      const proxy = world.proxyOf(vendor);
      proxy.break({ act: FAULTS[Fault.Hang].act });
      try {
        await proxy.untilStruck(proxy.struck.length + 1);
        const others = VENDORS.filter((one) => one !== vendor);
        const before = new Map(others.map((other) => [other, world.proxyOf(other).requests.length]));
        for (const other of others) {
          const { id } = definitionNamed(definitions, other, START_OF[other]);
          const account = other === "truto" ? await itsAccount() : {};
          const { data, errors } = await triggerSync(world.url, { definitionId: id, ...account });
          expect({ other, errors, userErrors: data.triggerSync?.userErrors }).toEqual({
            other,
            errors: [],
            userErrors: [],
          });
          expect(data.triggerSync?.trigger?.state).toBe("ACCEPTED");
        }
        await eventually("many more requests at each of the others", () => {
          const more = others.map((other) => world.proxyOf(other).requests.length - (before.get(other) ?? 0));
          return more.every((count) => count >= 6) ? true : null;
        });
      } finally {
        await calm(vendor, CALM_MS);
      }
    },
  );
});

/** Truto's runs are for a customer that the caller names. */
async function itsAccount(): Promise<Readonly<Record<string, string>>> {
  const { data } = await ask(
    '{ linkedAccounts(first: 100, filter: { providers: ["truto"] }) { nodes { id name provider { key } } } }',
  );
  const { nodes } = z
    .object({ nodes: z.array(z.object({ id: z.string(), name: z.string() })) })
    .parse(data["linkedAccounts"]);
  const account = nodes.find(({ name }) => name === "acme-inc (hubspot)");
  if (account === undefined) throw new Error("truto has no acme-inc");
  return { linkedAccountId: account.id };
}
