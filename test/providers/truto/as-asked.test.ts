// Whether a run of Truto's does what a start asked for: by its arguments, resources and flags, as far as it tells them.
import { expect, test } from "vitest";
import { asAsked } from "../../../src/providers/truto/as-asked.ts";
import { parseRun } from "../../../src/providers/truto/wire-types.ts";
import { startRequest } from "../../support/provider-values.ts";
import { wireRun } from "./sync-job.ts";

const SOURCE = { provider: "truto", request: "GET /sync-job-run", httpStatus: 200 };
const JOB = {
  remoteId: "job-1",
  argsSchema: { type: "object", properties: { since: { default: "2026-01-01" } } },
  resources: [{ name: "tickets" }, { name: "comments", dependsOn: ["tickets"] }],
};
const TOLD = { args: {}, resources: [{ resource: "tickets" }, { resource: "comments" }], ignore_previous_run: false };

test.each<readonly [string, object, Parameters<typeof startRequest>[1], boolean | undefined]>([
  ["all that was asked for, and no more", TOLD, {}, true],
  ["the same arguments", { ...TOLD, args: { intent: "A" } }, { args: { intent: "A" } }, true],
  ["other arguments", { ...TOLD, args: { intent: "B" } }, { args: { intent: "A" } }, false],
  ["arguments nobody gave", { ...TOLD, args: { intent: "B" } }, {}, false],
  ["none of the arguments", TOLD, { args: { intent: "A" } }, false],
  ["a default of the job's", { ...TOLD, args: { since: "2026-01-01" } }, {}, true],
  ["another value than that default", { ...TOLD, args: { since: "2026-02-01" } }, {}, false],
  ["no word about arguments", { ...TOLD, args: undefined }, { args: { intent: "A" } }, undefined],
  ["everything anew", { ...TOLD, ignore_previous_run: true }, {}, false],
  ["everything anew, as asked", { ...TOLD, ignore_previous_run: true }, { fullRefresh: true }, true],
  ["another way with errors", { ...TOLD, error_handling: "ignore" }, { onError: "FAIL_FAST" }, false],
  ["a way with errors nobody named", { ...TOLD, error_handling: "ignore" }, {}, true],
  ["only what was chosen", { ...TOLD, resources: [{ resource: "tickets" }] }, { models: ["tickets"] }, true],
  ["more than was chosen", TOLD, { models: ["tickets"] }, false],
  ["less than all", { ...TOLD, resources: [{ resource: "tickets" }] }, {}, false],
])("a run with %s", (_what, told, options, expected) => {
  const run = parseRun({ ...wireRun(), ...told }, SOURCE);
  expect(asAsked(run, startRequest(JOB, options), { webhookId: null, daemonGroupKey: null })).toBe(expected);
});
