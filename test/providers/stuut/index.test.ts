// Stuut's settings: what is asked for, what is refused, and what goes out with every request.
import { describe, expect, it } from "vitest";
import type { ProviderSettings } from "../../../src/domain/provider-port.ts";
import stuut from "../../../src/providers/stuut/index.ts";
import { allOf } from "../../support/provider-values.ts";
import { atStuut, settingsFor } from "./stuut-at-fake-vendor.ts";

const CREDENTIAL = "stuut-credential-of-the-test";

const BASE_URL = "https://api.stuut.ai";

describe("settings of Stuut", () => {
  it.each([BASE_URL, `${BASE_URL}/`, `${BASE_URL}/v2`, `${BASE_URL}/v2/`])("take the address %s", (baseUrl) => {
    const parsed = stuut.parseConfig(settingsFor(baseUrl, { allowPrivateAddress: false }));
    expect(parsed).toEqual({ ok: true, config: { baseUrl: BASE_URL, token: CREDENTIAL } });
  });

  it("need an address and name the likely one, because the vendor documents none", () => {
    const parsed = stuut.parseConfig(settingsFor(null));
    expect(parsed).toMatchObject({
      ok: false,
      problems: [{ path: ["baseUrl"], message: expect.stringContaining(BASE_URL) as string }],
    });
  });

  const refused: readonly [string, Partial<ProviderSettings>, readonly string[]][] = [
    ["no token", { credentials: {} }, ["credentials", "token"]],
    ["a token with a line break", { credentials: { token: "a\r\nx: y" } }, ["credentials", "token"]],
    ["plain HTTP to a public address", { baseUrl: "http://api.stuut.ai", allowPrivateAddress: false }, ["baseUrl"]],
    ["another scheme", { baseUrl: "ftp://api.stuut.ai" }, ["baseUrl"]],
    ["no address at all", { baseUrl: "stuut" }, ["baseUrl"]],
    ["a user in the address", { baseUrl: "https://a:b@api.stuut.ai" }, ["baseUrl"]],
    ["a fragment in the address", { baseUrl: "https://api.stuut.ai/#x" }, ["baseUrl"]],
  ];
  it.each(refused)("refuse %s and name the setting", (_case, changes, path) => {
    expect(stuut.parseConfig(settingsFor(BASE_URL, changes))).toMatchObject({ ok: false, problems: [{ path }] });
  });

  it("send the token as a bearer token", async () => {
    const vendor = await atStuut([{ to: "GET /v2/integrations/connections", body: [] }]);
    try {
      expect(await allOf(vendor.provider.listDefinitions())).toEqual([]);
      expect(vendor.vendor.requests[0]?.headers).toMatchObject({ authorization: `Bearer ${CREDENTIAL}` });
    } finally {
      await vendor.close();
    }
  });
});
