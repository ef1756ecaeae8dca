// The table of docs/graphql.md has every limit with its number and code.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { LimitCode } from "../../../src/graphql/limits/limit-error.ts";
import { LIMITS } from "../../../src/graphql/limits/limits.ts";
import { quotedIn, tablesIn } from "../../house/markdown-tables.ts";
import { LIMIT_CASES } from "./limit-cases.ts";

const page = readFileSync(fileURLToPath(new URL("../../../docs/graphql.md", import.meta.url)), "utf8");
/** Told with other words than a limit's name. */
const UNNAMED: readonly string[] = ["tokens", "errors"];

test("every limit stands in the table with its number", () => {
  const table = tablesIn(page).find(({ header }) => header[0] === "limit");
  const documented = (table?.rows ?? []).flatMap(([name = "", , most = ""]) =>
    quotedIn(name).map((limit) => [limit, Number(most)] as const),
  );
  const named = Object.entries(LIMITS).filter(([limit]) => !UNNAMED.includes(limit));
  expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(named));
});

test("every code of a refusal stands in the table of its limit", () => {
  const told = new Set(Object.values(LIMIT_CASES).map(({ code }) => code));
  expect([...told, LimitCode.Answer].toSorted()).toEqual(Object.values(LimitCode).toSorted());
  expect(Object.values(LimitCode).filter((code) => !page.includes(`| \`${code}\` |`))).toEqual([]);
});

test("every limit that is judged before anything runs has its cases", () => {
  const tried = new Set<string>(Object.values(LIMIT_CASES).map(({ limit }) => limit));
  const before = Object.keys(LIMITS).filter((limit) => ![...UNNAMED, "answerBytes"].includes(limit));
  expect([...tried].toSorted()).toEqual(before.toSorted());
});
