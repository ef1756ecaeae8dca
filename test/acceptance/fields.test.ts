// Every field of RootFi's, Stuut's and Truto's pages about jobs and runs is in the gateway's answers, with the vendor's value.
// Polytomic's are in `fields-polytomic.test.ts`, and that no secret is among them in `secrets.test.ts`.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { ask, newestCursor, watchTransitions, type Watch } from "../support/gateway-client.ts";
import {
  accountOf,
  definitionNamed,
  listDefinitions,
  startRuns,
  untilEnded,
  type KnownDefinition,
} from "../support/gateway-operations.ts";
import { listOf, objectOf, type Json } from "../support/openapi-examples.ts";
import { orNull, time, vendorSays } from "../support/vendor-truth.ts";
import { entryOf, startVendor, type Vendor, type VendorServer } from "../support/vendors.ts";

const KINDS = ["rootfi", "stuut", "truto"] as const;
const vendors = new Map<Vendor, VendorServer>();
let gateway: TestGateway;
let watch: Watch;
let definitions: readonly KnownDefinition[];

beforeAll(async () => {
  for (const kind of KINDS) vendors.set(kind, await startVendor(kind));
  gateway = await startTestGateway({ providers: [...vendors.values()].map(entryOf) });
  watch = watchTransitions(gateway.url, { after: await newestCursor(gateway.url) });
  definitions = await listDefinitions(gateway.url);
});

afterAll(async () => {
  await watch.close();
  await gateway.close();
  for (const vendor of vendors.values()) await vendor.stop();
});

const idOf = (provider: Vendor, name: string): string => definitionNamed(definitions, provider, name).id;

function says(kind: Vendor, path: string): Promise<unknown> {
  const vendor = vendors.get(kind);
  if (vendor === undefined) throw new Error(`no ${kind}`);
  return vendorSays(vendor, path);
}

async function node(id: string, type: "Sync" | "SyncJob", fields: string): Promise<Json> {
  const field = type === "Sync" ? "sync(id: $id, maxAgeSeconds: 0)" : "syncJob(id: $id)";
  const { data, errors } = await ask(
    gateway.url,
    z.object({ one: z.record(z.string(), z.unknown()) }),
    `query ($id: ID!) { one: ${field} { ${fields} } }`,
    { id },
  );
  expect(errors).toEqual([]);
  return data.one;
}

const RUN = `remoteId status rawStatus outcome origin operation fullRefresh initial oneOff attempt batchId entityId fileId models onError
  runtimeVersion alternateRemoteId remoteType integration timeRangeStart timeRangeEnd createdAt startedAt finishedAt updatedAt
  taskCounts { total success failed running pending } recordCounts { fetched persisted failed } error { message }
  linkedAccount { remoteId } definition { remoteId } tasks { nodes { key name recordCounts { fetched persisted failed } } } raw`;

describe("RootFi", () => {
  test("all that 'get sync' says is in the run", async () => {
    const [run] = await startRuns(gateway.url, {
      definitionId: idOf("rootfi", "Castor & Vale Outfitters / SHOPIFY"),
      fullRefresh: true,
    });
    expect(await untilEnded(watch, run?.id ?? "")).toContain("PARTIAL");
    const seen = await node(run?.id ?? "", "Sync", RUN);
    const truth = objectOf(objectOf(await says("rootfi", `/core/syncs/${String(seen["remoteId"])}`))["data"]);
    expect(truth).toMatchObject({ full_sync: true, sync_type: "MANUAL", config_mode: "READ" });
    expect(seen).toMatchObject({
      remoteId: truth["sync_id"],
      alternateRemoteId: String(truth["rootfi_id"]),
      linkedAccount: { remoteId: String(truth["rootfi_company_id"]) },
      integration: truth["integration_type"],
      fullRefresh: truth["full_sync"],
      // Started here: the vendor's word for it, MANUAL, is in `raw`.
      origin: "GATEWAY",
      operation: truth["config_mode"],
      models: truth["sync_data_models"],
      rawStatus: truth["status"],
      taskCounts: {
        total: truth["total_count"],
        success: truth["success_count"],
        failed: truth["failed_count"],
        running: truth["running_count"],
        pending: truth["pending_count"],
      },
      createdAt: time(truth["rootfi_created_at"]),
      updatedAt: time(truth["rootfi_updated_at"]),
      startedAt: time(truth["start_time"]),
      finishedAt: time(truth["end_time"]),
    });
    expect(seen["raw"]).toMatchObject(truth);
  });

  test("a company's job has what the sync config says of each data model", async () => {
    const job = await node(
      idOf("rootfi", "Harbour Lane Coffee Roasters / XERO"),
      "SyncJob",
      `integration resources { name category enabled grantedOperations syncFrom customFields } schedules { resource rawFrequency interval }`,
    );
    const configs = listOf(objectOf(await says("rootfi", "/core/syncs/config?category=ACCOUNTING"))["sync_config"]);
    const resources = listOf(job["resources"]);
    expect(job["integration"]).toBe("XERO");
    expect(resources.map((one) => one["name"]).toSorted()).toEqual(configs.map((one) => one["data_model"]).toSorted());
    for (const config of configs) {
      const granted = Object.entries(objectOf(config["scope_access"])).filter(([, may]) => may === true);
      const resource = resources.find((one) => one["name"] === config["data_model"]);
      expect(resource).toMatchObject({
        category: config["category"],
        enabled: config["enabled"],
        syncFrom: time(config["sync_from"]),
        customFields: config["custom_fields"] ?? [],
      });
      expect(new Set([resource?.["grantedOperations"]].flat())).toEqual(new Set(granted.map(([name]) => name)));
      const schedule = {
        resource: config["data_model"],
        rawFrequency: config["frequency"],
        interval: config["interval"],
      };
      expect(listOf(job["schedules"])).toContainEqual(schedule);
    }
  });
});

