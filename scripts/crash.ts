// Kills gateways at every fail-point, with many seeds: `npm run crash -- --seeds 20 --point F3 --database postgres`. Prints a line of JSON
// for each case and one that sums them up. Exit code 1 when a promise was not kept, or nothing was run.
import { parseArgs } from "node:util";
import { startVitest, type TestCase } from "vitest/node";
import type { CaseReport } from "../test/crash/run-case.ts";

const { values } = parseArgs({
  options: {
    /** How many, from `--seed` on. */
    seeds: { type: "string", default: "1" },
    seed: { type: "string", default: "1" },
    /** Fail-points whose names begin so. Default: all. */
    point: { type: "string" },
    /** Default: both. */
    database: { type: "string" },
    /** Cases at once. */
    jobs: { type: "string", default: "5" },
  },
});

const first = Number(values.seed);
process.env["CRASH_SEEDS"] = Array.from({ length: Number(values.seeds) }, (_, index) => first + index).join(",");
if (values.point !== undefined) process.env["CRASH_POINT"] = values.point;
if (values.database !== undefined) process.env["CRASH_DATABASE"] = values.database;

const reports: CaseReport[] = [];
let failed = 0;

function note(testCase: TestCase): void {
  const { crash } = testCase.meta();
  if (testCase.result().state === "failed") failed += 1;
  if (crash !== undefined) reports.push(crash);
  const { state, errors = [] } = testCase.result();
  const broken = { failed: testCase.fullName, errors: errors.map(({ message }) => message) };
  if (state !== "skipped") console.log(JSON.stringify(crash ?? broken));
}

const startedAt = Date.now();
const vitest = await startVitest("test", ["test/crash/points"], {
  watch: false,
  reporters: [{ onTestCaseResult: note }],
  maxWorkers: 1,
  maxConcurrency: Number(values.jobs),
});
await vitest.close();

const sum = (of: (report: CaseReport) => number): number => reports.reduce((total, report) => total + of(report), 0);
console.log(
  JSON.stringify({
    cases: reports.length,
    crashes: sum(({ crashes }) => crashes),
    starts: sum(({ starts }) => starts),
    duplicateStarts: sum(({ duplicates }) => duplicates),
    uncertain: sum(({ uncertain }) => uncertain),
    lost: sum(({ lost }) => lost),
    violations: sum(({ violations }) => violations.length),
    failed,
    slowestRecoveryMs: Math.max(0, ...reports.map(({ recoveredMs }) => recoveredMs)),
    seconds: Math.round((Date.now() - startedAt) / 1_000),
  }),
);
process.exitCode = failed > 0 || reports.length === 0 ? 1 : 0;
