// The plain line that a build ends with: it counts what the reports of all parts say, and a file that did not load as a failure.
import { spawnSync } from "node:child_process";
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

interface Ended {
  readonly fullName: string;
  readonly status: string;
}

/** A report of one file with these tests. */
const report = (status: string, ...assertionResults: readonly Ended[]) => ({
  testResults: [{ name: "/folder/test/one.test.ts", status, assertionResults }],
});
const passed = (fullName: string): Ended => ({ fullName, status: "passed" });
const failed = (fullName: string): Ended => ({ fullName, status: "failed" });
const skipped = (fullName: string): Ended => ({ fullName, status: "skipped" });

function count(reports: readonly object[], CI = ""): { readonly printed: string; readonly code: number | null } {
  const paths = reports.map((content, index) => {
    const path = join(folder, `${index}.json`);
    writeFileSync(path, JSON.stringify(content));
    return path;
  });
  const command = ["--import", "tsx", join(ROOT, "scripts/print-test-counts.ts"), ...paths];
  const environment = { ...process.env, CI };
  const { stdout, status } = spawnSync(process.execPath, command, { cwd: ROOT, encoding: "utf8", env: environment });
  return { printed: stdout, code: status };
}

it.each([
  ["all passed", [report("passed", passed("a"), passed("b"))], "2 passed, 0 failed\n"],
  ["a test failed", [report("failed", passed("a"), failed("b"))], "1 passed, 1 failed\n"],
  [
    "a file did not load, which is said once",
    [report("failed"), report("failed")],
    "could not be run: test/one.test.ts\n0 passed, 1 failed\n",
  ],
  ["a test has the name of another", [report("passed", passed("a"), passed("a"))], "2 passed, 0 failed\n"],
  [
    "one part leaves out what another runs",
    [report("passed", passed("a"), skipped("b")), report("failed", skipped("a"), failed("b"))],
    "1 passed, 1 failed\n",
  ],
])("prints one line when %s", (_case, reports, line) => {
  expect(count(reports, "true")).toEqual({ printed: line, code: 0 });
});

it("names what every part leaves out, and ends with 1 where nothing may be left out", () => {
  const reports = [report("passed", passed("a"), skipped("b")), report("passed", skipped("a"), skipped("b"))];
  const printed = "left out: b\n1 passed, 0 failed, 1 skipped\n";
  expect(count(reports)).toEqual({ printed, code: 0 });
  expect(count(reports, "true")).toEqual({ printed, code: 1 });
});
