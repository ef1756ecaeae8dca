// How far the ledger is known to have come, in Redis: a restore of the database leaves it as it is.
import { parseMark, type LedgerMarks } from "../store/ledger-marks.ts";
import { REDIS_PREFIX, type RedisLink } from "./redis-connection.ts";

export function redisMarks({ commands, namespace, isUp, answer }: RedisLink): LedgerMarks {
  const key = `${REDIS_PREFIX}:${namespace}:ledger`;
  const requireRedis = (): void => {
    if (!isUp()) throw new Error("there is no connection to Redis");
  };
  return {
    read: async () => {
      requireRedis();
      return parseMark(await answer(commands.get(key)));
    },
    write: async (mark) => {
      requireRedis();
      await answer(commands.set(key, JSON.stringify(mark)));
    },
  };
}
