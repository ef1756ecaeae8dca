// What else Truto's runs can do through the gateway: arguments are checked before the vendor is called, records go where the settings say,
// a run is stopped, its parts are counted while it goes on, and why it failed is told without secrets.
import { afterEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { eventually } from "../support/eventually.ts";
import { startTestGateway, type ProviderEntry, type TestGateway } from "../support/gateway.ts";
import { newestCursor, watchTransitions } from "../support/gateway-client.ts";
import {
  accountOf,
  definitionNamed,
  listDefinitions,
  startRuns,
  triggerSync,
  untilEnded,
} from "../support/gateway-operations.ts";
import { objectOf, type Json } from "../support/openapi-examples.ts";
import { aboutRun, changeJob, changedJob, readRun, refusalsOf } from "../support/sync-job-changes.ts";
import { vendorSays } from "../support/vendor-truth.ts";
import { recordRequests, startVendor, type Recorder, type VendorServer } from "../support/vendors.ts";
import { standBetween } from "./stand-between.ts";
import { progressOf } from "./watch-progress.ts";
import { REGISTER } from "./webhook-registration.ts";

/** Longer than any test: a gateway that looks only when it is asked. */
const NEVER_MS = 3_600_000;
const QUIET = { poll: { fastMs: NEVER_MS, slowMs: NEVER_MS, discoverMs: NEVER_MS } } as const;
const WEBHOOK_ID = "4a4de828-f4db-4c9e-adfd-434e0864c3c7";
const LEAP_DAY = "0 0 29 2 *";

let vendor: VendorServer;
let recorder: Recorder;
let gateway: TestGateway;
let linkedAccountId: string;

afterEach(async () => {
  await gateway.close();
  await recorder.close();
  await vendor.stop();
});

async function begin(settings: Partial<ProviderEntry> & Json = {}, speed = 20): Promise<void> {
  vendor = await startVendor("truto", speed);
  recorder = await recordRequests(vendor);
  gateway = await startTestGateway({ providers: [{ ...recorder.entry, ...settings }] });
  linkedAccountId = (await accountOf(gateway.url, "truto", "zendesk")).id;
}

/** A job of two resources, in the shape that runtimes before 4 have. */
const jobWith = (argsSchema: Json | null) =>
  changedJob(gateway.url, "syncJobCreate", {
    provider: "truto",
    name: "Tickets of the test",
    integration: "zendesk",
    argsSchema,
    resources: [
      { name: "ticketing/tickets", method: "list" },
      { name: "ticketing/users", method: "list" },
    ],
  });

const described = {
  since: { type: "string", format: "date", required: true },
  pages: { type: "integer" },
  filter: { type: "object", properties: { tag: { type: "string", required: true } } },
};
/** What the schemas above do not allow, and where. */
const WRONG: readonly (readonly [Json, readonly (readonly string[])[]])[] = [
  [{}, [["args", "since"]]],
  [{ since: "yesterday" }, [["args", "since"]]],
  [
    { since: 5, pages: "many" },
    [
      ["args", "since"],
      ["args", "pages"],
    ],
  ],
  [{ since: "2026-01-01", pages: 1.5 }, [["args", "pages"]]],
  [{ since: "2026-01-01", filter: {} }, [["args", "filter", "tag"]]],
];

describe("arguments", () => {
  test.each([
    ["a JSON Schema", { type: "object", properties: described }],
    ["a map of arguments", described],
  ])("against %s are refused by their fields, and the vendor is not asked", async (_form, argsSchema) => {
    await begin(QUIET);
    const job = await jobWith(argsSchema);
    const before = recorder.requests.length;
    for (const [args, fields] of WRONG) {
      const { data, errors } = await triggerSync(gateway.url, { definitionId: job.id, linkedAccountId, args });
      expect(errors).toEqual([]);
      const refused = data.triggerSync?.userErrors.map(({ code, field }) => ({ code, field }));
      const expected = fields.map((field) => ({ code: "BAD_USER_INPUT", field }));
      expect(refused).toEqual(expect.arrayContaining(expected));
      expect(refused).toHaveLength(expected.length);
      const input = { syncJobId: job.id, cronExpression: LEAP_DAY, linkedAccountId, args };
      const schedule = refusalsOf(await changeJob(gateway.url, "syncJobSchedule", input));
      expect(schedule).toEqual(refused);
    }
    expect(recorder.requests.slice(before).map(({ method, path }) => `${method} ${path}`)).toEqual([]);

    const args = { since: "2026-01-01", pages: 2, filter: { tag: "vip" } };
    await startRuns(gateway.url, { definitionId: job.id, linkedAccountId, args });
    expect(bodies("/sync-job-run")).toMatchObject([{ args }]);
  });
});

const bodies = (path: string): readonly Json[] =>
  recorder.requests
    .filter((request) => request.method === "POST" && request.path === path)
    .map(({ body }) => objectOf(JSON.parse(body)));

describe("records", () => {
  test.each([
    ["to the webhook", { webhookId: WEBHOOK_ID }, { webhook_id: WEBHOOK_ID }],
    ["to the daemons", { daemonGroupKey: "nightly" }, { daemon_group_key: "nightly" }],
    ["nowhere by name, so that the job's arguments say it,", {}, {}],
  ])("go %s as configured, from runs and from schedules", async (_where, settings, target) => {
    await begin({ ...QUIET, ...settings });
    const job = await jobWith(null);
    await startRuns(gateway.url, { definitionId: job.id, linkedAccountId, onError: "BATCH", fullRefresh: true });
    await changedJob(gateway.url, "syncJobSchedule", { syncJobId: job.id, cronExpression: LEAP_DAY, linkedAccountId });
    const account = (await accountOf(gateway.url, "truto", "zendesk")).remoteId;
    const whose = { sync_job_id: job.remoteId, integrated_account_id: account };
    expect(bodies("/sync-job-run")).toEqual([
      { ...whose, ...target, error_handling: "batch", ignore_previous_run: true },
    ]);
    expect(bodies("/sync-job-cron-trigger")).toEqual([{ ...whose, ...target, cron_expression: LEAP_DAY }]);
  });

  test("cannot go to both", async () => {
    await begin();
    const both = { ...recorder.entry, webhookId: WEBHOOK_ID, daemonGroupKey: "nightly" };
    await expect(startTestGateway({ providers: [both] })).rejects.toThrow(/webhookId.*daemonGroupKey/su);
  });
});

test("a run is stopped at the vendor and ends as cancelled; one that has ended is not", async () => {
  await begin({}, 2);
  const job = await jobWith(null);
  await using watch = watchTransitions(gateway.url, { after: await newestCursor(gateway.url) });
  const [run] = await startRuns(gateway.url, { definitionId: job.id, linkedAccountId });
  const id = run?.id ?? "";
  await watch.until("its beginning", (seen) => seen.find(({ to, sync }) => to === "RUNNING" && sync.id === id));
  expect(await aboutRun(gateway.url, "cancelSync", id)).toMatchObject({ runs: [{ id }], userErrors: [] });
  expect(await untilEnded(watch, id)).toBe("CREATED RUNNING FAILED: CANCELLED");
  const { remoteId } = await readRun(gateway.url, id);
  expect(objectOf(await vendorSays(vendor, `/sync-job-run/${remoteId}`))["status"]).toBe("stopped");

  const before = recorder.requests.filter(({ method }) => method === "DELETE").length;
  const { userErrors } = await aboutRun(gateway.url, "cancelSync", id);
  expect(userErrors.map(({ code, field }) => ({ code, field }))).toEqual([
    { code: "SYNC_FINISHED", field: ["syncId"] },
  ]);
  expect(recorder.requests.filter(({ method }) => method === "DELETE")).toHaveLength(before);
});

test("a run's resources and their records are counted while it goes on", async () => {
  await begin({}, 2);
  const job = await jobWith(null);
  const [run] = await startRuns(gateway.url, { definitionId: job.id, linkedAccountId });
  const count = z.object({ fetched: z.number().nullable() }).nullable();
  const task = z.object({ name: z.string(), recordCounts: count });
  const shape = z.object({ status: z.string(), recordCounts: count, tasks: z.object({ nodes: z.array(task) }) });
  const counts = "recordCounts { fetched }";
  const fields = `status ${counts} tasks { nodes { name ${counts} } }`;
  const steps = await progressOf(gateway.url, run?.id ?? "", shape, fields);

  const running = steps.filter(({ status, tasks }) => status === "RUNNING" && tasks.nodes.length > 0);
  expect(running.length).toBeGreaterThan(1);
  for (const { tasks, recordCounts } of running) {
    expect(new Set(tasks.nodes.map(({ name }) => name))).toEqual(new Set(["ticketing/tickets", "ticketing/users"]));
    const sum = tasks.nodes.reduce((total, one) => total + (one.recordCounts?.fetched ?? 0), 0);
    expect(sum).toBe(recordCounts?.fetched);
  }
  const fetched = running.map(({ recordCounts }) => recordCounts?.fetched ?? 0);
  expect(fetched).toEqual(fetched.toSorted((one, other) => one - other));
  expect(new Set(fetched).size).toBeGreaterThan(1);
  expect(steps.at(-1)?.status).toBe("SUCCESS");
});

/** How the gateway may learn that a run has ended. */
const WAYS: readonly (readonly [string, { readonly poll: Readonly<Record<string, number>> }, boolean])[] = [
  ["a poll", { poll: { fastMs: 100, slowMs: 100, discoverMs: NEVER_MS } }, false],
  ["a webhook", QUIET, true],
  ["its look for runs", { poll: { fastMs: NEVER_MS, slowMs: NEVER_MS, discoverMs: 300 } }, false],
];

test.each(WAYS)(
  "why a run failed is in the log alone, and is told without the secrets there once %s tells of its end",
  async (_way, settings, told) => {
    vendor = await startVendor("truto");
    recorder = await recordRequests(vendor);
    const planted = `; sent with Bearer planted-secret-123456 and ${vendor.credentials["token"]}, password=hunter2-planted, for wave-planted-argument`;
    await using between = await standBetween(vendor, (path, text) =>
      path === "/log" ? text.replaceAll("Request to jira failed", `Request to jira failed${planted}`) : text,
    );
    const registration = await REGISTER.truto(vendor);
    const entry = { ...between.entry, ...settings, webhookSecret: registration.secret };
    gateway = await startTestGateway({ providers: [entry] });
    if (told) await registration.at(gateway.url.replace(/\/graphql$/u, "/webhooks/truto"));
    await using watch = watchTransitions(gateway.url, { after: await newestCursor(gateway.url) });
    const definition = definitionNamed(await listDefinitions(gateway.url), "truto", "Jira issues");
    const account = (await accountOf(gateway.url, "truto", "jira")).id;
    const args = { wave: "wave-planted-argument" };
    const [run] = await startRuns(gateway.url, { definitionId: definition.id, linkedAccountId: account, args });
    expect(await untilEnded(watch, run?.id ?? "")).toBe("CREATED RUNNING FAILED: ERROR");
    const error = await eventually("why it failed", async () => {
      const read = (await readRun(gateway.url, run?.id ?? "")).error;
      return read?.message.includes("jira") === true ? read : null;
    });
    expect(error.message).toContain("Request to jira failed; sent with Bearer [redacted]");
    expect(error.message).toContain("The access token has expired");
    expect(error).toMatchObject({ code: "AUTH", advice: expect.any(String) });
    const everything = `${JSON.stringify(await readRun(gateway.url, run?.id ?? ""))}${gateway.log()}`;
    const secrets = ["planted-secret", "hunter2", "wave-planted-argument", vendor.credentials["token"] ?? ""];
    expect(secrets.filter((secret) => everything.includes(secret))).toEqual([]);
  },
);
