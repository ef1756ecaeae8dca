// The fleet of sandboxes, and the settings under which the gateway uses one.
import { afterEach, describe, expect, it } from "vitest";
import { sandboxConfig, startSandboxes, type RunningSandbox } from "../../src/server/sandboxes.ts";
import { vendorFolders } from "../support/provider-modules.ts";

let running: readonly RunningSandbox[] = [];

afterEach(async () => {
  await Promise.all(running.map(({ server }) => server.close()));
  running = [];
});

describe("startSandboxes", () => {
  it("starts one for every vendor, each on a loopback port of its own that answers", async () => {
    running = await startSandboxes({ speed: 1, seed: 1 });

    expect(running.map(({ kind }) => kind)).toEqual(vendorFolders());
    const urls = running.map(({ server }) => new URL(server.url));
    expect(new Set(urls.map(({ port }) => port)).size).toBe(running.length);
    expect(urls.map(({ hostname }) => hostname)).toEqual(running.map(() => "127.0.0.1"));
    for (const { server } of running) {
      const { status } = await fetch(`${new URL(server.url).origin}/`);
      expect(status).toBeGreaterThanOrEqual(400);
    }
  });
});

describe("sandboxConfig", () => {
  const sandbox: RunningSandbox = {
    kind: "acme",
    server: { url: "http://127.0.0.1:1", credentials: { token: "t" }, close: () => Promise.resolve() },
  };

  it("takes the vendor's name as key, or one beside it when a configured provider has it", () => {
    expect(sandboxConfig(sandbox, new Set()).key).toBe("acme");
    expect(sandboxConfig(sandbox, new Set(["acme"])).key).toBe("acme-sandbox");
  });

  it("reaches the sandbox with its own credentials, and looks often", () => {
    const config = sandboxConfig(sandbox, new Set());
    expect(config).toMatchObject({
      kind: "acme",
      baseUrl: "http://127.0.0.1:1",
      credentials: { token: "t" },
      allowPrivateAddress: true,
    });
    expect(config.poll.slowMs).toBeLessThanOrEqual(5_000);
  });
});
