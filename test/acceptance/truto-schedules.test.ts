// Schedules of Truto's sync jobs through the gateway: once made they are active, and the runs that the vendor then begins by itself appear here.
import { afterEach, beforeEach, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { newestCursor, watchTransitions } from "../support/gateway-client.ts";
import { accountOf, untilEnded } from "../support/gateway-operations.ts";
import { listOf, objectOf, type Json } from "../support/openapi-examples.ts";
import { changeJob, changedJob, readJob, refusalsOf, runsOf } from "../support/sync-job-changes.ts";
import { vendorSays } from "../support/vendor-truth.ts";
import { recordRequests, startVendor, type Recorder, type VendorServer } from "../support/vendors.ts";

/** The sandbox's minute, which this expression is about, lasts two seconds. */
const EVERY_MINUTE = "* * * * *";
const SPEED = 30;
/** Once a year, and not on the days of a test. */
const LEAP_DAY = "0 0 29 2 *";
const ARGS = { start_date: "2026-01-01" };
const WEBHOOK_ID = "4a4de828-f4db-4c9e-adfd-434e0864c3c7";

let vendor: VendorServer;
let recorder: Recorder;
let gateway: TestGateway;
let job: { readonly id: string; readonly remoteId: string };
let linkedAccountId: string;

beforeEach(async () => {
  vendor = await startVendor("truto", SPEED);
  recorder = await recordRequests(vendor);
  const entry = { ...recorder.entry, webhookId: WEBHOOK_ID };
  gateway = await startTestGateway({ providers: [entry] });
  job = await changedJob(gateway.url, "syncJobCreate", {
    provider: "truto",
    name: "Scheduled tickets",
    integration: "zendesk",
    argsSchema: { type: "object", properties: { start_date: { type: "string", required: true } } },
    resources: [{ name: "ticketing/tickets", method: "list" }],
  });
  linkedAccountId = (await accountOf(gateway.url, "truto", "zendesk")).id;
});

afterEach(async () => {
  await gateway.close();
  await recorder.close();
  await vendor.stop();
});

const rawTriggers = async (): Promise<readonly Json[]> =>
  listOf(objectOf(await vendorSays(vendor, `/sync-job-cron-trigger?sync_job_id=${job.remoteId}`))["result"]);
const rawRuns = async (): Promise<readonly Json[]> =>
  listOf(objectOf(await vendorSays(vendor, `/sync-job-run?sync_job_id=${job.remoteId}`))["result"]);
const noOpenRun = async (): Promise<true | null> =>
  (await rawRuns()).every(({ finished_at }) => finished_at !== null) ? true : null;

/** What was written at the vendor since then, the ids left out. */
const writesSince = (before: number): readonly string[] =>
  recorder.requests
    .slice(before)
    .filter(({ method }) => method !== "GET")
    .map(({ method, path }) => `${method} ${path.replace(/[\da-f-]{36}/u, "{id}")}`);

const schedule = (input: Json) => changedJob(gateway.url, "syncJobSchedule", { syncJobId: job.id, ...input });

test("a schedule is made and activated, its runs come by themselves, and it ends with unscheduling", async () => {
  await using watch = watchTransitions(gateway.url, { after: await newestCursor(gateway.url) });
  const before = recorder.requests.length;
  const made = await schedule({ cronExpression: EVERY_MINUTE, linkedAccountId, args: ARGS, onError: "IGNORE" });
  expect(writesSince(before)).toEqual(["POST /sync-job-cron-trigger", "POST /sync-job-cron-trigger/{id}/schedule"]);
  expect(made.schedules).toMatchObject([
    {
      remoteId: made.scheduleId,
      frequency: "CRON",
      cronExpression: EVERY_MINUTE,
      linkedAccount: { id: linkedAccountId },
    },
  ]);
  expect((await readJob(gateway.url, job.id))?.schedules).toEqual(made.schedules);
  expect(await rawTriggers()).toMatchObject([
    { id: made.scheduleId, args: ARGS, error_handling: "ignore", webhook_id: WEBHOOK_ID, daemon_group_key: null },
  ]);

  const { sync } = await watch.until("a run of the schedule", (seen) =>
    seen.find((one) => one.sync.definition?.name === "Scheduled tickets"),
  );
  // Truto's runs do not say who began them; that nobody here did is known.
  expect(sync.origin).toBe("UNKNOWN");
  expect(await untilEnded(watch, sync.id)).toBe("CREATED RUNNING SUCCESS: COMPLETE");
  const second = await eventually("a second run", async () => (await runsOf(gateway.url, job.id))[1]);
  expect(second.linkedAccount?.id).toBe(linkedAccountId);

  const scheduleId = made.scheduleId;
  const after = await changedJob(gateway.url, "syncJobUnschedule", { syncJobId: job.id, scheduleId });
  expect(after.schedules).toEqual([]);
  expect(await rawTriggers()).toEqual([]);
  await eventually("the end of what had begun", noOpenRun);
  const ended = (await rawRuns()).length;
  await aMinuteOfTheSandbox(watch);
  expect(await rawRuns()).toHaveLength(ended);
  expect(refusalsOf(await changeJob(gateway.url, "syncJobUnschedule", { syncJobId: job.id, scheduleId }))).toHaveLength(
    1,
  );
});

test("a changed expression is activated at once, and a schedule that stood still is activated by its id alone", async () => {
  const made = await schedule({ cronExpression: LEAP_DAY, linkedAccountId, args: ARGS });
  const scheduleId = made.scheduleId ?? "";
  const before = recorder.requests.length;
  const changed = await schedule({ scheduleId, cronExpression: EVERY_MINUTE, onError: "FAIL_FAST" });
  expect(writesSince(before)).toEqual([
    "PATCH /sync-job-cron-trigger/{id}",
    "POST /sync-job-cron-trigger/{id}/schedule",
  ]);
  expect(changed.schedules).toMatchObject([{ remoteId: scheduleId, cronExpression: EVERY_MINUTE }]);
  expect(await rawTriggers()).toMatchObject([{ id: scheduleId, error_handling: "fail_fast", args: ARGS }]);
  await eventually("a run of the changed schedule", async () => (await runsOf(gateway.url, job.id))[0]);

  // Somebody else changes the expression and does not activate it: Truto begins no more runs.
  await rewritten(scheduleId, LEAP_DAY);
  await rewritten(scheduleId, EVERY_MINUTE);
  await eventually("the end of what had begun", noOpenRun);
  const ended = (await rawRuns()).length;
  const again = recorder.requests.length;
  await schedule({ scheduleId });
  expect(writesSince(again)).toEqual(["POST /sync-job-cron-trigger/{id}/schedule"]);
  await eventually("a run of the schedule that is active again", async () =>
    (await runsOf(gateway.url, job.id)).length > ended ? true : null,
  );
});

const MISTAKES: readonly (readonly [string, (own: Json) => Json, string, readonly string[]])[] = [
  ["no linked account", () => ({ cronExpression: EVERY_MINUTE, args: ARGS }), "BAD_USER_INPUT", ["linkedAccountId"]],
  ["no expression", () => ({ linkedAccountId, args: ARGS }), "BAD_USER_INPUT", ["cronExpression"]],
  [
    "an expression of six fields",
    () => ({ cronExpression: "0 * * * * *", linkedAccountId, args: ARGS }),
    "BAD_USER_INPUT",
    ["cronExpression"],
  ],
  [
    "a minute that no hour has",
    () => ({ cronExpression: "61 * * * *", linkedAccountId, args: ARGS }),
    "BAD_USER_INPUT",
    ["cronExpression"],
  ],
  [
    "no args where one is required",
    () => ({ cronExpression: EVERY_MINUTE, linkedAccountId }),
    "BAD_USER_INPUT",
    ["args", "start_date"],
  ],
  [
    "a frequency of another vendor",
    () => ({ frequency: "DAILY", cronExpression: EVERY_MINUTE, linkedAccountId, args: ARGS }),
    "CAPABILITY_NOT_SUPPORTED",
    ["frequency"],
  ],
  [
    "a single resource",
    () => ({ resource: "ticketing/tickets", cronExpression: EVERY_MINUTE, linkedAccountId, args: ARGS }),
    "CAPABILITY_NOT_SUPPORTED",
    ["resource"],
  ],
  ["other args than it has", (own) => ({ ...own, args: { start_date: "2027-01-01" } }), "BAD_USER_INPUT", ["args"]],
  [
    "a schedule of another job",
    () => ({ scheduleId: "22bb6f0e-1111-4c22-8d33-44e555f66077", cronExpression: EVERY_MINUTE }),
    "NOT_FOUND",
    ["scheduleId"],
  ],
];

test("a schedule that cannot be is refused by its field, and nothing is written at the vendor", async () => {
  const made = await schedule({ cronExpression: LEAP_DAY, linkedAccountId, args: ARGS });
  const before = recorder.requests.length;
  for (const [name, input, code, field] of MISTAKES) {
    const asked = { syncJobId: job.id, ...input({ scheduleId: made.scheduleId }) };
    const refusals = refusalsOf(await changeJob(gateway.url, "syncJobSchedule", asked));
    expect({ name, refusals }).toEqual({ name, refusals: [{ code, field }] });
  }
  expect(writesSince(before)).toEqual([]);
});

/** Waits until another job, whose schedule the sandbox has from the start, was begun twice: then this one's minute has passed too. */
async function aMinuteOfTheSandbox(watch: ReturnType<typeof watchTransitions>): Promise<void> {
  const runs = (seen: typeof watch.seen) =>
    seen.filter(({ from, sync }) => from === null && sync.definition?.name === "HubSpot contacts and companies").length;
  const passed = runs(watch.seen);
  await watch.until("two runs of another schedule", (seen) => (runs(seen) >= passed + 2 ? true : null));
}

async function rewritten(scheduleId: string, cron: string): Promise<void> {
  const response = await fetch(`${vendor.url}/sync-job-cron-trigger/${scheduleId}`, {
    method: "PATCH",
    headers: { authorization: `Bearer ${vendor.credentials["token"]}`, "content-type": "application/json" },
    body: JSON.stringify({ cron_expression: cron }),
  });
  expect(response.status).toBe(200);
}
