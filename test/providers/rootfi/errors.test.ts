// RootFi's error bodies and the reasons of failed jobs.
import { describe, expect, it } from "vitest";
import { isCancelled, jobErrorOf, readError, syncErrorOf } from "../../../src/providers/rootfi/errors.ts";
import { freeTextRedactor } from "../../../src/wire/free-text.ts";

const redact = freeTextRedactor(["the-api-key-itself"]);

describe("an error body of RootFi", () => {
  const bodies: readonly [string, unknown, object][] = [
    [
      "whole",
      { error: { message: "Company not found", code: "not-found", field: "company_id" } },
      { message: "Company not found (not-found, field company_id)" },
    ],
    ["without a field", { error: { message: "No", code: "nope" } }, { message: "No (nope)" }],
    ["with a code alone", { error: { code: "nope" } }, { message: "nope" }],
    ["with a text as error", { error: "No" }, { message: "No" }],
    [
      "denied",
      { error: { message: "No", code: "operation-denied" } },
      { message: "No (operation-denied)", code: "PROVIDER_CONFLICT" },
    ],
    [
      "denied in capitals",
      { error: { code: "OPERATION-DENIED" } },
      { message: "OPERATION-DENIED", code: "PROVIDER_CONFLICT" },
    ],
    ["of text", "<html>Bad Gateway</html>", { message: "<html>Bad Gateway</html>" }],
    ["empty", null, { message: null }],
    ["of a list", [1], { message: null }],
    ["of numbers", { error: { message: 1, code: 2, field: {} } }, { message: null }],
  ];
  it.each(bodies)("%s is read", (_case, body, reading) => {
    expect(readError(500, body)).toEqual(reading);
  });
});

describe("the reason of a failed job", () => {
  const kinds: readonly [unknown, string, boolean][] = [
    [{ code: "rate-limit", message: "slow down" }, "TRANSIENT", true],
    [{ message: "Request timed out" }, "TRANSIENT", true],
    [{ message: "401 Unauthorized" }, "AUTH", false],
    [{ message: "Token expired" }, "AUTH", false],
    [{ message: "Feature not enabled on this plan" }, "CONFIG", false],
    [{ detail: "invalid contact" }, "DATA", false],
    [{ message: "Internal error" }, "VENDOR", true],
    [{ message: "Ouch" }, "UNKNOWN", false],
    [{}, "UNKNOWN", false],
    [undefined, "UNKNOWN", false],
    ["Request timed out", "TRANSIENT", true],
  ];
  it.each(kinds)("%j is of the kind %s", (error, code, retryable) => {
    expect(jobErrorOf(error, redact)).toMatchObject({ code, retryable });
  });

  it("comes with advice where the kind is known", () => {
    expect(jobErrorOf({ message: "Token expired" }, redact).advice).toMatch(/connect the integration again/);
    expect(jobErrorOf({ message: "Ouch" }, redact).advice).toBeNull();
  });

  it("says that there is none where RootFi gives none", () => {
    expect(jobErrorOf({}, redact).message).toBe("RootFi gave no reason");
    expect(syncErrorOf([], 3).message).toMatch(/no job says why/);
  });

  it("is told of the sync with the number of failed jobs, within the limit of its length", () => {
    const error = jobErrorOf({ message: "x ".repeat(5_000) }, redact);
    const { message } = syncErrorOf([error, error], 3);
    expect(message).toMatch(/^2 of 3 jobs failed: x x /);
    expect(message.length).toBeLessThanOrEqual(256);
  });

  it("is that of a job which says what kind of failure it is, before one which says that a part of it failed", () => {
    const errors = ["A part of this job failed", "no access (401)", "invalid record"].map((message) =>
      jobErrorOf({ message }, redact),
    );
    expect(syncErrorOf(errors, 4)).toMatchObject({ message: "3 of 4 jobs failed: no access (401)", code: "AUTH" });
    expect(syncErrorOf(errors.slice(0, 1), 4).message).toBe("1 of 4 jobs failed: A part of this job failed");
  });

  it.each([
    [{ code: "sync-cancelled" }, true],
    [{ code: "CANCELED" }, true],
    [{ code: "invalid", message: "the invoice was cancelled" }, false],
    [{ code: 7 }, false],
    ["cancelled", false],
    [null, false],
  ])("%j is that somebody cancelled it: %s", (error, expected) => {
    expect(isCancelled(error)).toBe(expected);
  });

  const secrets = [
    "the-api-key-itself",
    "Bearer abcdefgh12345678",
    "https://user:pass@books.example/x",
    "https://books.example/x?signature=abc",
    "api_key=abcdef",
    "ada@example.com",
    "sk_live_0123456789abcdef0123456789abcdef",
  ];
  it.each(secrets)("does not show %s", (secret) => {
    const { message } = jobErrorOf({ message: `failed with ${secret} and more` }, redact);
    expect(message).not.toContain(secret);
    expect(message).toContain("[redacted]");
  });

  it("keeps ids that are UUIDs", () => {
    const id = "6870abae-60d9-48fb-8235-49cd812c06b9";
    expect(jobErrorOf({ message: `job ${id}` }, redact).message).toBe(`job ${id}`);
  });
});
