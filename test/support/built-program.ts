// A program of this repository as plain JavaScript in a folder of its own: a process that is started often need not be compiled each time.
import { execFile } from "node:child_process";
import { cp, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export interface BuiltProgram {
  /** The file to run. */
  readonly path: string;
  remove(): Promise<void>;
}

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const COMPILER = join(ROOT, "node_modules/typescript/bin/tsc");

/** @param file without its ending, from this repository's folder on */
export async function buildProgram(file = "src/server/main"): Promise<BuiltProgram> {
  const folder = await mkdtemp(join(tmpdir(), "syncgraph-program-"));
  const config = {
    extends: join(ROOT, "tsconfig.json"),
    compilerOptions: {
      noEmit: false,
      noCheck: true,
      rootDir: ROOT,
      outDir: folder,
      typeRoots: [join(ROOT, "node_modules/@types")],
    },
    // The vendors are found by their folders, so nothing else names them.
    include: [join(ROOT, "src"), join(ROOT, `${file}.ts`)],
  };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify(config));
  await cp(join(ROOT, "package.json"), join(folder, "package.json"));
  await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"));
  await promisify(execFile)(process.execPath, [COMPILER, "-p", join(folder, "tsconfig.json")]);
  return {
    path: join(folder, `${file}.js`),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
