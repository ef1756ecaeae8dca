// Truto's sync jobs through the gateway: made in both shapes, found, run, changed without losing what nobody is shown, and deleted. What the
// vendor holds is read from the vendor itself.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { newestCursor, watchTransitions, type Watch } from "../support/gateway-client.ts";
import {
  accountOf,
  definitionNamed,
  listDefinitions,
  startRuns,
  triggerSync,
  untilEnded,
} from "../support/gateway-operations.ts";
import { eventually } from "../support/eventually.ts";
import { listOf, objectOf, type Json } from "../support/openapi-examples.ts";
import { changeJob, changedJob, readJob, readRun, refusalsOf, type SeenJob } from "../support/sync-job-changes.ts";
import { time, vendorSays, vendorTakes } from "../support/vendor-truth.ts";
import { credentialHeaders, entryOf, startVendor, type VendorServer } from "../support/vendors.ts";

let vendor: VendorServer;
let gateway: TestGateway;
let watch: Watch;
let zendesk: string;

beforeAll(async () => {
  vendor = await startVendor("truto");
  gateway = await startTestGateway({ providers: [entryOf(vendor)] });
  watch = watchTransitions(gateway.url, { after: await newestCursor(gateway.url) });
  zendesk = (await accountOf(gateway.url, "truto", "zendesk")).id;
});

afterAll(async () => {
  await watch.close();
  await gateway.close();
  await vendor.stop();
});

const rawJob = async (remoteId: string): Promise<Json> => objectOf(await vendorSays(vendor, `/sync-job/${remoteId}`));

const ENTRIES = {
  name: "Tickets and comments",
  integration: "zendesk",
  argsSchema: { type: "object", properties: { start_date: { type: "string", required: true } } },
  mutexKey: "{{args.integrated_account_id}}",
  resources: [
    { name: "ticketing/tickets", method: "list", query: { updated_at: { gt: "{{args.start_date}}" } } },
    { name: "ticketing/comments", method: "list", dependsOn: ["ticketing/tickets"] },
    { name: "users", method: "list", persist: true, loopOn: { "{ args.user_ids }": null } },
  ],
};
const NODES = {
  name: "Conversations as nodes",
  argsSchema: { start_date: { type: "string", format: "date", required: true } },
  argsValidation: "null",
  stateKey: "{{args.integrated_account_id}}",
  resources: [
    { name: "cursor", type: "get_state" },
    {
      name: "tickets",
      type: "request",
      method: "list",
      dependsOn: ["cursor"],
      query: "{ 'updated_at': { 'gt': cursor } }",
      config: { resource: "ticketing/tickets", body: { token: "hidden-token" } },
    },
    {
      name: "out",
      type: "destination",
      dependsOn: ["tickets"],
      config: { destination_type: "webhook", config: { id: "{{args.webhook_id}}" }, resources_to_persist: ["tickets"] },
    },
  ],
};

describe("a sync job that was made here", () => {
  test.each([
    ["of entries, as runtimes before 4 have them", ENTRIES, 3, ["ticketing/tickets", "ticketing/comments", "users"]],
    ["of the nodes of runtime 4", NODES, 4, ["tickets"]],
  ])(
    "%s stands at the vendor, is listed, found by its id, and runs to its end",
    async (_shape, draft, runtime, tasks) => {
      const made = await changedJob(gateway.url, "syncJobCreate", { provider: "truto", ...draft });
      expect(made).toMatchObject({ name: draft.name, runtimeVersion: runtime, argsSchema: draft.argsSchema });
      const written = listOf((await rawJob(made.remoteId))["resources"]);
      expect(written.map((one) => one["name"] ?? one["resource"])).toEqual(draft.resources.map(({ name }) => name));
      expect(JSON.stringify(made)).not.toContain("hidden-token");

      expect(definitionNamed(await listDefinitions(gateway.url), "truto", draft.name).id).toBe(made.id);
      const { scheduleId: _none, ...job } = made;
      expect(await readJob(gateway.url, made.id)).toEqual(job);

      const args = { start_date: "2026-01-01" };
      const [run] = await startRuns(gateway.url, { definitionId: made.id, linkedAccountId: zendesk, args });
      expect(await untilEnded(watch, run?.id ?? "")).toBe("CREATED RUNNING SUCCESS: COMPLETE");
      const seen = await eventually("its parts", async () => {
        const read = await readRun(gateway.url, run?.id ?? "");
        return read.tasks.nodes.length > 0 ? read : null;
      });
      expect(new Set(seen.tasks.nodes.map(({ name }) => name))).toEqual(
        new Set(runtime === 4 ? ["ticketing/tickets"] : tasks),
      );
      expect(seen.linkedAccount?.id).toBe(zendesk);
    },
  );

  test("is refused before the vendor is asked when its parts do not fit together", async () => {
    const before = (await listDefinitions(gateway.url)).length;
    const draft = {
      provider: "truto",
      name: " ",
      argsSchema: { start_date: { type: "moment" } },
      resources: [
        { name: "tickets", type: "request", method: "list" },
        { name: "tickets", type: "transform", dependsOn: ["nobody"] },
        { name: "out", type: "teleport", enabled: true },
      ],
    };
    const refusals = refusalsOf(await changeJob(gateway.url, "syncJobCreate", draft));
    expect(refusals).toEqual(
      expect.arrayContaining([
        { code: "BAD_USER_INPUT", field: ["name"] },
        { code: "BAD_USER_INPUT", field: ["argsSchema", "start_date", "type"] },
        { code: "BAD_USER_INPUT", field: ["resources", "1", "dependsOn"] },
        { code: "BAD_USER_INPUT", field: ["resources", "2", "type"] },
        { code: "CAPABILITY_NOT_SUPPORTED", field: ["resources", "2", "enabled"] },
      ]),
    );
    expect(await listDefinitions(gateway.url)).toHaveLength(before);
  });
});

