// Reading runs from a fake Truto: in few requests, each run's failure alone, and no start overlooked.
import { describe, expect, it } from "vitest";
import type { FakeHandler } from "../../support/fake-vendor.ts";
import { allOf } from "../../support/provider-values.ts";
import { ACCOUNT_ID, JOB_ID, runRef, startRequest, wireRun } from "./sync-job.ts";
import { connectTruto } from "./truto-at-fake-vendor.ts";

const list = (...result: readonly object[]) => ({ json: { result, next_cursor: null } });
const refused = (statusCode: number) => ({
  status: statusCode,
  json: { statusCode, error: "Refused", message: "refused" },
});
const SINCE = new Date("2026-06-01T00:00:00.000Z");

describe("observing runs", () => {
  it("reads the job's list once when many of its runs are open, and singly what the list lacks", async () => {
    const handler: FakeHandler = ({ path }) => {
      if (path === "/sync-job-run")
        return list(wireRun({ id: "a" }), wireRun({ id: "b" }), wireRun({ id: "c" }), { id: 5 }, wireRun({ id: "x" }));
      return path === "/sync-job-run/d" ? { json: wireRun({ id: "d" }) } : undefined;
    };
    await using connected = await connectTruto(handler);
    const { observations, missing } = await connected.provider.observe(
      ["a", "b", "c", "d"].map((id) => runRef(id)),
      { tasks: false },
    );
    expect(observations.map((observation) => observation.remoteId)).toEqual(["a", "b", "c", "d"]);
    expect(missing).toEqual([]);
    expect(connected.vendor.requests.map((request) => request.path)).toEqual(["/sync-job-run", "/sync-job-run/d"]);
    expect(Object.fromEntries(connected.vendor.requests[0]?.query ?? [])).toEqual({
      limit: "200",
      sync_job_id: JOB_ID,
      "created_at[gt]": "2026-05-31T23:00:00.000Z",
    });
  });

  it("reads each run when the list is refused", async () => {
    await using connected = await connectTruto(({ path }) => {
      return path === "/sync-job-run" ? refused(400) : { json: wireRun({ id: path.split("/").at(-1) ?? "" }) };
    });
    const { observations } = await connected.provider.observe(
      ["a", "b", "c", "d"].map((id) => runRef(id)),
      { tasks: false },
    );
    expect(observations).toHaveLength(4);
  });

  it("asks no more when the list shows that the credential is refused", async () => {
    await using connected = await connectTruto(() => refused(401));
    const observing = connected.provider.observe(
      ["a", "b", "c", "d"].map((id) => runRef(id)),
      { tasks: false },
    );
    await expect(observing).rejects.toMatchObject({ code: "PROVIDER_AUTH_FAILED" });
    expect(connected.vendor.requests).toHaveLength(1);
  });

  it("reports a failing run in neither list and the others all the same", async () => {
    await using connected = await connectTruto(({ path }) => {
      if (path.endsWith("/good")) return { json: wireRun({ id: "good", status: "running" }) };
      return path.endsWith("/gone") ? refused(404) : { json: { id: "bad" } };
    });
    const result = await connected.provider.observe([runRef("good"), runRef("bad"), runRef("gone")], { tasks: false });
    expect(result.observations.map((observation) => observation.remoteId)).toEqual(["good"]);
    expect(result.missing).toEqual([{ remoteId: "gone", reason: "NOT_FOUND" }]);
  });

  it("throws when not one run could be read", async () => {
    await using connected = await connectTruto(() => refused(401));
    await expect(connected.provider.observe([runRef("a"), runRef("b")], { tasks: false })).rejects.toMatchObject({
      httpStatus: 401,
    });
  });

  it("does not read the log of a failed run unless tasks are wanted", async () => {
    await using connected = await connectTruto(({ path }) =>
      path === "/log" ? undefined : { json: wireRun({ status: "failed" }) },
    );
    const { observations } = await connected.provider.observe([runRef("run-1")], { tasks: false });
    expect(observations[0]?.facts).not.toHaveProperty("error");
  });

  it("asks nothing for no runs", async () => {
    await using connected = await connectTruto(() => undefined);
    await expect(connected.provider.observe([], { tasks: true })).resolves.toEqual({ observations: [], missing: [] });
  });
});

