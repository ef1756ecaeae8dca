// Sentences of failed runs and a table of kinds: the first kind that matches, or none.
import { expect, it } from "vitest";
import { SyncErrorCode } from "../../src/domain/sync.ts";
import { classifyFailure } from "../../src/wire/classify-failure.ts";
import type { FailureKind } from "../../src/wire/classify-failure.ts";

const KINDS: readonly FailureKind[] = [
  { words: /time[d ]?.?out/i, code: SyncErrorCode.Transient, retryable: true, advice: "Wait." },
  { words: /refused/i, code: SyncErrorCode.Auth, retryable: false, advice: null },
];

it.each([
  ["Timed out", { code: "TRANSIENT", retryable: true, advice: "Wait." }],
  ["refused after it timed out", { code: "TRANSIENT" }],
  ["Refused", { code: "AUTH", retryable: false, advice: null }],
  ["something else", { code: "UNKNOWN", retryable: false, advice: null }],
  ["", { code: "UNKNOWN" }],
])("finds the first kind that speaks of %j", (words, kind) => {
  expect(classifyFailure("shown", words, KINDS)).toMatchObject({ message: "shown", ...kind });
});

it("looks only at the beginning of what may be megabytes", () => {
  expect(classifyFailure("shown", `${"x".repeat(4_000)} refused`, KINDS).code).toBe("UNKNOWN");
});
