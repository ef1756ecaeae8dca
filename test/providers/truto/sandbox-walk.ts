// Calls every endpoint of the Truto sandbox; the client checks the shape of each answer.
import { expect } from "vitest";
import { type Client, WEBHOOK_ID, rows, text } from "./sandbox-client.ts";

export async function walkJobs(client: Client): Promise<void> {
  const created = await client.call("POST", "/sync-job", {
    body: { integration_name: "zendesk", resources: [{ resource: "users", method: "list" }] },
  });
  expect(created.body).toMatchObject({ label: "Untitled", default_runtime_version: 3 });
  const job = text(created.body, "id");
  const renamed = await client.call("PATCH", `/sync-job/${job}`, { body: { label: "Users" } });
  expect(renamed.body).toMatchObject({ label: "Users", integration_name: "zendesk" });
  expect((await client.call("PATCH", `/sync-job/${job}`, { body: { default_runtime_version: 5 } })).status).toBe(400);
  expect(rows(await client.call("GET", "/sync-job?integration_name=zendesk"))).toHaveLength(2);
  const body = { sync_job_id: job, cron_expression: "0 */6 * * *", args: { start_date: "2026-01-01" } };
  const trigger = text((await client.call("POST", "/sync-job-cron-trigger", { body })).body, "id");
  const path = `/sync-job-cron-trigger/${trigger}`;
  expect((await client.call("PATCH", path, { body: { cron_expression: "*/5 1-3 * * 1,2" } })).body).toMatchObject({
    sync_job_id: job,
  });
  expect((await client.call("PATCH", path, { body: { cron_expression: "every day" } })).status).toBe(400);
  expect(
    (await client.call("PATCH", path, { body: { webhook_id: WEBHOOK_ID, daemon_group_key: "blue" } })).status,
  ).toBe(400);
  expect(rows(await client.call("GET", `/sync-job-cron-trigger?sync_job_id=${job}`))).toHaveLength(1);
  expect((await client.call("GET", path)).status).toBe(200);
  expect((await client.call("POST", `${path}/schedule`)).status).toBe(200);
  expect((await client.call("DELETE", path)).body).toEqual({ id: trigger });
  expect((await client.call("DELETE", `/sync-job/${job}`)).body).toEqual({ id: job });
  expect((await client.call("GET", `/sync-job/${job}`)).status).toBe(404);
}

export async function walkRuns(client: Client): Promise<void> {
  const started = await client.start("Jira issues", "globex", "jira", {
    status: "created",
    error_handling: "batch",
    ignore_previous_run: true,
  });
  expect(started).toMatchObject({ status: 200, body: { status: "created", error_handling: "batch", version: 3 } });
  const run = `/sync-job-run/${text(started.body, "id")}`;
  expect((await client.call("GET", run)).status).toBe(200);
  expect((await client.call("PATCH", run, { body: { status: "running" } })).body).toMatchObject({ status: "running" });
  expect((await client.call("PATCH", run, { body: { status: "dancing" } })).status).toBe(400);
  expect((await client.call("DELETE", run)).status).toBe(200);
  expect((await client.call("PATCH", run, { body: { status: "running" } })).status).toBe(400);
  expect((await client.call("GET", "/sync-job-run")).status).toBe(200);
  expect(rows(await client.call("GET", "/log?log_type=rapid_bridge"))).not.toHaveLength(0);
}

export async function walkTheRest(client: Client): Promise<void> {
  expect(rows(await client.call("GET", "/integrated-account?status=needs_reauth"))).toMatchObject([
    { tenant_id: "globex" },
  ]);
  const [sandbox] = rows(await client.call("GET", "/integrated-account?is_sandbox=true"));
  expect((await client.call("GET", `/integrated-account/${text(sandbox, "id")}`)).status).toBe(200);
  const created = await client.call("POST", "/webhook", { body: { target_url: "https://127.0.0.1:9/hook" } });
  const id = text(created.body, "id");
  expect((await client.call("POST", "/webhook/test", { body: { id } })).body).toEqual({ success: true });
  expect((await client.call("PATCH", `/webhook/${id}`, { body: { is_active: false } })).body).toMatchObject({
    is_active: false,
  });
  expect(rows(await client.call("GET", "/webhook?is_active=false"))).toHaveLength(1);
  expect((await client.call("GET", `/webhook/${id}`)).status).toBe(200);
  expect((await client.call("DELETE", `/webhook/${id}`)).body).toEqual({ id });
  const states = "/sync-job-run-state";
  const key = "state_key=one";
  expect((await client.call("POST", `${states}?${key}`, { body: { key: "cursor", value: "2026-01-01" } })).status).toBe(
    200,
  );
  expect((await client.call("PATCH", `${states}/cursor?${key}`, { body: { value: { page: 2 } } })).body).toMatchObject({
    value: { page: 2 },
  });
  expect(rows(await client.call("GET", `${states}?${key}`))).toHaveLength(1);
  expect((await client.call("GET", `${states}/cursor?state_key=two`)).status).toBe(404);
  expect((await client.call("GET", `${states}/cursor?${key}`)).status).toBe(200);
  expect((await client.call("DELETE", `${states}/cursor?${key}`)).status).toBe(200);
}
