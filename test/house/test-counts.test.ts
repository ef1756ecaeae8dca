// The plain line that a build ends with: it counts what the test runner's report says, and a file that did not load as a failure.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "counts-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

const PASSED = { status: "passed", assertionResults: [{ status: "passed" }] };
const FAILED = { status: "failed", assertionResults: [{ status: "failed" }] };
const NOT_LOADED = { status: "failed", assertionResults: [] };

it.each([
  ["all passed", [3, 0, 0], [PASSED], "3 passed, 0 failed\n"],
  ["some were skipped", [3, 0, 2], [PASSED], "3 passed, 0 failed, 2 skipped\n"],
  ["a test failed", [2, 1, 0], [PASSED, FAILED], "2 passed, 1 failed\n"],
  ["a file did not load", [2, 0, 0], [PASSED, NOT_LOADED], "2 passed, 1 failed\n"],
])("prints one line when %s", (_case, [numPassedTests, numFailedTests, numPendingTests], testResults, line) => {
  const report = join(folder, "report.json");
  writeFileSync(report, JSON.stringify({ numPassedTests, numFailedTests, numPendingTests, testResults }));

  const command = ["--import", "tsx", join(ROOT, "scripts/print-test-counts.ts"), report];
  expect(execFileSync(process.execPath, command, { cwd: ROOT, encoding: "utf8" })).toBe(line);
});
