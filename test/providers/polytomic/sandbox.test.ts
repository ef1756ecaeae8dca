// The Polytomic sandbox over real HTTP: every answer is checked against the vendor's OpenAPI document.
import { afterEach, describe, expect, it, vi } from "vitest";
import { startSandbox } from "../../../src/providers/polytomic/sandbox.ts";
import { within } from "../../support/eventually.ts";
import { holdConnection } from "../../support/held-connection.ts";
import {
  type Client,
  BASIC,
  BEARER,
  NOWHERE,
  allPages,
  closeAll,
  connect,
  contract,
  record,
  rows,
  syncNamed,
  text,
  until,
} from "./sandbox-client.ts";
import { FATES, type Fate } from "./sandbox-fates.ts";
import { walkReads, walkWrites } from "./sandbox-walk.ts";

afterEach(closeAll);
afterEach(() => vi.useRealTimers());

describe("the Polytomic sandbox", () => {
  it("answers every operation of the vendor's document in its shape", async () => {
    const client = await connect();
    await walkReads(client);
    await walkWrites(client);
    expect(client.seen()).toEqual(contract?.operations.toSorted() ?? client.seen());
  });

  it.each([
    ["no credential", {}],
    ["a wrong bearer key", { authorization: "Bearer wrong" }],
    ["the organization's key as bearer", { authorization: "Bearer sandbox-polytomic-organization" }],
    ["a wrong basic key", { authorization: `Basic ${Buffer.from("wrong:").toString("base64")}` }],
  ])("refuses %s with the vendor's error body", async (_name, headers) => {
    const client = await connect();
    const reply = await client.call("GET", "/api/syncs", { headers: { authorization: "", ...headers } });
    expect(reply.status).toBe(401);
    expect(reply.body).toMatchObject({ status: 401, key: "UNAUTHORIZED", message: expect.any(String) });
  });

  it("tells a user's key and the organization's key apart", async () => {
    const client = await connect();
    expect((await client.call("GET", "/api/me")).body).toMatchObject({
      data: { is_user: true, is_organization: false },
    });
    const organization = await client.call("GET", "/api/me", { headers: BASIC });
    expect(organization.body).toMatchObject({ data: { is_user: false, is_organization: true } });
  });

  it("echoes the version it serves and refuses one it does not know", async () => {
    const client = await connect();
    expect((await client.call("GET", "/api/me")).headers.get("x-polytomic-version")).toBe("2025-09-18");
    const reply = await client.call("GET", "/api/me", { headers: { "x-polytomic-version": "1999-01-01" } });
    expect(reply.status).toBe(400);
  });

  it("pages through the definitions without a gap, newest change first", async () => {
    const client = await connect();
    const whole = rows((await client.call("GET", "/api/syncs")).body);
    const paged = await allPages(client, "/api/syncs?limit=5");
    expect(paged.pages).toBe(Math.ceil(whole.length / 5));
    expect(paged.items).toEqual(whole);
    const changes = whole.map((sync) => text(sync, "updated_at"));
    expect(changes).toEqual(changes.toSorted().toReversed());
    expect(rows((await client.call("GET", "/api/syncs?limit=1000")).body)).toHaveLength(whole.length);
  });

  it("pages through past executions in both directions", async () => {
    const client = await connect(1);
    const id = await syncNamed(client, "Warehouse users to Salesforce contacts");
    const newest = await allPages(client, `/api/syncs/${id}/executions?only_completed=true`);
    const oldest = await allPages(client, `/api/syncs/${id}/executions?ascending=true&only_completed=true`);
    expect(newest.pages).toBeGreaterThan(1);
    expect(newest.items).toEqual(oldest.items.toReversed());
  });

  it("gives null where a filter matches nothing, and a light shape where it does", async () => {
    const client = await connect();
    expect((await client.call("GET", "/api/syncs?mode=remove")).body).toMatchObject({ data: null });
    const [paused] = rows((await client.call("GET", "/api/syncs?active=false")).body);
    expect(paused).toMatchObject({ name: "Legacy accounts to Salesforce", target_object: "Account" });
    expect(paused).not.toHaveProperty("fields");
  });

  it.each([
    ["GET", "/api/syncs?active=maybe", 400],
    ["GET", "/api/syncs?mode=enrich", 400],
    ["GET", "/api/syncs?target_connection_id=7", 400],
    ["GET", "/api/syncs?limit=many", 400],
    ["GET", "/api/syncs?page_token=bogus", 400],
    ["GET", `/api/syncs/${NOWHERE}`, 404],
    ["GET", "/api/syncs/not-a-uuid", 404],
    ["GET", `/api/syncs/${NOWHERE}/executions/${NOWHERE}`, 404],
    ["GET", `/api/entities/${NOWHERE}`, 404],
    ["GET", "/api/events?type=sync.exploded", 422],
    ["GET", "/api/events?limit=101", 422],
    ["GET", "/api/events?starting_after=yesterday", 422],
    ["POST", "/api/syncs", 422],
    ["POST", "/api/webhooks", 422],
    ["POST", `/api/syncs/${NOWHERE}/executions`, 404],
  ])("answers %s %s with %i and the vendor's error body", async (method, path, status) => {
    const client = await connect();
    const reply = await client.call(method, path, method === "POST" ? { body: {} } : {});
    expect(reply.body).toMatchObject({ status, key: expect.any(String), message: expect.any(String), metadata: {} });
    expect(reply.status).toBe(status);
  });

  it("answers an unknown route and a body that is not JSON in the vendor's form", async () => {
    const client = await connect();
    const unknown = await fetch(`${client.url}/api/nothing`, { headers: BEARER });
    expect([unknown.status, await unknown.json()]).toMatchObject([404, { status: 404, key: "NOT_FOUND" }]);
    const headers = { ...BEARER, "content-type": "application/json" };
    const broken = await fetch(`${client.url}/api/syncs`, { method: "POST", headers, body: "{" });
    expect([broken.status, await broken.json()]).toMatchObject([400, { status: 400, key: "BAD_REQUEST" }]);
  });

  it("replaces a definition as a whole and gives the passphrase back in plain", async () => {
    const client = await connect();
    const id = await syncNamed(client, "Support tickets to Salesforce cases");
    const before = record(record((await client.call("GET", `/api/syncs/${id}`)).body)["data"]);
    expect(before["encryption_passphrase"]).toEqual(expect.any(String));
    expect(before["filters"]).toHaveLength(2);
    const { name, mode, fields, schedule, target } = before;
    const replaced = await client.call("PUT", `/api/syncs/${id}`, { body: { name, mode, fields, schedule, target } });
    const after = record(record(replaced.body)["data"]);
    expect(after).toMatchObject({ filters: [], filter_logic: "", overrides: [] });
    expect(after).not.toHaveProperty("encryption_passphrase");
  });

  it("refuses a second start while an execution runs, and any start of a paused definition", async () => {
    const client = await connect(1);
    const id = await syncNamed(client, "Audience snapshot to spreadsheet");
    expect((await client.call("POST", `/api/syncs/${id}/executions`, { body: {} })).status).toBe(200);
    const second = await client.call("POST", `/api/syncs/${id}/executions`, { body: {} });
    expect(second.status).toBe(409);
    expect(record(second.body)["message"]).toMatch(/already running/u);
    const paused = await syncNamed(client, "Legacy accounts to Salesforce");
    const refused = await client.call("POST", `/api/syncs/${paused}/executions`, { body: {} });
    expect(refused.status).toBe(400);
    expect(record(refused.body)["message"]).toMatch(/not active/u);
    await client.call("POST", `/api/syncs/${paused}/activate`, { body: { active: true } });
    expect((await client.call("POST", `/api/syncs/${paused}/executions`, { body: {} })).status).toBe(200);
  });

  it("starts once for one idempotency key, replays refusals too, and refuses a key of the wrong form", async () => {
    const client = await connect(1);
    const id = await syncNamed(client, "Audience snapshot to spreadsheet");
    const start = (key: string) =>
      client.call("POST", `/api/syncs/${id}/executions`, { body: {}, headers: { "idempotency-key": key } });
    const first = await start("first-key-1");
    expect(await start("first-key-1")).toMatchObject({ status: 200, body: first.body });
    const conflict = await start("second-key-2");
    expect(conflict.status).toBe(409);
    const running = text(record(first.body)["data"], "id");
    await client.call("POST", `/api/syncs/${id}/executions/${running}/cancel`);
    await until(
      "the first execution has ended",
      async () => (await client.execution(id, running)).status === "canceled",
    );
    expect(await start("second-key-2")).toMatchObject({ status: 409, body: conflict.body });
    expect((await start("third-key-3")).status).toBe(200);
    for (const key of ["short", "has space in it", "x".repeat(256)]) expect((await start(key)).status).toBe(400);
  });

  it("takes the runs of each definition through the statuses of its fate", async () => {
    const client = await connect(4);
    const follow = async ([name, expected, ending]: Fate): Promise<void> => {
      const id = await syncNamed(client, name);
      const started = await client.call("POST", `/api/syncs/${id}/executions`, { body: {} });
      const seen = await client.follow(id, text(record(started.body)["data"], "id"));
      expect([name, seen.map(({ status }) => status)]).toEqual([name, expected]);
      expect(seen.find(({ status }) => status === "queued")).toMatchObject({ started_at: null, completed_at: null });
      expect(seen.at(-1)).toMatchObject({
        started_at: expect.any(String),
        completed_at: expect.any(String),
        ...ending,
      });
    };
    await Promise.all(FATES.map(follow));
  });

  it("counts up while an execution runs", async () => {
    const client = await connect(6);
    const id = await syncNamed(client, "Audience snapshot to spreadsheet");
    const started = await client.call("POST", `/api/syncs/${id}/executions`, { body: {} });
    const totals: number[] = [];
    await until("the execution has ended", async () => {
      const execution = await client.execution(id, text(record(started.body)["data"], "id"));
      totals.push(Number(record(execution.counts)["insert"]));
      return execution.status === "completed";
    });
    expect(totals).toEqual(totals.toSorted((one, other) => one - other));
    expect(new Set(totals).size).toBeGreaterThan(3);
  });

  it("cancels asynchronously, through the definition and through the execution", async () => {
    const client = await connect(4);
    const id = await syncNamed(client, "Audience snapshot to spreadsheet");
    for (const way of ["definition", "execution"]) {
      const started = await client.call("POST", `/api/syncs/${id}/executions`, { body: {} });
      const executionId = text(record(started.body)["data"], "id");
      await client.call(
        "POST",
        way === "definition" ? `/api/syncs/${id}/cancel` : `/api/syncs/${id}/executions/${executionId}/cancel`,
      );
      const seen = await client.follow(id, executionId);
      expect(seen.map(({ status }) => status)).toEqual(["canceling", "canceled"]);
      expect((await client.call("POST", `/api/syncs/${id}/executions/${executionId}/cancel`)).status).toBe(400);
    }
  });

  it("lets runs begin by themselves: by schedule, and after another definition", async () => {
    const client = await connect(200);
    const live = await syncNamed(client, "Live orders to finance spreadsheet");
    const follower = await syncNamed(client, "Orders to Salesforce opportunities");
    const leader = await syncNamed(client, "Warehouse users to Salesforce contacts");
    const count = async (id: string) => (await allPages(client, `/api/syncs/${id}/executions`)).items.length;
    const [liveBefore, followerBefore] = [await count(live), await count(follower)];
    await client.call("POST", `/api/syncs/${leader}/executions`, { body: {} });
    await until(
      "both have begun",
      async () => (await count(live)) > liveBefore && (await count(follower)) > followerBefore,
    );
    const [newest] = rows((await client.call("GET", `/api/syncs/${live}/executions`)).body);
    expect(newest).toMatchObject({ type: "scheduled" });
  });

  it("has a history of ended runs within the last day and derives events from runs", async () => {
    const client = await connect(1);
    const askedAt = Date.now();
    const events = rows((await client.call("GET", "/api/events?limit=100")).body);
    const types = new Set(events.map((event) => event["type"]));
    expect([...types].toSorted()).toEqual([
      "sync.canceled",
      "sync.completed",
      "sync.completed_with_errors",
      "sync.failed",
      "sync.running",
    ]);
    const oldest = Math.min(...events.map((event) => Date.parse(text(event, "created_at"))));
    expect(oldest).toBeGreaterThanOrEqual(askedAt - 24 * 60 * 60_000);
    const middle = text(events[5], "created_at");
    const older = rows((await client.call("GET", `/api/events?limit=100&ending_before=${middle}`)).body);
    expect(older.every((event) => text(event, "created_at") < middle)).toBe(true);
  });

  it("keeps one webhook for the organization and shows its secret", async () => {
    const client = await connect();
    const body = { endpoint: "https://127.0.0.1:9/hook", secret: "hook secret" };
    const created = await client.call("POST", "/api/webhooks", { body });
    expect(created.body).toMatchObject({ data: { ...body, disabled: false } });
    expect((await client.call("POST", "/api/webhooks", { body })).status).toBe(422);
  });

  it("makes the same definitions and past runs from one seed, and others from another", async () => {
    const [one, same, other] = [await connect(1, 7), await connect(1, 7), await connect(1, 8)];
    const ids = async (client: Client) => {
      const syncs = rows((await client.call("GET", "/api/syncs")).body).map((sync) => text(sync, "id"));
      const runs = await Promise.all(
        syncs.map(async (id) => rows((await client.call("GET", `/api/syncs/${id}/executions`)).body)),
      );
      return [...syncs, ...runs.flat().map((run) => text(run, "id"))].toSorted();
    };
    expect(await ids(one)).toEqual(await ids(same));
    expect(await ids(one)).not.toEqual(await ids(other));
  });

  it("limits the rate with the headers the vendor's SDK reads", async () => {
    // The sandbox's clock: however long the requests take, they are sent within one window.
    vi.useFakeTimers({ toFake: ["Date"] });
    const client = await connect();
    const refused: Response[] = [];
    for (let batch = 0; batch < 22 && refused.length === 0; batch += 1) {
      const replies = await Promise.all(
        Array.from({ length: 50 }, () => fetch(`${client.url}/api/me`, { headers: BEARER })),
      );
      refused.push(...replies.filter(({ status }) => status === 429));
      await Promise.all(replies.filter(({ status }) => status !== 429).map((reply) => reply.arrayBuffer()));
    }
    const [first] = refused;
    expect(Number(first?.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(Number(first?.headers.get("x-ratelimit-reset")) * 1000).toBeGreaterThan(Date.now());
    expect(await first?.json()).toMatchObject({ status: 429, message: expect.any(String) });
  });

  it("closes although a client keeps its connection and another has not ended its request", async () => {
    const server = await startSandbox({ port: 0, host: "127.0.0.1", speed: 1, seed: 1 });
    await (await fetch(`${server.url}/api/me`, { headers: BEARER })).json();
    const held = await holdConnection(server.url);
    await within("the sandbox is closed", server.close());
    await within("the connection is cut", held.cut);
    await expect(fetch(`${server.url}/api/me`, { headers: BEARER })).rejects.toThrow();
  });
});
