// Answers as large as the wire takes, on every list of every vendor: what is meant is taken in, what is not ends with one clear problem.
import { describe, expect, it } from "vitest";
import { DefinitionKind } from "../../src/domain/definition.ts";
import { ProviderError } from "../../src/domain/errors.ts";
import type { SyncProvider } from "../../src/domain/provider-port.ts";
import { adapterAt } from "../support/adapter-at-fake-vendor.ts";
import type { VendorConformance } from "../support/conformance.ts";
import type { FakeRequest } from "../support/fake-vendor.ts";
import { definitionOf } from "../support/provider-values.ts";
import { conformance as polytomic } from "./polytomic/conformance.ts";
import { conformance as rootfi, v4 as rootfiV4 } from "./rootfi/conformance.ts";
import { conformance as stuut } from "./stuut/conformance.ts";
import { conformance as truto } from "./truto/conformance.ts";

interface LongList {
  readonly name: string;
  readonly vendor: VendorConformance;
  /** Path of the list, with the base URL's own. */
  readonly path: string;
  readonly item: (id: number) => object;
  readonly body: (items: string) => string;
  readonly ask: (provider: SyncProvider) => AsyncIterable<readonly unknown[]>;
}

const NOW = "2026-11-22T11:59:00.000Z";
const PADDING = "<b>é שלום</b> ".repeat(60);
const accounts = (provider: SyncProvider) => provider.listLinkedAccounts();
const definitions = (provider: SyncProvider) => provider.listDefinitions();
const company = definitionOf({ remoteId: "1:XERO", linkedAccountRemoteId: "1", integration: "XERO" });
const discover = (provider: SyncProvider) => provider.discover(new Date("2026-11-22T11:00:00Z"), [company]);
const modelSync = definitionOf({ remoteId: "s", kind: DefinitionKind.ModelSync });
const inData = (items: string): string => `{"data":[${items}]}`;

const LISTS: readonly LongList[] = [
  {
    name: "rootfi's companies",
    vendor: rootfi,
    path: "/v3/core/companies",
    item: (id) => ({ rootfi_id: id, name: PADDING, connections: [] }),
    body: inData,
    ask: accounts,
  },
  {
    name: "rootfi's syncs",
    vendor: rootfi,
    path: "/v3/core/syncs",
    item: (id) => ({ sync_id: `${id}`, status: "RUNNING", rootfi_created_at: NOW, note: PADDING }),
    body: inData,
    ask: discover,
  },
  {
    name: "rootfi's companies of v4",
    vendor: rootfiV4,
    path: "/v4/core/companies",
    item: (id) => ({ id, name: PADDING, connection: null }),
    body: (items) => `{"data":{"companies":[${items}],"next":null}}`,
    ask: accounts,
  },
  {
    name: "rootfi's syncs of v4",
    vendor: rootfiV4,
    path: "/v4/core/companies/1/syncs",
    item: (id) => ({ id: `${id}`, status: "RUNNING", createdAt: NOW, note: PADDING }),
    body: (items) => `{"data":{"syncs":[${items}],"next":null}}`,
    ask: discover,
  },
  {
    name: "stuut's connections",
    vendor: stuut,
    path: "/v2/integrations/connections",
    item: (id) => ({ id: `${id}`, name: PADDING, models: [{ id: "m", name: "m", last_sync: null }] }),
    body: (items) => `[${items}]`,
    ask: definitions,
  },
  {
    name: "stuut's latest syncs",
    vendor: stuut,
    path: "/v2/integrations/connections",
    item: (id) => ({
      id: `${id}`,
      models: [{ id: "m", last_sync: { id: `s${id}`, status: "running", created_at: NOW, error: PADDING } }],
    }),
    body: (items) => `[${items}]`,
    ask: discover,
  },
  {
    name: "polytomic's connections",
    vendor: polytomic,
    path: "/api/connections",
    item: (id) => ({ id: `${id}`, name: PADDING, type: null, status: "healthy" }),
    body: inData,
    ask: accounts,
  },
  {
    name: "polytomic's syncs",
    vendor: polytomic,
    path: "/api/syncs",
    item: (id) => ({ id: `${id}`, name: PADDING, active: true, mode: "create" }),
    body: inData,
    ask: definitions,
  },
  {
    name: "polytomic's executions",
    vendor: polytomic,
    path: "/api/syncs/s/executions",
    item: (id) => ({ id: `${id}`, status: "running", created_at: NOW, errors: [PADDING] }),
    body: inData,
    ask: (provider) => provider.discover(new Date("2026-11-22T11:00:00Z"), [modelSync]),
  },
  {
    name: "truto's integrated accounts",
    vendor: truto,
    path: "/integrated-account",
    item: (id) => ({ id: `${id}`, tenant_id: PADDING }),
    body: (items) => `{"result":[${items}],"next_cursor":null}`,
    ask: accounts,
  },
  {
    name: "truto's sync jobs",
    vendor: truto,
    path: "/sync-job",
    item: (id) => ({ id: `${id}`, label: PADDING, resources: [{ resource: "crm/contacts", method: "list" }] }),
    body: (items) => `{"result":[${items}],"next_cursor":null}`,
    ask: definitions,
  },
  {
    name: "truto's runs",
    vendor: truto,
    path: "/sync-job-run",
    item: (id) => ({ id: `${id}`, status: "running", created_at: "2026-11-22T11:59:00Z", note: PADDING }),
    body: (items) => `{"result":[${items}],"next_cursor":null}`,
    ask: (provider) => provider.discover(new Date("2000-01-01T00:00:00Z"), []),
  },
];

