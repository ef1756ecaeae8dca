// Settings and the module itself: what is accepted, what is refused and with which words.
import { describe, expect, it } from "vitest";
import type { ProviderSettings } from "../../../src/domain/provider-port.ts";
import polytomic from "../../../src/providers/polytomic/index.ts";
import { settingsFor } from "./polytomic-at-fake-vendor.ts";

describe("polytomic settings", () => {
  it("send a user's key as a bearer token, with the version, to the public address by default", () => {
    const parsed = polytomic.parseConfig(settingsFor(null, { credentials: { apiKey: "user-key-1" } }));
    if (!parsed.ok) throw new Error("refused");
    expect(polytomic.endpoint(parsed.config)).toEqual({
      baseUrl: "https://app.polytomic.com",
      headers: { Authorization: "Bearer user-key-1", "X-Polytomic-Version": "2025-09-18" },
      secrets: ["user-key-1", "dXNlci1rZXktMTo=", "Bearer user-key-1"],
    });
  });

  it("send an organization's key as the user name of basic credentials", () => {
    const parsed = polytomic.parseConfig(
      settingsFor("https://sync.example.com/", { credentials: { organizationKey: "org-key-1" } }),
    );
    if (!parsed.ok) throw new Error("refused");
    const { baseUrl, headers, secrets } = polytomic.endpoint(parsed.config);
    expect(baseUrl).toBe("https://sync.example.com");
    expect(headers["Authorization"]).toBe("Basic b3JnLWtleS0xOg==");
    expect(secrets).toContain("b3JnLWtleS0xOg==");
  });

  const refused: readonly (readonly [string, Partial<ProviderSettings>, readonly string[], RegExp])[] = [
    ["no credential", { credentials: {} }, ["credentials"], /exactly one of apiKey .* organizationKey .* got neither/],
    ["two credentials", { credentials: { apiKey: "a", organizationKey: "b" } }, ["credentials"], /got both/],
    [
      "an unknown credential",
      { credentials: { apiKey: "a", token: "t" } },
      ["credentials", "token"],
      /no credential "token"/,
    ],
    ["an empty key", { credentials: { apiKey: "" } }, ["credentials", "apiKey"], /got nothing/],
    [
      "a key with a line break",
      { credentials: { apiKey: "a\r\nX-Other: b" } },
      ["credentials", "apiKey"],
      /control characters/,
    ],
    ["an address that is none", { baseUrl: "polytomic" }, ["baseUrl"], /expected an absolute URL/],
    ["another protocol", { baseUrl: "ftp://example.com" }, ["baseUrl"], /expected https, got ftp \(usually https:/],
    [
      "plain HTTP to a public address",
      { baseUrl: "http://example.com", allowPrivateAddress: false },
      ["baseUrl"],
      /expected https, got http/,
    ],
    ["a key in the address", { baseUrl: "https://key@example.com" }, ["baseUrl"], /without user name/],
    ["an address with the paths' first part", { baseUrl: "https://example.com/api/" }, ["baseUrl"], /without \/api/],
    ["an unknown hash", { options: { webhookHash: "md5" } }, ["options", "webhookHash"], /one of sha256, sha1, sha512/],
    ["an unknown encoding", { options: { webhookEncoding: "" } }, ["options", "webhookEncoding"], /one of hex, base64/],
    [
      "an unknown option",
      { options: { apiVersion: "2024-02-08" } },
      ["options", "apiVersion"],
      /no option "apiVersion"/,
    ],
  ];
  it.each(refused)("refuse %s and say where it is", (_name, more, path, message) => {
    const parsed = polytomic.parseConfig(settingsFor(null, more));
    expect(parsed).toEqual({ ok: false, problems: [{ path, message: expect.stringMatching(message) }] });
  });

  it.each([
    [{}, { hash: "sha256", encoding: "hex" }],
    [{ webhookHash: "sha1" }, { hash: "sha1", encoding: "hex" }],
    [
      { webhookHash: "sha512", webhookEncoding: "base64" },
      { hash: "sha512", encoding: "base64" },
    ],
  ])("say with %j how webhooks are signed", (options, webhookSigning) => {
    expect(polytomic.parseConfig(settingsFor(null, { options }))).toMatchObject({
      ok: true,
      config: { webhookSigning },
    });
  });

  it("name every problem at once and no secret", () => {
    const parsed = polytomic.parseConfig(settingsFor("nowhere", { credentials: { apiKey: "planted secret" } }));
    expect(parsed.ok ? [] : parsed.problems).toHaveLength(2);
    expect(JSON.stringify(parsed)).not.toContain("planted");
  });
});

describe("the polytomic module", () => {
  it("is named after its folder and claims what the vendor documents", () => {
    expect(polytomic.kind).toBe("polytomic");
    expect(polytomic.capabilities).toMatchObject({
      modelSyncs: true,
      syncJobs: false,
      webhooks: true,
      bulkStatus: false,
    });
  });

  it("lets the settings choose how often runs are looked at", () => {
    const settings = settingsFor(null, { poll: { fastMs: 250 } });
    const parsed = polytomic.parseConfig(settings);
    if (!parsed.ok) throw new Error("refused");
    const http = {
      request: () => Promise.reject(new Error("not asked")),
      theirTime: (ours: Date) => ours,
      theirTimes: (ours: Date) => ({ earliest: ours, latest: ours, isKnown: true }),
      close: () => Promise.resolve(),
    };
    const clock = { now: () => new Date(0), sleep: () => Promise.resolve() };
    const { capabilities } = polytomic.create(settings, parsed.config, { http, clock });
    expect(capabilities.poll).toEqual({ ...polytomic.capabilities.poll, fastMs: 250 });
  });
});