describe("Stuut", () => {
  const connection = async (id: string): Promise<Json> => {
    const found = [await says("stuut", "/v2/integrations/connections")]
      .flat()
      .map(objectOf)
      .find((one) => one["id"] === id);
    return found ?? {};
  };

  test("all that a sync of 'request a sync' says is in the run", async () => {
    const runs = await startRuns(gateway.url, { definitionId: idOf("stuut", "Corvid Medical (Sage Intacct)") });
    expect(runs).toHaveLength(3);
    await Promise.all(runs.map(({ id }) => untilEnded(watch, id)));
    const models = listOf((await connection("conn_01HZX3COR"))["models"]);
    for (const run of runs) {
      const seen = await node(run.id, "Sync", RUN);
      const model = models.find((one) => objectOf(one["last_sync"])["id"] === seen["remoteId"]);
      const truth = objectOf(model?.["last_sync"]);
      expect(seen).toMatchObject({
        remoteId: truth["id"],
        remoteType: truth["object"],
        rawStatus: truth["status"],
        attempt: truth["attempt"],
        batchId: truth["batch_id"],
        entityId: truth["entity_id"],
        fileId: truth["file_id"],
        initial: truth["is_initial_sync"],
        oneOff: truth["is_one_off"],
        models: [model?.["name"]],
        error: truth["error"] === null ? null : { message: truth["error"] },
        createdAt: time(truth["created_at"]),
        updatedAt: time(truth["modified_at"]),
        startedAt: time(truth["started_at"]),
        finishedAt: time(truth["completed_at"]),
        timeRangeStart: time(truth["timerange_start"]),
        timeRangeEnd: time(truth["timerange_end"]),
        definition: { remoteId: "conn_01HZX3COR" },
        linkedAccount: { remoteId: "conn_01HZX3COR" },
      });
      const pages = truth["pagination_state"] ?? null;
      expect(seen["raw"]).toEqual({ ...truth, pagination_state: pages === null ? null : "[redacted]" });
    }
    expect(new Set(runs.flatMap((run) => run.models))).toEqual(new Set(["invoice", "customer", "payment"]));
  });

  test("a connection's job has what the vendor says of each model", async () => {
    const fields = `remoteId name displayName custom readEnabled writeEnabled readSupported writeSupported syncSupported
      fileUploadEnabled sourceWebhooksEnabled nextRunAt createdAt updatedAt`;
    const job = await node(idOf("stuut", "Aldgate Industrial Supply (NetSuite)"), "SyncJob", `resources { ${fields} }`);
    const models = listOf((await connection("conn_01HZX3ALD"))["models"]);
    expect(models.length).toBe(5);
    const expected = models.map((model) => ({
      remoteId: model["id"],
      name: model["name"],
      displayName: model["display_name"],
      custom: model["is_custom_object"],
      readEnabled: model["is_read_enabled"],
      writeEnabled: model["is_write_enabled"],
      readSupported: model["is_read_supported"],
      writeSupported: model["is_write_supported"],
      syncSupported: model["is_sync_supported"],
      fileUploadEnabled: model["is_file_upload_enabled"],
      sourceWebhooksEnabled: model["is_webhooks_setup"],
      nextRunAt: time(model["next_sync_at"]),
      createdAt: time(model["created_at"]),
      updatedAt: time(model["modified_at"]),
    }));
    expect(job["resources"]).toEqual(expected);
  });
});

