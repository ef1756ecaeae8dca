// A short soak in every run of the tests; `npm run soak` makes a long one of it. Clients ask, faults strike, and in the end what clients
// heard, what the store holds and what the vendors began must be one story.
import { expect, test } from "vitest";
import { reachable } from "../support/databases.ts";
import { describeWithRedisServer } from "../support/redis.ts";
import { runSoak } from "../support/soak/run-soak.ts";
import { SOAK_DEFAULTS, type SoakSettings } from "../support/soak/settings.ts";

const SHORT: SoakSettings = {
  ...SOAK_DEFAULTS,
  minutes: 0.75,
  subscribers: 12,
  clients: 8,
  operationsPerSecond: 8,
  calmMs: 3_500,
  recoveryMs: 3_000,
  faultMs: [1_000, 2_500],
  // The machine does other tests beside this one.
  mostLagP99Ms: 10_000,
  // Of a hundred or so.
  leastAlive: 0.9,
  settleMs: 15_000,
};
const required = process.env["CI"] === "true";

async function expectOneStory(settings: SoakSettings): Promise<void> {
  const told: string[] = [];
  const report = await runSoak(settings, (what) => told.push(what));
  expect(report.breaches, `${told.join("\n")}\n${JSON.stringify(report)}`).toEqual([]);
  expect(report).toMatchObject({ lost: 0, doubled: 0, reordered: 0, foreign: 0, duplicateStarts: 0 });
  expect(Object.keys(report.faults).length).toBeGreaterThanOrEqual(2);
  expect(report.starts).toBeGreaterThan(20);
  expect(report.delivered).toBeGreaterThan(300);
}

describeWithRedisServer("a soak", () => {
  test
    .runIf(reachable.postgres || required)
    .concurrent("of two gateways on PostgreSQL and Redis ends as one story", () => expectOneStory(SHORT), 300_000);

  test.concurrent(
    "of one gateway on SQLite ends as one story",
    () => expectOneStory({ ...SHORT, database: "sqlite", nodes: 1, subscribers: 6, operationsPerSecond: 5 }),
    300_000,
  );
});
