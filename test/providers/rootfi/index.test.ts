// RootFi's settings: what is asked for, what is refused, and what goes out with every request.
import { describe, expect, it } from "vitest";
import rootfi from "../../../src/providers/rootfi/index.ts";
import type { ProviderSettings } from "../../../src/domain/provider-port.ts";
import { allOf } from "../../support/provider-values.ts";
import { atRootfi, settingsFor } from "./rootfi-at-fake-vendor.ts";

const CREDENTIAL = "rootfi-credential-of-the-test";

describe("settings of RootFi", () => {
  it("need nothing but the key: the address has a default", () => {
    expect(rootfi.parseConfig(settingsFor(null, { allowPrivateAddress: false }))).toEqual({
      ok: true,
      config: {
        version: "v3",
        baseUrl: "https://api.rootfi.dev/v3",
        apiKey: CREDENTIAL,
        webhookProof: { by: "VALUE", header: "authorization" },
      },
    });
  });

  const versions: readonly [string | null, string | undefined, string, string][] = [
    [null, undefined, "v3", "https://api.rootfi.dev/v3"],
    [null, "v3", "v3", "https://api.rootfi.dev/v3"],
    [null, "v4", "v4", "https://api.rootfi.dev/v4"],
    ["https://api.sa.rootfi.dev/v4/", undefined, "v4", "https://api.sa.rootfi.dev/v4"],
    ["https://api.integrations.commenda.io/v4", "v4", "v4", "https://api.integrations.commenda.io/v4"],
    ["https://api.sa.rootfi.dev/v3", "v3", "v3", "https://api.sa.rootfi.dev/v3"],
    ["https://proxy.example/rootfi", undefined, "v3", "https://proxy.example/rootfi"],
    ["https://proxy.example/rootfi", "v4", "v4", "https://proxy.example/rootfi"],
    ["https://proxy.example/v4/rootfi", undefined, "v3", "https://proxy.example/v4/rootfi"],
  ];
  it.each(versions)("with the address %s and the version %s speak %s", (address, apiVersion, version, baseUrl) => {
    const options: Readonly<Record<string, string>> = apiVersion === undefined ? {} : { apiVersion };
    const parsed = rootfi.parseConfig(settingsFor(address, { options }));
    expect(parsed).toMatchObject({ ok: true, config: { version, baseUrl } });
  });

  it.each([
    [{ webhookHeader: "X-Shared" }, { by: "VALUE", header: "x-shared" }],
    [{ webhookSignatureHeader: "X-RootFi-Signature" }, { by: "SIGNATURE", header: "x-rootfi-signature" }],
  ])("say with %j how webhooks are proven", (options, webhookProof) => {
    expect(rootfi.parseConfig(settingsFor(null, { options }))).toMatchObject({ ok: true, config: { webhookProof } });
  });

  it("lose the slashes at the end of an address", () => {
    const parsed = rootfi.parseConfig(settingsFor("https://api.sa.rootfi.dev/v3//"));
    expect(parsed).toMatchObject({ ok: true, config: { baseUrl: "https://api.sa.rootfi.dev/v3" } });
  });

  const refused: readonly [string, Partial<ProviderSettings>, readonly string[]][] = [
    ["no key", { credentials: {} }, ["credentials", "apiKey"]],
    ["an empty key", { credentials: { apiKey: "" } }, ["credentials", "apiKey"]],
    ["a key with a line break", { credentials: { apiKey: "a\r\nx: y" } }, ["credentials", "apiKey"]],
    [
      "plain HTTP to a public address",
      { baseUrl: "http://api.rootfi.dev/v3", allowPrivateAddress: false },
      ["baseUrl"],
    ],
    ["another scheme", { baseUrl: "file:///etc/passwd" }, ["baseUrl"]],
    ["no address at all", { baseUrl: "rootfi" }, ["baseUrl"]],
    ["a user in the address", { baseUrl: "https://a:b@api.rootfi.dev/v3" }, ["baseUrl"]],
    ["a webhook header that is none", { options: { webhookHeader: "x: y" } }, ["options", "webhookHeader"]],
    ["an empty webhook header", { options: { webhookSignatureHeader: "" } }, ["options", "webhookSignatureHeader"]],
    ["two proofs of webhooks", { options: { webhookHeader: "a", webhookSignatureHeader: "b" } }, ["options"]],
    [
      "an address of one version and the other",
      { baseUrl: "https://api.rootfi.dev/v4", options: { apiVersion: "v3" } },
      ["options", "apiVersion"],
    ],
    [
      "the other way round",
      { baseUrl: "https://api.rootfi.dev/v3/", options: { apiVersion: "v4" } },
      ["options", "apiVersion"],
    ],
    [
      "an address of a version that is not spoken",
      { baseUrl: "https://api.rootfi.dev/v2", options: { apiVersion: "v4" } },
      ["options", "apiVersion"],
    ],
    ["a version that is not spoken", { options: { apiVersion: "v2" } }, ["options", "apiVersion"]],
    ["an empty version", { options: { apiVersion: "" } }, ["options", "apiVersion"]],
    ["a query in the address", { baseUrl: "https://api.rootfi.dev/v3?x=1" }, ["baseUrl"]],
  ];
  it.each(refused)("refuse %s and name the setting", (_case, changes, path) => {
    expect(rootfi.parseConfig(settingsFor(null, changes))).toMatchObject({ ok: false, problems: [{ path }] });
  });

  it("report all problems at once and never the key", () => {
    const parsed = rootfi.parseConfig(settingsFor("nowhere", { credentials: { apiKey: "secret with blanks" } }));
    expect(parsed).toMatchObject({ ok: false, problems: [{ path: ["credentials", "apiKey"] }, { path: ["baseUrl"] }] });
    expect(JSON.stringify(parsed)).not.toContain("secret with blanks");
  });

  it("send the key in the header with the underscore, and nothing as authorization", async () => {
    const vendor = await atRootfi([{ to: "GET /core/companies?limit=100&expand=connections", body: { data: [] } }]);
    try {
      expect(await allOf(vendor.provider.listLinkedAccounts())).toEqual([]);
      expect(vendor.vendor.requests[0]?.headers).toMatchObject({ api_key: CREDENTIAL });
      expect(vendor.vendor.requests[0]?.headers).not.toHaveProperty("authorization");
    } finally {
      await vendor.close();
    }
  });
});

