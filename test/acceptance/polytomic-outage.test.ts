// Polytomic goes away while model syncs are edited: the caller is told which vendor and where, nothing is lost, and the others go on.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { eventually } from "../support/eventually.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { ask } from "../support/gateway-client.ts";
import {
  accountOf,
  definitionNamed,
  listDefinitions,
  triggerSync,
  type KnownAccount,
} from "../support/gateway-operations.ts";
import { meddleWith, type Meddler } from "../support/meddler.ts";
import { modelSyncClient, type Input, type ModelSyncClient, type SeenModelSync } from "../support/model-sync-client.ts";
import { fullInput, smallInput, syncAtVendor, syncsAtVendor } from "../support/polytomic-syncs.ts";
import { entryOf, startVendor, type VendorServer } from "../support/vendors.ts";

let vendor: VendorServer;
let other: VendorServer;
let meddler: Meddler;
let gateway: TestGateway;
let client: ModelSyncClient;
let account: KnownAccount;
let xero: string;
let followed: string;

beforeAll(async () => {
  vendor = await startVendor("polytomic", 1);
  other = await startVendor("rootfi", 5);
  meddler = await meddleWith(vendor);
  gateway = await startTestGateway({ providers: [meddler.entry, entryOf(other)] });
  client = modelSyncClient(gateway.url);
  const definitions = await listDefinitions(gateway.url);
  xero = definitionNamed(definitions, "rootfi", "Harbour Lane Coffee Roasters / XERO").id;
  followed = definitionNamed(definitions, "polytomic", "Audience snapshot to spreadsheet").id;
  account = await accountOf(gateway.url, "polytomic", "salesforce");
});

afterAll(async () => {
  await gateway.close();
  await meddler.close();
  for (const one of [vendor, other]) await one.stop();
});

const make = (name: string): Promise<SeenModelSync> => client.done("Create", fullInput(name, account.id, followed));
const ofSync = ({ remoteId }: SeenModelSync, rest = ""): RegExp => new RegExp(`^/api/syncs/${remoteId}${rest}$`, "u");

const GONE = { provider: "polytomic", code: "PROVIDER_UNAVAILABLE", retryable: true };

describe("while no connection to Polytomic holds", () => {
  test("every edit is an error that names it there, nothing is changed, and another vendor works on", async () => {
    const made = await make("Edited during an outage");
    const before = await syncAtVendor(vendor, made.remoteId);
    const countBefore = (await syncsAtVendor(vendor)).length;
    const edits: readonly (readonly ["Create" | "Update" | "SetActive" | "Delete", Input])[] = [
      ["Create", smallInput("Made during an outage", account.id)],
      ["Update", { modelSyncId: made.id, name: "Renamed during an outage" }],
      ["SetActive", { modelSyncId: made.id, active: false }],
      ["Delete", { modelSyncId: made.id }],
    ];

    meddler.cutOff(true);
    const answers = await Promise.all(edits.map(([change, input]) => client.edit(change, input)));
    const elsewhere = await triggerSync(gateway.url, { definitionId: xero });
    const jobs = await ask(
      gateway.url,
      z.object({ syncJobs: z.object({ nodes: z.array(z.object({ id: z.string() })) }) }),
      '{ syncJobs(first: 100, filter: { providers: ["rootfi"] }) { nodes { id } } }',
    );
    const known = await client.node(made.id);
    meddler.cutOff(false);

    answers.forEach(({ data, errors }, index) => {
      expect(data).toBeNull();
      expect(errors).toMatchObject([{ path: [`modelSync${edits[index]?.[0] ?? ""}`], extensions: GONE }]);
    });
    expect(elsewhere.errors).toEqual([]);
    expect(elsewhere.data.triggerSync?.syncs).toHaveLength(1);
    expect(jobs.errors).toEqual([]);
    expect(jobs.data.syncJobs.nodes.length).toBeGreaterThan(0);
    // As it was, here and there.
    expect(known).toMatchObject({ name: "Edited during an outage", active: true, goneAt: null });
    expect(await syncAtVendor(vendor, made.remoteId)).toEqual(before);
    expect(await syncsAtVendor(vendor)).toHaveLength(countBefore);
    // The same edit again, once the vendor is back.
    const renamed = await eventually("an edit after the outage", async () => {
      const { data } = await client.edit("Update", { modelSyncId: made.id, name: "Renamed after the outage" });
      return data?.modelSync;
    });
    expect(renamed).toMatchObject({ name: "Renamed after the outage", hasEncryptionPassphrase: true });
  });

  test("fields that ask about its connections are errors in their places, and null; the rest is there", async () => {
    meddler.cutOff(true);
    const { data, errors } = await client.send(
      "query ($id: ID!) { linkedAccount(id: $id) { name targetObjects { canCreate } } viewer { name } }",
      { id: account.id },
    );
    meddler.cutOff(false);
    expect(data).toMatchObject({ linkedAccount: { name: account.name, targetObjects: null }, viewer: {} });
    expect(errors).toMatchObject([{ path: ["linkedAccount", "targetObjects"], extensions: GONE }]);
  });
});

