// Settings that providers have alike: what is refused, where the problem is, and that no credential is repeated.
import { describe, expect, it } from "vitest";
import type { ProviderSettings } from "../../src/domain/provider-port.ts";
import { addressProblems, credentialProblems, unknownSettings } from "../../src/wire/settings.ts";

const settings = (given: Partial<ProviderSettings> = {}): ProviderSettings => ({
  key: "acme",
  baseUrl: null,
  credentials: {},
  options: {},
  webhookSecrets: [],
  allowPrivateAddress: false,
  poll: {},
  rateLimit: null,
  ...given,
});

describe("a credential", () => {
  const problemsOf = (token?: string) =>
    credentialProblems(settings({ credentials: token === undefined ? {} : { token } }), "token", "Acme's API token");

  it.each(["a", "sk_live-1.2/3+4=", "!~"])("is taken: %s", (token) => {
    expect(problemsOf(token)).toEqual([]);
  });

  it.each([
    [undefined, "nothing"],
    ["", "nothing"],
    ["a b", "blanks"],
    ["a\r\nx-other: b", "control characters"],
    ["clé", "letters beyond ASCII"],
  ])("is refused and not repeated: %j", (token, got) => {
    const [problem, ...others] = problemsOf(token);
    expect(problem?.path).toEqual(["credentials", "token"]);
    expect(problem?.message).toMatch(/^expected Acme's API token, got /);
    expect(problem?.message).toContain(got);
    expect(problem?.message).not.toContain(token || "planted");
    expect(others).toEqual([]);
  });
});

describe("an address", () => {
  const HINT = "usually https://api.acme.example";

  it.each([
    ["https://api.acme.example/v1", false],
    ["http://127.0.0.1:4101", true],
  ])("is taken: %s", (baseUrl, allowPrivateAddress) => {
    expect(addressProblems(settings({ allowPrivateAddress }), baseUrl, HINT)).toEqual([]);
  });

  it.each([
    ["", false],
    ["acme", false],
    ["ftp://api.acme.example", false],
    ["http://api.acme.example", false],
    ["http://93.184.216.34", true],
    ["https://user:word@api.acme.example", false],
    ["https://api.acme.example?x=1", false],
    ["http://127.0.0.1:4101", false],
  ])("is refused with the hint: %s", (baseUrl, allowPrivateAddress) => {
    expect(addressProblems(settings({ allowPrivateAddress }), baseUrl, HINT)).toEqual([
      { path: ["baseUrl"], message: expect.stringMatching(/^expected .* \(usually https:/) as string },
    ]);
  });
});

describe("a setting the vendor does not have", () => {
  it("is told by its path, with those there are", () => {
    const given = settings({ credentials: { token: "t", tokn: "planted" }, options: { mode: "x" } });
    expect(unknownSettings("Acme", given, { credentials: ["token"], options: [] })).toEqual([
      { path: ["credentials", "tokn"], message: 'Acme has no credential "tokn"; expected token' },
      { path: ["options", "mode"], message: 'Acme has no option "mode"; expected none' },
    ]);
  });
});
