// The README's table of what each vendor can do says what the vendors' modules claim, and knows every capability there is.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { Capabilities } from "../../src/domain/provider-port.ts";
import { capabilitiesOf } from "../support/conformance.ts";
import { loadVendorRows } from "../support/provider-modules.ts";
import { quotedIn, tablesIn } from "./markdown-tables.ts";

const readme = readFileSync(fileURLToPath(new URL("../../README.md", import.meta.url)), "utf8");
const vendors = new Map((await loadVendorRows()).map(({ name, vendor }) => [name, capabilitiesOf(vendor)]));

/** Numbers, told where they matter: in the pages about quotas, and as what a start needs. */
const ELSEWHERE: ReadonlySet<string> = new Set(["poll", "rateLimit", "requiredStartOptions"]);

/** Cells that differ from what the vendors claim, and capabilities without a row. */
function problemsOf(markdown: string, claimed: ReadonlyMap<string, Capabilities>): readonly string[] {
  const table = tablesIn(markdown).find(({ header }) => header.some((cell) => claimed.has(quotedIn(cell)[0] ?? "")));
  if (table === undefined) return ["there is no table with vendors"];
  const names = table.header.slice(1).map((cell) => quotedIn(cell)[0] ?? cell);
  const rows = new Map(table.rows.map(([label = "", ...cells]) => [quotedIn(label).at(-1) ?? label, cells]));
  const [any] = claimed.values();
  const missing = Object.keys(any ?? {}).filter((name) => !ELSEWHERE.has(name) && !rows.has(name));
  const wrong = [...rows].flatMap(([row, cells]) =>
    names.flatMap((name, column) => {
      const expected = cellOf(row, claimed.get(name));
      return expected !== null && cells[column] === expected
        ? []
        : [`${row} of ${name}: expected ${expected}, got ${cells[column]}`];
    }),
  );
  return [...missing.map((name) => `${name} has no row`), ...wrong];
}

/** Null when there is no such vendor or capability. */
function cellOf(row: string, capabilities: Capabilities | undefined): string | null {
  const value = Object.entries(capabilities ?? {}).find(([name]) => name === row)?.[1];
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (!Array.isArray(value)) return null;
  const fields = value.map((name) => (name === "linkedAccountRemoteId" ? "`linkedAccountId`" : `\`${name}\``));
  return fields.length === 0 ? "none" : fields.join(", ");
}

describe("the table of what each vendor can do", () => {
  it("says what the vendors claim", () => {
    expect(vendors.size).toBeGreaterThan(4);
    expect(problemsOf(readme, vendors)).toEqual([]);
  });

  it("has the vendors it was written for", () => {
    for (const name of ["rootfi", "rootfi v4", "stuut", "polytomic", "truto"])
      expect(readme).toContain(`| \`${name}\` `);
  });

  const stuut = vendors.get("stuut");
  const rows = Object.keys(stuut ?? {}).filter((name) => !ELSEWHERE.has(name));
  const tableOf = (cell: (name: string) => string, names = rows, header = "`stuut`") =>
    [`| | ${header} |`, "| --- | --- |", ...names.map((name) => `| words: \`${name}\` | ${cell(name)} |`), ""].join(
      "\n",
    );
  const right = (name: string): string => cellOf(name, stuut) ?? "no";

  it.each([
    ["what is claimed", tableOf(right), 0],
    ["another word in one cell", tableOf((name) => (name === "cancel" ? "yes" : right(name))), 1],
    ["a row too few", tableOf(right, rows.slice(1)), 1],
    ["a row too many", tableOf(right, [...rows, "pause"]), 1],
    ["no vendor", tableOf(right, rows, "`nobody`"), 1],
  ])("is told from one with %s", (_case, markdown, problems) => {
    expect(problemsOf(markdown, vendors)).toHaveLength(problems);
  });
});
