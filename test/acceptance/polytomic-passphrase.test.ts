// The passphrase of a model sync goes to Polytomic and nowhere else: not into an answer, not into the log, not into the database.
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeFolder, startTestGateway, type TemporaryFolder, type TestGateway } from "../support/gateway.ts";
import { accountOf, definitionNamed, listDefinitions } from "../support/gateway-operations.ts";
import { meddleWith, type Meddler } from "../support/meddler.ts";
import { modelSyncClient } from "../support/model-sync-client.ts";
import { PASSPHRASE, PASSPHRASE_CORE, fullInput, smallInput, syncAtVendor } from "../support/polytomic-syncs.ts";
import { startVendor, type VendorServer } from "../support/vendors.ts";

const NAME = "A model sync with a secret";
const SECOND_CORE = "second-secret-8812";
const REFUSED_CORE = "refused-secret-9923";
const MISTYPED_CORE = "mistyped-secret-1034";

let vendor: VendorServer;
let meddler: Meddler;
let gateway: TestGateway;
let folder: TemporaryFolder;

beforeAll(async () => {
  vendor = await startVendor("polytomic", 1);
  meddler = await meddleWith(vendor);
  folder = await makeFolder();
  const databaseUrl = `sqlite:${join(folder.path, "gateway.sqlite")}`;
  gateway = await startTestGateway({ providers: [meddler.entry], databaseUrl });
});

afterAll(async () => {
  await gateway.close();
  await folder.remove();
  await meddler.close();
  await vendor.stop();
});

/** Everything the database has on disk, its write-ahead log included. */
async function database(): Promise<string> {
  const names = await readdir(folder.path);
  const files = await Promise.all(names.map((name) => readFile(join(folder.path, name))));
  return Buffer.concat(files).toString("latin1");
}

test("made, changed, carried over, refused, mistyped and lost on the way: nowhere is it told", async () => {
  const client = modelSyncClient(gateway.url);
  const { id: followed } = definitionNamed(
    await listDefinitions(gateway.url),
    "polytomic",
    "Audience snapshot to spreadsheet",
  );
  const account = await accountOf(gateway.url, "polytomic", "salesforce");
  const made = await client.done("Create", fullInput(NAME, account.id, followed));
  const inPlace = async () => (await syncAtVendor(vendor, made.remoteId))["encryption_passphrase"];
  expect(await inPlace()).toBe(PASSPHRASE);
  // Carried over by an edit that does not name it.
  await client.done("Update", { modelSyncId: made.id, mode: "update" });
  expect(await inPlace()).toBe(PASSPHRASE);
  await client.done("Update", { modelSyncId: made.id, encryptionPassphrase: `new ${SECOND_CORE}` });
  expect(await inPlace()).toBe(`new ${SECOND_CORE}`);

  const refused = { ...smallInput("Refused", account.id), encryptionPassphrase: REFUSED_CORE };
  // By the gateway's own rules.
  expect((await client.edit("Create", { ...refused, mode: "enrich" })).data?.userErrors).toHaveLength(1);
  // By the vendor, who quotes what it was sent.
  for (const sentence of [
    (body: string) => `cannot read ${body}`,
    () => `bad passphrase ${REFUSED_CORE.slice(0, 9)}`,
  ]) {
    const quoted = meddler.once("POST", /^\/api\/syncs$/u, { refuse: { status: 422, sentence } });
    const { errors } = await client.edit("Create", refused);
    await quoted;
    expect(errors).toMatchObject([{ path: ["modelSyncCreate"], extensions: { code: "PROVIDER_REJECTED" } }]);
  }
  // By the vendor, about a passphrase that only the vendor and the gateway's own reading know.
  const quotedToo = meddler.once("PUT", new RegExp(made.remoteId, "u"), {
    refuse: { status: 400, sentence: (body) => body.slice(body.indexOf("encryption_passphrase")) },
  });
  expect((await client.edit("Update", { modelSyncId: made.id, name: "Not this one" })).errors).toHaveLength(1);
  await quotedToo;
  // By GraphQL, whose own words quote what has the wrong type.
  for (const encryptionPassphrase of [[MISTYPED_CORE, MISTYPED_CORE], { secret: MISTYPED_CORE }]) {
    const { errors } = await client.edit("Update", { modelSyncId: made.id, encryptionPassphrase });
    expect(errors).toMatchObject([{ extensions: { code: "BAD_USER_INPUT" } }]);
  }
  // By a connection that breaks.
  const lost = meddler.once("PUT", new RegExp(made.remoteId, "u"), { lose: "answer" });
  const { errors } = await client.edit("Update", { modelSyncId: made.id, encryptionPassphrase: `last ${SECOND_CORE}` });
  await lost;
  expect(errors).toHaveLength(1);
  expect(await inPlace()).toBe(`last ${SECOND_CORE}`);
  expect(await client.list()).toContainEqual(expect.objectContaining({ id: made.id, hasEncryptionPassphrase: true }));
  await client.send("{ providers { key lastError { message } } }");

  const told: Readonly<Record<string, string>> = {
    answers: client.heard(),
    log: gateway.log(),
    database: await database(),
    "database after the end": await gateway.close().then(database),
  };
  // What may be told is found, so that what may not would be.
  for (const place of ["answers", "database", "database after the end"]) expect(told[place]).toContain(NAME);
  expect(told["log"]).toContain("polytomic");
  const secrets = [PASSPHRASE_CORE, SECOND_CORE, REFUSED_CORE, REFUSED_CORE.slice(0, 9), MISTYPED_CORE];
  const leaks = Object.entries(told).flatMap(([place, text]) =>
    secrets.filter((secret) => text.includes(secret)).map((secret) => `${secret} in the ${place}`),
  );
  expect(leaks).toEqual([]);
  expect(meddler.writes().some(({ body }) => body.includes(PASSPHRASE_CORE))).toBe(true);
});
