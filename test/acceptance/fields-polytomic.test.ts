// Every field of Polytomic's pages about syncs and executions is in the gateway's answers, with the vendor's value.
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { eventually } from "../support/eventually.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { ask, newestCursor, watchTransitions } from "../support/gateway-client.ts";
import { definitionNamed, listDefinitions, startRuns, untilEnded } from "../support/gateway-operations.ts";
import { listOf, objectOf, type Json } from "../support/openapi-examples.ts";
import { orNull, time, vendorSays, vendorTakes } from "../support/vendor-truth.ts";
import { entryOf, startVendor, type VendorServer } from "../support/vendors.ts";

let vendor: VendorServer;
let gateway: TestGateway;

beforeAll(async () => {
  vendor = await startVendor("polytomic");
  await makeFullDefinition();
  gateway = await startTestGateway({ providers: [entryOf(vendor)] });
});

afterAll(async () => {
  await gateway.close();
  await vendor.stop();
});

const FULL = "A definition that says everything";
const UUID = "248df4b7-aa70-47b8-a036-33ac447e668d";

/** One definition in which no field is left out; the sandbox's own leave out what most customers do. */
async function makeFullDefinition(): Promise<void> {
  const [first] = listOf(objectOf(await vendorSays(vendor, "/api/syncs?limit=50"))["data"]);
  const source = { model_id: UUID, field: "email" };
  const mapped = {
    source,
    target: "Email",
    new: true,
    sync_mode: "create",
    encryption_enabled: true,
    override_value: "none",
  };
  await vendorTakes(vendor, "/api/syncs", {
    name: FULL,
    mode: "updateOrCreate",
    active: true,
    fields: [mapped],
    override_fields: [
      { target: "Origin", override_value: "Product", new: false, sync_mode: "update", encryption_enabled: false },
    ],
    filters: [
      { function: "StringOneOf", field: source, field_id: "f1", field_type: "Target", label: "A", value: ["x", "y"] },
    ],
    filter_logic: "A",
    overrides: [{ field: source, field_id: "f2", function: "Equality", value: 5, override: { to: "six" } }],
    identity: { function: "OneOf", source, target: "Email", new_field: true, remote_field_type_id: "remote-7" },
    policies: [UUID],
    only_enrich_updates: true,
    skip_initial_backfill: true,
    sync_all_records: true,
    encryption_passphrase: "never to be shown",
    schedule: {
      frequency: "runafter",
      day_of_week: "monday",
      day_of_month: "3",
      month: "5",
      hour: "07",
      minute: "45",
      connection_id: first?.["target_connection_id"],
      job_id: 40_312,
      run_after: { sync_ids: [first?.["id"]], bulk_sync_ids: [UUID] },
      run_after_success_only: true,
    },
    target: {
      connection_id: first?.["target_connection_id"],
      object: "Contact",
      create: { kind: "table" },
      new_name: "Contacts 2",
      configuration: { batch: 5 },
      search_values: { region: "eu" },
      filter_logic: "A",
    },
  });
}

const REFERENCE = "{ modelId field }";
const FIELD = `{ source ${REFERENCE} target new overrideValue syncMode encryptionEnabled }`;
const PERSON = "{ remoteId name type }";
const QUERY = `{
  modelSyncs(first: 100) { nodes {
    remoteId name active mode organizationId modelIds filterLogic policies hasEncryptionPassphrase createdAt updatedAt nextRunAt
    onlyEnrichUpdates skipInitialBackfill syncAllRecords createdBy ${PERSON} updatedBy ${PERSON}
    fields ${FIELD} overrideFields ${FIELD}
    filters { function field ${REFERENCE} fieldId fieldType label value }
    overrides { field ${REFERENCE} fieldId function value override }
    identity { function source ${REFERENCE} target newField remoteFieldTypeId }
    target { linkedAccount { remoteId } object create newName configuration searchValues filterLogic }
    schedules {
      frequency rawFrequency hour minute month dayOfWeek dayOfMonth externalConnectionId externalJobId
      runAfter { remoteId } runAfterBulkRemoteIds runAfterSuccessOnly
    }
  } }
}`;

const FREQUENCIES: Readonly<Record<string, string>> = {
  manual: "MANUAL",
  continuous: "CONTINUOUS",
  hourly: "HOURLY",
  daily: "DAILY",
  weekly: "WEEKLY",
  runafter: "AFTER_RUN",
  dbtcloud: "EXTERNAL",
};

const reference = (value: unknown): unknown => {
  const { model_id: modelId, field } = objectOf(value);
  return value === undefined || value === null ? null : { modelId: orNull(modelId), field: orNull(field) };
};

const field = (written: Json): Json => ({
  source: reference(written["source"]),
  target: written["target"],
  new: orNull(written["new"]),
  overrideValue: orNull(written["override_value"]),
  syncMode: orNull(written["sync_mode"]),
  encryptionEnabled: orNull(written["encryption_enabled"]),
});

const person = (written: unknown): Json => {
  const { id, name, type } = objectOf(written);
  return { remoteId: id, name, type };
};

function schedule(written: Json): Json {
  const after = objectOf(written["run_after"]);
  return {
    frequency: FREQUENCIES[String(written["frequency"])],
    rawFrequency: written["frequency"],
    hour: orNull(written["hour"]),
    minute: orNull(written["minute"]),
    month: orNull(written["month"]),
    dayOfWeek: orNull(written["day_of_week"]),
    dayOfMonth: orNull(written["day_of_month"]),
    externalConnectionId: orNull(written["connection_id"]),
    externalJobId: written["job_id"] === undefined || written["job_id"] === null ? null : String(written["job_id"]),
    runAfter: [after["sync_ids"] ?? []].flat().map((remoteId) => ({ remoteId })),
    runAfterBulkRemoteIds: after["bulk_sync_ids"] ?? [],
    runAfterSuccessOnly: orNull(written["run_after_success_only"]),
  };
}

