// What a refusal's body says, and when a start may be sent again because it only lacked its status.
import { describe, expect, it } from "vitest";
import { ErrorCode, ProviderError } from "../../../src/domain/errors.ts";
import { demandsStatus, readError } from "../../../src/providers/truto/errors.ts";
import { failureOf } from "../../../src/providers/truto/map.ts";
import { freeTextRedactor } from "../../../src/wire/free-text.ts";

describe("reading a refusal", () => {
  it.each([
    [
      "its message",
      { statusCode: 400, error: "Bad Request", message: "sync_job_id is required" },
      "sync_job_id is required",
    ],
    ["its name when there is no message", { error: "Bad Request" }, "Bad Request"],
    ["failures as texts", { message: "invalid", details: { failures: ["a", "b", "c", "d"] } }, "invalid (a; b; c)"],
    [
      "failures with their place",
      { message: "invalid", details: { failures: [{ field: "args", message: "is missing" }] } },
      "invalid (args: is missing)",
    ],
    ["failures alone", { details: { failures: [{ path: ["args", 0], message: "is wrong" }] } }, "args.0: is wrong"],
    ["nothing of the connected product's answer", { raw_response: "planted", message: null }, null],
    ["nothing of no object", "<html>", null],
    ["nothing of nothing", null, null],
  ])("takes %s", (_what, body, message) => {
    expect(readError(400, body)).toEqual({ message });
  });
});

describe("a failed run's sentence", () => {
  const kindOf = (message: string) => failureOf([{ status: "failed", message }], freeTextRedactor([]));

  it.each([
    ["401 from zendesk: the access token has expired", "AUTH", false],
    ["The user needs_reauth", "AUTH", false],
    ["429 Too Many Requests", "TRANSIENT", true],
    ["upstream timed out after 30 s", "TRANSIENT", true],
    ["the resource is not supported by this integration", "CONFIG", false],
    ["validation failed: start_date is required", "DATA", false],
    ["Internal Server Error", "VENDOR", true],
    ["something else", "UNKNOWN", true],
  ])("says of which kind the failure is, with advice: %s", (message, code, retryable) => {
    expect(kindOf(message)).toMatchObject({ message, code, retryable, advice: expect.stringMatching(/ .* .* /) });
  });

  it("is not taken for a kind by the name of a resource", () => {
    const entry = { status: "failed", resource: "crm/subscriptions", message: "something else" };
    expect(failureOf([entry], freeTextRedactor([]))).toMatchObject({
      message: "crm/subscriptions: something else",
      code: "UNKNOWN",
    });
  });

  it.each([
    [{ status: "Failed" }, "it broke"],
    [{ level: "ERROR" }, "it broke"],
    [{ status: "completed", error: "it broke" }, "it broke"],
    [{ status: "completed", level: "info" }, "no reason could be read"],
    [{ level: "warn" }, "no reason could be read"],
  ])("is that of entries which say that something failed: %j", (entry, told) => {
    expect(failureOf([{ message: "it broke", ...entry }], freeTextRedactor([])).message).toContain(told);
  });

  it("is searched for its kind before secrets are taken out of it, and shown after", () => {
    const failure = failureOf([{ status: "failed", message: "planted-words expired" }], freeTextRedactor(["expired"]));
    expect(failure).toMatchObject({ message: "planted-words [redacted]", code: "AUTH" });
  });
});

describe("a refusal for want of a status", () => {
  const refusal = (message: string, httpStatus = 400): ProviderError =>
    new ProviderError(`truto-eu: POST /sync-job-run: expected success, got ${httpStatus}: ${message}`, {
      code: ErrorCode.ProviderRejected,
      provider: "truto-eu",
      httpStatus,
      retryable: false,
      retryAfterMs: null,
      sent: true,
    });

  it.each([
    "status is required",
    '"status" is required',
    "must have required property 'status'",
    "invalid (status: required)",
    "missing field status",
  ])("is recognised: %s", (message) => {
    expect(demandsStatus(refusal(message))).toBe(true);
  });

  it.each([
    "sync_job_id is required",
    "run_status is required",
    "status 400: webhook_id is required",
    "required: status_code",
    "status is not allowed",
  ])("is not taken from: %s", (message) => {
    expect(demandsStatus(refusal(message))).toBe(false);
  });

  it("is not taken from a failure that may have started the run", () => {
    expect(demandsStatus(refusal("status is required", 500))).toBe(false);
    expect(demandsStatus(new Error("status is required"))).toBe(false);
  });
});
