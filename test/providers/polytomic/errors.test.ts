// Error bodies of every version of the vendor's API, and the reasons of failed runs.
import { describe, expect, it } from "vitest";
import { ErrorCode } from "../../../src/domain/errors.ts";
import { readError, runErrorOf } from "../../../src/providers/polytomic/errors.ts";
import { freeTextRedactor } from "../../../src/wire/free-text.ts";

describe("a polytomic error body", () => {
  const bodies: readonly (readonly [string, unknown, string | null])[] = [
    ["today's shape", { status: 404, key: "NOT_FOUND", message: "Not Found", metadata: {} }, "Not Found"],
    ["only a key", { status: 404, key: "NOT_FOUND" }, "NOT_FOUND"],
    ["a blank message beside a key", { message: " ", key: "NOT_FOUND" }, "NOT_FOUND"],
    [
      "the shape of 2024",
      { code: 0, error: "invalid API key", status: "Unauthorized", context: {} },
      "invalid API key",
    ],
    ["the shape of 2023", { error: { message: "no such sync" } }, "no such sync"],
    ["an HTML page", "<html><head><title>502 Bad Gateway</title></head></html>", "502 Bad Gateway"],
    ["an HTML page without a title", "<html><body>secret stack</body></html>", null],
    ["plain text", " upstream timed out \n", "upstream timed out"],
    ["empty text", "", null],
    ["nothing", null, null],
    ["a list", [{ message: "no" }], null],
    ["a message that is no text", { message: { deep: true }, error: 7 }, null],
  ];
  it.each(bodies)("of %s gives its sentence", (_name, body, message) => {
    expect(readError(500, body)).toEqual({ message });
  });

  it("says that the sync is switched off, whichever status is used for that", () => {
    for (const status of [400, 409, 422]) {
      expect(readError(status, { message: "sync is not active" }).code).toBe(ErrorCode.DefinitionInactive);
    }
    expect(readError(500, { message: "sync is not active" })).toEqual({ message: "sync is not active" });
    expect(readError(409, { message: "sync has an active execution" })).toEqual({
      message: "sync has an active execution",
    });
  });
});

describe("the errors of an execution", () => {
  const redact = freeTextRedactor(["planted-api-key"]);
  const kinds: readonly (readonly [string, string, boolean])[] = [
    ["target connection rejected credentials", "AUTH", false],
    ["request timed out after 60s", "TRANSIENT", true],
    ["429 too many requests", "TRANSIENT", true],
    ["field Email__c does not exist", "CONFIG", false],
    ["duplicate value found", "DATA", false],
    ["Salesforce: INVALID_SESSION_ID", "AUTH", false],
    ["the access token has expired", "AUTH", false],
    ["refresh token revoked", "AUTH", false],
    ["Reconnect the connection", "AUTH", false],
    ["statement timeout expired", "TRANSIENT", true],
    ["internal error", "VENDOR", true],
    ["Internal Server Error", "VENDOR", true],
    ["Polytomic answered 500", "VENDOR", true],
    ["internal id is odd", "UNKNOWN", false],
    ["the catalog in question is odd", "UNKNOWN", false],
  ];
  it.each(kinds)("that say '%s' are of kind %s", (text, code, retryable) => {
    expect(runErrorOf([text], redact)).toMatchObject({ message: text, code, retryable });
  });

  it("are told once each, in one line, cut, and without secrets", () => {
    const error = runErrorOf(["a\nb", "a\nb", " ", "key planted-api-key", "x".repeat(1_000)], redact);
    expect(error?.message).toMatch(/^a\u240Ab; key \[redacted\]; x+…$/);
    expect(error?.message).toHaveLength(256);
  });

  it("are no error when there are none", () => {
    expect(runErrorOf([], redact)).toBeNull();
    expect(runErrorOf(["", "  "], redact)).toBeNull();
  });
});