/** What the gateway must say of a sync for which the vendor says this. */
function expected(truth: Json): Json {
  const target = objectOf(truth["target"]);
  const identity = objectOf(truth["identity"]);
  return {
    remoteId: truth["id"],
    name: truth["name"],
    active: truth["active"],
    mode: truth["mode"],
    organizationId: truth["organization_id"],
    modelIds: truth["model_ids"],
    policies: truth["policies"],
    hasEncryptionPassphrase: typeof truth["encryption_passphrase"] === "string",
    createdAt: time(truth["created_at"]),
    updatedAt: time(truth["updated_at"]),
    createdBy: person(truth["created_by"]),
    updatedBy: person(truth["updated_by"]),
    onlyEnrichUpdates: truth["only_enrich_updates"],
    skipInitialBackfill: truth["skip_initial_backfill"],
    syncAllRecords: truth["sync_all_records"],
    fields: listOf(truth["fields"]).map(field),
    overrideFields: listOf(truth["override_fields"]).map(field),
    filters: listOf(truth["filters"]).map((filter) => ({
      function: filter["function"],
      field: reference(filter["field"]),
      fieldId: orNull(filter["field_id"]),
      fieldType: orNull(filter["field_type"]),
      label: orNull(filter["label"]),
      value: orNull(filter["value"]),
    })),
    overrides: listOf(truth["overrides"]).map((override) => ({
      field: reference(override["field"]),
      fieldId: orNull(override["field_id"]),
      function: orNull(override["function"]),
      value: orNull(override["value"]),
      override: orNull(override["override"]),
    })),
    identity: {
      function: identity["function"],
      source: reference(identity["source"]),
      target: identity["target"],
      newField: orNull(identity["new_field"]),
      remoteFieldTypeId: orNull(identity["remote_field_type_id"]),
    },
    target: {
      linkedAccount: { remoteId: target["connection_id"] },
      object: orNull(target["object"]),
      create: orNull(target["create"]),
      newName: orNull(target["new_name"]),
      configuration: orNull(target["configuration"]),
      searchValues: orNull(target["search_values"]),
      filterLogic: orNull(target["filter_logic"]),
    },
    schedules: [schedule(objectOf(truth["schedule"]))],
  };
}

test("all that 'get sync' says of each definition is in its model sync", async () => {
  const listed = await eventually("all definitions in full", async () => {
    const shape = z.object({ modelSyncs: z.object({ nodes: z.array(z.record(z.string(), z.unknown())) }) });
    const { nodes } = (await ask(gateway.url, shape, QUERY)).data.modelSyncs;
    return nodes.length === 14 && nodes.every(({ fields }) => listOf(fields).length > 0) ? nodes : null;
  });
  for (const seen of listed) {
    const truth = objectOf(objectOf(await vendorSays(vendor, `/api/syncs/${String(seen["remoteId"])}`))["data"]);
    expect(seen).toMatchObject(expected(truth));
    // An empty text says as much as none.
    expect(seen["filterLogic"] ?? "").toBe(truth["filter_logic"]);
    const planned = objectOf(
      objectOf(await vendorSays(vendor, `/api/syncs/${String(seen["remoteId"])}/status`))["data"],
    );
    // Runs every few seconds, so that the two were not asked about the same moment.
    const moves = objectOf(truth["schedule"])["frequency"] === "continuous";
    expect(moves ? null : seen["nextRunAt"]).toBe(moves ? null : time(planned["next_execution_time"]));
  }
  const full = listed.find(({ name }) => name === FULL) ?? {};
  const left = Object.entries(full).filter(([name, value]) => value === null && name !== "nextRunAt");
  expect(left).toEqual([]);
});

test("all that 'get execution' says is in the run", async () => {
  const { id } = definitionNamed(await listDefinitions(gateway.url), "polytomic", "Orders to HubSpot deals");
  await using watch = watchTransitions(gateway.url, { after: await newestCursor(gateway.url) });
  const [run] = await startRuns(gateway.url, { definitionId: id });
  expect(await untilEnded(watch, run?.id ?? "")).toContain("PARTIAL");
  const query = `query ($id: ID!) { sync(id: $id, maxAgeSeconds: 0) {
    remoteId rawStatus createdAt startedAt finishedAt raw definition { remoteId } linkedAccount { remoteId }
    recordCounts { total inserted updated upserted deleted failed warnings }
  } }`;
  const { data } = await ask(gateway.url, z.object({ sync: z.record(z.string(), z.unknown()) }), query, {
    id: run?.id,
  });
  const definition = objectOf(data.sync["definition"])["remoteId"];
  const path = `/api/syncs/${String(definition)}`;
  const truth = objectOf(
    objectOf(await vendorSays(vendor, `${path}/executions/${String(data.sync["remoteId"])}`))["data"],
  );
  const counts = objectOf(truth["counts"]);
  const target = objectOf(objectOf(objectOf(await vendorSays(vendor, path))["data"])["target"]);
  expect(data.sync).toMatchObject({
    remoteId: truth["id"],
    rawStatus: truth["status"],
    createdAt: time(truth["created_at"]),
    startedAt: time(truth["started_at"]),
    finishedAt: time(truth["completed_at"]),
    linkedAccount: { remoteId: target["connection_id"] },
    recordCounts: {
      total: counts["total"],
      inserted: counts["insert"],
      updated: counts["update"],
      upserted: counts["upserts"],
      deleted: counts["delete"],
      failed: counts["error"],
      warnings: counts["warnings"],
    },
    raw: truth,
  });
});
