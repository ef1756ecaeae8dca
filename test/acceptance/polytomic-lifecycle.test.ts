// A model sync of Polytomic and its runs: switched off and on, started with every option, stopped, started again, deleted.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { eventually } from "../support/eventually.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { ask, newestCursor, watchTransitions, type Watch } from "../support/gateway-client.ts";
import {
  accountOf,
  pathOf,
  startRuns,
  triggerSync,
  untilEnded,
  type KnownAccount,
} from "../support/gateway-operations.ts";
import { meddleWith, type Meddler } from "../support/meddler.ts";
import { modelSyncClient, type Input, type ModelSyncClient, type SeenModelSync } from "../support/model-sync-client.ts";
import { objectOf } from "../support/openapi-examples.ts";
import { smallInput } from "../support/polytomic-syncs.ts";
import { vendorSays } from "../support/vendor-truth.ts";
import { startVendor, type VendorServer } from "../support/vendors.ts";

/** Runs take about five seconds: long enough to be stopped on the way. */
const SPEED = 2;
/** A run that its vendor does not know counts as lost after a minute. */
const LOST_WITHIN_MS = 100_000;

let vendor: VendorServer;
let meddler: Meddler;
let gateway: TestGateway;
let client: ModelSyncClient;
let account: KnownAccount;
let cursor: string;

beforeAll(async () => {
  vendor = await startVendor("polytomic", SPEED);
  meddler = await meddleWith(vendor);
  gateway = await startTestGateway({ providers: [meddler.entry] });
  client = modelSyncClient(gateway.url);
  account = await accountOf(gateway.url, "polytomic", "salesforce");
  cursor = await newestCursor(gateway.url);
});

afterAll(async () => {
  await gateway.close();
  await meddler.close();
  await vendor.stop();
});

const make = (name: string, more: Input = {}): Promise<SeenModelSync> =>
  client.done("Create", { ...smallInput(name, account.id), ...more });

/** The bodies of the requests that started a run of it. */
const startsOf = ({ remoteId }: SeenModelSync): readonly unknown[] =>
  meddler
    .writes()
    .filter(({ path }) => path === `/api/syncs/${remoteId}/executions`)
    .map(({ body }): unknown => JSON.parse(body));

const watch = (): Watch => watchTransitions(gateway.url, { after: cursor });

const runShape = z.object({
  id: z.string(),
  remoteId: z.string(),
  status: z.string(),
  outcome: z.string().nullable(),
  rawStatus: z.string(),
  fullRefresh: z.boolean().nullable(),
  waitingReason: z.string().nullable(),
  retryOf: z.object({ id: z.string() }).nullable(),
  recordCounts: z.object({ total: z.number().nullable() }).nullable(),
});
const RUN_FIELDS =
  "id remoteId status outcome rawStatus fullRefresh waitingReason retryOf { id } recordCounts { total }";

async function run(id: string): Promise<z.output<typeof runShape>> {
  const query = `query ($id: ID!) { sync(id: $id, maxAgeSeconds: 0) { ${RUN_FIELDS} } }`;
  return (await ask(gateway.url, z.object({ sync: runShape }), query, { id })).data.sync;
}

const problemShape = z.object({ code: z.string(), message: z.string(), field: z.array(z.string()).nullable() });

async function cancel(syncId: string) {
  const shape = z.object({ cancelSync: z.object({ sync: runShape.nullable(), userErrors: z.array(problemShape) }) });
  const mutation = `mutation ($input: CancelSyncInput!) {
    cancelSync(input: $input) { sync { ${RUN_FIELDS} } userErrors { code message field } }
  }`;
  const { data, errors } = await ask(gateway.url, shape, mutation, { input: { syncId } });
  expect(errors).toEqual([]);
  return data.cancelSync;
}

async function cancelAll(definitionId: string) {
  const shape = z.object({ cancelSyncs: z.object({ syncs: z.array(runShape), userErrors: z.array(problemShape) }) });
  const mutation = `mutation ($input: CancelSyncsInput!) {
    cancelSyncs(input: $input) { syncs { ${RUN_FIELDS} } userErrors { code message field } }
  }`;
  const { data, errors } = await ask(gateway.url, shape, mutation, { input: { definitionId } });
  expect(errors).toEqual([]);
  return data.cancelSyncs;
}

async function retry(input: Input) {
  const shape = z.object({ retrySync: z.object({ syncs: z.array(runShape), userErrors: z.array(problemShape) }) });
  const mutation = `mutation ($input: RetrySyncInput!) {
    retrySync(input: $input) { syncs { ${RUN_FIELDS} } userErrors { code message field } }
  }`;
  const { data, errors } = await ask(gateway.url, shape, mutation, { input });
  expect(errors).toEqual([]);
  return data.retrySync;
}

const startOne = async (input: Input): Promise<string> => (await startRuns(gateway.url, input))[0]?.id ?? "";

