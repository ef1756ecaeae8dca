// Where it is written down how far a ledger has come: beside a file, in Redis where there is one, and nowhere else.
import { dataSourceOptions } from "../store/data-source.ts";
import { marksBeside, type LedgerMarks } from "../store/ledger-marks.ts";
import type { RedisLink } from "./redis-connection.ts";
import { redisMarks } from "./redis-marks.ts";

const NOWHERE: LedgerMarks = { read: () => Promise.resolve(null), write: () => Promise.resolve() };

export function marksOf(databaseUrl: string, redis: RedisLink | null): LedgerMarks {
  const { type, database } = dataSourceOptions(databaseUrl);
  if (type === "sqlite") return marksBeside(database);
  return redis === null ? NOWHERE : redisMarks(redis);
}