describe("discovering runs", () => {
  it("goes by both times when the vendor ignores the filter, and past runs that have none", async () => {
    const old = "2026-05-01T00:00:00.000Z";
    await using connected = await connectTruto(() =>
      list(
        wireRun({ id: "new" }),
        wireRun({ id: "changed", created_at: old, updated_at: "2026-06-01 00:00:01" }),
        wireRun({ id: "old", created_at: old, updated_at: old }),
        wireRun({ id: "timeless", created_at: null }),
      ),
    );
    const found = await allOf(connected.provider.discover(SINCE, []));
    expect(found.map((observation) => observation.remoteId)).toEqual(["new", "changed", "timeless"]);
  });

  it("stops at a page that shows the list has gone past the time", async () => {
    await using connected = await connectTruto((_request, index) => ({
      json: {
        result: [wireRun({ id: `n${index}` }), wireRun({ id: `o${index}`, created_at: "2026-05-01T00:00:00.000Z" })],
        next_cursor: `page-${index}`,
      },
    }));
    await expect(allOf(connected.provider.discover(SINCE, []))).resolves.toHaveLength(1);
    expect(connected.vendor.requests).toHaveLength(1);
  });

  it("goes on behind old runs while the list is oldest first", async () => {
    const page = (next_cursor: string | null, ...times: readonly string[]) => ({
      json: { result: times.map((created_at) => wireRun({ id: created_at, created_at })), next_cursor },
    });
    const pages = [page("next", "2026-05-01T00:00:00Z", "2026-05-02T00:00:00Z"), page(null, "2026-06-01T00:00:01Z")];
    await using connected = await connectTruto((_request, index) => pages[index]);
    await expect(allOf(connected.provider.discover(SINCE, []))).resolves.toHaveLength(1);
  });

  it("tells the readable runs, then that one was not", async () => {
    await using connected = await connectTruto(() => list({ id: "broken" }, wireRun({ id: "whole" })));
    const told: string[] = [];
    const walking = (async () => {
      for await (const page of connected.provider.discover(SINCE, [])) told.push(...page.map((run) => run.remoteId));
    })();
    await expect(walking).rejects.toMatchObject({ code: "PROVIDER_BAD_RESPONSE" });
    expect(told).toEqual(["whole"]);
  });

  it("gives up on a list without end", async () => {
    await using connected = await connectTruto((_request, index) => ({
      json: { result: [], next_cursor: `page-${index}` },
    }));
    await expect(allOf(connected.provider.discover(SINCE, []))).rejects.toThrow(/at most 50 pages/);
  });
});

describe("looking for a start without an answer", () => {
  it("finds runs of the same job and account since the start, newest first", async () => {
    await using connected = await connectTruto(() =>
      list(
        wireRun({ id: "before", created_at: "2026-05-31T23:58:59.999Z" }),
        wireRun({ id: "skewed", created_at: "2026-05-31T23:59:00.001Z" }),
        wireRun({ id: "after", created_at: "2026-06-01 00:00:03" }),
        wireRun({ id: "foreign", integrated_account_id: "another" }),
        wireRun({ id: "other-job", sync_job_id: "another" }),
      ),
    );
    const found = await connected.provider.findStarted?.(startRequest(), SINCE);
    expect(found?.map((observation) => observation.remoteId)).toEqual(["after", "skewed"]);
    expect(Object.fromEntries(connected.vendor.requests[0]?.query ?? [])).toEqual({
      limit: "200",
      sync_job_id: JOB_ID,
      integrated_account_id: ACCOUNT_ID,
    });
  });

  it.each([
    ["a run that cannot be read", { id: "run-1" }],
    ["a run without a time", wireRun({ created_at: null })],
  ])("does not answer none over %s", async (_what, run) => {
    await using connected = await connectTruto(() => list(run));
    await expect(connected.provider.findStarted?.(startRequest(), SINCE)).rejects.toMatchObject({
      code: "PROVIDER_BAD_RESPONSE",
    });
  });
});
