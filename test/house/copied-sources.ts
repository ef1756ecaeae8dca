// A temporary copy of what the provider suites need, to lay a provider's folders over and see what the compiler and the suites say of it.
import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The sources, the suites that run on every vendor's folder, and what these import or read. */
const COPIED = [
  "package.json",
  "schema.graphql",
  "src",
  "test/house/vendor-tables.test.ts",
  "test/house/vendor-tables.ts",
  "test/providers",
  "test/support",
  "tsconfig.json",
  "vitest.config.ts",
];

/** Longer than either program takes on a busy machine; then it is ended. */
const PATIENCE_MS = 100_000;

export interface SuiteTest {
  /** Path of its file in the copy. */
  readonly file: string;
  readonly name: string;
  readonly passed: boolean;
}

export interface CopiedSources extends Disposable {
  /** Replaces text in one file of the copy. Throws when it is not there. */
  change(file: string, text: string, instead: string): void;
  /** What the compiler says of these folders of the copy and of all that they import; empty when nothing. */
  compile(folders: readonly string[]): Promise<string>;
  /** Runs those tests of these suites whose names hold a word. */
  run(suites: readonly string[], word: string): Promise<readonly SuiteTest[]>;
}

/** @param folder laid over the copy: its `src` and `test` add to those of the repository */
export function copySources(folder: string): CopiedSources {
  const copy = mkdtempSync(join(realpathSync(tmpdir()), "sources-"));
  for (const path of COPIED) cpSync(join(ROOT, path), join(copy, path), { recursive: true });
  for (const path of ["src", "test"]) cpSync(join(ROOT, folder, path), join(copy, path), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"), "dir");

  return {
    change: (file, text, instead) => {
      const before = readFileSync(join(copy, file), "utf8");
      if (!before.includes(text)) throw new Error(`${file}: expected it to hold ${text}`);
      writeFileSync(join(copy, file), before.replace(text, instead));
    },

    compile: async (folders) => {
      const project = join(copy, "tsconfig.laid.json");
      writeFileSync(project, JSON.stringify({ extends: "./tsconfig.json", include: folders }));
      return (await node(copy, ["node_modules/typescript/bin/tsc", "-p", project, "--pretty", "false"])).stdout;
    },

    run: async (suites, word) => {
      const report = join(copy, "report.json");
      rmSync(report, { force: true });
      // One worker for all suites: each alone would load every vendor anew.
      const frugal = ["--maxWorkers=1", "--isolate=false", "--cache=false"];
      const options = [...frugal, "--reporter=json", `--outputFile=${report}`, "-t", word];
      const { stderr } = await node(copy, ["node_modules/vitest/vitest.mjs", "run", ...suites, ...options]);
      return testsIn(report, copy, stderr);
    },

    [Symbol.dispose]: () => rmSync(copy, { recursive: true, force: true }),
  };
}

/** Runs a program to its end, whichever that is: what it found is in what it wrote. */
function node(cwd: string, command: readonly string[]): Promise<{ readonly stdout: string; readonly stderr: string }> {
  // The runner around this one must not speak for the one inside.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("VITEST")));
  const options = { cwd, env, maxBuffer: 16_000_000, timeout: PATIENCE_MS };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, command, options, (error, stdout, stderr) => {
      if (error?.killed) reject(new Error(`expected ${command[0]} to end within ${PATIENCE_MS} ms`, { cause: error }));
      else resolve({ stdout, stderr });
    });
  });
}

const reportShape = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string(),
      assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })),
    }),
  ),
});

function testsIn(report: string, copy: string, stderr: string): readonly SuiteTest[] {
  const parsed = reportShape.safeParse(parsedFile(report));
  if (!parsed.success) throw new Error(`expected a report of the tests, got none: ${stderr}`);
  return parsed.data.testResults.flatMap(({ name, status, message, assertionResults }): readonly SuiteTest[] => {
    const file = relative(copy, name);
    const ran = assertionResults.filter((test) => test.status === "passed" || test.status === "failed");
    // A file that did not load has no tests, and must not look like one in which all passed.
    if (status === "failed" && ran.length === 0) return [{ file, name: message, passed: false }];
    return ran.map((test) => ({ file, name: test.fullName, passed: test.status === "passed" }));
  });
}

function parsedFile(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return null;
  }
}
