// The gateway against vendors that are not our sandboxes: servers that speak as the vendors' own OpenAPI documents print it.
// The documents are kept beside the repository; without them there is nothing to serve, and that is said.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { startForeignVendor, type ForeignVendor } from "../support/foreign-vendors.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { ask, newestCursor, watchTransitions, type Watch } from "../support/gateway-client.ts";
import { listAccounts, listDefinitions, pathOf, startRuns, untilEnded } from "../support/gateway-operations.ts";
import { openApiAvailable } from "../support/openapi.ts";
import { VENDORS, type Vendor } from "../support/vendors.ts";

const available = openApiAvailable();

/** What the documents' examples are called. */
const DEFINITIONS: Readonly<Record<Vendor, RegExp>> = {
  rootfi: /ZOHO_BOOKS/u,
  stuut: /./u,
  polytomic: /^Warehouse users to Salesforce contacts$/u,
  truto: /^Zendesk tickets$/u,
};

describe.runIf(available)("vendors that speak as their documents print it", () => {
  const foreign = new Map<Vendor, ForeignVendor>();
  let gateway: TestGateway;
  let watch: Watch;

  beforeAll(async () => {
    for (const vendor of VENDORS) foreign.set(vendor, await startForeignVendor(vendor));
    gateway = await startTestGateway({ providers: [...foreign.values()].map(({ entry }) => entry) });
    await listDefinitions(gateway.url);
    watch = watchTransitions(gateway.url, { after: await newestCursor(gateway.url) });
  });

  afterAll(async () => {
    await watch.close();
    await gateway.close();
    // Closing reports every request that the documents do not know.
    for (const { server } of foreign.values()) await server.close();
  });

  test("their accounts and definitions are listed", async () => {
    const definitions = await listDefinitions(gateway.url);
    for (const vendor of VENDORS) {
      const names = definitions.filter(({ provider }) => provider.key === vendor).map(({ name }) => name);
      expect(names.filter((name) => DEFINITIONS[vendor].test(name))).toHaveLength(1);
      expect(await listAccounts(gateway.url, vendor)).toHaveLength(1);
    }
  });

  test.concurrent.each(VENDORS)("%s: a run is started and seen to its end", async (vendor) => {
    const definitions = await listDefinitions(gateway.url);
    const definition = definitions.find(
      ({ provider, name }) => provider.key === vendor && DEFINITIONS[vendor].test(name),
    );
    const [account] = await listAccounts(gateway.url, vendor);
    const forAccount = { linkedAccountId: account?.id, args: { integrated_account_id: account?.remoteId } };
    const runs = await startRuns(gateway.url, {
      definitionId: definition?.id,
      ...(vendor === "truto" ? forAccount : {}),
    });
    expect(runs).toHaveLength(1);
    const [run] = runs;
    // Polytomic's example of an ended run has errors in its counts.
    const outcome = vendor === "polytomic" ? "PARTIAL" : "COMPLETE";
    expect(await untilEnded(watch, run?.id ?? "")).toBe(`CREATED RUNNING SUCCESS: ${outcome}`);
    expect(pathOf(watch.seen, run?.id ?? "").map(({ inferred }) => inferred)).toEqual([false, false, false]);
    expect(foreign.get(vendor)?.starts).toHaveLength(1);
  });

  test("nothing is wrong with any of them", async () => {
    const shape = z.object({
      providers: z.array(
        z.object({
          key: z.string(),
          health: z.string(),
          lastError: z.unknown(),
          unknownStatuses: z.array(z.unknown()),
        }),
      ),
    });
    const { data, errors } = await ask(
      gateway.url,
      shape,
      "{ providers { key health lastError { message } unknownStatuses { word } } }",
    );
    expect(errors).toEqual([]);
    expect(data.providers).toEqual(VENDORS.map((key) => ({ key, health: "UP", lastError: null, unknownStatuses: [] })));
    expect(gateway.log()).not.toMatch(/"level":(?:40|50|60)/u);
  });
});

if (!available) test.skipIf(true)("foreign vendors need the OpenAPI documents beside the repository", () => undefined);
