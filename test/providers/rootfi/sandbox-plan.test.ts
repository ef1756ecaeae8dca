// What the RootFi sandbox plans for a run, without a server and without waiting.
import { describe, expect, it } from "vitest";
import { Fate } from "../../../src/providers/rootfi/sandbox-data.ts";
import { RunStatus, jobStatus, planRun, runStatus, stoppedPlan } from "../../../src/providers/rootfi/sandbox-plan.ts";

const BOUNDS = [
  ["the shortest draw", () => 0],
  ["the longest draw", (_label: string, bound: number) => bound - 1],
] as const;
const MODELS = [["ACCOUNTS"], ["ACCOUNTS", "CONTACTS"], ["ACCOUNTS", "CONTACTS", "INVOICES", "BILLS", "ITEMS"]];
const CASES = BOUNDS.flatMap(([name, draw]) =>
  Object.values(Fate).flatMap((fate) => MODELS.map((models) => ({ name, draw, fate, models }))),
);

describe("a planned run", () => {
  it.each(CASES)(
    "of $fate with $name over $models takes 5 to 20 seconds and shows every phase",
    ({ draw, fate, models }) => {
      const plan = planRun(fate, models, draw);
      expect(plan.startMs).toBeGreaterThanOrEqual(1_000);
      expect(plan.endMs - plan.startMs).toBeGreaterThanOrEqual(3_000);
      expect(plan.endMs).toBeGreaterThanOrEqual(5_000);
      expect(plan.endMs).toBeLessThanOrEqual(20_000);
      expect(runStatus(plan, plan.startMs - 1)).toBe(RunStatus.Created);
      expect(runStatus(plan, plan.startMs)).toBe(RunStatus.Running);
      expect(runStatus(plan, plan.endMs - 1)).toBe(RunStatus.Running);
    },
  );

  it.each(CASES)(
    "of $fate with $name over $models ends as its fate says, and all its jobs with it",
    ({ draw, fate, models }) => {
      const plan = planRun(fate, models, draw);
      const words = plan.jobs.map((job) => jobStatus(job, plan.endMs));
      const failed = words.filter((word) => word === RunStatus.Failed).length;
      expect(words.filter((word) => word === RunStatus.Success).length + failed).toBe(models.length + 2);
      expect(failed > 0).toBe(fate === Fate.Failing || fate === Fate.Partial || fate === Fate.Stopped);
      expect(words).toContain(RunStatus.Success);
      const bad = fate === Fate.Failing || fate === Fate.Stopped;
      expect(runStatus(plan, plan.endMs)).toBe(bad ? RunStatus.Failed : RunStatus.Success);
    },
  );

  it.each(CASES.filter(({ fate }) => fate === Fate.Sleeping))(
    "pauses only while a job runs, with $name over $models",
    ({ draw, models }) => {
      const { pause, jobs, endMs } = planRun(Fate.Sleeping, models, draw);
      const middle = ((pause?.fromMs ?? Number.NaN) + (pause?.untilMs ?? Number.NaN)) / 2;
      expect(jobs.some((job) => job.sleptMs > 0 && jobStatus(job, middle) === RunStatus.Running)).toBe(true);
      expect(pause?.untilMs).toBeLessThan(endMs);
    },
  );

  it.each(CASES)(
    "of $fate with $name over $models that is stopped ends then and there, FAILED",
    ({ draw, fate, models }) => {
      const plan = planRun(fate, models, draw);
      for (const ageMs of [plan.startMs - 1, plan.startMs + 1, plan.endMs - 1]) {
        const stopped = stoppedPlan(plan, ageMs);
        expect(runStatus(stopped, ageMs)).toBe(RunStatus.Failed);
        const words = stopped.jobs.map((job) => jobStatus(job, ageMs));
        const before = plan.jobs.map((job) => jobStatus(job, ageMs));
        const kept = before.map((word) => (word === RunStatus.Success ? RunStatus.Success : RunStatus.Failed));
        expect(words).toEqual(kept);
      }
    },
  );
});
