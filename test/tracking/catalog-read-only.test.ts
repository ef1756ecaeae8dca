// The mirror in a database that takes no writes: it cannot be renewed, and is as good as it was.
import { expect, test } from "vitest";
import { ErrorCode, GatewayError } from "../../src/domain/errors.ts";
import { createCatalog } from "../../src/tracking/catalog.ts";
import { createDefinitionDetails } from "../../src/tracking/definition-details.ts";
import { syncJob } from "../support/store-values.ts";
import { TENANT, createTestTracking, storeMaker } from "../support/tracking.ts";

const openStore = storeMaker();

async function readOnly(failure: Error) {
  const made = createTestTracking(await openStore());
  await made.stock([syncJob("job-1")]);
  const store = { ...made.store, catalog: { ...made.store.catalog, putLinkedAccounts: () => Promise.reject(failure) } };
  const tools = { ...made.tools, store };
  return { ...made, catalog: createCatalog(tools, made.contact, createDefinitionDetails(tools)) };
}

test("lists are answered from it, and the reading of the catalog fails", async () => {
  const failure = new GatewayError(ErrorCode.ServiceUnavailable, "no writes");
  const { catalog, configured, store } = await readOnly(failure);
  expect(await catalog.ensureFresh(TENANT, ["acme"])).toEqual([]);
  expect(await store.catalog.definitionsOfProvider(TENANT, "acme")).toMatchObject([{ remoteId: "job-1" }]);
  await expect(catalog.refresh(TENANT, configured)).rejects.toBe(failure);
});

test("a defect is not taken for that", async () => {
  const failure = new Error("a defect");
  const { catalog } = await readOnly(failure);
  await expect(catalog.ensureFresh(TENANT, ["acme"])).rejects.toBe(failure);
});
