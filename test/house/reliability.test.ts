// Proves that docs/reliability.md names a test for every guarantee, and that each of those tests is there under the name it gives.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { tablesIn } from "./markdown-tables.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const page = readFileSync(join(ROOT, "docs/reliability.md"), "utf8");

/** Numbers of guarantees and of places to crash at: what is promised stays promised. */
const GUARANTEES = Array.from({ length: 30 }, (_, index) => `G${index + 1}`);
const CRASHES = Array.from({ length: 14 }, (_, index) => `F${index + 1}`);

/** A test as a row names it: its file, and words of its name or of the suite's. */
interface Proof {
  readonly file: string;
  readonly words: string;
}

/** `` `test/x.test.ts` "words" ``, any number of them in one cell. */
function proofsIn(cell: string): readonly Proof[] {
  return [...cell.matchAll(/`(?<file>test\/[^`]+)`\s+"(?<words>[^"]+)"/gu)].map(({ groups = {} }) => ({
    file: groups["file"] ?? "",
    words: groups["words"] ?? "",
  }));
}

/** Every row whose first cell is one of the names, by name: the proofs in its last cell. */
function proofsByName(markdown: string, names: readonly string[]): ReadonlyMap<string, readonly Proof[]> {
  const rows = tablesIn(markdown).flatMap((table) => table.rows);
  return new Map(
    rows.flatMap(([name = "", ...cells]) => (names.includes(name) ? [[name, proofsIn(cells.at(-1) ?? "")]] : [])),
  );
}

/** Texts of a file that may name a test: what stands in quotes and is more than a word. */
function namesIn(source: string): readonly string[] {
  return [...source.matchAll(/"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/gu)].map(([text]) => text.slice(1, -1));
}

function problemsOf(
  markdown: string,
  names: readonly string[],
  read: (file: string) => string | null,
): readonly string[] {
  const proofs = proofsByName(markdown, names);
  return names.flatMap((name) => {
    const given = proofs.get(name);
    if (given === undefined) return [`${name} has no row`];
    return given.length === 0 ? [`${name} has no test`] : goneAmong(name, given, read);
  });
}

function goneAmong(name: string, proofs: readonly Proof[], read: (file: string) => string | null): readonly string[] {
  return proofs.flatMap(({ file, words }) => {
    const source = read(file);
    if (source === null) return [`${name}: there is no ${file}`];
    return namesIn(source).some((text) => text.includes(words)) ? [] : [`${name}: ${file} has no test "${words}"`];
  });
}

/** Tests that a table's last column names and that are gone, whether the row has a number or not. */
function goneTests(markdown: string, read: (file: string) => string | null): readonly string[] {
  return tablesIn(markdown)
    .filter(({ header }) => header.at(-1) === "test")
    .flatMap(({ rows }) => rows)
    .flatMap(([name = "", ...cells]) => goneAmong(name, proofsIn(cells.at(-1) ?? ""), read));
}

const readFile = (file: string): string | null =>
  existsSync(join(ROOT, file)) ? readFileSync(join(ROOT, file), "utf8") : null;

describe("docs/reliability.md", () => {
  it("names a test for every guarantee, and the test is there", () => {
    expect(problemsOf(page, GUARANTEES, readFile)).toEqual([]);
  });

  it("names a test for every place to crash at, and the test is there", () => {
    expect(problemsOf(page, CRASHES, readFile)).toEqual([]);
  });

  it("names no other test that is not there", () => {
    expect(goneTests(page, readFile)).toEqual([]);
    expect(goneTests(page.replace('"a thousand times"', '"a million times"'), readFile)).toHaveLength(1);
  });

  const table = (cell: string, name = "G1"): string =>
    ["| | promise | proof |", "| --- | --- | --- |", `| ${name} | stays | ${cell} |`, ""].join("\n");
  const source = 'test("a transition is stored before it is seen", () => undefined)';

  it.each([
    ["what it should be", table('`test/a.test.ts` "stored before it is seen"'), []],
    ["a guarantee without a row", table('`test/a.test.ts` "stored"', "G2"), ["G1 has no row"]],
    ["a guarantee without a test", table("by construction"), ["G1 has no test"]],
    ["a file without the name of a test", table("`test/a.test.ts`"), ["G1 has no test"]],
    ["a file that is gone", table('`test/b.test.ts` "stored"'), ["G1: there is no test/b.test.ts"]],
    [
      "a test that is gone, one of two",
      table('`test/a.test.ts` "stored before"; `test/a.test.ts` "never lost"'),
      ['G1: test/a.test.ts has no test "never lost"'],
    ],
  ])("is told from a page with %s", (_case, markdown, problems) => {
    const read = (file: string): string | null => (file === "test/a.test.ts" ? source : null);
    expect(problemsOf(markdown, ["G1"], read)).toEqual(problems);
  });
});
