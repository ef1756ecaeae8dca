// Where statements that only read are carried out: those that are quick beside each other, those that may take long apart from them.
import pLimit from "p-limit";
import type { DataSource } from "typeorm";
import type { AnswerTimes } from "./answer-time.ts";
import { postgresDialect, STATEMENT_TIMEOUT_MS } from "./postgres-dialect.ts";
import { run, withRunner } from "./run-statement.ts";
import { beginLongRead } from "./long-read.ts";
import { sql } from "./sql.ts";
import type { Sql } from "./sql.ts";
import { sqliteDialect } from "./sqlite-dialect.ts";
import type { StoredRow } from "./table.ts";

export interface Readers {
  /** Reads what is committed, never a part of a transaction. */
  read(query: Sql): Promise<readonly StoredRow[]>;
  /**
   * The same, for a question whose answer may need all that the store holds. Such questions wait for each other and hold up nothing else.
   *
   * @param signal ends the question, waiting or begun, with its reason
   * @throws GatewayError `BAD_USER_INPUT` when there is no answer in time
   */
  readLong(query: Sql, signal?: AbortSignal): Promise<readonly StoredRow[]>;
  close(): Promise<void>;
}

/** Connections of an SQLite store that only read. */
export interface SqliteReaders {
  readonly quick: readonly DataSource[];
  readonly long: DataSource;
}

/**
 * One statement at a time on each connection: SQLite would let a second one wait on a thread, and Node has four threads for all files and
 * names.
 */
export function sqliteReaders({ quick, long }: SqliteReaders, longMs: number): Readers {
  const idle = [...quick];
  const quickTurns = pLimit(quick.length);
  const longTurn = pLimit(1);
  const on = (source: DataSource, query: Sql) =>
    withRunner(source, null, (runner) => run(sqliteDialect, runner, query));
  return {
    read: (query) =>
      quickTurns(async () => {
        const source = idle.pop();
        if (source === undefined) throw new Error("store: more reads than connections");
        try {
          return await on(source, query);
        } finally {
          idle.push(source);
        }
      }),
    readLong: (query, signal) =>
      beginLongRead(longMs, signal).inTurn(longTurn, async (stopsBy) => {
        const connection: unknown = await long.createQueryRunner().connect();
        return stopsBy(
          () => interrupt(connection),
          () => on(long, query),
        );
      }),
    close: async () => {
      await Promise.all([...quick, long].map((source) => source.destroy()));
    },
  };
}

/** Of the pool's connections, so many at most answer what may take long. */
const LONG_AT_ONCE = 2;

const BEGIN_LONG = `begin read only; set local statement_timeout = ${STATEMENT_TIMEOUT_MS}`;

/** PostgreSQL isolates the connections of its pool by itself; the pool is closed by the store. */
export function postgresReaders(pool: DataSource, { readMs, longMs }: AnswerTimes): Readers {
  const longTurns = pLimit(LONG_AT_ONCE);
  return {
    read: (query) => withRunner(pool, readMs, (runner) => run(postgresDialect, runner, query)),
    readLong: (query, signal) =>
      beginLongRead(longMs, signal).inTurn(longTurns, (stopsBy) =>
        withRunner(pool, readMs, async (runner) => {
          // In a transaction the server's process stays the same one, also behind a pooler.
          await runner.query(BEGIN_LONG);
          const [own] = await run(postgresDialect, runner, sql`select pg_backend_pid() as process`);
          let wasTold = false;
          const stop = async () => {
            wasTold = true;
            await withRunner(pool, readMs, (other) =>
              run(postgresDialect, other, sql`select pg_cancel_backend(${Number(own?.["process"] ?? 0)}::int)`),
            );
          };
          try {
            return await stopsBy(stop, () => run(postgresDialect, runner, query));
          } finally {
            // Told too late, the server stops the connection's next statement: this one.
            if (wasTold) await runner.query("select 1").catch(() => undefined);
            await runner.query("rollback").catch(() => undefined);
          }
        }),
      ),
    close: () => Promise.resolve(),
  };
}

async function interrupt(connection: unknown): Promise<void> {
  const stop = propertyOf(connection, "interrupt");
  if (typeof stop === "function") await Reflect.apply(stop, connection, []);
}

const propertyOf = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
