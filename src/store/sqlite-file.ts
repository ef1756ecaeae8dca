// The files of an SQLite database on disk: what is in them is for the gateway's own user alone.
import { chmod, mkdir, open, realpath, stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { ErrorCode, GatewayError } from "../domain/errors.ts";

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

/**
 * To be called while the database is open and was written to. A file that was removed or replaced since takes all that is written to it
 * along, and nobody finds it again: the database itself, and in its log whatever was committed since the last checkpoint. The index of the
 * log can be made anew from the log, but two processes that see different ones damage the file.
 *
 * @returns what rejects, with the name of the file, when one of them is not the one that was opened
 */
export async function placesOf(file: string): Promise<() => Promise<void>> {
  const real = await realpath(file);
  const paths = [file, `${real}-wal`, `${real}-shm`];
  const opened = await Promise.all(paths.map(async (path) => ({ path, place: await placeOf(path) })));
  return async () => {
    const there = await Promise.all(paths.map(placeOf));
    for (const [index, { path, place }] of opened.entries()) {
      if (place === there[index]) continue;
      throw new GatewayError(
        ErrorCode.ServiceUnavailable,
        `The gateway's database file ${basename(path)} is not where it was, or is another one: nothing more is written. Put the database back, from a backup where it has to be, and start the gateway anew.`,
      );
    }
  };
}

/** The same for the same file, whatever is in it; null when there is none. */
async function placeOf(path: string): Promise<string | null> {
  const there = await stat(path).catch(() => null);
  return there === null ? null : `${String(there.dev)}/${String(there.ino)}`;
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
