// Prints how the tests ended in one plain line, from the test runner's JSON reports: one for each part that was run. A test that one part
// leaves out and another runs is counted once, as it ended there. Exit code 1 when no part ran a test: with CI=true none may be left out.
import { readFileSync } from "node:fs";
import { z } from "zod";

const Report = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })),
    }),
  ),
});

const paths = process.argv.slice(2);
if (paths.length === 0) throw new Error("Expected the paths of JSON reports, got none.");

/** How each test ended, by its file and name; a name that a file has twice is two tests. */
const tests = new Map<string, string>();
/** A file that did not load, or failed in a hook, has no failed test of its own, and counts as one. */
const brokenFiles = new Set<string>();

for (const path of paths) {
  for (const { name: file, status, assertionResults } of Report.parse(JSON.parse(readFileSync(path, "utf8")))
    .testResults) {
    const failures = assertionResults.filter((result) => result.status === "failed");
    if (status === "failed" && failures.length === 0) brokenFiles.add(file);
    const seen = new Map<string, number>();
    for (const result of assertionResults) {
      const turn = (seen.get(result.fullName) ?? 0) + 1;
      seen.set(result.fullName, turn);
      note(JSON.stringify([file, result.fullName, turn]), result.status);
    }
  }
}

function note(test: string, status: string): void {
  const before = tests.get(test);
  const ran = status === "passed" || status === "failed";
  if (before === undefined || (ran && before !== "failed")) tests.set(test, status);
}

const ended = [...tests.values()];
const passed = ended.filter((status) => status === "passed").length;
const failed = ended.filter((status) => status === "failed").length + brokenFiles.size;
const skipped = ended.filter((status) => status !== "passed" && status !== "failed").length;

for (const file of brokenFiles) console.log(`could not be run: ${file.slice(file.lastIndexOf("/test/") + 1)}`);
if (skipped > 0) {
  for (const [test, status] of tests)
    if (status !== "passed" && status !== "failed") console.log(`left out: ${JSON.parse(test)[1]}`);
  if (process.env["CI"] === "true") process.exitCode = 1;
}
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
