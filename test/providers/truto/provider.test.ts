// Starting, stopping and the catalog against a fake Truto: which requests are sent, and what a caller learns of failures.
import { describe, expect, it } from "vitest";
import { DefinitionKind } from "../../../src/domain/definition.ts";
import { repliesInOrder } from "../../support/fake-vendor.ts";
import { allOf } from "../../support/provider-values.ts";
import {
  ACCOUNT_ID,
  JOB_ID,
  nodeJobSnapshot,
  runRef,
  startRequest,
  wireJob,
  wireNodeJob,
  wireRun,
} from "./sync-job.ts";
import { asSent, connectTruto, refusal } from "./truto-at-fake-vendor.ts";

describe("starting a sync job", () => {
  it("sends the job, the account and nothing that was not asked for", async () => {
    await using connected = await connectTruto(repliesInOrder({ json: wireRun() }));
    const [observation] = await connected.provider.start(startRequest(), "key");
    expect(connected.vendor.requests.map(asSent)).toEqual([
      {
        method: "POST",
        path: "/sync-job-run",
        query: {},
        body: { sync_job_id: JOB_ID, integrated_account_id: ACCOUNT_ID },
      },
    ]);
    expect(connected.vendor.requests[0]?.headers["authorization"]).toBe("Bearer planted-api-token");
    expect(observation).toMatchObject({
      remoteId: "run-1",
      source: "TRIGGER",
      status: "CREATED",
      facts: { origin: "GATEWAY" },
    });
  });

  it("sends every option in the vendor's words, with the configured webhook", async () => {
    await using connected = await connectTruto(repliesInOrder({ json: wireRun() }), { webhookId: "hook-1" });
    await connected.provider.start(
      startRequest({ fullRefresh: true, onError: "BATCH", args: { start_date: "2026-01-01" } }),
      "key",
    );
    expect(connected.vendor.requests[0]?.json()).toEqual({
      sync_job_id: JOB_ID,
      integrated_account_id: ACCOUNT_ID,
      webhook_id: "hook-1",
      error_handling: "batch",
      ignore_previous_run: true,
      args: { start_date: "2026-01-01" },
    });
  });

  it("names the configured daemon group instead of a webhook", async () => {
    await using connected = await connectTruto(repliesInOrder({ json: wireRun() }), { daemonGroupKey: "daemons" });
    await connected.provider.start(startRequest(), "key");
    expect(connected.vendor.requests[0]?.json()).toMatchObject({ daemon_group_key: "daemons" });
  });

  it("overrides the resources by the vendor's own entries, together with those they depend on", async () => {
    await using connected = await connectTruto(repliesInOrder({ json: wireJob }, { json: wireRun() }));
    await connected.provider.start(startRequest({ models: ["ticketing/comments"] }), "key");
    expect(connected.vendor.requests.map((request) => `${request.method} ${request.path}`)).toEqual([
      `GET /sync-job/${JOB_ID}`,
      "POST /sync-job-run",
    ]);
    expect(connected.vendor.requests[1]?.json()).toMatchObject({ resources: wireJob.resources.slice(0, 2) });
  });

  it("has started nothing when the job's resources cannot be read", async () => {
    await using connected = await connectTruto(repliesInOrder(refusal(403, "forbidden")));
    await expect(connected.provider.start(startRequest({ models: ["ticketing/users"] }), "key")).rejects.toMatchObject({
      code: "PROVIDER_AUTH_FAILED",
      sent: false,
    });
  });

  it("adds the status once when the vendor demands it", async () => {
    await using connected = await connectTruto(repliesInOrder(refusal(400, "status is required"), { json: wireRun() }));
    await expect(connected.provider.start(startRequest(), "key")).resolves.toHaveLength(1);
    expect(connected.vendor.requests.map((request) => request.json())).toEqual([
      { sync_job_id: JOB_ID, integrated_account_id: ACCOUNT_ID },
      { sync_job_id: JOB_ID, integrated_account_id: ACCOUNT_ID, status: "created" },
    ]);
  });

  it("does not ask a second time after the second refusal", async () => {
    await using connected = await connectTruto(
      repliesInOrder(refusal(400, "status is required"), refusal(400, "status is required")),
    );
    await expect(connected.provider.start(startRequest(), "key")).rejects.toMatchObject({ code: "PROVIDER_REJECTED" });
    expect(connected.vendor.requests).toHaveLength(2);
  });

  it.each([500, 502, 503, 429])("is sent once when the vendor answers %i", async (status) => {
    await using connected = await connectTruto(repliesInOrder(refusal(status, "try later")));
    await expect(connected.provider.start(startRequest(), "key")).rejects.toMatchObject({ httpStatus: status });
    expect(connected.vendor.requests).toHaveLength(1);
  });

  it("may have started something when the answer cannot be understood", async () => {
    await using connected = await connectTruto(repliesInOrder({ json: { status: "created" } }));
    await expect(connected.provider.start(startRequest(), "key")).rejects.toMatchObject({
      code: "PROVIDER_BAD_RESPONSE",
      sent: true,
    });
  });

  it("does not repeat an argument that the vendor's refusal repeats", async () => {
    await using connected = await connectTruto(repliesInOrder(refusal(400, "api key planted-argument is not valid")));
    const error: unknown = await connected.provider
      .start(startRequest({ args: { nested: { key: "planted-argument" } } }), "key")
      .catch((failure: unknown) => failure);
    expect(error).toMatchObject({ code: "PROVIDER_REJECTED", httpStatus: 400 });
    expect(String(error)).toContain("is not valid");
    expect(String(error)).not.toContain("planted-argument");
  });
});

