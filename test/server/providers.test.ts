// Making providers from settings: every problem of every provider at once, and what the made ones know of themselves.
import { describe, expect, it } from "vitest";
import { ConfigError, type ProviderConfig } from "../../src/server/config.ts";
import { checkProviders } from "../../src/server/providers.ts";
import { vendorFolders } from "../support/provider-modules.ts";
import { createManualClock } from "../support/manual-clock.ts";

const clock = createManualClock();

const config = (given: Partial<ProviderConfig> = {}): ProviderConfig => ({
  key: "truto-eu",
  kind: "truto",
  baseUrl: null,
  credentials: { token: "t0ken" },
  webhookSecrets: [],
  options: {},
  allowPrivateAddress: false,
  poll: {},
  rateLimit: null,
  ...given,
});

async function problemsOf(...configs: readonly ProviderConfig[]): Promise<readonly string[]> {
  const made = await checkProviders(configs.map((one) => ({ config: one, sandbox: false }))).catch(
    (error: unknown) => error,
  );
  if (made instanceof ConfigError) return made.problems;
  throw new Error("the settings were taken");
}

async function make(...configs: readonly ProviderConfig[]) {
  const checked = await checkProviders(configs.map((one) => ({ config: one, sandbox: false })));
  const made = checked.map((create) => create({ clock, quotaOf: () => null }));
  await Promise.all(made.map(({ provider }) => provider.close()));
  return made;
}

describe("checkProviders", () => {
  it("makes each with its key, its vendor's name and abilities", async () => {
    const [made] = await make(config());
    expect(made?.info).toMatchObject({
      key: "truto-eu",
      kind: "truto",
      displayName: "Truto",
      sandbox: false,
      capabilities: { syncJobs: true },
    });
    expect(made?.provider).toMatchObject({ key: "truto-eu", kind: "truto" });
    expect(made?.callsMade()).toBe(0);
  });

  it("takes the vendor's intervals and quota, and what the settings say instead", async () => {
    const rateLimit = { requests: 1, perMs: 2_000 };
    const [usual, changed] = await make(config(), config({ key: "other", poll: { fastMs: 123 }, rateLimit }));
    expect(usual?.poll).toEqual(usual?.info.capabilities.poll);
    expect(usual?.rateLimit).toEqual(usual?.info.capabilities.rateLimit);
    expect(changed?.poll).toEqual({ ...usual?.poll, fastMs: 123 });
    expect(changed?.rateLimit).toEqual(rateLimit);
  });

  it("tells clients of the settings' intervals and quota, so that staleness goes by them", async () => {
    const rateLimit = { requests: 1, perMs: 2_000 };
    const [changed] = await make(config({ poll: { slowMs: 600_000 }, rateLimit }));
    expect(changed?.info.capabilities).toMatchObject({ poll: { slowMs: 600_000 }, rateLimit });
  });

  it("tells clients what the account's own version of the API can, not what is usual at the vendor", async () => {
    const credentials = { apiKey: "k" };
    const [usual, newer] = await make(
      config({ key: "v3", kind: "rootfi", credentials, poll: { fastMs: 123 } }),
      config({ key: "v4", kind: "rootfi", credentials, options: { apiVersion: "v4" }, poll: { fastMs: 123 } }),
    );
    for (const made of [usual, newer]) {
      expect(made?.info.capabilities).toEqual({ ...made?.provider.capabilities, rateLimit: made?.rateLimit });
      expect(made?.info.capabilities.poll.fastMs).toBe(123);
    }
    expect([usual, newer].map((made) => made?.info.capabilities.cancel)).toEqual([false, true]);
  });

  it("names the known vendors when one is not", async () => {
    expect(await problemsOf(config({ kind: "no-such-vendor" }))).toEqual([
      `providers.truto-eu.kind: there is no vendor "no-such-vendor"; known: ${vendorFolders().join(", ")}`,
    ]);
  });

  it.each([
    "http://127.0.0.1:8080",
    "https://localhost",
    "https://10.0.0.1",
    "https://192.168.1.1",
    "https://[::1]",
    "https://[::ffff:7f00:1]",
    "https://2130706433",
    "https://0x7f000001",
    "https://127.1",
    "https://169.254.169.254",
  ])("refuses the private base URL %s unless it is allowed", async (baseUrl) => {
    expect(await problemsOf(config({ baseUrl }))).toEqual([
      expect.stringMatching(/^providers\.truto-eu\.baseUrl: expected /),
    ]);
  });

  it("takes a private base URL that is allowed, but never that of cloud metadata", async () => {
    expect(await make(config({ baseUrl: "http://127.0.0.1:8080", allowPrivateAddress: true }))).toHaveLength(1);
    expect(await problemsOf(config({ baseUrl: "http://169.254.169.254", allowPrivateAddress: true }))).toHaveLength(1);
  });

  it("tells every problem of every provider, and repeats no credential", async () => {
    const problems = await problemsOf(
      config({ key: "one", credentials: {} }),
      config({ key: "two", kind: "no-such-vendor" }),
      config({ key: "three", baseUrl: "http://secret-word@10.0.0.1" }),
      config({ key: "four" }),
    );
    expect(problems.map((problem) => problem.split(":")[0])).toEqual([
      expect.stringMatching(/^providers\.one\.credentials/),
      "providers.two.kind",
      "providers.three.baseUrl",
    ]);
    expect(problems.join()).not.toContain("secret-word");
  });
});
