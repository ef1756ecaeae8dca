import { expect, test } from "vitest";
import { unplanned, type Look } from "./look-log.ts";

const LOOK: Look = {
  providerKey: "acme",
  syncId: "run",
  takenAtMs: 1_000,
  heldUntilMs: 11_000,
  plannedAtMs: 1_000,
  heldBeforeUntilMs: null,
};

test.each([
  ["at its time", {}],
  ["late", { plannedAtMs: 1 }],
  ["as early as it may be", { plannedAtMs: 1_050 }],
  ["when the one before has had its time", { heldBeforeUntilMs: 1_000 }],
])("a look %s is planned", (_when, change) => {
  expect(unplanned([{ ...LOOK, ...change }], 50)).toEqual([]);
});

test.each([
  ["too early", { plannedAtMs: 1_051 }],
  ["while another may be looking", { heldBeforeUntilMs: 1_001 }],
])("a look %s is not planned", (_when, change) => {
  const look = { ...LOOK, ...change };
  expect(unplanned([LOOK, look], 50)).toEqual([look]);
});
