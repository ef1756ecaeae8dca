// The files of an SQLite database on disk: what is in them is for the gateway's own user alone.
import { chmod, mkdir, open, realpath, stat } from "node:fs/promises";
import { dirname } from "node:path";

/** Its owner reads and writes; nobody else does anything. */
const OWNER_ONLY = 0o600;
const FOLDER_OWNER_ONLY = 0o700;
const FOR_OTHERS = 0o077;

/** Told in a sentence what the person who runs the gateway should know of a file. */
export type Warn = (message: string) => void;

/**
 * Makes the file, and its folder, when they are not there, for this user alone. A file that others may read or write is closed to them,
 * with its log; a folder that is there is left as it is. SQLite gives the files it makes beside a database the database's own rights.
 */
export async function keepPrivate(file: string, warn: Warn = () => undefined): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: FOLDER_OWNER_ONLY });
  // Only a file that is not there is opened: closing one that is would end the locks of this process's other connections to it. What
  // cannot be made is refused by SQLite, in its own words. A rights mask of the process can only take away from the mode.
  await open(file, "wx", OWNER_ONLY).then(
    (handle) => handle.close(),
    () => undefined,
  );
  // SQLite puts its log beside the file that a link leads to.
  const real = await realpath(file).catch(() => file);
  for (const path of [real, `${real}-wal`, `${real}-shm`, `${real}-journal`]) await closeToOthers(path, warn);
}

async function closeToOthers(path: string, warn: Warn): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (found === null || !found.isFile() || (found.mode & FOR_OTHERS) === 0) return;
  const before = (found.mode & 0o777).toString(8).padStart(4, "0");
  try {
    await chmod(path, OWNER_ONLY);
    warn(
      `${path} could be used by other users of this machine (mode ${before}). It is for the gateway's user alone now (0600).`,
    );
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    warn(
      `${path} can be used by other users of this machine (mode ${before}), and its mode cannot be changed: ${why}. Give the file to the gateway's user, or put it in a folder that only that user may enter.`,
    );
  }
}
