// The worked example of docs/adding-a-provider.md is what the page says: its quotations are parts of the files, and the files laid over the
// sources compile and pass what every vendor's folder passes.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { copySources } from "./copied-sources.ts";
import type { SuiteTest } from "./copied-sources.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const EXAMPLE = "examples/provider-acme";
const VENDOR = "acme";

/** What runs on every vendor's folder, and which a new one must pass. */
const SUITES = [
  "test/house/vendor-tables.test.ts",
  `test/providers/${VENDOR}/check-start.test.ts`,
  "test/providers/conformance-failures.test.ts",
  "test/providers/conformance-runs.test.ts",
  "test/providers/conformance.test.ts",
  "test/providers/fixtures.test.ts",
  "test/providers/recorded-properties.test.ts",
];

const failed = (tests: readonly SuiteTest[]): readonly string[] =>
  tests.filter(({ passed }) => !passed).map(({ name }) => name);

describe("the example of a provider", () => {
  it("compiles over the sources, and does not with a capability misspelt", async () => {
    using sources = copySources(EXAMPLE);
    const folders = [`src/providers/${VENDOR}`, `test/providers/${VENDOR}`];
    expect(await sources.compile(folders)).toBe("");
    sources.change(`src/providers/${VENDOR}/index.ts`, "bulkStatus: true", "bulkStatuses: true");
    expect(await sources.compile(folders)).toMatch(/^src\/providers\/acme\/index\.ts\(\d+,\d+\): .*bulkStatuses/);
  }, 120_000);

  it("passes every suite that runs on all vendors' folders", async () => {
    using sources = copySources(EXAMPLE);
    const tests = await sources.run(SUITES, VENDOR);
    const about = tests.filter(({ name }) => name.includes(VENDOR));
    expect([...new Set(about.map(({ file }) => file))].toSorted()).toEqual(SUITES);
    expect(about.length).toBeGreaterThan(100);
    expect(failed(tests)).toEqual([]);
  }, 120_000);

  it("fails them with one word of its status table mistaken", async () => {
    using sources = copySources(EXAMPLE);
    sources.change(`src/providers/${VENDOR}/map.ts`, "status: SyncStatus.Success", "status: SyncStatus.Failed");
    const suites = SUITES.filter((suite) => /conformance-runs|fixtures/.test(suite));
    expect(failed(await sources.run(suites, VENDOR))).toEqual([
      expect.stringContaining("walk a run through legal statuses to a good end"),
      expect.stringContaining("observe': becomes the expected value"),
    ]);
  }, 120_000);
});

interface Quotation {
  readonly file: string;
  readonly text: string;
}

/** Blocks whose info string names the file they are a part of. */
function quotationsIn(markdown: string): readonly Quotation[] {
  const blocks = markdown.matchAll(/^```\w+ file=(\S+)\n([\s\S]*?)^```$/gm);
  return [...blocks].map(([, file = "", text = ""]) => ({ file, text }));
}

/** Those that are no part of their file, whole lines of it. */
function misquoted(quotations: readonly Quotation[], textOf: (file: string) => string): readonly Quotation[] {
  return quotations.filter(({ file, text }) => text.trim() === "" || !`\n${textOf(file)}`.includes(`\n${text}`));
}

describe("the page about adding a provider", () => {
  const quotations = quotationsIn(readFileSync(join(ROOT, "docs/adding-a-provider.md"), "utf8"));
  const exampleFiles = readdirSync(join(ROOT, EXAMPLE), { recursive: true, encoding: "utf8" })
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => /^(src|test)\//.test(path));

  it("quotes the example's files as they are", () => {
    expect(quotations.map(({ file }) => file).filter((file) => !exampleFiles.includes(file))).toEqual([]);
    expect(misquoted(quotations, (file) => readFileSync(join(ROOT, EXAMPLE, file), "utf8"))).toEqual([]);
  });

  it("quotes some of every source file of the example", () => {
    const sources = exampleFiles.filter((file) => file.endsWith(".ts"));
    expect(sources.length).toBeGreaterThan(6);
    expect(sources.filter((file) => !quotations.some((quotation) => quotation.file === file))).toEqual([]);
  });

  it.each([
    ["whole lines", "  b: 2,\n  c: 3,\n", 0],
    ["a line that was changed", "  b: 3,\n", 1],
    ["lines that do not follow each other", "  a: 1,\n  c: 3,\n", 1],
    ["the end of a line", "b: 2,\n", 1],
    ["nothing", "", 1],
  ])("is told from one that quotes %s", (_case, text, wrong) => {
    const found = quotationsIn(`Prose.\n\n\`\`\`ts file=src/a.ts\n${text}\`\`\`\n\n\`\`\`ts\nno quotation\n\`\`\`\n`);
    expect(found).toEqual([{ file: "src/a.ts", text }]);
    expect(misquoted(found, () => "export const all = {\n  a: 1,\n  b: 2,\n  c: 3,\n};\n")).toHaveLength(wrong);
  });
});
