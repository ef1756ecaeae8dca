// Why a run failed, as a kind of failure that clients can switch on, with what somebody can do about it, and without the vendor's secrets.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { eventually } from "../support/eventually.ts";
import { startFakeVendor, type FakeVendor } from "../support/fake-vendor.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { ask, newestCursor, watchTransitions } from "../support/gateway-client.ts";
import { accountOf, definitionNamed, listDefinitions, startRuns, untilEnded } from "../support/gateway-operations.ts";
import { entryOf, startVendor, type Vendor, type VendorServer } from "../support/vendors.ts";

const errorShape = z.object({
  message: z.string(),
  code: z.string(),
  retryable: z.boolean(),
  advice: z.string().nullable(),
});
const ERROR = "error { message code retryable advice }";

/** What customers' systems say, and which kind of failure that is. */
const SENTENCES: readonly (readonly [model: string, sentence: string, code: string, retryable: boolean])[] = [
  ["invoice", "Upstream returned 401: the refresh token was revoked", "AUTH", false],
  ["customer", "Subsidiaries are not enabled in this NetSuite account", "CONFIG", false],
  ["payment", "Upstream returned 429: too many requests", "TRANSIENT", true],
  ["journal", "Internal error while reading journals", "VENDOR", true],
  ["item", "Invalid currency code in record 17", "DATA", false],
  ["vendor", "Something else", "UNKNOWN", false],
];

const OLD = "2026-01-05T10:00:00Z";
const sync = (model: string, error: string): object => {
  const now = new Date().toISOString();
  const times = { created_at: now, modified_at: now, started_at: now, completed_at: now };
  const flags = { is_initial_sync: false, is_one_off: false, attempt: 3, batch_id: null };
  return {
    id: `sync_${model}`,
    model_id: `model_${model}`,
    status: "failed",
    error,
    ...flags,
    ...times,
    object: "sync",
  };
};

describe("runs that failed", () => {
  let vendor: FakeVendor;
  let gateway: TestGateway;

  beforeEach(async () => {
    const models = SENTENCES.map(([name, sentence]) => ({
      id: `model_${name}`,
      name,
      created_at: OLD,
      last_sync: sync(name, `${sentence}; sent with Bearer planted-secret-123456`),
    }));
    vendor = await startFakeVendor(({ method }) =>
      method === "GET" ? { json: [{ id: "conn_1", created_at: OLD, models }] } : undefined,
    );
    const entry = { vendor: "stuut", url: vendor.url, credentials: { token: "a-token-of-the-test" } } as const;
    gateway = await startTestGateway({ providers: [entryOf(entry)] });
  });

  afterEach(async () => {
    await gateway.close();
    await vendor.close();
  });

  test("say of which kind the failure is and what to do, and the numbers count them by kind", async () => {
    const runs = await eventually("all of them", async () => {
      const shape = z.object({
        syncs: z.object({ nodes: z.array(z.object({ models: z.array(z.string()), error: errorShape })) }),
      });
      const { data } = await ask(gateway.url, shape, `{ syncs { nodes { models ${ERROR} } } }`);
      return data.syncs.nodes.length === SENTENCES.length ? data.syncs.nodes : null;
    });
    const byModel = new Map(runs.map(({ models: [model], error }) => [model, error]));
    for (const [model, sentence, code, retryable] of SENTENCES) {
      const error = byModel.get(model);
      expect({ model, code: error?.code, retryable: error?.retryable }).toEqual({ model, code, retryable });
      expect(error?.message).toBe(`${sentence}; sent with Bearer [redacted]`);
      expect(error?.advice?.length ?? 0).toBeGreaterThan(code === "UNKNOWN" ? -1 : 20);
    }
    const shape = z.object({
      syncStatistics: z.object({ failures: z.array(z.object({ code: z.string(), count: z.number() })) }),
    });
    const { data } = await ask(gateway.url, shape, "{ syncStatistics { failures { code count } } }");
    expect(new Map(data.syncStatistics.failures.map(({ code, count }) => [code, count]))).toEqual(
      new Map(SENTENCES.map(([, , code]) => [code, 1])),
    );
  });
});

/** Runs of sandboxes that fail because the product behind them refuses the credentials. */
const REFUSED: readonly (readonly [vendor: Vendor, definition: string, product: string | null])[] = [
  ["stuut", "Bright & Sons Electrical (QuickBooks)", null],
  ["rootfi", "Meridian Dental Group / ZOHO_BOOKS", null],
  ["polytomic", "Subscriptions to Salesforce accounts", null],
  ["truto", "Jira issues", "jira"],
];

describe("a run that fails because the customer must sign in again", () => {
  let vendor: VendorServer;
  let gateway: TestGateway;

  afterEach(async () => {
    await gateway.close();
    await vendor.stop();
  });

  test.each(REFUSED)("at %s is a failure of the kind AUTH, with advice: %s", async (kind, name, product) => {
    vendor = await startVendor(kind, 20);
    gateway = await startTestGateway({ providers: [entryOf(vendor)] });
    await using watch = watchTransitions(gateway.url, { after: await newestCursor(gateway.url) });
    const definition = definitionNamed(await listDefinitions(gateway.url), kind, name);
    const account = product === null ? {} : { linkedAccountId: (await accountOf(gateway.url, kind, product)).id };
    const [run] = await startRuns(gateway.url, { definitionId: definition.id, ...account });
    expect(await untilEnded(watch, run?.id ?? "")).toBe("CREATED RUNNING FAILED: ERROR");
    // Why it failed may have to be read after its end was.
    const error = await eventually("why it failed", async () => {
      const shape = z.object({ sync: z.object({ error: errorShape.nullable() }) });
      const { data } = await ask(gateway.url, shape, `query ($id: ID!) { sync(id: $id) { ${ERROR} } }`, {
        id: run?.id,
      });
      return data.sync.error;
    });
    expect(error).toMatchObject({ code: "AUTH", retryable: false });
    expect(error.advice).toMatch(/authenticated again|connect|credentials/u);
  });
});