describe("Truto", () => {
  test.each([
    ["Zendesk tickets", "the older shape of resources"],
    ["Salesforce opportunities", "the nodes of runtime 4"],
    ["Support conversations", "a job of no one product"],
  ])("all that 'get sync job' says of %s is in the job: %s", async (name) => {
    const definition = definitionNamed(definitions, "truto", name);
    const job = await node(
      definition.id,
      "SyncJob",
      `remoteId name integration environmentId argsSchema argsValidation runtimeVersion mutexKey stateKey createdAt updatedAt
       resources { name remoteId type method query loopOn dependsOn persist config }`,
    );
    const truth = objectOf(await says("truto", `/sync-job/${definition.remoteId}`));
    expect(job).toMatchObject({
      remoteId: truth["id"],
      name: truth["label"],
      integration: truth["integration_name"] === "" ? null : truth["integration_name"],
      environmentId: truth["environment_id"],
      argsSchema: truth["args_schema"],
      argsValidation: orNull(truth["args_validation"]),
      runtimeVersion: truth["default_runtime_version"],
      mutexKey: orNull(truth["mutex_key"]),
      stateKey: orNull(truth["state_key"]),
      createdAt: time(truth["created_at"]),
      updatedAt: time(truth["updated_at"]),
    });
    const resources = listOf(job["resources"]);
    const written = listOf(truth["resources"]);
    expect(resources).toHaveLength(written.length);
    for (const [place, resource] of written.entries()) {
      expect(resources[place]).toMatchObject({
        name: resource["name"] ?? resource["resource"],
        remoteId: orNull(resource["id"]),
        type: orNull(resource["type"]),
        method: orNull(resource["method"]),
        query: orNull(resource["query"]),
        loopOn: orNull(resource["loop_on"]),
        dependsOn: [resource["depends_on"] ?? []].flat(),
        persist: orNull(resource["persist"]),
      });
    }
    const nodes = written.filter((one) => one["type"] !== undefined && one["resource"] !== undefined);
    const configs = resources.map((one) => objectOf(one["config"])["resource"]).filter((one) => one !== undefined);
    expect(configs).toEqual(nodes.map((one) => one["resource"]));
  });

  test("a cron trigger is a schedule of its job", async () => {
    const definition = definitionNamed(definitions, "truto", "HubSpot contacts and companies");
    const fields = "remoteId frequency cronExpression createdAt updatedAt linkedAccount { remoteId }";
    const job = await node(definition.id, "SyncJob", `schedules { ${fields} }`);
    const [trigger = {}] = listOf(
      objectOf(await says("truto", `/sync-job-cron-trigger?sync_job_id=${definition.remoteId}`))["result"],
    );
    expect(job["schedules"]).toEqual([
      {
        remoteId: trigger["id"],
        frequency: "CRON",
        cronExpression: trigger["cron_expression"],
        createdAt: time(trigger["created_at"]),
        updatedAt: time(trigger["updated_at"]),
        linkedAccount: { remoteId: trigger["integrated_account_id"] },
      },
    ]);
  });

  test("all that 'get sync job run' says is in the run, counters by resource as its tasks", async () => {
    const [run] = await startRuns(gateway.url, {
      definitionId: idOf("truto", "Zendesk tickets"),
      linkedAccountId: (await accountOf(gateway.url, "truto", "zendesk")).id,
      args: { start_date: "2026-01-01" },
      onError: "FAIL_FAST",
      fullRefresh: true,
    });
    await untilEnded(watch, run?.id ?? "");
    const seen = await node(run?.id ?? "", "Sync", RUN);
    const truth = objectOf(await says("truto", `/sync-job-run/${String(seen["remoteId"])}`));
    expect(truth).toMatchObject({
      error_handling: "fail_fast",
      ignore_previous_run: true,
      args: { start_date: "2026-01-01" },
    });
    const stats = objectOf(truth["resource_stats"]);
    expect(seen).toMatchObject({
      remoteId: truth["id"],
      definition: { remoteId: truth["sync_job_id"] },
      linkedAccount: { remoteId: truth["integrated_account_id"] },
      rawStatus: truth["status"],
      onError: "FAIL_FAST",
      fullRefresh: truth["ignore_previous_run"],
      runtimeVersion: truth["version"],
      models: listOf(truth["resources"]).map((one) => one["resource"]),
      createdAt: time(truth["created_at"]),
      updatedAt: time(truth["updated_at"]),
      startedAt: time(truth["started_at"]),
      finishedAt: time(truth["finished_at"]),
    });
    const tasks = listOf(objectOf(seen["tasks"])["nodes"]);
    expect(tasks.map((task) => task["name"])).toEqual(Object.keys(stats).toSorted());
    for (const task of tasks) {
      expect(objectOf(task["recordCounts"])).toMatchObject(objectOf(objectOf(stats[String(task["name"])])["list"]));
    }
    const { args: _args, resources: _resources, ...shown } = truth;
    expect(seen["raw"]).toEqual(shown);
  });
});
