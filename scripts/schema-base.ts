// Finds the schema that today's is compared with, in git's data. Reads only; what it finds missing it names, what it cannot tell it throws.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const FILE = "schema.graphql";

/** The schema before, or why there is none. */
export type Base = { readonly sdl: string; readonly name: string } | { readonly missing: string };

/**
 * With changes in the working tree: the committed schema. Without: the one before the last commit that changed it, so that the answer
 * stays the same until the next change. On the main line a merge counts as one change.
 *
 * @param given a commit, branch or tag to compare with instead
 * @throws Error when the given one, or its schema, is not there
 */
export function findBase(folder: string, given: string | null): Base {
  if (given !== null) return givenBase(folder, given);
  const inside = git(folder, ["rev-parse", "--is-inside-work-tree"]);
  if (inside.code !== 0) {
    if (/not a git repository/u.test(inside.complaint)) return { missing: "this checkout has no git data" };
    throw new Error(`git: ${inside.complaint}`);
  }
  const committed = schemaAt(folder, "HEAD");
  if (committed !== null && committed !== unixText(readFileSync(join(folder, FILE), "utf8"))) {
    return { sdl: committed, name: "HEAD" };
  }
  return baseBeforeLastChange(folder);
}

function givenBase(folder: string, given: string): Base {
  const sdl = schemaAt(folder, given);
  if (sdl === null) throw new Error(`Expected ${given} to be a commit with a ${FILE}, found none. Is it fetched?`);
  return { sdl, name: given };
}

function baseBeforeLastChange(folder: string): Base {
  const last = git(folder, ["log", "-1", "--first-parent", "--format=%H", "--", FILE]).output.trim();
  if (last === "") return { missing: `no commit holds a ${FILE} yet` };
  const parent = git(folder, ["rev-parse", "--verify", "--quiet", `${last}^`]);
  if (parent.code !== 0) {
    const shallow = git(folder, ["rev-parse", "--is-shallow-repository"]).output.trim() === "true";
    return {
      missing: shallow ? "the clone is shallow and ends before the last change" : "it is in the first commit of all",
    };
  }
  const sdl = schemaAt(folder, `${last}^`);
  return sdl === null ? { missing: "the last change made the file" } : { sdl, name: `${last.slice(0, 12)}^` };
}

/** Null when there is no such commit, or it has no schema. */
function schemaAt(folder: string, commit: string): string | null {
  const { code, output } = git(folder, ["show", "--end-of-options", `${commit}:./${FILE}`]);
  return code === 0 ? unixText(output) : null;
}

interface GitAnswer {
  readonly code: number;
  readonly output: string;
  readonly complaint: string;
}

function git(folder: string, command: readonly string[]): GitAnswer {
  // A build may run as another user than the one who owns the checkout; reading it is no risk.
  const { status, stdout, stderr, error } = spawnSync("git", ["-c", "safe.directory=*", ...command], {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, LC_ALL: "C" },
    maxBuffer: 64_000_000,
  });
  if (status === null) throw new Error(`git ${command.join(" ")} did not run`, { cause: error });
  return { code: status, output: stdout, complaint: stderr.trim() };
}

function unixText(text: string): string {
  return text.replaceAll("\r\n", "\n");
}
