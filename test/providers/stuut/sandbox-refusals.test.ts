// What the Stuut sandbox refuses, how much it takes, and how it stops.
import { afterEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { startSandbox } from "../../../src/providers/stuut/sandbox.ts";
import { within } from "../../support/eventually.ts";
import { holdConnection } from "../../support/held-connection.ts";
import { FAST, TOKEN, LIST, closeAll, sync, detail, sandbox, servers } from "./sandbox-client.ts";

afterEach(async () => {
  vi.useRealTimers();
  await closeAll();
});

describe("bad requests", () => {
  it.each([
    ["GET", "/v2/integrations/nothing", 404, "Not Found"],
    ["GET", "/", 404, "Not Found"],
    ["GET", "/v2/%ZZ", 404, "Not Found"],
    ["DELETE", LIST, 405, "Method Not Allowed"],
    ["GET", `${LIST}/conn_01HZX3ALD/sync`, 405, "Method Not Allowed"],
    ["POST", `${LIST}/conn_none/sync`, 404, "Connection not found"],
  ])("%s %s is answered with %i in the framework's form", async (method, path, status, message) => {
    const reply = await (await sandbox()).send(method, path);
    expect(reply.status).toBe(status);
    expect(detail.parse(reply.body).detail).toBe(message);
  });

  it("name the allowed method", async () => {
    expect((await (await sandbox()).send("PUT", LIST)).headers.get("allow")).toBe("GET");
  });

  it("with an id that is too long are answered with a list of problems", async () => {
    const reply = await (await sandbox()).start("c".repeat(129));
    expect(reply.status).toBe(422);
    const problems = z.object({
      detail: z.array(z.looseObject({ loc: z.array(z.string()), msg: z.string(), type: z.string() })),
    });
    expect(problems.parse(reply.body).detail[0]?.loc).toEqual(["path", "connection_id"]);
  });

  it("are not made by a body: it is ignored, whatever it is", async () => {
    const server = await startSandbox({ port: 0, host: "127.0.0.1", speed: FAST, seed: 1 });
    servers.push(server);
    const headers = { ...TOKEN, "content-type": "application/json" };
    const response = await fetch(`${server.url}${LIST}/conn_01HZX3ALD/sync`, {
      method: "POST",
      headers,
      body: "{oops",
    });
    expect(z.array(sync).parse(await response.json())).toHaveLength(3);
  });
});

describe("the request limit", () => {
  it("refuses request 601 within a minute and says when to come back", async () => {
    // The sandbox's clock: however long the requests take, they are sent within one window.
    vi.useFakeTimers({ toFake: ["Date"] });
    const client = await sandbox(1);
    for (let sent = 0; sent < 600; sent += 50) {
      await Promise.all(Array.from({ length: 50 }, () => client.send("GET", "/v2/nothing")));
    }
    const refused = await client.send("GET", LIST);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(detail.parse(refused.body).detail).toBe("Rate limit exceeded");
  });
});

describe("closing", () => {
  it("ends although a client keeps its connection and another has not ended its request", async () => {
    const server = await startSandbox({ port: 0, host: "127.0.0.1", speed: FAST, seed: 1 });
    await (await fetch(`${server.url}${LIST}`, { headers: TOKEN })).json();
    const held = await holdConnection(server.url);
    await within("the sandbox is closed", server.close());
    await within("the connection is cut", held.cut);
    await expect(fetch(`${server.url}${LIST}`, { headers: TOKEN })).rejects.toThrow();
  });
});
