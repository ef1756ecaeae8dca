// Reading many runs: which calls are made, and what is left when some of them fail.
import { describe, expect, it } from "vitest";
import { ErrorCode, ProviderError } from "../../../src/domain/errors.ts";
import type { FakeReply } from "../../support/fake-vendor.ts";
import { pagesOf } from "../../support/provider-values.ts";
import { linesOf, modelSync, polytomicAt, runRef } from "./polytomic-at-fake-vendor.ts";

const SINCE = new Date("2026-03-02T12:00:00Z");
const failure: FakeReply = { status: 500, json: { message: "Internal Server Error" } };
const notFound: FakeReply = { status: 404, json: { message: "Not Found" } };

const execution = (id: string, more: Readonly<Record<string, unknown>> = {}) => ({
  id,
  status: "running",
  created_at: "2026-03-02T12:00:10Z",
  ...more,
});
const listOf = (...data: readonly unknown[]): FakeReply => ({ json: { data, pagination: {} } });
const runOf = (sync: string, run: string) => runRef({ definitionRemoteId: sync, remoteId: run });

describe("observing polytomic runs", () => {
  it("asks nothing when no run is asked for", async () => {
    await using at = await polytomicAt(() => undefined);
    expect(await at.provider.observe([], { tasks: false })).toEqual({ observations: [], missing: [] });
  });

  it("keeps what was read when another run fails: the failed one is in neither list", async () => {
    await using at = await polytomicAt(({ path }) => {
      if (path.endsWith("/executions/bad")) return failure;
      return path.endsWith("/executions/gone") ? notFound : { json: { data: execution("good") } };
    });
    const result = await at.provider.observe([runOf("s1", "good"), runOf("s2", "bad"), runOf("s3", "gone")], {
      tasks: false,
    });
    expect(result.observations.map(({ remoteId }) => remoteId)).toEqual(["good"]);
    expect(result.missing).toEqual([{ remoteId: "gone", reason: "NOT_FOUND" }]);
  });

  it("throws the first failure when nothing could be read", async () => {
    await using at = await polytomicAt(() => failure);
    const observing = at.provider.observe([runOf("s1", "a"), runOf("s2", "b")], { tasks: false });
    await expect(observing).rejects.toMatchObject({ code: ErrorCode.ProviderUnavailable, httpStatus: 500 });
  });

  it("reads runs that the list's first page does not show one by one", async () => {
    await using at = await polytomicAt(({ path }) =>
      path.endsWith("/executions")
        ? listOf(execution("a"))
        : { json: { data: execution("old", { status: "completed" }) } },
    );
    const result = await at.provider.observe([runOf("s1", "a"), runOf("s1", "old")], { tasks: false });
    expect(result.observations.map(({ remoteId, status }) => [remoteId, status])).toEqual([
      ["a", "RUNNING"],
      ["old", "SUCCESS"],
    ]);
    expect(linesOf(at.vendor.requests)).toEqual(["GET /api/syncs/s1/executions", "GET /api/syncs/s1/executions/old"]);
  });

  it("misses all runs of a sync that is gone, without asking for each", async () => {
    await using at = await polytomicAt(() => notFound);
    const result = await at.provider.observe([runOf("s1", "a"), runOf("s1", "b")], { tasks: false });
    expect(result.missing.map(({ remoteId }) => remoteId)).toEqual(["a", "b"]);
    expect(at.vendor.requests).toHaveLength(1);
  });

  it("has at most four calls under way", async () => {
    let open = 0;
    let most = 0;
    await using at = await polytomicAt(async ({ path }) => {
      open += 1;
      most = Math.max(most, open);
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      open -= 1;
      return { json: { data: execution(path.split("/").at(-1) ?? "") } };
    });
    const refs = Array.from({ length: 20 }, (_, index) => runOf(`s${index}`, `r${index}`));
    const result = await at.provider.observe(refs, { tasks: false });
    expect(result.observations).toHaveLength(20);
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(4);
  });

  it("takes an id that fits into no path for one that does not exist", async () => {
    await using at = await polytomicAt(() => undefined);
    const result = await at.provider.observe([runOf("..", "a")], { tasks: false });
    expect(result.missing).toEqual([{ remoteId: "a", reason: "NOT_FOUND" }]);
  });

  it("refuses an entity that does not name its sync", async () => {
    await using at = await polytomicAt(() => ({ json: { data: { type: "sync_execution" } } }));
    const observing = at.provider.observe([runRef({ definitionRemoteId: null })], { tasks: false });
    await expect(observing).rejects.toMatchObject({
      code: ErrorCode.ProviderBadResponse,
      message: expect.stringContaining('expected "data.relationships.sync.id" to be a string, got nothing'),
    });
  });
});

describe("discovering polytomic runs", () => {
  it("asks for active syncs and those changed since, and not for the others", async () => {
    await using at = await polytomicAt(() => listOf());
    const definitions = [
      modelSync({ remoteId: "active" }),
      modelSync({ remoteId: "unsaid", active: null }),
      modelSync({ remoteId: "just-switched-off", active: false, updatedAt: new Date("2026-03-02T12:00:01Z") }),
      modelSync({ remoteId: "off", active: false, updatedAt: new Date("2026-03-02T11:00:00Z") }),
      modelSync({ remoteId: "off-for-ever", active: false }),
    ];
    expect(await pagesOf(at.provider.discover(SINCE, definitions))).toEqual([]);
    expect(linesOf(at.vendor.requests).toSorted()).toEqual([
      "GET /api/syncs/active/executions",
      "GET /api/syncs/just-switched-off/executions",
      "GET /api/syncs/unsaid/executions",
    ]);
  });

  it("stops at the first page that ends with an old run", async () => {
    const old = execution("old", {
      status: "completed",
      created_at: "2026-03-01T00:00:00Z",
      completed_at: "2026-03-01T00:01:00Z",
    });
    await using at = await polytomicAt(() => ({
      json: { data: [execution("new"), old], pagination: { next_page_token: "more" } },
    }));
    const pages = await pagesOf(at.provider.discover(SINCE, [modelSync()]));
    expect(pages.map((page) => page.map(({ remoteId }) => remoteId))).toEqual([["new"]]);
    expect(at.vendor.requests).toHaveLength(1);
  });

  it("passes over a sync that is gone, and tells a failure only after everything else", async () => {
    await using at = await polytomicAt(({ path }) => {
      if (path.includes("/gone/")) return notFound;
      return path.includes("/bad/") ? failure : listOf(execution(`run-of-${path.split("/")[3]}`));
    });
    const found: string[] = [];
    const definitions = ["bad", "gone", "c", "d", "e", "f"].map((remoteId) => modelSync({ remoteId }));
    const walking = async (): Promise<void> => {
      for await (const page of at.provider.discover(SINCE, definitions))
        found.push(...page.map(({ remoteId }) => remoteId));
    };
    await expect(walking()).rejects.toBeInstanceOf(ProviderError);
    expect(found).toEqual(["run-of-c", "run-of-d", "run-of-e", "run-of-f"]);
  });
});
