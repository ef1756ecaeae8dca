// How many connections the gateway takes at once: what is set, or what the process's limit of open files leaves for them.
import { readFile } from "node:fs/promises";
import { ConfigError } from "./config.ts";

/** Files that are not clients' connections: the database, Redis, vendors, the log. */
const KEPT_FOR_THE_REST = 200;
/** Where the limit cannot be read, on systems without `/proc`: what most of them begin with. */
const USUAL_LIMIT = 1_024;
/** A limit of files may be so low that nothing is left. */
const FEWEST = 16;

/**
 * @param setting null when there is none
 * @param readLimits the text of `/proc/self/limits`
 * @throws ConfigError when more is set than the process may have open
 */
export async function connectionsAllowed(
  setting: number | null,
  readLimits: () => Promise<string> = () => readFile("/proc/self/limits", "utf8"),
): Promise<number> {
  const files = openFilesIn(await readLimits().catch(() => ""));
  const most = Math.max(FEWEST, (files ?? USUAL_LIMIT) - KEPT_FOR_THE_REST);
  if (setting === null) return most;
  if (files !== null && setting > most)
    throw new ConfigError([
      `SYNCGRAPH_MAX_CONNECTIONS: ${setting} connections do not fit: the process may have ${files} files open, and ${KEPT_FOR_THE_REST} of them are for other things. ` +
        `Set at most ${most}, or raise the limit (ulimit -n, LimitNOFILE)`,
    ]);
  return setting;
}

/** @returns null when it is not told, Infinity when there is no limit */
function openFilesIn(limits: string): number | null {
  const soft = /^Max open files +(\d+|unlimited) /mu.exec(limits)?.[1];
  if (soft === undefined) return null;
  return soft === "unlimited" ? Number.POSITIVE_INFINITY : Number(soft);
}
