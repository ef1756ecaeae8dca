// Calls every endpoint of the Polytomic sandbox; the client checks the shape of each answer.
import { expect } from "vitest";
import { type Client, NOWHERE, record, rows, syncNamed, text } from "./sandbox-client.ts";

export async function walkReads(client: Client): Promise<void> {
  const sync = await syncNamed(client, "Orders to HubSpot deals");
  const [execution] = rows((await client.call("GET", `/api/syncs/${sync}/executions`)).body);
  const run = `/api/syncs/${sync}/executions/${text(execution, "id")}`;
  const connections = rows((await client.call("GET", "/api/connections")).body);
  const sheets = connections.find((connection) => connection["name"] === "Finance spreadsheets");
  const connection = `/api/connections/${text(sheets, "id")}`;
  const paths = [
    "/api/me",
    connection,
    `${connection}/modelsync/source`,
    `${connection}/modelsync/source/fields?params[table]=Leads`,
    `${connection}/modelsync/targetobjects`,
    `${connection}/modelsync/targetobjects/properties/folder`,
    `${connection}/modelsync/target/fields?target=Leads`,
    "/api/syncs/schedules",
    `/api/syncs/${sync}`,
    `/api/syncs/${sync}/status`,
    run,
    `${run}/consolelog`,
    `${run}/errors`,
    `${run}/errors/000001.json`,
    "/api/events",
    "/api/events_types",
    "/api/webhooks",
    `/api/entities/${text(execution, "id")}`,
  ];
  for (const path of paths) expect([path, (await client.call("GET", path)).status]).toEqual([path, 200]);
  expect((await client.call("GET", `/api/jobs/exportlogs/${NOWHERE}`)).status).toBe(404);
  expect((await client.call("GET", `/api/jobs/other/${NOWHERE}`)).status).toBe(400);
  expect((await client.call("GET", `${run}/novels`)).status).toBe(400);
  const zendesk = connections.find((one) => one["name"] === "Zendesk support");
  expect((await client.call("GET", `/api/connections/${text(zendesk, "id")}/modelsync/source`)).status).toBe(400);
  expect((await client.call("GET", `${connection}/modelsync/target/fields?target=Nothing`)).status).toBe(404);
}

export async function walkWrites(client: Client): Promise<void> {
  const known = record(
    record((await client.call("GET", `/api/syncs/${await syncNamed(client, "Orders to HubSpot deals")}`)).body)["data"],
  );
  const body = { ...known, name: "Made by a test", schedule: { frequency: "manual" } };
  const created = await client.call("POST", "/api/syncs", { body });
  const id = text(record(created.body)["data"], "id");
  expect((await client.call("PUT", `/api/syncs/${id}`, { body })).status).toBe(200);
  const target = { connection_id: NOWHERE, object: "x" };
  expect((await client.call("PUT", `/api/syncs/${id}`, { body: { ...body, target } })).status).toBe(422);
  expect((await client.call("POST", `/api/syncs/${id}/activate`, { body: { active: true } })).status).toBe(200);
  const started = await client.call("POST", `/api/syncs/${id}/executions`, {
    body: { test: true, resync: false, identities: null },
  });
  const execution = text(record(started.body)["data"], "id");
  expect((await client.call("POST", `/api/syncs/${id}/executions`, { body: { test: "yes" } })).status).toBe(400);
  expect((await client.call("POST", `/api/syncs/${id}/executions/${execution}/cancel`)).status).toBe(200);
  expect((await client.call("POST", `/api/syncs/${id}/cancel`)).status).toBe(200);
  expect((await client.call("DELETE", `/api/syncs/${id}`)).status).toBe(200);
  expect((await client.call("GET", `/api/syncs/${id}/executions/${execution}`)).status).toBe(404);
  const hook = { endpoint: "https://127.0.0.1:9/hook", secret: "hook secret" };
  const webhook = text(record((await client.call("POST", "/api/webhooks", { body: hook })).body)["data"], "id");
  expect((await client.call("GET", `/api/webhooks/${webhook}`)).status).toBe(200);
  expect((await client.call("PUT", `/api/webhooks/${webhook}`, { body: hook })).status).toBe(200);
  expect((await client.call("POST", `/api/webhooks/${webhook}/disable`)).body).toMatchObject({
    data: { disabled: true },
  });
  expect((await client.call("POST", `/api/webhooks/${webhook}/enable`)).body).toMatchObject({
    data: { disabled: false },
  });
  expect((await client.call("DELETE", `/api/webhooks/${webhook}`)).status).toBe(200);
  expect((await client.call("GET", `/api/webhooks/${webhook}`)).status).toBe(404);
}
