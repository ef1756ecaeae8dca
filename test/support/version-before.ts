// The sources as they were before the newest migration, out of the repository's history: the version that an upgrade finds running.
import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";

export interface VersionBefore extends AsyncDisposable {
  /** The folder with its `src`, ending in a slash. */
  readonly root: URL;
  /** The newest migration it knows, by its file's name. */
  readonly newest: string;
}

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const MIGRATIONS = "src/store/migrations";
const required = process.env["CI"] === "true";

/**
 * Runs a suite that needs the history. Left out, and the reason said aloud, in a copy of the repository without one; it must be there
 * when CI is `true`.
 */
export function describeWithHistory(name: string, suite: () => void): void {
  if (missing === null) return void describe(name, suite);
  if (required) return void test(`${name}: the history is there`, () => expect.fail(missing));
  console.warn(`LEFT OUT: "${name}", because ${missing}`);
  test.skipIf(missing !== null)(`${name} needs the history: ${missing}`, () => undefined);
}

/** Takes the sources out. They run on the packages that are installed here. */
export async function takeVersionBefore(): Promise<VersionBefore> {
  const commit = await commitBefore();
  const folder = await mkdtemp(join(tmpdir(), "syncgraph-before-"));
  const archive = join(folder, "sources.tar");
  const { stdout } = await git("archive", "--format=tar", commit, "src", "tsconfig.json", "package.json");
  await writeFile(archive, stdout);
  await run("tar", ["-xf", archive, "-C", folder]);
  await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"));
  const newest = (await readdir(join(folder, MIGRATIONS))).toSorted().at(-1) ?? "none";
  return {
    root: pathToFileURL(`${folder}/`),
    newest,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

export async function newestMigration(): Promise<string> {
  const newest = (await readdir(join(ROOT, MIGRATIONS))).toSorted().at(-1);
  if (newest === undefined) throw new Error(`there are no migrations in ${MIGRATIONS}`);
  return newest;
}

/** The parent of the commit that added the newest migration; the last commit while that is not committed. */
async function commitBefore(): Promise<string> {
  const path = `${MIGRATIONS}/${await newestMigration()}`;
  const { stdout } = await git("log", "--diff-filter=A", "--format=%H", "-1", "--", path);
  const added = stdout.toString("utf8").trim();
  return added === "" ? "HEAD" : `${added}^`;
}

const missing = await whatIsMissing();

/** @returns why there is no version before; null when there is one */
async function whatIsMissing(): Promise<string | null> {
  const isShallow = await git("rev-parse", "--is-shallow-repository").then(
    ({ stdout }) => stdout.toString("utf8").trim() === "true",
    () => null,
  );
  if (isShallow === null) return "this is no git repository";
  const isThere = await commitBefore()
    .then((commit) => git("cat-file", "-e", `${commit}:${MIGRATIONS}`))
    .then(
      () => true,
      () => false,
    );
  if (isThere) return null;
  return isShallow
    ? "the clone is shallow: fetch the whole history (`git fetch --unshallow`, or `fetch-depth: 0` in a workflow)"
    : "the commit before the newest migration is not in this repository";
}

function git(...given: readonly string[]) {
  return run("git", [...given], { cwd: ROOT, encoding: "buffer", maxBuffer: 256 * 1024 * 1024 });
}