const untilRunning = (seen: Watch, id: string) =>
  seen.until("a run that runs", (all) => pathOf(all, id).find(({ to }) => to === "RUNNING"));

const refusalOf = async (input: Input): Promise<unknown> => {
  const { data } = await triggerSync(gateway.url, input);
  return data.triggerSync?.userErrors.map(({ code, field }) => ({ code, field }));
};

// The longest wait comes first, so that the others go on beside it.
describe.concurrent("modelSyncDelete", () => {
  test(
    "ends what runs of it: the vendor stops the run and knows it no more, so it is FAILED and LOST",
    async () => {
      const made = await make("To be deleted while it runs");
      await using seen = watch();
      const id = await startOne({ definitionId: made.id });
      await untilRunning(seen, id);
      await client.edit("Delete", { modelSyncId: made.id });
      await eventually("a run the vendor does not know", async () => {
        const { remoteId } = await run(id);
        return vendorSays(vendor, `/api/syncs/${made.remoteId}/executions/${remoteId}`).then(
          () => null,
          (error: unknown) => String(error).includes("404") || null,
        );
      });
      expect(await untilEnded(seen, id, LOST_WITHIN_MS)).toBe("CREATED RUNNING FAILED: LOST");
    },
    LOST_WITHIN_MS + 30_000,
  );

  test("takes it from the vendor and every list, and nothing starts or changes it any more", async () => {
    const made = await make("To be deleted");
    await using seen = watch();
    const ran = await startOne({ definitionId: made.id });
    await untilEnded(seen, ran);

    const { data, errors } = await client.edit("Delete", { modelSyncId: made.id });

    expect(errors).toEqual([]);
    expect(data).toMatchObject({ deletedModelSyncId: made.id, modelSync: { name: "To be deleted" }, userErrors: [] });
    await expect(vendorSays(vendor, `/api/syncs/${made.remoteId}`)).rejects.toThrow("404");
    // Before anything reads the vendor's list again.
    expect((await client.node(made.id))?.["goneAt"]).toEqual(expect.any(String));
    expect((await client.list()).map(({ id }) => id)).not.toContain(made.id);
    expect(await refusalOf({ definitionId: made.id })).toEqual([{ code: "NOT_FOUND", field: ["definitionId"] }]);
    expect(await retry({ syncId: ran })).toMatchObject({ syncs: [], userErrors: [{ code: "NOT_FOUND" }] });
    for (const [change, input] of [
      ["Update", { name: "Risen" }],
      ["SetActive", { active: true }],
      ["Delete", {}],
    ] as const) {
      const refused = await client.edit(change, { modelSyncId: made.id, ...input });
      expect(refused.data?.userErrors).toMatchObject([{ code: "NOT_FOUND", field: ["modelSyncId"] }]);
      expect(refused.data?.deletedModelSyncId ?? null).toBeNull();
    }
    // Its past stays.
    expect(await run(ran)).toMatchObject({ status: "SUCCESS" });
  });
});

describe.concurrent("a model sync that is switched off", () => {
  test("is not started, and nothing is sent; switched on again it runs to its end", async () => {
    const made = await make("Off and on");
    const definitionId = made.id;
    expect(await client.done("SetActive", { modelSyncId: made.id, active: false })).toMatchObject({ active: false });
    expect(await refusalOf({ definitionId })).toEqual([{ code: "DEFINITION_INACTIVE", field: ["definitionId"] }]);
    expect(startsOf(made)).toEqual([]);
    expect(await client.list({ modelSyncs: [made.id], active: false })).toHaveLength(1);

    expect(await client.done("SetActive", { modelSyncId: made.id, active: true })).toMatchObject({ active: true });
    await using seen = watch();
    expect(await untilEnded(seen, await startOne({ definitionId }))).toBe("CREATED RUNNING SUCCESS: COMPLETE");
  });

  test("while it runs lets the run go on to its end", async () => {
    const made = await make("Off while it runs");
    await using seen = watch();
    const id = await startOne({ definitionId: made.id });
    await client.done("SetActive", { modelSyncId: made.id, active: false });
    expect(await untilEnded(seen, id)).toBe("CREATED RUNNING SUCCESS: COMPLETE");
  });
});

test.concurrent("a model sync that runs after another is started by the other's end, and its run appears by itself", async () => {
  const first = await make("The first of two");
  const schedule = { frequency: "AFTER_RUN", runAfterDefinitionIds: [first.id], runAfterSuccessOnly: true };
  const second = await make("The second of two", { schedule });
  await using seen = watch();
  await startOne({ definitionId: first.id });
  const followed = await seen.until("the run of the second", (all) =>
    all.find(({ sync }) => sync.definition?.name === "The second of two"),
  );
  expect(await untilEnded(seen, followed.sync.id)).toBe("CREATED RUNNING SUCCESS: COMPLETE");
  expect(followed.sync.origin).toBe("SCHEDULED");
  expect(startsOf(second)).toEqual([]);
});

