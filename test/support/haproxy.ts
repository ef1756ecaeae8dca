// HAProxy with a configuration of this repository, as a process of a test's own.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "./eventually.ts";
import { canRun, describeWhere } from "./needs.ts";

const PROGRAM = "haproxy";

/** Runs a suite that starts HAProxy. */
export function describeWithHaproxy(name: string, suite: () => void): void {
  describeWhere(canRun(PROGRAM, "-v"), name, "haproxy can be run", suite);
}

export interface Haproxy extends AsyncDisposable {
  /** What it logged, so far: a line for each request, and for each server that comes or goes. */
  log(): string;
}

/**
 * @param configuration the whole text; it must bind addresses that are free
 * @param health what answers 200 when somebody is behind it; resolves then
 */
export async function startHaproxy(configuration: string, health: URL): Promise<Haproxy> {
  const folder = await mkdtemp(join(tmpdir(), "syncgraph-haproxy-"));
  const file = join(folder, "haproxy.cfg");
  await writeFile(file, configuration);
  const child = spawn(PROGRAM, ["-db", "-f", file], { stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  for (const output of [child.stdout, child.stderr]) output.on("data", (chunk: Buffer) => (log += chunk.toString()));
  const ended = once(child, "exit");
  await eventually("haproxy lets somebody in", async () => {
    if (child.exitCode !== null) throw new Error(`haproxy ended with ${child.exitCode}: ${log}`);
    const answered = await fetch(health).then(
      ({ ok }) => ok,
      () => false,
    );
    return answered ? true : null;
  });
  return {
    log: () => log,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null) child.kill("SIGKILL");
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
