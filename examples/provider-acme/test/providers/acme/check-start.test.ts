// Which starts are refused before Acme is called.
import { expect, it } from "vitest";
import { LinkedAccountStatus } from "../../../src/domain/definition.ts";
import { adapterAt } from "../../support/adapter-at-fake-vendor.ts";
import { linkedAccount, startRequest } from "../../support/provider-values.ts";
import { conformance } from "./conformance.ts";

it.each([
  ["an enabled pipeline", true, LinkedAccountStatus.Healthy, []],
  ["an account of which Acme says a new word", true, LinkedAccountStatus.Unknown, []],
  ["a disabled pipeline", false, LinkedAccountStatus.Healthy, ["DEFINITION_INACTIVE"]],
  ["an account that expired", true, LinkedAccountStatus.AuthenticationRequired, ["LINKED_ACCOUNT_UNAVAILABLE"]],
])("a start at acme with %s has its problems told", async (_case, active, status, codes) => {
  await using at = await adapterAt(conformance, () => undefined);
  const request = startRequest({ remoteId: "pl_1", active }, {}, linkedAccount({ status }));
  expect(at.provider.checkStart(request).map(({ code }) => code)).toEqual(codes);
});