describe("a connection that breaks in the middle of an edit", () => {
  test.beforeEach(async () => {
    // After an outage the gateway spares a vendor for a moment.
    await eventually("a vendor that is asked again", async () => {
      const { errors } = await client.send("query ($id: ID!) { linkedAccount(id: $id) { models { name } } }", {
        id: account.id,
      });
      return errors.length === 0 ? true : null;
    });
  });

  test("before the vendor has read the change: an error, and all stands as it stood", async () => {
    const made = await make("Not changed");
    const before = await syncAtVendor(vendor, made.remoteId);
    const broken = meddler.once("PUT", ofSync(made), { lose: "request" });
    const { data, errors } = await client.edit("Update", { modelSyncId: made.id, name: "Never" });
    await broken;
    expect(data).toBeNull();
    expect(errors).toMatchObject([{ path: ["modelSyncUpdate"], extensions: GONE }]);
    expect(await syncAtVendor(vendor, made.remoteId)).toEqual(before);
    expect(await client.node(made.id)).toEqual(made);
  });

  test("after the vendor has made the change: an error, sent once, and what is read then is the truth", async () => {
    const made = await make("Changed unheard");
    const broken = meddler.once("PUT", ofSync(made), { lose: "answer" });
    const { data, errors } = await client.edit("Update", { modelSyncId: made.id, name: "Changed all the same" });
    await broken;
    expect(data).toBeNull();
    expect(errors).toMatchObject([{ path: ["modelSyncUpdate"], extensions: GONE }]);
    expect(await client.node(made.id)).toMatchObject({ name: "Changed all the same", hasEncryptionPassphrase: true });
    expect(meddler.writes().filter(({ method, path }) => method === "PUT" && ofSync(made).test(path))).toHaveLength(1);
  });

  test("of a switch: it is sent again, because twice switched is once switched", async () => {
    const made = await make("Switched unheard");
    const broken = meddler.once("POST", ofSync(made, "/activate"), { lose: "answer" });
    expect(await client.done("SetActive", { modelSyncId: made.id, active: false })).toMatchObject({ active: false });
    await broken;
    expect(await syncAtVendor(vendor, made.remoteId)).toMatchObject({ active: false });
  });

  test("of a deletion: it is sent again, and what is gone already is deleted", async () => {
    const made = await make("Deleted unheard");
    const broken = meddler.once("DELETE", ofSync(made), { lose: "answer" });
    const { data, errors } = await client.edit("Delete", { modelSyncId: made.id });
    await broken;
    expect(errors).toEqual([]);
    expect(data).toMatchObject({ deletedModelSyncId: made.id, userErrors: [] });
    expect((await client.list()).map(({ id }) => id)).not.toContain(made.id);
  });
});
