// Prints how the tests ended in one plain line, from the test runner's JSON report. Judges nothing: the runner's exit code does.
import { readFileSync } from "node:fs";
import { z } from "zod";

const Report = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  testResults: z.array(z.object({ status: z.string(), assertionResults: z.array(z.object({ status: z.string() })) })),
});

const [path] = process.argv.slice(2);
if (path === undefined) throw new Error("Expected the path of a JSON report, got none.");
const report = Report.parse(JSON.parse(readFileSync(path, "utf8")));

// A file that did not load, or failed in a hook, has no failed test of its own, and counts as one.
const brokenFiles = report.testResults.filter(
  ({ status, assertionResults }) =>
    status === "failed" && assertionResults.every((result) => result.status !== "failed"),
).length;

const skipped = report.numPendingTests > 0 ? `, ${report.numPendingTests} skipped` : "";
console.log(`${report.numPassedTests} passed, ${report.numFailedTests + brokenFiles} failed${skipped}`);
