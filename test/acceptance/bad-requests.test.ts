// What callers can get wrong besides the input of one start: several starts at once, runs, ids, pages. Nothing is started by it.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { ask } from "../support/gateway-client.ts";
import { definitionNamed, listDefinitions, triggerSync, type KnownDefinition } from "../support/gateway-operations.ts";
import { recordRequests, startVendor, type Recorder, type VendorServer } from "../support/vendors.ts";

let gateway: TestGateway;
const vendors: VendorServer[] = [];
const recorders: Recorder[] = [];
let definitions: readonly KnownDefinition[];

beforeAll(async () => {
  for (const kind of ["rootfi", "stuut", "polytomic"] as const) vendors.push(await startVendor(kind, 5));
  for (const vendor of vendors) recorders.push(await recordRequests(vendor));
  gateway = await startTestGateway({ providers: recorders.map(({ entry }) => entry) });
  definitions = await listDefinitions(gateway.url);
});

afterAll(async () => {
  await gateway.close();
  for (const recorder of recorders) await recorder.close();
  for (const vendor of vendors) await vendor.stop();
});

const startCount = (): number => recorders.reduce((sum, recorder) => sum + recorder.starts().length, 0);
const globalId = (kind: string, inner: string): string => Buffer.from(`${kind}:${inner}`).toString("base64url");
const xero = (): string => definitionNamed(definitions, "rootfi", "Harbour Lane Coffee Roasters / XERO").id;
const corvid = (): string => definitionNamed(definitions, "stuut", "Corvid Medical (Sage Intacct)").id;
const audience = (): string => definitionNamed(definitions, "polytomic", "Audience snapshot to spreadsheet").id;

describe("triggerSyncs", () => {
  const resultsShape = z.object({
    triggerSyncs: z.object({
      results: z.array(
        z
          .object({ userErrors: z.array(z.object({ code: z.string(), field: z.array(z.string()).nullable() })) })
          .nullable(),
      ),
      userErrors: z.array(z.object({ code: z.string(), field: z.array(z.string()).nullable() })),
    }),
  });
  const triggerAll = (triggers: readonly unknown[]) =>
    ask(
      gateway.url,
      resultsShape,
      `mutation ($input: TriggerSyncsInput!) {
        triggerSyncs(input: $input) { results { userErrors { code field } } userErrors { code field } }
      }`,
      { input: { triggers } },
    );

  test.each([0, 101])("refuses %i starts at once", async (count) => {
    const before = startCount();
    const { data } = await triggerAll(Array.from({ length: count }, () => ({ definitionId: xero() })));
    expect(data.triggerSyncs).toEqual({ results: [], userErrors: [{ code: "BAD_USER_INPUT", field: ["triggers"] }] });
    expect(startCount()).toBe(before);
  });

  test("says which of several is wrong", async () => {
    const before = startCount();
    const { data } = await triggerAll([{ definitionId: "nonsense" }, { definitionId: corvid(), fullRefresh: true }]);
    expect(data.triggerSyncs.results).toEqual([
      { userErrors: [{ code: "BAD_USER_INPUT", field: ["triggers", "0", "definitionId"] }] },
      { userErrors: [{ code: "CAPABILITY_NOT_SUPPORTED", field: ["triggers", "1", "fullRefresh"] }] },
    ]);
    expect(startCount()).toBe(before);
  });
});

describe("what is about a run", () => {
  const payload = z
    .object({ userErrors: z.array(z.object({ code: z.string(), field: z.array(z.string()).nullable() })) })
    .nullable();
  const aboutRun = async (mutation: "cancelSync" | "retrySync", syncId: string) => {
    const query = `mutation ($id: ID!) { ${mutation}(input: { syncId: $id }) { userErrors { code field } } }`;
    const { data } = await ask(gateway.url, z.record(z.string(), payload), query, { id: syncId });
    return data[mutation]?.userErrors;
  };

  test.each(["cancelSync", "retrySync"] as const)("%s refuses ids of no run", async (mutation) => {
    expect(await aboutRun(mutation, "nonsense")).toEqual([{ code: "BAD_USER_INPUT", field: ["syncId"] }]);
    expect(await aboutRun(mutation, xero())).toEqual([{ code: "BAD_USER_INPUT", field: ["syncId"] }]);
    expect(await aboutRun(mutation, globalId("Sync", randomUUID()))).toEqual([
      { code: "NOT_FOUND", field: ["syncId"] },
    ]);
  });

  test("a run cannot be cancelled where the vendor has no way to, nor repeated while it goes on", async () => {
    const { data } = await triggerSync(gateway.url, { definitionId: xero() });
    const syncId = data.triggerSync?.syncs[0]?.id ?? "";
    expect(await aboutRun("cancelSync", syncId)).toEqual([{ code: "CAPABILITY_NOT_SUPPORTED", field: ["syncId"] }]);
    expect(await aboutRun("retrySync", syncId)).toEqual([{ code: "ALREADY_RUNNING", field: ["syncId"] }]);
  });

  test("REJECT refuses a second run while the first goes on", async () => {
    const input = { definitionId: audience(), ifRunning: "REJECT" };
    const first = await triggerSync(gateway.url, input);
    expect(first.data.triggerSync?.userErrors).toEqual([]);
    const before = startCount();
    const second = await triggerSync(gateway.url, input);
    expect(second.data.triggerSync?.userErrors).toMatchObject([{ code: "ALREADY_RUNNING", field: ["ifRunning"] }]);
    expect(startCount()).toBe(before);
  });
});

describe("queries", () => {
  test.each([
    ["an unknown run", `sync(id: "${globalId("Sync", randomUUID())}") { id }`, "NOT_FOUND"],
    ["an id of another type", `sync(id: "${globalId("SyncJob", randomUUID())}") { id }`, "BAD_USER_INPUT"],
    ["an id that is none", `node(id: "zzz") { id }`, "BAD_USER_INPUT"],
    ["an unknown provider", `provider(key: "acme") { key }`, "NOT_FOUND"],
    ["a filter by an unknown provider", `syncs(filter: { providers: ["acme"] }) { nodes { id } }`, "NOT_FOUND"],
    ["first and last at once", `syncs(first: 1, last: 1) { nodes { id } }`, "BAD_USER_INPUT"],
    ["a cursor of no list", `syncs(after: "zzz") { nodes { id } }`, "CURSOR_INVALID"],
  ])("%s is an error with a code at its place", async (_name, field, code) => {
    const { data, errors } = await ask(gateway.url, z.record(z.string(), z.unknown()), `{ ${field} }`);
    const [name = ""] = field.split("(");
    expect(data[name]).toBeNull();
    expect(errors).toMatchObject([{ path: [name], extensions: { code } }]);
  });

  test.each([0, -1, 101, 99_999_999])("a page of %d is refused before anything is read", async (first) => {
    const query = `{ syncs(first: ${first}) { nodes { id } } }`;
    const { data, errors } = await ask(gateway.url, z.undefined(), query);
    expect(data).toBeUndefined();
    expect(errors).toMatchObject([{ extensions: { code: "BAD_USER_INPUT", limit: "page", max: 100, actual: first } }]);
  });
});
