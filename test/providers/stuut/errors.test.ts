// Stuut's error bodies and the reasons of failed syncs.
import { describe, expect, it } from "vitest";
import { readError, syncErrorOf } from "../../../src/providers/stuut/errors.ts";
import { freeTextRedactor } from "../../../src/wire/free-text.ts";

const redact = freeTextRedactor(["the-token-itself"]);

describe("an error body of Stuut", () => {
  const failure = { loc: ["path", "connection_id"], msg: "invalid id", type: "value_error" };
  const bodies: readonly [string, number, unknown, object][] = [
    ["with a sentence", 404, { detail: "Not Found" }, { message: "Not Found" }],
    ["with a list", 422, { detail: [failure] }, { message: "connection_id: invalid id" }],
    [
      "with a deep place",
      422,
      { detail: [{ ...failure, loc: ["body", "models", 0] }] },
      { message: "models.0: invalid id" },
    ],
    ["with no place", 422, { detail: [{ msg: "invalid" }, "and more"] }, { message: "invalid; and more" }],
    ["with many failures", 422, { detail: ["a", "b", "c", "d"] }, { message: "a; b; c" }],
    ["of the locked", 423, { detail: "Busy" }, { message: "Busy", code: "PROVIDER_CONFLICT" }],
    ["of text", 502, "Bad Gateway", { message: "Bad Gateway" }],
    ["with another field", 400, { message: "No" }, { message: "No" }],
    ["empty", 500, null, { message: null }],
    ["of a list", 500, [failure], { message: null }],
    ["of numbers", 422, { detail: [1, { msg: 2, loc: 3 }] }, { message: null }],
  ];
  it.each(bodies)("%s is read", (_case, status, body, reading) => {
    expect(readError(status, body)).toEqual(reading);
  });
});

describe("the reason of a failed sync", () => {
  const kinds: readonly [string | null, string, boolean][] = [
    ["Too many requests", "TRANSIENT", true],
    ["The account's request limit was reached", "TRANSIENT", true],
    ["Upstream returned 401", "AUTH", false],
    ["The refresh token was revoked", "AUTH", false],
    ["Invalid token", "AUTH", false],
    ["Invalid login or password", "AUTH", false],
    ["Subsidiaries are not enabled", "CONFIG", false],
    ["Invalid currency", "DATA", false],
    ["Validation: the customer's credit limit is exceeded", "DATA", false],
    ["Malformed answer: unexpected token < in JSON", "DATA", false],
    ["Internal error", "VENDOR", true],
    ["Ouch", "UNKNOWN", false],
    [null, "UNKNOWN", false],
  ];
  it.each(kinds)("%s is of the kind %s", (text, code, retryable) => {
    expect(syncErrorOf(text, redact)).toMatchObject({ code, retryable, message: text ?? "Stuut gave no reason" });
  });

  const secrets = [
    "the-token-itself",
    "Bearer abcdefgh12345678",
    "https://erp.example/x?sig=abc",
    "token=abcdef",
    "ada@example.com",
  ];
  it.each(secrets)("does not show %s", (secret) => {
    const { message } = syncErrorOf(`failed with ${secret} and more`, redact);
    expect(message).not.toContain(secret);
    expect(message).toContain("[redacted]");
  });

  it("is one line of at most 256 characters", () => {
    const { message } = syncErrorOf("line\n".repeat(1_000), redact);
    expect(message.length).toBe(256);
    expect(message).not.toContain("\n");
  });
});
