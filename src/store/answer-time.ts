// How long PostgreSQL is waited for. A server that hangs, or a host that is gone, answers nothing, not even that a statement took too
// long: its connection is cut, what waited for it fails, and the pool makes a new one.
import type { QueryRunner } from "typeorm";

export interface AnswerTimes {
  /** Milliseconds for one read. */
  readonly readMs: number;
  /** Milliseconds for one write or transaction. */
  readonly writeMs: number;
  /** Milliseconds for a question that may need all that the store holds, from when it is asked; on SQLite too. */
  readonly longMs: number;
}

/** Shorter than clients wait for queries (15 s) and for starts (25 s): the error then names the database. */
export const ANSWER_TIMES: AnswerTimes = { readMs: 12_000, writeMs: 20_000, longMs: 10_000 };

/** Does the work, and cuts the runner's connection when it takes longer. The work then fails with what the driver says of that. */
export async function inTime<T>(runner: QueryRunner, withinMs: number, work: () => Promise<T>): Promise<T> {
  const overdue = setTimeout(() => void cut(runner).catch(() => undefined), withinMs);
  try {
    return await work();
  } finally {
    clearTimeout(overdue);
  }
}

async function cut(runner: QueryRunner): Promise<void> {
  const client: unknown = await runner.connect();
  // The driver's own ways of ending a connection wait for the server.
  if (isClient(client)) client.connection.stream.destroy();
}

/** As much of pg's client as this needs. */
interface Client {
  readonly connection: { readonly stream: { destroy(): void } };
}

function isClient(value: unknown): value is Client {
  const stream = propertyOf(propertyOf(value, "connection"), "stream");
  return typeof propertyOf(stream, "destroy") === "function";
}

const propertyOf = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
