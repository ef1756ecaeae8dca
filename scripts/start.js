// `npm start`: builds the sources when they changed since the last build, and runs the gateway from what was built. Types are not checked
// here; `npm run check:types` does that. Plain JavaScript, because nothing is built yet when it runs.
import { createHash, randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
/** One folder for each build, named by what it was built from. A folder that is there is whole. */
const BUILDS = join(ROOT, "dist/start");
/** Decide, besides the sources, what is built: how it is compiled, and by which version of the compiler. */
const SETTINGS = ["package.json", "package-lock.json", "tsconfig.json", "scripts/start.js"];
/** Going back to the commit before need not build again. */
const BUILDS_KEPT = 3;
/** A build that was interrupted leaves its unfinished folder. After this time none is still being written. */
const UNFINISHED_FOR_MS = 3_600_000;
const UNFINISHED = "unfinished-";

/** What the person who started it must know, in a sentence. */
class StartFailure extends Error {}

const program = await builtProgram().catch((error) => {
  if (!(error instanceof StartFailure)) throw error;
  process.stderr.write(`syncgraph did not start: ${error.message}\n`);
  process.exitCode = 1;
  return null;
});
if (program !== null) await import(pathToFileURL(program).href);

/** The file to run, built from the sources as they are now. */
async function builtProgram() {
  const sources = await sourceFiles();
  const folder = join(BUILDS, await fingerprintOf(sources));
  if (existsSync(folder)) await markUsed(folder);
  else await buildInto(folder, sources);
  return join(folder, "src/server/main.js");
}

async function sourceFiles() {
  const entries = await readdir(join(ROOT, "src"), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && entry.name.endsWith(".ts"));
  return files.map((entry) => join(entry.parentPath, entry.name)).toSorted();
}

/** By content, not by time: a checkout of another branch changes times without changing files, and the other way round. */
async function fingerprintOf(files) {
  const settings = SETTINGS.map((name) => join(ROOT, name)).filter(existsSync);
  const hash = createHash("sha256");
  const contents = await Promise.all([...settings, ...files].map(async (file) => [file, await readFile(file)]));
  for (const [file, content] of contents) hash.update(`${relative(ROOT, file)}\0${content.length}\0`).update(content);
  return hash.digest("hex").slice(0, 32);
}

async function buildInto(folder, files) {
  const started = performance.now();
  say(existsSync(BUILDS) ? "the sources changed since the last build: building" : "nothing is built yet: building");
  const esbuild = await compiler();
  // The folder gets its name last, so that one with its name is whole, also when two build at once or one is interrupted.
  const unfinished = join(BUILDS, `${UNFINISHED}${randomUUID()}`);
  await mkdir(unfinished, { recursive: true });
  try {
    await compile(esbuild, files, unfinished);
    await rename(unfinished, folder).catch((error) => {
      if (!existsSync(folder)) throw error;
    });
  } catch (error) {
    if (!Array.isArray(error.errors)) throw error;
    const problems = await esbuild.formatMessages(error.errors, {
      kind: "error",
      color: process.stderr.isTTY === true,
    });
    throw new StartFailure(
      `the sources cannot be built.\n\n${problems.join("\n")}\nCorrect this, and run npm start again.`,
      {
        cause: error,
      },
    );
  } finally {
    await esbuild.stop();
    await rm(unfinished, { recursive: true, force: true });
  }
  await removeOldBuilds();
  say(`built in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

/** Only a build needs it, so that what is built runs where the packages for development are not installed. */
async function compiler() {
  try {
    return await import("esbuild");
  } catch (error) {
    if (error.code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new StartFailure(
      "a build needs the packages for development, and they are not installed. Run npm install, then npm start again.",
      { cause: error },
    );
  }
}

/** File by file: the registry finds the vendors by their folders, so the folders must be there. */
async function compile(esbuild, files, outdir) {
  await esbuild.build({
    absWorkingDir: ROOT,
    entryPoints: files,
    outdir,
    outbase: ROOT,
    platform: "node",
    format: "esm",
    target: `node${process.versions.node}`,
    tsconfig: join(ROOT, "tsconfig.json"),
    logLevel: "silent",
    // Nothing is joined: bundling is on for the sake of the plugin alone, which sees imports only then.
    bundle: true,
    treeShaking: false,
    packages: "external",
    plugins: [{ name: "imports of .ts as .js", setup: importBuiltFiles }],
  });
}

/** Sources import each other by `.ts`; what is built from them ends in `.js`. */
function importBuiltFiles(build) {
  build.onResolve({ filter: /^\.{1,2}\/.*\.ts$/ }, ({ path, kind }) =>
    kind === "entry-point" ? null : { path: path.replace(/\.ts$/, ".js"), external: true },
  );
}

async function markUsed(build) {
  const now = new Date();
  // Where it cannot be written to, nothing is removed either.
  await utimes(build, now, now).catch(() => undefined);
}

async function removeOldBuilds() {
  const names = await readdir(BUILDS);
  const found = await Promise.all(
    names.map(async (name) => {
      const used = await stat(join(BUILDS, name)).catch(() => null);
      return { name, usedAt: used?.mtimeMs ?? 0 };
    }),
  );
  const whole = found
    .filter(({ name }) => !name.startsWith(UNFINISHED))
    .toSorted((one, other) => other.usedAt - one.usedAt);
  const left = found.filter(
    ({ name, usedAt }) => name.startsWith(UNFINISHED) && usedAt < Date.now() - UNFINISHED_FOR_MS,
  );
  for (const { name } of [...whole.slice(BUILDS_KEPT), ...left]) {
    await rm(join(BUILDS, name), { recursive: true, force: true });
  }
}

/** Standard output is the gateway's log. */
function say(text) {
  process.stderr.write(`syncgraph: ${text}\n`);
}