/** What the vendor answers: the long text for the list that is asked for, and empty lists for others. */
const answering =
  ({ path, vendor }: LongList, text: string, status = 200) =>
  (request: FakeRequest) =>
    request.path === path
      ? { status, text, headers: { "content-type": "application/json" } }
      : { json: vendor.emptyList };

async function itemsOf(list: LongList, provider: SyncProvider): Promise<{ items: number; longest: number }> {
  let [items, longest] = [0, 0];
  for await (const part of list.ask(provider)) {
    items += part.length;
    longest = Math.max(longest, part.length);
  }
  return { items, longest };
}

async function failureOf(list: LongList, text: string, status = 200): Promise<ProviderError> {
  await using at = await adapterAt(list.vendor, answering(list, text, status));
  try {
    await itemsOf(list, at.provider);
  } catch (error) {
    if (error instanceof ProviderError) return error;
    throw error;
  }
  throw new Error("expected a ProviderError, got items");
}

describe.each(LISTS)("$name", (list) => {
  it("are taken in as a page of 9 MB, in parts that leave everything else its turn", async () => {
    const one = JSON.stringify(list.item(1_000)).length;
    const count = Math.floor(9_000_000 / (Buffer.byteLength(JSON.stringify(list.item(1_000))) + 1));
    const text = list.body(Array.from({ length: count }, (_, id) => JSON.stringify(list.item(id + 1_000))).join(","));
    expect([one, Buffer.byteLength(text)].every((length) => length > 100)).toBe(true);
    expect(Buffer.byteLength(text)).toBeGreaterThan(8_900_000);
    await using at = await adapterAt(list.vendor, answering(list, text));
    const { items, longest } = await itemsOf(list, at.provider);
    expect(items).toBe(count);
    expect(longest).toBeLessThanOrEqual(200);
  });

  it("end at the first entry that cannot be read, with one problem that names its place", async () => {
    const error = await failureOf(list, list.body(`${JSON.stringify(list.item(1))},${"0,".repeat(200_000)}0`));
    expect(error.code).toBe("PROVIDER_BAD_RESPONSE");
    expect(error.message).toMatch(/expected "(?:[\w.]+\.)?1" to be an object, got a number$/);
  });

  it("are refused before anything is made of them when they are three million zeros, also in an error's body", async () => {
    const zeros = list.body(`${"0,".repeat(3_000_000)}0`);
    const error = await failureOf(list, zeros);
    expect(error).toMatchObject({ code: "PROVIDER_BAD_RESPONSE", retryable: false });
    expect(error.message).toMatch(/got JSON with more than 1000000 values$/);
    const refused = await failureOf(list, zeros, 400);
    expect(refused.code).toBe("PROVIDER_REJECTED");
    expect(refused.message.length).toBeLessThan(600);
  });
});
