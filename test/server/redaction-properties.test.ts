// Secrets in what vendors say: credentials and callers' arguments come back at any depth of errors, bodies and headers, and none of them
// is in an answer of GraphQL or in a line of the log.
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startFakeVendor, type FakeReply, type FakeVendor } from "../support/fake-vendor.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { accountOf, definitionNamed, listDefinitions } from "../support/gateway-operations.ts";
import { lasting, tried } from "../support/properties.ts";
import {
  VENDORS,
  credentialHeaders,
  entryOf,
  startVendor,
  type Vendor,
  type VendorServer,
} from "../support/vendors.ts";

const DEFINITIONS: Readonly<Record<Vendor, string>> = {
  rootfi: "Harbour Lane Coffee Roasters / XERO",
  stuut: "Corvid Medical (Sage Intacct)",
  polytomic: "Audience snapshot to spreadsheet",
  truto: "Zendesk tickets",
};

interface Between {
  readonly vendor: VendorServer;
  readonly fake: FakeVendor;
  /** What is said in the vendor's place, if anything. */
  instead: ((method: string) => FakeReply) | null;
}

const all: Between[] = [];
let gateway: TestGateway;
const inputs = new Map<Vendor, Readonly<Record<string, unknown>>>();

beforeAll(async () => {
  for (const kind of VENDORS) all.push(await standBefore(await startVendor(kind, 0.01)));
  gateway = await startTestGateway({ providers: all.map(({ vendor, fake }) => entryAt(vendor, fake)) });
  const definitions = await listDefinitions(gateway.url);
  for (const kind of VENDORS) {
    const account = kind === "truto" ? { linkedAccountId: (await accountOf(gateway.url, kind, "zendesk")).id } : {};
    inputs.set(kind, { definitionId: definitionNamed(definitions, kind, DEFINITIONS[kind]).id, ...account });
  }
});

afterAll(async () => {
  await gateway.close();
  for (const { vendor, fake } of all) {
    await fake.close();
    await vendor.stop();
  }
});

/** Catalogs pass as they are: without them there is nothing to start. Everything about runs is the property's to answer. */
async function standBefore(vendor: VendorServer): Promise<Between> {
  const { origin } = new URL(vendor.url);
  const fake = await startFakeVendor(async ({ method, path, query, body }) => {
    if (between.instead !== null && (method !== "GET" || /sync-job-run|executions|\/syncs/u.test(path)))
      return between.instead(method);
    const search = query.size === 0 ? "" : `?${query.toString()}`;
    const headers = { ...credentialHeaders(vendor), "content-type": "application/json" };
    const answer = await fetch(`${origin}${path}${search}`, { method, headers, ...(body === "" ? {} : { body }) });
    return { status: answer.status, headers: { "content-type": "application/json" }, text: await answer.text() };
  });
  const between: Between = { vendor, fake, instead: null };
  return between;
}

function entryAt(vendor: VendorServer, fake: FakeVendor) {
  const { pathname } = new URL(vendor.url);
  return entryOf({ ...vendor, url: `${fake.url}${pathname === "/" ? "" : pathname}` });
}

function betweenOf(kind: Vendor): Between {
  const found = all.find(({ vendor }) => vendor.vendor === kind);
  if (found === undefined) throw new Error(`${kind} was not started`);
  return found;
}

async function hear(query: string, variables: Readonly<Record<string, unknown>>): Promise<string> {
  const body = JSON.stringify({ query, variables });
  const response = await fetch(gateway.url, { method: "POST", headers: { "content-type": "application/json" }, body });
  return response.text();
}

const START = `mutation ($input: TriggerSyncInput!) {
  triggerSync(input: $input) { syncs { id raw rawStatus error { message advice } } trigger { error { message } } userErrors { message } }
}`;
const STATE = `{ providers { key lastError { message } unknownStatuses { word } } syncs(first: 20) { nodes { raw rawStatus error { message } } } }`;

