// The module's settings: what is missing is said by its path, and the credential goes into one header.
import { describe, expect, it } from "vitest";
import truto from "../../../src/providers/truto/index.ts";
import { connectTruto, settingsFor } from "./truto-at-fake-vendor.ts";

const pathsOf = (settings: ReturnType<typeof settingsFor>): readonly string[] => {
  const parsed = truto.parseConfig(settings);
  return parsed.ok ? [] : parsed.problems.map((problem) => problem.path.join("."));
};

describe("settings of a Truto provider", () => {
  it("default to the vendor's public address", () => {
    const parsed = truto.parseConfig(settingsFor());
    if (!parsed.ok) throw new Error("expected good settings");
    expect(truto.endpoint(parsed.config)).toEqual({
      baseUrl: "https://api.truto.one",
      headers: { authorization: "Bearer planted-api-token" },
      secrets: ["Bearer planted-api-token", "planted-api-token"],
    });
  });

  it("may name one target for the records of runs, with a slash too many in the address", () => {
    const parsed = truto.parseConfig(
      settingsFor({ baseUrl: "https://truto.example/api/", options: { webhookId: "hook" } }),
    );
    expect(parsed).toMatchObject({
      ok: true,
      config: { baseUrl: "https://truto.example/api", target: { webhookId: "hook", daemonGroupKey: null } },
    });
  });

  it.each([
    ["no token", { credentials: {} }, ["credentials.token"]],
    ["a token that breaks the header", { credentials: { token: "a\r\nb" } }, ["credentials.token"]],
    ["an address that is none", { baseUrl: "truto" }, ["baseUrl"]],
    ["an address of another protocol", { baseUrl: "file:///etc" }, ["baseUrl"]],
    ["plain HTTP to a public address", { baseUrl: "http://api.truto.one", allowPrivateAddress: false }, ["baseUrl"]],
    ["a user in the address", { baseUrl: "https://a:b@api.truto.one" }, ["baseUrl"]],
    ["a query in the address", { baseUrl: "https://api.truto.one?x=1" }, ["baseUrl"]],
    ["two targets", { options: { webhookId: "a", daemonGroupKey: "b" } }, ["options"]],
    ["an unknown option", { options: { webhookID: "a" } }, ["options.webhookID"]],
    ["several at once", { credentials: {}, options: { x: "y" } }, ["credentials.token", "options.x"]],
  ])("report %s", (_what, given, paths) => {
    expect(pathsOf(settingsFor(given))).toEqual(paths);
  });

  it("never repeat the token in a problem", () => {
    expect(JSON.stringify(truto.parseConfig(settingsFor({ credentials: { token: "planted token" } })))).not.toContain(
      "planted",
    );
  });
});

describe("capabilities of a Truto provider", () => {
  it("have a method behind each that has one", async () => {
    await using connected = await connectTruto(() => undefined);
    const { capabilities, cancel, findStarted } = connected.provider;
    expect([capabilities.cancel, capabilities.lookupByTime]).toEqual([cancel !== undefined, findStarted !== undefined]);
    expect(capabilities.requiredStartOptions.every((option) => capabilities.startOptions.includes(option))).toBe(true);
  });
});
