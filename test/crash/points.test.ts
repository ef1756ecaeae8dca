// A gateway that is killed at each fail-point, before vendors of each kind and on each database. `npm run crash` does the same with many
// seeds. The number of a seed that failed is in the test's name, and `npm run crash -- --seed <number> --point <name>` repeats it.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildProgram, type BuiltProgram } from "../support/built-program.ts";
import { reachable } from "../support/databases.ts";
import { failPoints } from "../support/fail-points.ts";
import { planOf, type Plan } from "./cases.ts";
import { runCase } from "./run-case.ts";

/** Longer than a case may take by its own limits. */
const CASE_MS = 1_200_000;
const required = process.env["CI"] === "true";
const seeds = (process.env["CRASH_SEEDS"] ?? "1").split(",").map(Number);
const points = failPoints.filter((point) => point.startsWith(process.env["CRASH_POINT"] ?? ""));
const wanted = (["sqlite", "postgres"] as const).filter(
  (database) => database === (process.env["CRASH_DATABASE"] ?? database),
);
let program: BuiltProgram;

beforeAll(async () => {
  program = await buildProgram("test/support/failing-gateway");
});

afterAll(async () => {
  await program.remove();
});

describe.each(wanted)("a gateway on %s", (database) => {
  const plans = seeds.flatMap((seed) => points.map((point): Plan => planOf(point, database, seed)));
  test.runIf(reachable[database] || required).concurrent.for(plans)(
    "that is killed at $point keeps its promises, seed $seed",
    { timeout: CASE_MS },
    async (plan, { task }) => {
      const report = await runCase(program.path, plan);
      task.meta.crash = report;
      // The message, since a failure's own view of a long text is cut short.
      expect(report.violations, report.violations.join("\n")).toEqual([]);
    },
  );
});
