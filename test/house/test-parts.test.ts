// The commands that run parts of the tests leave none out together, and run none twice; and `npm test` says what it leaves out.
import { execFile } from "node:child_process";
import { mkdtemp, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const VITEST = join(ROOT, "node_modules/vitest/vitest.mjs");
const Listed = z.array(z.object({ file: z.string(), projectName: z.string() }));
const PackageFile = z.object({ scripts: z.record(z.string(), z.string()) });

/** Starts the runner; the one around this test must not speak for it. */
async function vitest(cwd: string, ...words: readonly string[]): Promise<string> {
  const environment = Object.entries(process.env).filter(([name]) => !/^VITEST|^CI$/.test(name));
  const options = { cwd, env: Object.fromEntries(environment) };
  const { stdout } = await promisify(execFile)(process.execPath, [VITEST, ...words], options);
  return stdout;
}

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "parts-"));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}

test("every test file is in one project, and the commands run each project once", { timeout: 120_000 }, async () => {
  const report = join(await folder(), "files.json");
  await vitest(ROOT, "list", "--filesOnly", `--json=${report}`);
  const listed = Listed.parse(JSON.parse(await readFile(report, "utf8")));
  const written = (await readdir(join(ROOT, "test"), { recursive: true }))
    .filter((file) => file.endsWith(".test.ts") && !file.startsWith("planted"))
    .map((file) => `test/${file}`);
  expect(written.length).toBeGreaterThan(300);
  expect(listed.map(({ file }) => relative(ROOT, file)).toSorted()).toEqual(written.toSorted());

  const { scripts } = PackageFile.parse(JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")));
  const projects = [...new Set(listed.map(({ projectName }) => projectName))].filter((name) => name !== "in process");
  expect(scripts["test"]).toBe("vitest run --project 'in process' --tags-filter '!servers'");
  expect(scripts["test:servers"]).toBe("vitest run --project 'in process' --tags-filter servers");
  expect(scripts["test:faults"]?.split(" --project ").slice(1).toSorted()).toEqual(projects.toSorted());
  expect(scripts["test:all"]).toBe("vitest run");
});

/** A hook at the top of a module that test files import is registered for the first of them alone: they share their modules. */
const HOOK_AT_THE_TOP = /^(before|after)(Each|All)\(/m;

test("no module that test files share registers hooks when it is loaded", async () => {
  const shared = (await readdir(join(ROOT, "test"), { recursive: true })).filter(
    (file) => file.endsWith(".ts") && !file.endsWith(".test.ts"),
  );
  expect(shared.length).toBeGreaterThan(100);
  const found: string[] = [];
  for (const file of shared)
    if (HOOK_AT_THE_TOP.test(await readFile(join(ROOT, "test", file), "utf8"))) found.push(file);
  expect(found).toEqual([]);
});

test.each([
  ["const open = [];\nafterEach(closeAll);\n", true],
  ["function maker() {\n  afterEach(closeAll);\n}\n", false],
])("a hook that is registered when %j is loaded is found: %s", (text, isFound) => {
  expect(HOOK_AT_THE_TOP.test(text)).toBe(isFound);
});

test("a run without servers says how many tests it left out, and what runs them", { timeout: 120_000 }, async () => {
  const path = await folder();
  await symlink(join(ROOT, "node_modules"), join(path, "node_modules"), "dir");
  await writeFile(
    join(path, "vitest.config.ts"),
    `import { leftOutReporter } from ${JSON.stringify(join(ROOT, "test/support/left-out-reporter.ts"))};
    export default { test: { tags: [{ name: "servers" }], reporters: [leftOutReporter()] } };`,
  );
  await writeFile(
    join(path, "one.test.ts"),
    `import { describe, test } from "vitest";
    test("here", () => {});
    describe("there", { tags: ["servers"] }, () => { test("one", () => {}); test("other", () => {}); });`,
  );
  const printed = await vitest(path, "run", "--tags-filter=!servers");
  expect(printed).toContain("the 2 tests of these files that need PostgreSQL or Redis: npm run test:servers");
  expect(printed).toContain("npm run test:faults");
  expect(printed).toContain("npm run test:all");
  expect(await vitest(path, "run")).not.toContain("Left out");
});
