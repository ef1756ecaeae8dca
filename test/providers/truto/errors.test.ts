// What a refusal's body says, and when a start may be sent again because it only lacked its status.
import { describe, expect, it } from "vitest";
import { ErrorCode, ProviderError } from "../../../src/domain/errors.ts";
import { demandsStatus, readError } from "../../../src/providers/truto/errors.ts";

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
