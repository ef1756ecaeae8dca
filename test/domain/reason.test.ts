import { expect, test } from "vitest";
import { ErrorCode, GatewayError } from "../../src/domain/errors.ts";
import { reasonOf } from "../../src/domain/reason.ts";

const outage = (cause?: unknown) =>
  new GatewayError(ErrorCode.ServiceUnavailable, "The gateway's database does not answer.", { cause });

test.each([
  ["of a database that is full", outage(new Error("SQLITE_FULL: disk is full")), /does not answer: SQLITE_FULL: disk/u],
  [
    "of one at several addresses",
    outage(new AggregateError([new Error("refused by ::1"), new Error("refused by 127.0.0.1")])),
    /does not answer: refused by ::1, refused by 127\.0\.0\.1$/u,
  ],
  ["of an outage without a cause", outage(), /^The gateway's database does not answer\.$/u],
  ["of a defect", new TypeError("x is no function", { cause: new Error("what it held") }), /^x is no function$/u],
  ["of what is no error", "a text", /^a text$/u],
])("the reason %s says what an operator needs", (_case, error, expected) => {
  expect(reasonOf(error)).toMatch(expected);
});
