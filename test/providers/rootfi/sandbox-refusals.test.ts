// What the RootFi sandbox refuses: bad input, too many requests, and everything once it is closed.
import { afterEach, describe, expect, it, vi } from "vitest";
import { within } from "../../support/eventually.ts";
import { holdConnection } from "../../support/held-connection.ts";
import { ACCOUNTING, KEY, closeAll, creation, eventually, failure, listen, sandbox } from "./sandbox-client.ts";

afterEach(closeAll);
afterEach(() => vi.useRealTimers());

describe("bad input", () => {
  it.each([
    ["no body", undefined, 400, "company_id"],
    ["a company that is not there", creation(1, "XERO", ACCOUNTING), 404, "company_id"],
    ["an integration that the company has not", creation(440101, "TALLY", ACCOUNTING), 404, "integration_type"],
    ["an unknown integration", creation(440101, "ABACUS", ACCOUNTING), 400, "integration_type"],
    ["an unknown model", creation(440101, "XERO", ["THINGS"]), 400, "data_models_to_sync.0"],
    ["a model of another category", creation(440101, "XERO", ["CRM_DEALS"]), 400, "data_models_to_sync"],
    ["no model", creation(440101, "XERO", []), 400, "data_models_to_sync"],
    ["a number as text", { ...creation(440101, "XERO", ACCOUNTING), company_id: "440101" }, 400, "company_id"],
  ])("refuses a start with %s", async (_name, body, status, field) => {
    const answer = await (await sandbox())("POST /core/syncs", { body });
    expect(answer.status).toBe(status);
    expect(failure.parse(answer.body).error.field ?? "").toBe(field);
  });

  it.each([
    ["GET /core/syncs/{sync_id}", { params: { sync_id: "nothing" } }, 404],
    ["GET /core/syncs/{sync_id}/jobs", { params: { sync_id: "nothing" } }, 404],
    ["GET /core/syncs/jobs/{job_id}", { params: { job_id: "12" } }, 404],
    ["GET /core/syncs/jobs/{job_id}", { params: { job_id: "abc" } }, 404],
    ["GET /core/companies/{company_id}", { params: { company_id: "abc" } }, 404],
    ["PUT /core/companies/{company_id}", { params: { company_id: 440101 }, body: { name: 5 } }, 400],
    ["GET /core/companies", { query: { limit: "0" } }, 400],
    ["GET /core/companies", { query: { status: "ASLEEP" } }, 400],
    ["GET /core/syncs", { query: { next: "https://api.rootfi.dev/syncs?next=eyJpZCI6MX0%3D" } }, 400],
    ["GET /core/syncs", { query: { next: "eyJpZCI6MX0=" } }, 400],
    ["GET /core/syncs", { query: { next: "bm90IGpzb24=" } }, 400],
    ["GET /core/syncs/config", {}, 400],
    ["GET /core/syncs/config", { query: { category: "HR" } }, 400],
    ["GET /core/nothing", {}, 404],
    ["DELETE /core/syncs/abc", {}, 404],
  ])("answers %s with %o in the vendor's error form", async (operation, call, status) => {
    const answer = await (await sandbox())(operation, call);
    expect(answer.status).toBe(status);
    expect(failure.safeParse(answer.body).success).toBe(true);
  });

  it("refuses a body that is not JSON", async () => {
    const server = await listen();
    const headers = { ...KEY, "content-type": "application/json" };
    const response = await fetch(`${server.url}/core/syncs`, { method: "POST", headers, body: "{oops" });
    expect(response.status).toBe(400);
    expect(failure.parse(await response.json()).error.code).toBe("bad-request");
  });
});

describe("the request limit", () => {
  it("counts down in the vendor's headers and refuses request 601 within a minute", async () => {
    // The sandbox's clock: however long the requests take, they are sent within one window.
    vi.useFakeTimers({ toFake: ["Date"] });
    const call = await sandbox(1);
    const first = await call("GET /core/webhooks");
    expect(first.headers.get("x-ratelimit-limit")).toBe("600");
    expect(first.headers.get("x-ratelimit-remaining")).toBe("599");
    expect(Number(first.headers.get("x-ratelimit-reset")) * 1_000).toBeGreaterThan(Date.now());
    for (let sent = 1; sent < 600; sent += 50) {
      await Promise.all(Array.from({ length: Math.min(50, 600 - sent) }, () => call("GET /core/webhooks")));
    }
    const refused = await call("GET /core/webhooks");
    expect(refused.status).toBe(429);
    expect(refused.headers.get("x-ratelimit-remaining")).toBe("0");
    expect(failure.parse(refused.body).error.code).toBe("rate-limit-exceeded");
  });

  it("forgets what was sent when the minute is over", async () => {
    // A minute of this sandbox lasts a tenth of a second.
    const call = await sandbox(600);
    const statuses = await Promise.all(
      Array.from({ length: 20 }, async () => (await call("GET /core/webhooks")).status),
    );
    expect(new Set(statuses)).toEqual(new Set([200]));
    const remaining = await eventually("a fresh window", async () => {
      const left = Number((await call("GET /core/webhooks")).headers.get("x-ratelimit-remaining"));
      return left > 590 ? left : undefined;
    });
    expect(remaining).toBeLessThan(600);
  });
});

describe("closing", () => {
  it("ends although a client keeps its connection and another has not ended its request", async () => {
    const server = await listen();
    await (await fetch(`${server.url}/core/webhooks`, { headers: KEY })).json();
    const held = await holdConnection(server.url);
    await within("the sandbox is closed", server.close());
    await within("the connection is cut", held.cut);
    await expect(fetch(`${server.url}/core/webhooks`, { headers: KEY })).rejects.toThrow();
  });
});