describe("starting a part of a sync job", () => {
  it("does not repeat a node's hidden setting that the vendor's refusal repeats", async () => {
    await using connected = await connectTruto(
      repliesInOrder({ json: wireNodeJob }, refusal(400, "node out: planted-header")),
    );
    const request = startRequest({ models: ["tickets"] }, nodeJobSnapshot());
    await expect(connected.provider.start(request, "key")).rejects.toThrow(/node out: \[redacted\]$/);
  });
});

describe("stopping a run", () => {
  it("asks the vendor to stop one that goes on", async () => {
    await using connected = await connectTruto(
      repliesInOrder({ json: wireRun({ status: "running" }) }, { json: { id: "run-1" } }),
    );
    await connected.provider.cancel?.(runRef("run-1"));
    expect(connected.vendor.requests.map((request) => `${request.method} ${request.path}`)).toEqual([
      "GET /sync-job-run/run-1",
      "DELETE /sync-job-run/run-1",
    ]);
  });

  it.each(["completed", "failed", "stopped"])("does not delete the record of a run that is %s", async (status) => {
    await using connected = await connectTruto(repliesInOrder({ json: wireRun({ status }) }));
    await expect(connected.provider.cancel?.(runRef("run-1"))).rejects.toMatchObject({
      code: "SYNC_FINISHED",
      sent: false,
    });
  });
});

describe("the catalog", () => {
  it("follows the vendor's cursors and ends on an empty one", async () => {
    const accounts = (id: string, next_cursor: string | null) => ({
      json: { result: [{ id, status: "active" }], next_cursor },
    });
    await using connected = await connectTruto(
      repliesInOrder(accounts("a", "c1"), accounts("b", "c 2"), accounts("c", "")),
    );
    const found = await allOf(connected.provider.listLinkedAccounts());
    expect(found.map((account) => account.remoteId)).toEqual(["a", "b", "c"]);
    expect(connected.vendor.requests.map((request) => request.query.get("next_cursor"))).toEqual([null, "c1", "c 2"]);
  });

  it("refuses a cursor that comes again", async () => {
    await using connected = await connectTruto(() => ({ json: { result: [], next_cursor: "same" } }));
    await expect(allOf(connected.provider.listLinkedAccounts())).rejects.toMatchObject({
      code: "PROVIDER_BAD_RESPONSE",
    });
  });

  it("refuses a cursor it cannot read, so that no list ends early", async () => {
    await using connected = await connectTruto(() => ({ json: { result: [], next_cursor: 7 } }));
    await expect(allOf(connected.provider.listLinkedAccounts())).rejects.toThrow(
      /expected "next_cursor" to be a cursor or null, got a number/,
    );
  });

  it("keeps the jobs, with the schedules read last, when the cron triggers cannot be read", async () => {
    const trigger = { id: "cron-1", sync_job_id: JOB_ID, cron_expression: "0 1 * * *" };
    let triggersWork = true;
    await using connected = await connectTruto((request) => {
      if (request.path === "/sync-job") return { json: { result: [wireJob] } };
      return triggersWork ? { json: { result: [trigger] } } : refusal(403, "no cron triggers for this token");
    });
    const [before] = await allOf(connected.provider.listDefinitions());
    triggersWork = false;
    const [after] = await allOf(connected.provider.listDefinitions());
    expect(before?.schedules.map((schedule) => schedule.cronExpression)).toEqual(["0 1 * * *"]);
    expect(after).toEqual(before);
  });

  it("knows no model sync", async () => {
    await using connected = await connectTruto(() => undefined);
    await expect(connected.provider.getDefinition("any", DefinitionKind.ModelSync)).rejects.toMatchObject({
      code: "PROVIDER_NOT_FOUND",
    });
  });

  it.each(["", "..", "a\nb", "\uD800"])("knows no job of an id that fits into no path: %j", async (id) => {
    await using connected = await connectTruto(() => undefined);
    await expect(connected.provider.getDefinition(id, DefinitionKind.SyncJob)).rejects.toMatchObject({
      name: "ProviderError",
      code: "PROVIDER_NOT_FOUND",
    });
  });
});

describe("whose token it is", () => {
  const page = (...result: readonly unknown[]) => ({ json: { result, next_cursor: null } });

  it("is the environment that the first job names", async () => {
    await using connected = await connectTruto(repliesInOrder(page({ ...wireJob, environment_id: "environment-1" })));
    expect(await connected.provider.remoteAccount?.()).toBe("environment-1");
  });

  it("is that of an account where there are no jobs, and nobody's where there is neither", async () => {
    const account = { id: ACCOUNT_ID, environment_id: "environment-2" };
    await using connected = await connectTruto(repliesInOrder(page(), page(account), page(), page()));
    expect(await connected.provider.remoteAccount?.()).toBe("environment-2");
    expect(await connected.provider.remoteAccount?.()).toBeNull();
  });
});
