// What is made sure of before anything is asked of a provider: that its key speaks to the account whose history is under it.
import { expect, test } from "vitest";
import { ErrorCode, GatewayError } from "../../src/domain/errors.ts";
import type { AccountClaim } from "../../src/domain/provider-account.ts";
import type { Store } from "../../src/domain/store-port.ts";
import { createAccountGate } from "../../src/tracking/account-gate.ts";
import type { ConfiguredProvider } from "../../src/tracking/provider-directory.ts";
import { describeOnEachDatabase } from "../support/databases.ts";
import { createFakeProvider, fault } from "../support/fake-provider.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { account, linkedAccount, syncJob } from "../support/store-values.ts";
import { TENANT, configure } from "../support/tracking.ts";

const LATER_MS = 5_000;

const claimOf = (shownKey: string, secret: string, given: Partial<AccountClaim> = {}): AccountClaim => ({
  shownKey,
  kind: "fake",
  address: "https://api.fake.example",
  sandbox: false,
  fingerprint: () => `print of ${secret}`,
  matches: (fingerprint) => fingerprint === `print of ${secret}`,
  ...given,
});

describeOnEachDatabase("the gate before a provider", (open) => {
  async function world() {
    const { store, url } = await open();
    const clock = createManualClock();
    const logged: string[] = [];
    const note = (_facts: unknown, message: string) => void logged.push(message);
    const log = { info: note, warn: note, error: note };
    const gateOn = (over: Store = store) => createAccountGate({ store: over, clock, log });
    return { store, url, clock, logged, gateOn };
  }

  /** @param tells the vendor's own id of the account; left out where it tells none */
  function provider(claim: AccountClaim, jobs: readonly string[] = [], tells?: () => Promise<string | null>) {
    const fake = createFakeProvider(claim.shownKey);
    fake.answers.definitions = () => [jobs.map((id) => syncJob(id))];
    fake.answers.linkedAccounts = () => [[]];
    const { provider: made, ...rest } = configure(fake);
    const asked = tells === undefined ? made : { ...made, remoteAccount: tells };
    const configured: ConfiguredProvider = { ...rest, provider: asked, account: claim };
    return { fake, configured };
  }

  const told = (id: string) => () => Promise.resolve(id);
  const refusal = { code: "PROVIDER_ACCOUNT_CHANGED", sent: false };

  test("what a version before left is taken as it is, and kept to from then on", async () => {
    const { store, gateOn } = await world();
    const nothing = { kind: null, address: null, sandbox: null };
    await store.accounts.add(TENANT, [account("acme", nothing)]);
    await store.catalog.putDefinitions(TENANT, "acme", [syncJob("job-1")], new Date(0));
    await gateOn().pass(TENANT, provider(claimOf("acme", "old"), [], told("org-1")).configured);
    expect(await store.accounts.all(TENANT)).toMatchObject([
      { kind: "fake", address: "https://api.fake.example", sandbox: false, remoteAccount: "org-1" },
    ]);
    const other = provider(claimOf("acme", "new"), ["job-1"], told("org-2")).configured;
    await expect(gateOn().pass(TENANT, other)).rejects.toMatchObject(refusal);
  });

  test("the very credential is asked nothing, and one that was rotated is known by what the vendor tells", async () => {
    const { store, gateOn } = await world();
    await store.accounts.add(TENANT, [account("acme")]);
    await gateOn().pass(TENANT, provider(claimOf("acme", "one"), [], told("org-1")).configured);
    const never = () => Promise.reject(new Error("it is asked"));
    await gateOn().pass(TENANT, provider(claimOf("acme", "one"), [], never).configured);
    await gateOn().pass(TENANT, provider(claimOf("acme", "two"), [], told("org-1")).configured);
    expect(await store.accounts.all(TENANT)).toMatchObject([{ credential: "print of two", remoteAccount: "org-1" }]);
  });

  test("where the vendor tells nothing, one thing that is known and still listed is enough, and none is another account", async () => {
    const { store, gateOn } = await world();
    await store.accounts.add(TENANT, [account("acme")]);
    await gateOn().pass(TENANT, provider(claimOf("acme", "one")).configured);
    await store.catalog.putDefinitions(TENANT, "acme", [syncJob("job-1"), syncJob("job-2")], new Date(0));
    await store.catalog.putLinkedAccounts(TENANT, "acme", [linkedAccount("account-1")], new Date(0));
    await gateOn().pass(TENANT, provider(claimOf("acme", "two"), ["job-9", "job-2"]).configured);
    const byAccount = provider(claimOf("acme", "three"), ["job-9"]);
    byAccount.fake.answers.linkedAccounts = () => [[linkedAccount("account-1")]];
    await gateOn().pass(TENANT, byAccount.configured);
    const other = provider(claimOf("acme", "four"), ["job-9"]).configured;
    await expect(gateOn().pass(TENANT, other)).rejects.toMatchObject(refusal);
    // What may not be asked tells nothing either way.
    const forbidden = () => Promise.reject(fault(ErrorCode.ProviderAuthFailed, { httpStatus: 403 }));
    await gateOn().pass(TENANT, provider(claimOf("acme", "five"), ["job-1"], forbidden).configured);
  });

  test("a vendor that fails is asked again, and nothing is decided", async () => {
    const { store, gateOn } = await world();
    await store.accounts.add(TENANT, [account("acme")]);
    const gate = gateOn();
    let answer = () => Promise.reject<string>(fault(ErrorCode.ProviderUnavailable));
    const { configured } = provider(claimOf("acme", "one"), [], () => answer());
    await expect(gate.pass(TENANT, configured)).rejects.toMatchObject({ code: "PROVIDER_UNAVAILABLE" });
    expect(gate.refusal(TENANT, "acme")).toBeNull();
    expect(await store.accounts.all(TENANT)).toEqual([account("acme")]);
    answer = told("org-1");
    await gate.pass(TENANT, configured);
  });

  test.each([
    [{ address: "https://eu.fake.example" }, "https://eu.fake.example"],
    [{ kind: "other" }, "says other"],
    [{ sandbox: true }, "a sandbox now"],
  ])("a configuration that says %j is refused without a call", async (given, why) => {
    const { store, gateOn } = await world();
    await store.accounts.add(TENANT, [account("acme")]);
    await gateOn().pass(TENANT, provider(claimOf("acme", "one")).configured);
    const { configured, fake } = provider(claimOf("acme", "one", given));
    const refused = gateOn().pass(TENANT, configured);
    await expect(refused).rejects.toMatchObject({ ...refusal, message: expect.stringContaining(why) });
    expect(fake.calls).toEqual([]);
  });

  test("an account that another key speaks to is found by the vendor's id, the credential, or what is in it", async () => {
    const { store, gateOn } = await world();
    const keys = ["acme", "by-id", "by-credential", "by-content", "apart"];
    await store.accounts.add(
      TENANT,
      keys.map((key) => account(key)),
    );
    const gate = gateOn();
    await gate.pass(TENANT, provider(claimOf("acme", "one"), [], told("org-1")).configured);
    await store.catalog.putDefinitions(TENANT, "acme", [syncJob("job-1")], new Date(0));
    for (const twin of [
      provider(claimOf("by-id", "two"), [], told("org-1")),
      provider(claimOf("by-credential", "one")),
      provider(claimOf("by-content", "three"), ["job-1"]),
    ])
      await expect(gate.pass(TENANT, twin.configured)).rejects.toMatchObject({
        ...refusal,
        message: expect.stringMatching(/the account that the store knows as acme\. One account needs one key/u),
      });
    await gate.pass(TENANT, provider(claimOf("apart", "four"), ["job-9"]).configured);
  });

  test("an adoption is for who is refused: a gateway with the old credential does not take it", async () => {
    const { store, clock, logged, gateOn } = await world();
    await store.accounts.add(TENANT, [account("acme")]);
    const [old, young] = [gateOn(), gateOn()];
    const before = provider(claimOf("acme", "one"), [], told("org-1")).configured;
    const after = provider(claimOf("acme", "two"), [], told("org-2")).configured;
    await old.pass(TENANT, before);
    await expect(young.pass(TENANT, after)).rejects.toMatchObject(refusal);
    await expect(young.pass(TENANT, after)).rejects.toMatchObject(refusal);
    await store.accounts.adopt(TENANT, "acme");
    await clock.advance(LATER_MS);
    await old.pass(TENANT, before);
    await young.pass(TENANT, after);
    expect(await store.accounts.all(TENANT)).toMatchObject([{ remoteAccount: "org-2" }]);
    expect(logged).toEqual(["provider is refused; the others go on", "provider is not refused any more"]);
    await clock.advance(LATER_MS);
    await expect(old.pass(TENANT, before)).rejects.toMatchObject(refusal);
  });

  test("a database that does not answer changes nothing for who passed", async () => {
    const { store, clock, gateOn } = await world();
    await store.accounts.add(TENANT, [account("acme")]);
    let down = false;
    const accounts = {
      ...store.accounts,
      all: (tenantId: string) =>
        down ? Promise.reject(new GatewayError(ErrorCode.ServiceUnavailable, "away")) : store.accounts.all(tenantId),
    };
    const gate = gateOn({ ...store, accounts });
    const { configured } = provider(claimOf("acme", "one"));
    await gate.pass(TENANT, configured);
    down = true;
    await clock.advance(LATER_MS);
    await gate.pass(TENANT, configured);
    const fresh = gateOn({ ...store, accounts });
    await expect(fresh.pass(TENANT, configured)).rejects.toMatchObject({ code: "SERVICE_UNAVAILABLE" });
  });
});
