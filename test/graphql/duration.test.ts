// How long a run took, within what GraphQL's Int can hold.
import "reflect-metadata";
import { expect, it } from "vitest";
import { SyncEdges } from "../../src/graphql/resolvers/sync-edges.ts";
import { SyncType } from "../../src/graphql/types/sync.ts";

const START = new Date("2026-01-01T00:00:00.000Z");
const DAY_MS = 86_400_000;

it.each([
  ["is null before the end", START, null, null],
  ["is null without a start", null, START, null],
  ["is exact to the millisecond", START, new Date(START.getTime() + 1_234), 1_234],
  ["is never negative, whatever the vendor's clocks say", START, new Date(START.getTime() - 5), 0],
  ["stops at 24.8 days instead of failing", START, new Date(START.getTime() + 30 * DAY_MS), 2 ** 31 - 1],
])("a duration %s", (_, startedAt, finishedAt, expected) => {
  const sync = Object.assign(new SyncType(), { startedAt, finishedAt });
  expect(new SyncEdges().durationMs(sync)).toBe(expected);
});
