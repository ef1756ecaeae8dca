// Whether an open run does what a start asks for, as a table: what is told decides, and what is not told never speaks for a run.
import { expect, test } from "vitest";
import type { StartOptions, Sync } from "../../src/domain/sync.ts";
import { shortfallOf } from "../../src/tracking/coverage.ts";

const resources = [
  { name: "ACCOUNTS", enabled: true, readEnabled: null },
  { name: "INVOICES", enabled: null, readEnabled: true },
  { name: "SWITCHED_OFF", enabled: false, readEnabled: true },
];
type Run = Pick<Sync, "models" | "fullRefresh">;
const run = (given: Partial<Run>): Run => ({ models: [], fullRefresh: null, ...given });
const WITH_MODELS = ["fullRefresh", "models"] as const;
const WITH_ARGS = ["fullRefresh", "models", "args", "onError"] as const;

const accounts = { models: ["ACCOUNTS"] };
const both = { models: ["ACCOUNTS", "INVOICES"] };

test.each<[string, StartOptions, readonly Partial<Run>[], string | null]>([
  ["what it does", { models: ["ACCOUNTS"] }, [accounts], null],
  ["less than it does", { models: ["ACCOUNTS"] }, [both], null],
  ["a model that it has not", { models: ["ACCOUNTS", "INVOICES"] }, [accounts], "has not the models INVOICES"],
  ["all models of the definition", {}, [accounts], "has not the models INVOICES"],
  ["all models of the definition, which it has", {}, [both], null],
  ["all models, of runs that have them together", {}, [accounts, { models: ["INVOICES"] }], null],
  ["all models, of a run that does not tell its own", {}, [{}], null],
  ["all models, of a run that has others", {}, [{ models: ["tickets"] }], null],
  [
    "models, of a run that does not tell its own",
    { models: ["ACCOUNTS"] },
    [{}],
    "is not known to have the models ACCOUNTS",
  ],
  ["a full refresh", { fullRefresh: true }, [{ ...both, fullRefresh: true }], null],
  ["a full refresh that it is not", { fullRefresh: true }, [{ ...both, fullRefresh: false }], "is no full refresh"],
  ["a full refresh that nobody tells of", { fullRefresh: true }, [both], "is not known to be a full refresh"],
  ["no full refresh, which it is", { fullRefresh: false }, [{ ...both, fullRefresh: true }], null],
])("of a start that asks for %s", (_what, options, runs, shortfall) => {
  expect(shortfallOf({ resources, options, understood: WITH_MODELS }, runs.map(run), undefined)).toBe(shortfall);
});

test.each<[string, StartOptions, boolean | undefined, string | null]>([
  ["the same, by the vendor's word", { args: { a: 1 } }, true, null],
  ["other arguments, by the vendor's word", { args: { a: 1 } }, false, "has other arguments or settings"],
  ["none, of a run that has some", {}, false, "has other arguments or settings"],
  ["none, of a run that nobody tells of", {}, undefined, null],
  ["some, of a run that nobody tells of", { args: { a: 1 } }, undefined, "is not known to have the same args"],
  [
    "a setting, of a run that nobody tells of",
    { onError: "IGNORE" },
    undefined,
    "is not known to have the same onError",
  ],
])("of a start with arguments that asks for %s", (_what, options, asAsked, shortfall) => {
  expect(shortfallOf({ resources, options, understood: WITH_ARGS }, [run({})], asAsked)).toBe(shortfall);
});
