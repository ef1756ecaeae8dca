// No secret of a vendor's or of a caller's is in any answer, in `raw`, in a refusal or in the log.
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { newestCursor, watchTransitions } from "../support/gateway-client.ts";
import { accountOf, definitionNamed, listDefinitions, startRuns, untilEnded } from "../support/gateway-operations.ts";
import { VENDORS, entryOf, startVendor, type VendorServer } from "../support/vendors.ts";

const vendors: VendorServer[] = [];
let gateway: TestGateway;
/** The texts of all answers. */
const heard: string[] = [];

beforeAll(async () => {
  // Slow enough to be read while they run: only then do Stuut's answers hold where the source was left off.
  for (const kind of VENDORS) vendors.push(await startVendor(kind, 5));
  gateway = await startTestGateway({ providers: vendors.map(entryOf) });
});

afterAll(async () => {
  await gateway.close();
  for (const vendor of vendors) await vendor.stop();
});

async function listen(query: string, variables: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const body = JSON.stringify({ query, variables });
  const response = await fetch(gateway.url, { method: "POST", headers: { "content-type": "application/json" }, body });
  const text = await response.text();
  heard.push(text);
  return text;
}

const RUNS = `{ syncs(first: 100) { nodes {
  remoteId rawStatus raw error { message advice } trigger { id error { message } } tasks { nodes { name error { message } } }
} } }`;
const CATALOG = `{
  linkedAccounts(first: 100) { nodes { name status rawStatus statusMessage } }
  syncJobs(first: 100) { nodes { name argsSchema schedules { rawFrequency cronExpression } resources { name query loopOn config } } }
  modelSyncs(first: 100) { nodes { name hasEncryptionPassphrase filters { value } overrides { value override } target { configuration searchValues create } } }
  providers { key lastError { message } unknownStatuses { word } }
}`;

const ARGUMENT = "argument-that-nobody-may-see";
const WRONG_ARGUMENT = "wrong-argument-that-nobody-may-see";
const PASSPHRASE = "sandbox passphrase, not a secret";

test("runs, definitions, accounts and errors are told without them", async () => {
  const definitions = await listDefinitions(gateway.url);
  const zendesk = {
    definitionId: definitionNamed(definitions, "truto", "Zendesk tickets").id,
    linkedAccountId: (await accountOf(gateway.url, "truto", "zendesk")).id,
  };
  await using watch = watchTransitions(gateway.url, { after: await newestCursor(gateway.url) });
  const runs = [
    ...(await startRuns(gateway.url, { ...zendesk, args: { start_date: "2026-01-01", token: ARGUMENT } })),
    ...(await startRuns(gateway.url, {
      definitionId: definitionNamed(definitions, "stuut", "Corvid Medical (Sage Intacct)").id,
    })),
    ...(await startRuns(gateway.url, {
      definitionId: definitionNamed(definitions, "rootfi", "Meridian Dental Group / ZOHO_BOOKS").id,
    })),
    ...(await startRuns(gateway.url, {
      definitionId: definitionNamed(definitions, "polytomic", "Support tickets to Salesforce cases").id,
    })),
  ];
  // The vendor's word RUNNING is in the ledger once the first of these is answered.
  await watch.until("a run of Stuut that runs", (seen) =>
    seen.find(({ to, sync }) => to === "RUNNING" && sync.provider.key === "stuut"),
  );
  await listen(RUNS);
  for (const { id } of runs)
    await listen("query ($id: ID!) { sync(id: $id, maxAgeSeconds: 0) { rawStatus raw } }", { id });
  await Promise.all(runs.map(({ id }) => untilEnded(watch, id)));
  for (const query of [RUNS, CATALOG]) expect(JSON.parse(await listen(query))).not.toHaveProperty("errors");
  // Refusals quote what is wrong, never the value.
  const refused = await listen(
    "mutation ($input: TriggerSyncInput!) { triggerSync(input: $input) { userErrors { message field } } }",
    {
      input: { ...zendesk, args: { start_date: { nested: WRONG_ARGUMENT } } },
    },
  );
  expect(refused).toContain("start_date");

  const everything = `${heard.join("\n")}\n${gateway.log()}`;
  // The passphrase is there to be leaked, and so is the pagination state.
  expect(everything).toContain('"hasEncryptionPassphrase":true');
  expect(everything).toContain('"rawStatus":"running"');
  const credentials = vendors.flatMap((vendor) => Object.values(vendor.credentials));
  expect(credentials).toHaveLength(4);
  const secrets = [ARGUMENT, WRONG_ARGUMENT, PASSPHRASE, "encryption_passphrase", ...credentials];
  expect(secrets.filter((secret) => everything.includes(secret))).toEqual([]);
  const states = everything.match(/"pagination_state":.{12}/g) ?? [];
  expect(new Set(states)).toEqual(new Set(['"pagination_state":"[redacted]"']));
});
