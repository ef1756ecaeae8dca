// One gateway for one SQLite file. Who works with it holds a lock on a file beside it, and the operating system takes the lock back when
// the process ends, however it ends: nothing is left to be cleared away.
import { realpath, stat } from "node:fs/promises";
import { DataSource } from "typeorm";
import { dataSourceOptions } from "./data-source.ts";
import { isLocked } from "./failures.ts";
import { sqliteDriver } from "./sqlite-driver.ts";
import { keepPrivate, type Warn } from "./sqlite-file.ts";

/** Another process has the file. */
export class FileTaken extends Error {
  override readonly name = "FileTaken";
}

/** A gateway that was told to stop has that long to be gone when the next one starts. */
const PATIENCE_MS = 2_000;

/**
 * Takes an SQLite file for this gateway alone. PostgreSQL is for many, and nothing is taken.
 *
 * @param warn told of a lock file that other users could use
 * @returns what gives it back
 * @throws FileTaken when another gateway has it
 */
export async function claimFile(databaseUrl: string, warn?: Warn): Promise<() => Promise<void>> {
  const { type, database } = dataSourceOptions(databaseUrl);
  if (type !== "sqlite") return () => Promise.resolve();
  // What is no file cannot be opened either, and nothing is left beside it.
  const there = await stat(database).catch(() => null);
  if (there !== null && !there.isFile()) return () => Promise.resolve();
  // The same file by another name is the same file. One that is not there yet has the name it is given.
  const file = await realpath(database).catch(() => database);
  const lock = `${file}-gateway`;
  await keepPrivate(lock, warn);
  const claim = new DataSource({ type, database: lock, driver: sqliteDriver, busyTimeout: PATIENCE_MS });
  await claim.initialize();
  try {
    // Never ended: an exclusive transaction is the lock.
    await claim.query("begin exclusive");
  } catch (error) {
    await claim.destroy();
    throw isLocked(error) ? new FileTaken("Another gateway works with this file.", { cause: error }) : error;
  }
  return () => claim.destroy();
}
