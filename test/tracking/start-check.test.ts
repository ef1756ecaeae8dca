// What callers read when a linked account cannot sync: the gateway's sentence, then the vendor's own words.
import { expect, test } from "vitest";
import { LinkedAccountStatus } from "../../src/domain/definition.ts";
import { problemsOf } from "../../src/tracking/start-check.ts";
import { createFakeProvider } from "../support/fake-provider.ts";
import { at, linkedAccount, syncJob } from "../support/store-values.ts";
import { TENANT, configure, idOf } from "../support/tracking.ts";

const SIGN_IN = 'The linked account "account-1" needs somebody to sign in again before it can sync.';
const ENABLE = 'The linked account "account-1" is disabled or disconnected at the vendor. Enable it first.';

test.each([
  [LinkedAccountStatus.AuthenticationRequired, null, SIGN_IN],
  [
    LinkedAccountStatus.AuthenticationRequired,
    "Token revoked: send the link again.",
    `${SIGN_IN} Token revoked: send the link again.`,
  ],
  [LinkedAccountStatus.Disabled, null, ENABLE],
  [LinkedAccountStatus.Disabled, "Removed by its owner.", `${ENABLE} Removed by its owner.`],
])(
  "an account that is %s and of which the vendor says %j is a problem told as %j",
  (status, statusMessage, message) => {
    const mirrored = { tenantId: TENANT, providerKey: "acme", observedAt: at(0), goneAt: null };
    const account = linkedAccount("account-1", { name: "account-1", status, statusMessage });
    const problems = problemsOf(configure(createFakeProvider("acme")), {
      definition: { ...syncJob("job-1"), ...mirrored, id: idOf("definition", "job-1") },
      linkedAccount: { ...account, ...mirrored, id: idOf("linkedAccount", "account-1") },
      options: {},
    });
    expect(problems.map((problem) => problem.message)).toEqual([message]);
  },
);
