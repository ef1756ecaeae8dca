// The program as a person or a supervisor sees it: what it prints, how it starts, how it stops, and what a crash leaves behind.
import { execFile } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { within } from "../support/eventually.ts";
import { environmentOf, makeFolder, type TemporaryFolder } from "../support/gateway.ts";
import { startGatewayProcess, type GatewayProcess } from "../support/gateway-process.ts";
import { newestCursor, watchTransitions } from "../support/gateway-client.ts";
import { vendorFolders } from "../support/provider-modules.ts";

const run = promisify(execFile);

let folder: TemporaryFolder;

beforeAll(async () => {
  folder = await makeFolder();
});

afterAll(() => folder.remove());

describe("a gateway started with nothing but a free port", () => {
  let gateway: GatewayProcess;
  let url: string;

  beforeAll(async () => {
    gateway = startGatewayProcess(folder.path, { PORT: "0", SYNCGRAPH_SANDBOX_SPEED: "20" });
    url = await gateway.url();
  });

  afterAll(() => gateway[Symbol.asyncDispose]());

  test("greets with its addresses and says that the data is made up", () => {
    const greeting = gateway.errorOutput();
    expect(greeting).toContain(`GraphQL (HTTP)       ${url}`);
    expect(greeting).toContain(`GraphQL (WebSocket)  ${url.replace("http", "ws")}`);
    expect(greeting).toContain(`SANDBOX DATA: ${vendorFolders().join(", ")} are simulated vendors`);
  });

  test("the curl in the greeting works when it is pasted", async () => {
    const line = gateway
      .errorOutput()
      .split("\n")
      .find((one) => one.trim().startsWith("curl "));
    const { stdout } = await run("bash", ["-c", line ?? "exit 1"]);
    const answer: unknown = JSON.parse(stdout);
    expect(answer).toMatchObject({ data: { syncs: { nodes: expect.any(Array) } } });
    expect(answer).not.toHaveProperty("errors");
  });

  test("says that it lives and that it is ready", async () => {
    for (const path of ["/livez", "/readyz"]) {
      const response = await fetch(new URL(path, url));
      expect({ path, status: response.status, body: await response.json() }).toEqual({
        path,
        status: 200,
        body: { status: "ok" },
      });
    }
  });

  test("logs JSON, one object a line, on standard output alone", () => {
    const lines = gateway
      .output()
      .trim()
      .split("\n")
      .map((line): unknown => JSON.parse(line));
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines)
      expect(line).toMatchObject({ level: expect.any(Number), time: expect.any(String), msg: expect.any(String) });
    expect(gateway.errorOutput()).not.toContain('{"level"');
  });

  test("SIGTERM ends subscriptions, closes sockets as going away, and the process, with code 0", async () => {
    const socket = new WebSocket(url.replace("http", "ws"), "graphql-transport-ws");
    const closed = new Promise<number>((resolve) => {
      socket.on("close", (code) => resolve(code));
    });
    await within("the socket opens", new Promise((resolve) => socket.once("open", resolve)));
    const watch = watchTransitions(url, { after: await newestCursor(url) });
    await watch.until("a transition", ([first]) => first);
    expect(await gateway.stop("SIGTERM")).toEqual({ code: 0, signal: null });
    expect(await within("the socket closes", closed)).toBe(1001);
    await within("the subscription ends", watch.ended);
    expect(gateway.output()).toContain('"stopped"');
  });
});

describe("a gateway that cannot start", () => {
  test("names every problem of its configuration at once, without a stack, and exits with 1", async () => {
    const file = join(folder.path, "wrong.yaml");
    await writeFile(
      file,
      ["providers:", "  - key: Not A Key", "    kind: rootfi", "  - key: two", "    credentials: {}", ""].join("\n"),
    );
    const environment = {
      PORT: "ninety",
      DATABASE_URL: "mysql://somewhere",
      LOG_LEVEL: "loud",
      SYNCGRAPH_CONFIG: file,
    };
    await using gateway = startGatewayProcess(folder.path, environment);
    expect(await gateway.ended()).toEqual({ code: 1, signal: null });
    for (const name of ["PORT", "DATABASE_URL", "LOG_LEVEL", "providers.0.key", "providers.1.kind"]) {
      expect(gateway.errorOutput()).toContain(name);
    }
    expect(gateway.errorOutput()).not.toMatch(/^\s+at /mu);
  });

  test("names every problem of the providers' own settings, without their secrets", async () => {
    const file = join(folder.path, "providers.yaml");
    const providers = ["rootfi", "stuut", "polytomic", "truto"].map(
      (kind) => `  - {key: ${kind}, kind: ${kind}, credentials: {wrong: not-to-be-shown}}`,
    );
    await writeFile(file, ["providers:", ...providers, "  - {key: other, kind: nobody}", ""].join("\n"));
    await using gateway = startGatewayProcess(folder.path, { PORT: "0", SYNCGRAPH_CONFIG: file });
    expect(await gateway.ended()).toEqual({ code: 1, signal: null });
    for (const name of ["rootfi", "stuut", "polytomic", "truto", "nobody"])
      expect(gateway.errorOutput()).toContain(name);
    expect(gateway.errorOutput()).not.toContain("not-to-be-shown");
    expect(gateway.errorOutput()).not.toMatch(/^\s+at /mu);
  });

  test("says that its port is taken, and exits with 1", async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => {
      holder.listen(0, "127.0.0.1", resolve);
    });
    try {
      const { port } = holder.address() as AddressInfo;
      const environment = await environmentOf(folder.path, {});
      await using gateway = startGatewayProcess(folder.path, { ...environment, PORT: String(port) });
      expect(await gateway.ended()).toEqual({ code: 1, signal: null });
      expect(gateway.errorOutput()).toMatch(new RegExp(`port ${port}\\b.* in use`, "iu"));
      expect(gateway.errorOutput()).not.toMatch(/^\s+at /mu);
    } finally {
      await new Promise((resolve) => {
        holder.close(resolve);
      });
    }
  });

  test.each([
    ["below what is no folder", "/dev/null/gateway.sqlite", /mkdir.*[^.]\. Check DATABASE_URL\.\n$/u],
    [
      "that is a folder",
      "/dev",
      /SQLITE_CANTOPEN: unable to open database file\. This user must be able to write the file .*\.\n$/u,
    ],
  ])("says why a database %s cannot be opened, and exits with 1", async (_case, file, reason) => {
    const environment = { PORT: "0", DATABASE_URL: `sqlite:${file}` };
    await using gateway = startGatewayProcess(folder.path, environment);
    expect(await gateway.ended()).toEqual({ code: 1, signal: null });
    expect(gateway.errorOutput()).toMatch(reason);
    expect(gateway.errorOutput()).not.toMatch(/^\s+at /mu);
  });

  test("leaves a file to the gateway that has it, and takes it when that one was killed", async () => {
    const environment = await environmentOf(folder.path, {});
    await using first = startGatewayProcess(folder.path, environment);
    await first.url();
    await using second = startGatewayProcess(folder.path, environment);
    expect(await second.ended()).toEqual({ code: 1, signal: null });
    expect(second.errorOutput()).toMatch(/is in use by another gateway\. Stop that one, set DATABASE_URL/u);
    await first.stop("SIGKILL");
    await using third = startGatewayProcess(folder.path, environment);
    await third.url();
  }, 120_000);
});
