// The Truto sandbox over real HTTP: every answer is checked against the OpenAPI document assembled from the vendor's pages.
import { afterEach, describe, expect, it, vi } from "vitest";
import { startSandbox } from "../../../src/providers/truto/sandbox.ts";
import { within } from "../../support/eventually.ts";
import { holdConnection } from "../../support/held-connection.ts";
import {
  type Client,
  NOWHERE,
  TOKEN,
  WEBHOOK_ID,
  closeAll,
  connect,
  contract,
  record,
  rows,
  text,
  until,
} from "./sandbox-client.ts";
import { FATES, type Fate } from "./sandbox-fates.ts";
import { walkJobs, walkRuns, walkTheRest } from "./sandbox-walk.ts";

afterEach(closeAll);
afterEach(() => vi.useRealTimers());

describe("the Truto sandbox", () => {
  it("answers every operation of the document in its shape", async () => {
    const client = await connect(1);
    await walkJobs(client);
    await walkRuns(client);
    await walkTheRest(client);
    expect(client.seen()).toEqual(contract?.operations.toSorted() ?? client.seen());
  });

  it.each([
    ["no token", ""],
    ["a wrong token", "Bearer wrong"],
    ["the token under another scheme", "Basic sandbox-truto-token"],
  ])("refuses %s with the vendor's error body", async (_name, authorization) => {
    const client = await connect(1);
    const reply = await client.call("GET", "/sync-job", { headers: { authorization } });
    expect(reply).toMatchObject({
      status: 401,
      body: { statusCode: 401, error: "Unauthorized", message: expect.any(String) },
    });
  });

  it("answers the ping, and an unknown route in the vendor's form", async () => {
    const client = await connect(1);
    expect((await fetch(`${client.url}/ping`, { headers: TOKEN })).status).toBe(200);
    const unknown = await fetch(`${client.url}/sync-jobs`, { headers: TOKEN });
    expect([unknown.status, await unknown.json()]).toMatchObject([404, { statusCode: 404, error: "Not Found" }]);
    const headers = { ...TOKEN, "content-type": "application/json" };
    const broken = await fetch(`${client.url}/sync-job`, { method: "POST", headers, body: "{" });
    expect([broken.status, await broken.json()]).toMatchObject([400, { statusCode: 400, error: "Bad Request" }]);
  });

  it("calls the list results for jobs and result for runs, and writes times in two ways", async () => {
    const client = await connect(1);
    const jobs = await client.call("GET", "/sync-job");
    const runs = await client.call("GET", "/sync-job-run");
    expect([Array.isArray(jobs.body["results"]), "result" in jobs.body]).toEqual([true, false]);
    expect([Array.isArray(runs.body["result"]), "results" in runs.body]).toEqual([true, false]);
    expect(text(rows(jobs)[0], "created_at")).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/u);
    expect(text(rows(runs)[0], "created_at")).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/u);
  });

  it("has jobs of both runtimes and both forms of args_schema", async () => {
    const jobs = rows(await (await connect(1)).call("GET", "/sync-job"));
    expect(new Set(jobs.map((job) => job["default_runtime_version"]))).toEqual(new Set([3, 4]));
    const named = (label: string) => record(jobs.find((job) => job["label"] === label)?.["args_schema"]);
    expect(named("Zendesk tickets")).toMatchObject({ type: "object", properties: { start_date: { required: true } } });
    expect(named("Support conversations")).toMatchObject({
      integrated_account_id: { format: "integrated_account_id" },
    });
  });

  it.each(["/sync-job", "/sync-job-run", "/integrated-account"])("pages through %s without a gap", async (path) => {
    const client = await connect(1);
    const whole = rows(await client.call("GET", path));
    const paged: Record<string, unknown>[] = [];
    let cursor: unknown = "";
    for (let page = 0; page < 50 && cursor !== null; page += 1) {
      const reply = await client.call("GET", `${path}?limit=4${cursor === "" ? "" : `&next_cursor=${String(cursor)}`}`);
      expect(reply.body["limit"]).toBe(4);
      paged.push(...rows(reply));
      cursor = reply.body["next_cursor"];
    }
    expect(whole.length).toBeGreaterThan(4);
    expect(paged.map((item) => item["id"])).toEqual(whole.map((item) => item["id"]));
  });

  it("filters runs by job, account, status and time of creation, and sorts them", async () => {
    const client = await connect(1);
    const all = rows(await client.call("GET", "/sync-job-run"));
    const [newest] = all;
    const middle = text(all[4], "created_at");
    const list = async (query: string) =>
      rows(await client.call("GET", `/sync-job-run?${query}`)).map((run) => run["id"]);
    const idsWhere = (holds: (run: Record<string, unknown>) => boolean) => all.filter(holds).map((run) => run["id"]);
    const jobId = text(newest, "sync_job_id");
    const accountId = text(newest, "integrated_account_id");
    expect(await list(`sync_job_id=${jobId}`)).toEqual(idsWhere((run) => run["sync_job_id"] === jobId));
    expect(await list(`sync_job_id[in]=${jobId},${NOWHERE}`)).toEqual(idsWhere((run) => run["sync_job_id"] === jobId));
    expect(await list(`integrated_account_id=${accountId}`)).toEqual(
      idsWhere((run) => run["integrated_account_id"] === accountId),
    );
    expect(await list("status=failed")).toEqual(idsWhere((run) => run["status"] === "failed"));
    expect(await list("status=failed")).not.toHaveLength(0);
    expect(await list(`created_at[gt]=${middle}`)).toEqual(idsWhere((run) => text(run, "created_at") > middle));
    expect(await list("sort=created_at")).toEqual(all.map((run) => run["id"]).toReversed());
  });

  it.each([
    ["GET", "/sync-job?limit=none"],
    ["GET", "/sync-job-run?next_cursor=bogus"],
    ["GET", "/sync-job-run?created_at[gt]=yesterday"],
    ["GET", "/sync-job-run-state"],
    ["GET", "/log"],
    ["GET", "/log?log_type=novel"],
    ["GET", "/log?log_type=rapid_bridge&limit=101"],
    ["POST", "/webhook"],
    ["POST", "/sync-job-cron-trigger"],
    ["POST", "/sync-job-run-state?state_key=one"],
  ])("answers %s %s with 400 and the vendor's error body", async (method, path) => {
    const reply = await (await connect(1)).call(method, path, method === "POST" ? { body: {} } : {});
    expect(reply).toMatchObject({
      status: 400,
      body: { statusCode: 400, error: "Bad Request", message: expect.any(String) },
    });
  });

  it.each(["sync-job", "sync-job-run", "sync-job-cron-trigger", "webhook", "integrated-account"])(
    "answers 404 for a %s that does not exist",
    async (kind) => {
      const client = await connect(1);
      for (const id of [NOWHERE, "not-a-uuid"]) {
        const reply = await client.call("GET", `/${kind}/${id}`);
        expect(reply).toMatchObject({ status: 404, body: { statusCode: 404, error: "Not Found" } });
      }
    },
  );

  it("refuses starts that the vendor would not run, and says which argument is wrong", async () => {
    const client = await connect(1);
    const zendesk = await client.start("Zendesk tickets", "acme-inc", "zendesk", {});
    expect(zendesk).toMatchObject({ status: 400, body: { details: { failures: [{ field: "args.start_date" }] } } });
    const mistyped = await client.start("Zendesk tickets", "acme-inc", "zendesk", { args: { start_date: 7 } });
    expect(mistyped.body["message"]).toMatch(/must be of type string/u);
    const stranger = { args: { integrated_account_id: NOWHERE, batch_size: 1.5 } };
    const conversations = await client.start("Support conversations", "initech", "intercom", stranger);
    expect(record(conversations.body["details"])["failures"]).toHaveLength(2);
    const both = { args: { start_date: "2026-01-01" }, webhook_id: WEBHOOK_ID, daemon_group_key: "blue" };
    expect((await client.start("Zendesk tickets", "acme-inc", "zendesk", both)).body["message"]).toMatch(/together/u);
    const disconnected = await client.start("Zendesk tickets", "globex", "zendesk", {
      args: { start_date: "2026-01-01" },
    });
    expect(disconnected).toMatchObject({ status: 400, body: { message: expect.stringContaining("needs_reauth") } });
    const account = { integrated_account_id: NOWHERE };
    expect((await client.start("Jira issues", "globex", "jira", account)).body["message"]).toMatch(
      /integrated_account_id/u,
    );
    expect((await client.start("Jira issues", "globex", "jira", { sync_job_id: NOWHERE })).body["message"]).toMatch(
      /sync_job_id/u,
    );
    expect((await client.start("Jira issues", "globex", "jira", { error_handling: "shrug" })).status).toBe(400);
  });

  it("takes the runs of each job through the statuses of its fate", async () => {
    const client = await connect(4);
    const follow = async ([label, tenant, integration, expected, extra = {}]: Fate): Promise<void> => {
      const started = await client.start(label, tenant, integration, extra);
      const seen = await client.follow(text(started.body, "id"));
      expect([label, seen.map((run) => run["status"])]).toEqual([label, expected]);
      expect(seen[0]).toMatchObject({ started_at: null, finished_at: null, resource_stats: {} });
      expect(seen.at(-1)).toMatchObject({ started_at: expect.any(String), finished_at: expect.any(String) });
    };
    await Promise.all(FATES.map(follow));
  });

  it("counts records while a run works, fewer persisted where some fail, none where there is nothing", async () => {
    const client = await connect(8);
    const counters = async (label: string, tenant: string, integration: string) => {
      const started = await client.start(label, tenant, integration, {});
      const fetched: number[] = [];
      let last: Record<string, unknown> = {};
      await until(`the run of ${label} has ended`, async () => {
        const run = (await client.call("GET", `/sync-job-run/${text(started.body, "id")}`)).body;
        const [methods] = Object.values(record(run["resource_stats"]));
        last = record(record(methods)["list"]);
        fetched.push(Number(last["fetched"] ?? 0));
        return run["finished_at"] !== null;
      });
      expect(fetched).toEqual(fetched.toSorted((one, other) => one - other));
      return { steps: new Set(fetched).size, last };
    };
    const partial = await counters("Salesforce opportunities", "globex", "salesforce");
    expect(partial.steps).toBeGreaterThan(3);
    expect(partial.last).toMatchObject({ errors: 7, persisted: Number(partial.last["fetched"]) - 7 });
    expect((await counters("BambooHR time off", "acme-inc", "bamboohr")).last).toEqual({ fetched: 0, persisted: 0 });
  });

  it("stops a run on DELETE, keeps its counts, and removes it on the next DELETE", async () => {
    const client = await connect(4);
    const id = text((await client.start("HubSpot contacts and companies", "acme-inc", "hubspot", {})).body, "id");
    const read = async () => (await client.call("GET", `/sync-job-run/${id}`)).body;
    await until("the run works", async () => {
      const stats = record(record((await read())["resource_stats"])["crm/contacts"]);
      return Number(record(stats["list"])["fetched"] ?? 0) > 0;
    });
    expect((await client.call("DELETE", `/sync-job-run/${id}`)).body).toEqual({ id });
    const stopped = await read();
    expect(stopped).toMatchObject({ status: "stopped", finished_at: expect.any(String) });
    expect(await read()).toEqual(stopped);
    await client.call("DELETE", `/sync-job-run/${id}`);
    expect((await client.call("GET", `/sync-job-run/${id}`)).status).toBe(404);
  });

  it("lets runs of one job and account take turns, unless forced", async () => {
    const client = await connect(8);
    const start = async (more: Readonly<Record<string, unknown>>) =>
      text((await client.start("Slack messages", "acme-inc", "slack", more)).body, "id");
    const first = await start({});
    const second = await start({});
    const forced = await start({ force: true });
    const read = async (id: string) => (await client.call("GET", `/sync-job-run/${id}`)).body;
    await until("the forced run works", async () => (await read(forced))["status"] === "running");
    expect(await read(second)).toMatchObject({ status: "created", started_at: null });
    await client.follow(first);
    const late = await client.follow(second);
    expect(Date.parse(text(late.at(-1), "started_at"))).toBeGreaterThanOrEqual(
      Date.parse(text(await read(first), "finished_at")),
    );
  });

  it("says why a run failed in the log and nowhere else", async () => {
    const client = await connect(1);
    const [failed] = rows(await client.call("GET", "/sync-job-run?status=failed"));
    const id = text(failed, "id");
    expect(JSON.stringify(failed)).not.toContain("token has expired");
    const lines = rows(await client.call("GET", `/log?log_type=rapid_bridge&log_type_filter[sync_job_run_id]=${id}`));
    expect(lines).toMatchObject([
      { level: "error", sync_job_run_id: id, message: expect.stringContaining("token has expired") },
      { level: "info" },
    ]);
    expect(rows(await client.call("GET", "/log?log_type=webhook"))).toEqual([]);
  });

  it("lets a scheduled trigger start runs, and one that is not scheduled none", async () => {
    const client = await connect(200);
    const hubspot = await client.jobNamed("HubSpot contacts and companies");
    const jira = await client.jobNamed("Jira issues");
    const body = {
      sync_job_id: jira,
      integrated_account_id: await client.accountOf("globex", "jira"),
      cron_expression: "* * * * *",
    };
    const trigger = text((await client.call("POST", "/sync-job-cron-trigger", { body })).body, "id");
    const count = async (job: string) => rows(await client.call("GET", `/sync-job-run?sync_job_id=${job}`)).length;
    const [hubspotBefore, jiraBefore] = [await count(hubspot), await count(jira)];
    await until("the hubspot trigger has fired twice", async () => (await count(hubspot)) > hubspotBefore + 1);
    expect(await count(jira)).toBe(jiraBefore);
    expect((await client.call("POST", `/sync-job-cron-trigger/${trigger}/schedule`)).body).toEqual({ success: true });
    await until("the jira trigger has fired", async () => (await count(jira)) > jiraBefore);
  });

  it("shows a webhook's secret once", async () => {
    const client = await connect(1);
    const body = { target_url: "https://gateway.example/hook", event_types: ["sync_job_run:completed"] };
    const created = await client.call("POST", "/webhook", { body });
    expect(created.body).toMatchObject({ ...body, is_active: true, secret: expect.any(String) });
    expect((await client.call("GET", `/webhook/${text(created.body, "id")}`)).body).not.toHaveProperty("secret");
    expect(
      (await client.call("POST", "/webhook", { body: { target_url: "http://gateway.example/hook" } })).status,
    ).toBe(400);
  });

  it("makes the same accounts, jobs and past runs from one seed, all past runs ended within the last day", async () => {
    const [one, same, other] = [await connect(1, 7), await connect(1, 7), await connect(1, 8)];
    const ids = async (client: Client) => {
      const replies = await Promise.all(
        ["/sync-job", "/sync-job-run", "/integrated-account"].map((path) => client.call("GET", path)),
      );
      return replies.flatMap((reply) => rows(reply).map((item) => text(item, "id"))).toSorted();
    };
    expect(await ids(one)).toEqual(await ids(same));
    expect(await ids(one)).not.toEqual(await ids(other));
    const runs = rows(await one.call("GET", "/sync-job-run"));
    expect(runs.length).toBeGreaterThan(15);
    const dayAgo = Date.now() - 24 * 60 * 60_000;
    expect(runs.filter((run) => run["finished_at"] === null || Date.parse(text(run, "created_at")) < dayAgo)).toEqual(
      [],
    );
  });

  it("answers 429 with Retry-After beyond 500 requests in ten seconds", async () => {
    // The sandbox's clock: however long the requests take, they are sent within one window.
    vi.useFakeTimers({ toFake: ["Date"] });
    const client = await connect(1);
    const refused: Response[] = [];
    for (let batch = 0; batch < 12 && refused.length === 0; batch += 1) {
      const replies = await Promise.all(
        Array.from({ length: 50 }, () => fetch(`${client.url}/ping`, { headers: TOKEN })),
      );
      refused.push(...replies.filter(({ status }) => status === 429));
      await Promise.all(replies.filter(({ status }) => status !== 429).map((reply) => reply.arrayBuffer()));
    }
    expect(refused[0]?.headers.get("retry-after")).toBe("10");
    expect(await refused[0]?.json()).toMatchObject({ statusCode: 429, error: "Too Many Requests" });
  });

  it("closes although a client keeps its connection and another has not ended its request", async () => {
    const server = await startSandbox({ port: 0, host: "127.0.0.1", speed: 1, seed: 1 });
    await (await fetch(`${server.url}/ping`, { headers: TOKEN })).json();
    const held = await holdConnection(server.url);
    await within("the sandbox is closed", server.close());
    await within("the connection is cut", held.cut);
    await expect(fetch(`${server.url}/ping`, { headers: TOKEN })).rejects.toThrow();
  });
});