/** Made by somebody else, with much that no snapshot shows. */
const FOREIGN = {
  label: "Somebody's own",
  integration_name: "",
  default_runtime_version: 4,
  args_schema: {},
  mutex_key: "{{args.integrated_account_id}}",
  state_key: "theirs",
  resources: [
    { name: "cursor", type: "get_state", secret_setting: { deep: ["kept"] } },
    {
      name: "tickets",
      type: "request",
      resource: "ticketing/tickets",
      method: "list",
      depends_on: "cursor",
      body: { token: "hidden-token" },
      query: "{ 'a': 1 }",
    },
    { name: "shape", type: "transform", depends_on: "tickets", config: { expression: "$.hidden" } },
    {
      name: "out",
      type: "destination",
      depends_on: "shape",
      destination_type: "webhook",
      config: { id: "4a4de828-f4db-4c9e-adfd-434e0864c3c7", headers: { authorization: "hidden-header" } },
      resources_to_persist: ["tickets"],
    },
    { name: "log", type: "event", depends_on: "out", config: { text: "hidden-text" } },
  ],
};

async function foreignJob(): Promise<{ readonly job: SeenJob; readonly raw: Json }> {
  const raw = await vendorTakes(vendor, "/sync-job", FOREIGN);
  const id = await eventually("the new job in the list", async () => {
    const known = await listDefinitions(gateway.url);
    return known.find(({ remoteId }) => remoteId === raw["id"])?.id;
  });
  const job = await readJob(gateway.url, id);
  if (job === null) throw new Error("a listed job is not found by its id");
  return { job, raw };
}