/** A sentence, or a key, with the secret somewhere in it. */
const quoting = (secret: string) =>
  fc.constantFrom(
    secret,
    `Authorization: Bearer ${secret}`,
    `refused ${secret}, see https://vendor.example/keys?key=${encodeURIComponent(secret)}`,
    `{"token":"${secret}"}`,
    `Basic ${Buffer.from(`${secret}:`).toString("base64")}`,
  );

/** JSON that holds sentences of secrets at any depth, under names that errors are read from and others. */
function echoing(secrets: readonly string[]) {
  const names = fc.constantFrom(
    "message",
    "error",
    "detail",
    "details",
    "code",
    "key",
    "errors",
    "failures",
    "x",
    "data",
  );
  const text = fc.oneof(...secrets.map(quoting), fc.string({ maxLength: 8 }));
  return fc.letrec<{ node: unknown }>((tie) => ({
    node: fc.oneof(
      { depthSize: "small" },
      text,
      fc.array(tie("node"), { maxLength: 3 }),
      fc.dictionary(names, tie("node"), { maxKeys: 4 }),
    ),
  })).node;
}

/** Arguments of a run with the secret at any depth. */
const argumentsWith = (secret: string) =>
  fc.letrec<{ node: unknown }>((tie) => ({
    node: fc.oneof(
      { depthSize: "small" },
      fc.constant(secret),
      fc.integer(),
      fc.array(tie("node"), { maxLength: 2 }),
      fc.dictionary(fc.constantFrom("a", "token", "nested"), tie("node"), { maxKeys: 2 }),
    ),
  })).node;

const ARGUMENT = "argument-7f3d2b1c9e";

/** Secrets that are in a text, as they are or as they are written in addresses and headers. */
function leaksOf(text: string, secrets: readonly string[]): readonly string[] {
  return secrets.filter((secret) =>
    [secret, encodeURIComponent(secret), Buffer.from(secret).toString("base64").replace(/.=+$/u, "")].some((form) =>
      text.includes(form),
    ),
  );
}

test(
  "are in no answer and in no line of the log, however deep a vendor nests them",
  async () => {
    const credentials = all.flatMap(({ vendor }) => Object.values(vendor.credentials));
    expect(credentials).toHaveLength(VENDORS.length);
    const scenario = fc.constantFrom(...VENDORS).chain((vendor) => {
      const secrets = [
        ...Object.values(betweenOf(vendor).vendor.credentials),
        ...(vendor === "truto" ? [ARGUMENT] : []),
      ];
      return fc.record({
        vendor: fc.constant(vendor),
        status: fc.constantFrom(200, 400, 401, 403, 404, 409, 422),
        body: echoing(secrets),
        header: fc.oneof(...secrets.map(quoting)),
        args: argumentsWith(ARGUMENT),
      });
    });
    let lines = 0;
    try {
      await fc.assert(
        fc.asyncProperty(scenario, async ({ vendor, status, body, header, args }) => {
          const between = betweenOf(vendor);
          const before = gateway.log().length;
          // A start that seems to have gone well, and names no run, is looked for in earnest: that takes seconds.
          between.instead = (method) => ({
            status: method === "POST" && status === 200 ? 400 : status,
            json: body,
            headers: { "x-request-id": header },
          });
          const options = vendor === "truto" ? { args: { start_date: "2026-01-01", token: ARGUMENT, more: args } } : {};
          const input = { ...inputs.get(vendor), ifRunning: "START_ANOTHER", ...options };
          const heard = [await hear(START, { input }), await hear(STATE, {})];
          between.instead = null;
          const logged = gateway.log().slice(before);
          lines += logged.split("\n").length;
          expect(leaksOf([...heard, logged].join("\n"), [...credentials, ARGUMENT])).toEqual([]);
        }),
        tried(80),
      );
    } finally {
      for (const between of all) between.instead = null;
    }
    expect(lines).toBeGreaterThan(0);
  },
  lasting(120_000),
);
