// Failures an adapter finds by itself: careful facts unless told otherwise, and the same failure told better.
import { describe, expect, it } from "vitest";
import { ErrorCode, GatewayError, ProviderError } from "../../src/domain/errors.ts";
import { failureWith, isNotFound, notFound, providerFailure } from "../../src/wire/provider-failure.ts";

const CAREFUL = { httpStatus: null, retryable: false, retryAfterMs: null, sent: false };

describe("a provider's failure", () => {
  it("names the provider and is that of a call never made", () => {
    const failure = providerFailure("expected a run", { code: ErrorCode.ProviderRejected, provider: "acme-eu" });
    expect(failure).toBeInstanceOf(ProviderError);
    expect(failure).toMatchObject({
      message: "acme-eu: expected a run",
      code: "PROVIDER_REJECTED",
      provider: "acme-eu",
      ...CAREFUL,
    });
  });

  it("keeps the facts it is given", () => {
    const facts = { httpStatus: 200, retryable: true, retryAfterMs: 5, sent: true, cause: new Error("why") };
    expect(providerFailure("x", { code: ErrorCode.ProviderTimeout, provider: "acme-eu", ...facts })).toMatchObject(
      facts,
    );
  });

  it.each([true, false])("of a missing object says whether the vendor was asked: %s", (sent) => {
    const failure = notFound("acme-eu", 'run "42"', sent);
    expect(failure).toMatchObject({ message: 'acme-eu: there is no run "42"', code: "PROVIDER_NOT_FOUND", sent });
    expect(isNotFound(failure)).toBe(true);
  });

  it("is taken for a missing object by its code alone", () => {
    expect(isNotFound(providerFailure("no", { code: ErrorCode.ProviderRejected, provider: "acme-eu" }))).toBe(false);
    expect(isNotFound(new GatewayError(ErrorCode.ProviderNotFound, "no"))).toBe(false);
    expect(isNotFound(undefined)).toBe(false);
  });

  it("told better keeps every other fact", () => {
    const facts = {
      code: ErrorCode.ProviderConflict,
      provider: "acme-eu",
      httpStatus: 409,
      retryAfterMs: 9,
      sent: true,
    };
    const failure = providerFailure("busy", { ...facts, cause: new Error("planted") });
    expect(failureWith(failure, { retryable: true })).toMatchObject({
      ...facts,
      message: "acme-eu: busy",
      retryable: true,
    });
    const clean = failureWith(failure, { message: "acme-eu: still busy", cause: undefined });
    expect(clean).toMatchObject({ ...facts, message: "acme-eu: still busy", retryable: false });
    expect(clean.cause).toBeUndefined();
    expect(failure).toMatchObject({ message: "acme-eu: busy", retryable: false });
  });
});