describe("a change of a sync job", () => {
  test("of its name, of one resource, by a new and without an old one keeps all that the gateway never shows", async () => {
    const { job, raw } = await foreignJob();
    expect(JSON.stringify(job)).not.toContain("hidden");
    const [cursor, tickets, shape, out] = FOREIGN.resources;

    const renamed = await changedJob(gateway.url, "syncJobUpdate", { syncJobId: job.id, name: "Renamed" });
    expect(renamed).toMatchObject({ id: job.id, name: "Renamed", resources: job.resources });
    expect(await rawJob(job.remoteId)).toEqual({ ...raw, label: "Renamed", updated_at: expect.any(String) });

    const resources = [{ name: "tickets", query: { page: 1 } }];
    const changed = await changedJob(gateway.url, "syncJobUpdate", { syncJobId: job.id, resources });
    expect(changed.resources.find(({ name }) => name === "tickets")).toMatchObject({
      query: { page: 1 },
      method: "list",
    });
    expect((await rawJob(job.remoteId))["resources"]).toEqual([
      cursor,
      { ...tickets, query: { page: 1 } },
      shape,
      out,
      FOREIGN.resources[4],
    ]);

    const moved = [
      { name: "users", type: "request", method: "list", config: { resource: "ticketing/users" } },
      { name: "out", config: { resources_to_persist: ["tickets", "users"], config: { id: "other" } } },
    ];
    await changedJob(gateway.url, "syncJobUpdate", { syncJobId: job.id, resources: moved, removeResources: ["log"] });
    const end = await rawJob(job.remoteId);
    expect(end["resources"]).toEqual([
      cursor,
      { ...tickets, query: { page: 1 } },
      shape,
      {
        ...out,
        config: { id: "other", headers: { authorization: "hidden-header" } },
        resources_to_persist: ["tickets", "users"],
      },
      { name: "users", type: "request", method: "list", resource: "ticketing/users" },
    ]);
    expect(end).toMatchObject({ label: "Renamed", mutex_key: raw["mutex_key"], state_key: "theirs", args_schema: {} });
    expect(`${JSON.stringify(await readJob(gateway.url, job.id))}${gateway.log()}`).not.toContain("hidden-");
  });

  test("that would leave others without what they need is refused, and nothing is changed", async () => {
    const { job, raw } = await foreignJob();
    const input = { syncJobId: job.id, name: "Broken", removeResources: ["tickets"] };
    expect(refusalsOf(await changeJob(gateway.url, "syncJobUpdate", input))).toEqual([
      { code: "BAD_USER_INPUT", field: ["removeResources", "0"] },
    ]);
    expect(await rawJob(job.remoteId)).toEqual(raw);
  });

  test("of one that somebody else has deleted finds nothing, and the list is without it from then on", async () => {
    const { job } = await foreignJob();
    const headers = credentialHeaders(vendor);
    await fetch(`${vendor.url}/sync-job/${job.remoteId}`, { method: "DELETE", headers });
    const resources = [{ name: "tickets", query: { page: 1 } }];
    const answer = await changeJob(gateway.url, "syncJobUpdate", { syncJobId: job.id, resources });
    expect(refusalsOf(answer)).toEqual([{ code: "NOT_FOUND", field: ["syncJobId"] }]);
    expect(answer.done?.syncJob).toBeNull();
    expect((await readJob(gateway.url, job.id))?.goneAt).toEqual(expect.any(String));
  });

  test("on top of somebody else's is an edit conflict, which shows how it stands now", async () => {
    const known = definitionNamed(await listDefinitions(gateway.url), "truto", "HubSpot contacts and companies");
    const job = await readJob(gateway.url, known.id);
    const theirs = await patched(known.remoteId, { label: "Theirs" });
    const input = { syncJobId: known.id, name: "Mine", expectedUpdatedAt: job?.updatedAt };

    const answer = await changeJob(gateway.url, "syncJobUpdate", input);
    expect(refusalsOf(answer)).toEqual([{ code: "EDIT_CONFLICT", field: ["expectedUpdatedAt"] }]);
    expect(answer.done?.syncJob).toMatchObject({ name: "Theirs", updatedAt: time(theirs["updated_at"]) });
    expect(await rawJob(known.remoteId)).toEqual(theirs);

    const expectedUpdatedAt = answer.done?.syncJob?.updatedAt;
    await changedJob(gateway.url, "syncJobUpdate", { ...input, expectedUpdatedAt });
    expect(await rawJob(known.remoteId)).toMatchObject({ label: "Mine" });
  });
});

test("a deleted sync job is gone at the vendor and from the list, cannot be started, and keeps its runs", async () => {
  const made = await changedJob(gateway.url, "syncJobCreate", { provider: "truto", ...ENTRIES, name: "Short-lived" });
  const start = { definitionId: made.id, linkedAccountId: zendesk, args: { start_date: "2026-01-01" } };
  const [run] = await startRuns(gateway.url, start);

  const { done, errors } = await changeJob(gateway.url, "syncJobDelete", { syncJobId: made.id });
  expect({ errors, userErrors: done?.userErrors, id: done?.deletedSyncJobId }).toEqual({
    errors: [],
    userErrors: [],
    id: made.id,
  });
  await expect(rawJob(made.remoteId)).rejects.toThrow(/404/u);
  expect((await listDefinitions(gateway.url)).map(({ id }) => id)).not.toContain(made.id);
  expect((await readJob(gateway.url, made.id))?.goneAt).toEqual(expect.any(String));
  expect(await untilEnded(watch, run?.id ?? "")).toMatch(/^CREATED RUNNING SUCCESS/u);

  const again = await triggerSync(gateway.url, { ...start, ifRunning: "START_ANOTHER" });
  expect(again.data.triggerSync?.userErrors).toMatchObject([{ code: "NOT_FOUND", field: ["definitionId"] }]);
  for (const mutation of ["syncJobUpdate", "syncJobDelete"] as const) {
    const input = { syncJobId: made.id, ...(mutation === "syncJobUpdate" ? { name: "Back" } : {}) };
    expect(refusalsOf(await changeJob(gateway.url, mutation, input))).toEqual([
      { code: "NOT_FOUND", field: ["syncJobId"] },
    ]);
  }
});

async function patched(remoteId: string, body: Json): Promise<Json> {
  const headers = { ...credentialHeaders(vendor), "content-type": "application/json" };
  const response = await fetch(`${vendor.url}/sync-job/${remoteId}`, {
    method: "PATCH",
    headers,
    body: JSON.stringify(body),
  });
  return objectOf(await response.json());
}
