// What RootFi's adapter refuses to start, without calling anybody.
import { describe, expect, it } from "vitest";
import { LinkedAccountStatus } from "../../../src/domain/definition.ts";
import { checkStart, modelsOf } from "../../../src/providers/rootfi/check-start.ts";
import type { StartOptions } from "../../../src/domain/sync.ts";
import { linkedAccount, startRequest } from "../../support/provider-values.ts";

const JOB = {
  remoteId: "8422:XERO",
  integration: "XERO",
  resources: [
    { name: "ACCOUNTS", enabled: true, readEnabled: true },
    { name: "BILLS", enabled: false, readEnabled: true },
    { name: "DOCUMENTS", enabled: true, readEnabled: false },
    { name: "ITEMS", enabled: null, readEnabled: null },
  ],
};

describe("a start at RootFi", () => {
  it("is fine without options, and takes the enabled models that may be read", () => {
    const request = startRequest(JOB, {}, linkedAccount({ integration: "XERO" }));
    expect(checkStart(request)).toEqual([]);
    expect(modelsOf(request)).toEqual(["ACCOUNTS", "ITEMS"]);
  });

  it("may name a disabled model: the customer asked for it", () => {
    expect(checkStart(startRequest(JOB, { models: ["BILLS"] }))).toEqual([]);
  });

  it("may name any model where the job's are not known", () => {
    expect(checkStart(startRequest({ ...JOB, resources: [] }, { models: ["CUSTOM_ACCOUNT_TRANSACTIONS"] }))).toEqual(
      [],
    );
  });

  const badModels: readonly [string, StartOptions, readonly { name: string; enabled: boolean }[], string][] = [
    ["an unknown model", { models: ["ACCOUNTS", "UNICORNS"] }, [{ name: "ACCOUNTS", enabled: true }], "UNICORNS"],
    ["an empty list", { models: [] }, [{ name: "ACCOUNTS", enabled: true }], "at least one"],
    ["no models where none is enabled", {}, [{ name: "ACCOUNTS", enabled: false }], "name the models"],
    ["no models where none is known", {}, [], "name the models"],
  ];
  it.each(badModels)("is refused with %s", (_case, options, resources, words) => {
    const problems = checkStart(startRequest({ ...JOB, resources }, options));
    expect(problems).toEqual([
      { code: "BAD_USER_INPUT", field: ["models"], message: expect.stringContaining(words) as string },
    ]);
  });

  const links: readonly [LinkedAccountStatus, string, boolean | undefined, boolean][] = [
    [LinkedAccountStatus.Healthy, "XERO", true, false],
    [LinkedAccountStatus.Pending, "XERO", undefined, false],
    [LinkedAccountStatus.Unknown, "XERO", undefined, false],
    [LinkedAccountStatus.AuthenticationRequired, "XERO", undefined, true],
    [LinkedAccountStatus.Disabled, "XERO", undefined, true],
    [LinkedAccountStatus.Disabled, "XERO", true, true],
    // The status is about the company's other connection.
    [LinkedAccountStatus.Disabled, "HUBSPOT", true, false],
    [LinkedAccountStatus.Disabled, "HUBSPOT", false, true],
    [LinkedAccountStatus.Healthy, "XERO", false, true],
  ];
  it.each(links)(
    "with a link that is %s for %s and active %s is refused: %s",
    (status, integration, active, isRefused) => {
      const job = active === undefined ? JOB : { ...JOB, active };
      const problems = checkStart(startRequest(job, {}, linkedAccount({ status, integration })));
      expect(problems.map(({ code }) => code)).toEqual(isRefused ? ["LINKED_ACCOUNT_UNAVAILABLE"] : []);
    },
  );
});
