// A sync job, a linked account and a run as Truto writes them, for the tests beside this file.
import type { LinkedAccountSnapshot, SyncJobSnapshot } from "../../../src/domain/definition.ts";
import type { JsonObject } from "../../../src/domain/json.ts";
import type { RunRef, StartRequest } from "../../../src/domain/provider-port.ts";
import type { StartOptions } from "../../../src/domain/sync.ts";
import { linkedAccountOf, scheduleOf, syncJobOf } from "../../../src/providers/truto/map-catalog.ts";
import { parseAccount, parseCronTrigger, parseJob } from "../../../src/providers/truto/wire-types.ts";
import { freeTextRedactor } from "../../../src/wire/free-text.ts";
import * as values from "../../support/provider-values.ts";

export const JOB_ID = "1ba1f401-7183-47c5-9e39-e8e257e3c795";
export const ACCOUNT_ID = "94801e49-a652-42f9-af14-dd203d7897da";
const SOURCE = { provider: "truto-eu", request: "GET /sync-job", httpStatus: 200 };

export const wireJob = {
  id: JOB_ID,
  label: "Zendesk tickets",
  integration_name: "zendesk",
  default_runtime_version: 3,
  args_schema: { type: "object", properties: { start_date: { type: "string", required: false } } },
  resources: [
    { resource: "ticketing/tickets", method: "list", query: { updated_at: { gt: "{{args.start_date}}" } } },
    { resource: "ticketing/comments", method: "list", depends_on: "ticketing/tickets" },
    { resource: "ticketing/users", method: "list", persist: true },
  ],
};

/** A job of runtime 4. Its nodes say more than snapshots show: a body, a header, and a field nobody documents. */
export const wireNodeJob = {
  id: JOB_ID,
  label: "Tickets everywhere",
  integration_name: "",
  default_runtime_version: 4,
  args_schema: { updated_after: { type: "string", format: "date", required: true } },
  resources: [
    {
      name: "tickets",
      type: "request",
      resource: "ticketing/tickets",
      method: "list",
      query: "{ 'since': args.updated_after }",
      body: { token: "planted-body" },
    },
    { name: "shape", type: "transform", depends_on: "tickets", config: { expression: "$" }, undocumented: [1, null] },
    {
      name: "out",
      type: "destination",
      depends_on: "shape",
      destination_type: "webhook",
      config: { id: "{{args.webhook_id}}", headers: { authorization: "planted-header" } },
      resources_to_persist: ["tickets"],
    },
  ],
  updated_at: "2026-04-01T10:00:00.000Z",
};

export const TRIGGER_ID = "6f5e4d3c-2b1a-4c9d-8e7f-0a1b2c3d4e5f";

export const wireTrigger = (given: object = {}): object => ({
  id: TRIGGER_ID,
  sync_job_id: JOB_ID,
  integrated_account_id: ACCOUNT_ID,
  cron_expression: "0 */6 * * *",
  ...given,
});

export function wireRun(given: JsonObject = {}): JsonObject {
  return {
    id: "run-1",
    sync_job_id: JOB_ID,
    integrated_account_id: ACCOUNT_ID,
    status: "created",
    created_at: "2026-06-01T00:00:00.000Z",
    ...given,
  };
}

export const jobSnapshot = (given: object = {}): SyncJobSnapshot =>
  syncJobOf(parseJob({ ...wireJob, ...given }, SOURCE), []);

export const nodeJobSnapshot = (given: object = {}): SyncJobSnapshot => jobSnapshot({ ...wireNodeJob, ...given });

/** The legacy job with a schedule for the account. */
export const scheduledJob = (given: object = {}): SyncJobSnapshot =>
  syncJobOf(parseJob({ ...wireJob, ...given }, SOURCE), [scheduleOf(parseCronTrigger(wireTrigger(), SOURCE))]);

export const accountSnapshot = (given: object = {}): LinkedAccountSnapshot =>
  linkedAccountOf(
    parseAccount({ id: ACCOUNT_ID, status: "active", integration: { name: "zendesk" }, ...given }, SOURCE),
    freeTextRedactor([]),
  );

export const startRequest = (
  options: StartOptions = {},
  definition: SyncJobSnapshot = jobSnapshot(),
): StartRequest => ({
  definition,
  linkedAccount: accountSnapshot(),
  options: { linkedAccountRemoteId: ACCOUNT_ID, ...options },
});

export const runRef = (remoteId: string, given: Partial<RunRef> = {}): RunRef =>
  values.runRef({
    remoteId,
    definitionRemoteId: JOB_ID,
    linkedAccountRemoteId: ACCOUNT_ID,
    status: "CREATED",
    createdAt: new Date("2026-06-01T00:00:00.000Z"),
    ...given,
  });
