// What the gateway learns of how long runs take: from good ends alone, the newest weighing most.
import { expect, test } from "vitest";
import { advance } from "../../src/domain/advance.ts";
import { SyncStatus } from "../../src/domain/status.ts";
import type { Sync, SyncFacts } from "../../src/domain/sync.ts";
import { createDurationBook } from "../../src/tracking/duration-book.ts";
import { at, observation } from "../support/store-values.ts";

function run(facts: Partial<SyncFacts>, given: Partial<Sync> = {}): Sync {
  const { state } = advance(null, observation("a", { status: SyncStatus.Success, facts }));
  const links = { definitionId: "d1", linkedAccountId: null, triggerId: null, retryOfId: null };
  return { ...state, ...links, id: "s1", tenantId: "t1", providerKey: "acme", version: 1, ...given };
}
const of = (definitionId: string | null) => ({ definitionId, models: [] });
const lasting = (durationMs: number, given: Partial<Sync> = {}) =>
  run({ startedAt: at(0), finishedAt: at(durationMs) }, given);

test("nothing is known of a definition without an ended run, nor of runs without a definition", () => {
  const book = createDurationBook();
  expect([book.usualMs(of("d1")), book.usualMs(of(null))]).toEqual([null, null]);
  book.learn(lasting(9_000, { definitionId: null }));
  expect(book.usualMs(of(null))).toBeNull();
});

test("the first run tells the usual duration, later ones move it by three tenths of the difference", () => {
  const book = createDurationBook();
  book.learn(lasting(10_000));
  expect(book.usualMs(of("d1"))).toBe(10_000);
  book.learn(lasting(20_000));
  expect(book.usualMs(of("d1"))).toBe(13_000);
  for (let runs = 0; runs < 20; runs += 1) book.learn(lasting(20_000));
  expect(Math.round((book.usualMs(of("d1")) ?? 0) / 100)).toBe(200);
});

test("runs with other models are of another kind, in whatever order the models are", () => {
  const book = createDurationBook();
  book.learn(lasting(10_000, { models: ["a", "b"] }));
  book.learn(lasting(50_000, { models: ["a"] }));
  const usual = [["b", "a"], ["a"], ["b"]].map((models) => book.usualMs({ definitionId: "d1", models }));
  expect(usual).toEqual([10_000, 50_000, null]);
});

test("each definition has its own", () => {
  const book = createDurationBook();
  book.learn(lasting(10_000));
  book.learn(lasting(50_000, { definitionId: "d2" }));
  expect([book.usualMs(of("d1")), book.usualMs(of("d2"))]).toEqual([10_000, 50_000]);
});

test.each([
  ["failed", lasting(5, { status: SyncStatus.Failed })],
  ["goes on", lasting(5, { status: SyncStatus.Running })],
  ["has no start", run({ finishedAt: at(5) })],
  ["has no end", run({ startedAt: at(5) })],
])("a run that %s teaches nothing", (_name, sync) => {
  const book = createDurationBook();
  book.learn(sync);
  expect(book.usualMs(of("d1"))).toBeNull();
});

test("a run that ended before it began, by the vendor's clocks, took no time", () => {
  const book = createDurationBook();
  book.learn(lasting(-3_000));
  expect(book.usualMs(of("d1"))).toBe(0);
});

test("with very many definitions the one that ran longest ago is forgotten", () => {
  const book = createDurationBook();
  for (let index = 0; index < 50_000; index += 1) book.learn(lasting(1_000, { definitionId: `d${index}` }));
  book.learn(lasting(1_000, { definitionId: "d0" }));
  book.learn(lasting(1_000, { definitionId: "new" }));
  expect([book.usualMs(of("d1")), book.usualMs(of("d0")), book.usualMs(of("new"))]).toEqual([null, 1_000, 1_000]);
});
