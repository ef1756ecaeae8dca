// The open database: reads, single writes, transactions. Serialises writers on SQLite, repeats conflicting transactions on PostgreSQL.
import pLimit from "p-limit";
import type { DataSource, QueryRunner } from "typeorm";
import { ErrorCode, GatewayError } from "../domain/errors.ts";
import type { StoreIdentity } from "../domain/identity-port.ts";
import type { Dialect } from "./dialect.ts";
import { isLocked, isOutage, isTransactionConflict, storeFailure } from "./failures.ts";
import type { Readers } from "./readers.ts";
import { run, withRunner } from "./run-statement.ts";
import type { Sql } from "./sql.ts";
import type { StoredRow } from "./table.ts";

export type Query = (query: Sql) => Promise<readonly StoredRow[]>;

export interface Database {
  readonly dialect: Dialect;
  /** As it was when the database was opened. */
  readonly identity: StoreIdentity;
  /** The path of an SQLite file; null where the database is none. */
  readonly file: string | null;
  /** Reads what is committed, never a part of a transaction. */
  readonly read: Query;
  /** The same for a question that may need all that the store holds; see `Readers`. */
  readonly readLong: Readers["readLong"];
  /** Runs one statement that changes something, as its own transaction. */
  readonly write: Query;
  /** Commits when the work resolves, rolls back when it rejects. The work may be run again from its beginning. */
  transaction<T>(work: (query: Query) => Promise<T>): Promise<T>;
  /** Rejects when what would be written now would be lost. */
  readonly checkPlace: () => Promise<void>;
  /**
   * Does the work as a transaction, but only when something could not be written since such work last passed. Reads may work all the
   * while, and small writes where large ones do not.
   */
  proveWrites(work: (query: Query) => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

/** Thrown by a transaction's work to begin again, when a row it wanted to add has appeared. */
export class Overtaken extends Error {
  override readonly name = "Overtaken";
}

export interface Connections {
  readonly dialect: Dialect;
  /** All statements that change something go here. */
  readonly writer: DataSource;
  readonly readers: Readers;
  /** Asked before anything is written; rejects when what would be written would be lost. */
  readonly checkPlace: () => Promise<void>;
  /** How long a write is waited for, in milliseconds; null where nothing is waited for but this machine's disk. */
  readonly writeMs: number | null;
  readonly identity: StoreIdentity;
  readonly file: string | null;
}

export function openDatabase(connections: Connections): Database {
  const { dialect, writer, readers, checkPlace, writeMs, identity, file } = connections;
  // SQLite has one writer: a second transaction on its connection would join the first.
  const exclusive = dialect.database === "sqlite" ? pLimit(1) : null;
  const running = new Set<Promise<unknown>>();
  let closed = false;
  let isUnproven = false;
  let locked: { readonly error: unknown; readonly at: number } | null = null;

  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    if (closed) throw new GatewayError(ErrorCode.ServiceUnavailable, "The store is closed.");
    const answer = work();
    running.add(answer);
    try {
      return await answer;
    } catch (error) {
      throw storeFailure(error);
    } finally {
      running.delete(answer);
    }
  };
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    if (exclusive === null) return work();
    const askedAt = performance.now();
    return exclusive(async () => {
      // Another program has the file. Whoever waited behind a writer that gave up has waited as long, and does not begin anew.
      if (locked !== null && locked.at > askedAt) throw locked.error;
      try {
        return await work();
      } catch (error) {
        if (isLocked(error)) locked = { error, at: performance.now() };
        throw error;
      }
    });
  };
  const written = async <T>(work: (runner: QueryRunner) => Promise<T>): Promise<T> => {
    try {
      return await inTurn(async () => {
        await checkPlace();
        return repeated(dialect, () => withRunner(writer, writeMs, work));
      });
    } catch (error) {
      if (isOutage(error)) isUnproven = true;
      throw error;
    }
  };
  const transaction = <T>(work: (query: Query) => Promise<T>): Promise<T> =>
    guarded(() => written((runner) => transact(dialect, runner, work)));

  return {
    dialect,
    identity,
    file,
    checkPlace,
    read: (query) => guarded(() => readers.read(query)),
    readLong: (query, signal) => guarded(() => readers.readLong(query, signal)),
    write: (query) => guarded(() => written((runner) => run(dialect, runner, query))),
    transaction,
    proveWrites: async (work) => {
      if (!isUnproven) return;
      await transaction(work);
      isUnproven = false;
    },
    close: async () => {
      if (closed) return;
      closed = true;
      // What was begun before the close is finished: a pool that ends forgets whoever waits for a connection.
      await Promise.allSettled(running);
      await readers.close();
      await writer.destroy();
    },
  };
}

async function transact<T>(dialect: Dialect, runner: QueryRunner, work: (query: Query) => Promise<T>): Promise<T> {
  await runner.query(dialect.begin);
  try {
    const result = await work((query) => run(dialect, runner, query));
    await runner.query("commit");
    return result;
  } catch (error) {
    // A lost connection has rolled back by itself, and the first error says more than the second.
    await runner.query("rollback").catch(() => undefined);
    throw error;
  }
}

async function repeated<T>(dialect: Dialect, work: () => Promise<T>): Promise<T> {
  for (let left = dialect.retries; ; left -= 1) {
    try {
      return await work();
    } catch (error) {
      const mayRepeat = error instanceof Overtaken || isTransactionConflict(error);
      if (!mayRepeat || left <= 0) throw error;
    }
  }
}