describe("capabilities of RootFi", () => {
  it("are the folder's with the configured polling in them", async () => {
    const vendor = await atRootfi([]);
    await vendor.close();
    expect(vendor.provider.capabilities).toEqual(rootfi.capabilities);
    expect(vendor.provider.cancel).toBeUndefined();
    const webhookProof = { by: "VALUE", header: "authorization" } as const;
    const config = { version: "v3", baseUrl: "https://api.rootfi.dev/v3", apiKey: CREDENTIAL, webhookProof } as const;
    const tools = {
      http: {
        request: () => Promise.reject(new Error("not expected")),
        theirTime: (ours: Date) => ours,
        theirTimes: (ours: Date) => ({ earliest: ours, latest: ours, isKnown: true }),
        close: () => Promise.resolve(),
      },
    };
    const clock = { now: () => new Date(0), sleep: () => Promise.resolve() };
    const { capabilities } = rootfi.create(settingsFor(null, { poll: { slowMs: 5 } }), config, { ...tools, clock });
    expect(capabilities.poll).toEqual({ ...rootfi.capabilities.poll, slowMs: 5 });
  });

  it("are v4's where that is spoken: runs can be cancelled", async () => {
    const vendor = await atRootfi([], { version: "v4" });
    await vendor.close();
    expect(vendor.provider.capabilities).toEqual({ ...rootfi.capabilities, cancel: true });
    expect(vendor.provider.cancel).toBeTypeOf("function");
  });
});