describe.concurrent("options of a start reach the vendor", () => {
  interface Option {
    readonly name: string;
    readonly input: Input;
    readonly sent: unknown;
    readonly seen: unknown;
  }
  const OPTIONS: readonly Option[] = [
    { name: "none", input: {}, sent: {}, seen: { fullRefresh: false } },
    { name: "fullRefresh", input: { fullRefresh: true }, sent: { resync: true }, seen: { fullRefresh: true } },
    { name: "test", input: { test: true }, sent: { test: true }, seen: { recordCounts: { total: 10 } } },
    {
      name: "identities",
      input: { identities: ["ada@example.com", "grace@example.com"] },
      sent: { identities: ["ada@example.com", "grace@example.com"] },
      seen: { recordCounts: { total: 2 } },
    },
  ];

  test.each(OPTIONS)("$name", async ({ name, input, sent, seen }) => {
    const made = await make(`Started with ${name}`);
    await using watched = watch();
    const id = await startOne({ definitionId: made.id, ...input });
    expect(await untilEnded(watched, id)).toBe("CREATED RUNNING SUCCESS: COMPLETE");
    expect(startsOf(made)).toEqual([sent]);
    expect(await run(id)).toMatchObject(seen ?? {});
  });
});

describe.concurrent("cancelSync", () => {
  test("stops a run: it ends FAILED and CANCELLED before every eye, and is not stopped twice", async () => {
    const made = await make("To be stopped");
    await using seen = watch();
    const id = await startOne({ definitionId: made.id, fullRefresh: true });
    await untilRunning(seen, id);

    const asked = await cancel(id);

    expect(asked.userErrors).toEqual([]);
    expect(asked.sync).toMatchObject({ id, status: "RUNNING", outcome: null });
    expect(await untilEnded(seen, id)).toBe("CREATED RUNNING FAILED: CANCELLED");
    expect(pathOf(seen.seen, id).at(-1)).toMatchObject({ rawStatus: "canceled", inferred: false });
    const ended = await run(id);
    expect(ended).toMatchObject({ status: "FAILED", outcome: "CANCELLED", rawStatus: "canceled", waitingReason: null });
    const truth = await vendorSays(vendor, `/api/syncs/${made.remoteId}/executions/${ended.remoteId}`);
    expect(objectOf(objectOf(truth)["data"])["status"]).toBe("canceled");
    expect(await cancel(id)).toMatchObject({
      sync: { id },
      userErrors: [{ code: "SYNC_FINISHED", field: ["syncId"], message: expect.any(String) }],
    });
  });

  test("what was stopped is started again by retrySync, once for one key, with the options it had", async () => {
    const made = await make("To be stopped and repeated");
    await using seen = watch();
    const id = await startOne({ definitionId: made.id, fullRefresh: true });
    expect(await retry({ syncId: id })).toMatchObject({ syncs: [], userErrors: [{ code: "ALREADY_RUNNING" }] });
    await cancel(id);
    await untilEnded(seen, id);

    const [again, repeated] = await Promise.all(
      [1, 2].map(() => retry({ syncId: id, idempotencyKey: "repeat what was stopped" })),
    );

    expect(again?.userErrors).toEqual([]);
    expect(again?.syncs).toMatchObject([{ retryOf: { id }, fullRefresh: true }]);
    expect(repeated?.syncs.map((sync) => sync.id)).toEqual(again?.syncs.map((sync) => sync.id));
    expect(startsOf(made)).toEqual([{ resync: true }, { resync: true }]);
    expect(await untilEnded(seen, again?.syncs[0]?.id ?? "")).toBe("CREATED RUNNING SUCCESS: COMPLETE");
  });
});

describe.concurrent("cancelSyncs", () => {
  test("stops what a definition has open and leaves others alone", async () => {
    const [made, other] = [await make("All to be stopped"), await make("Not to be stopped")];
    await using seen = watch();
    const [id, goesOn] = [await startOne({ definitionId: made.id }), await startOne({ definitionId: other.id })];

    const asked = await cancelAll(made.id);

    expect(asked).toMatchObject({ syncs: [{ id }], userErrors: [] });
    expect(await untilEnded(seen, id)).toMatch(/^CREATED (RUNNING )?FAILED: CANCELLED$/u);
    expect(await untilEnded(seen, goesOn)).toBe("CREATED RUNNING SUCCESS: COMPLETE");
    const stops = meddler.writes().filter(({ path }) => path.endsWith(`${made.remoteId}/cancel`));
    expect(stops).toHaveLength(1);
    expect(await cancelAll(made.id)).toMatchObject({
      syncs: [],
      userErrors: [{ code: "SYNC_FINISHED", field: ["definitionId"], message: expect.stringContaining(made.name) }],
    });
  });
});
