// Who rings and who works: one gateway alone does both in its process; several share them through Redis.
import type { EventBus, WorkItem, WorkQueue } from "../domain/runtime-ports.ts";
import { itemFacts } from "../tracking/tools.ts";
import type { GatewayConfig } from "./config.ts";
import { createInProcessBus } from "./in-process-bus.ts";
import { createInProcessQueue } from "./in-process-queue.ts";
import { createRedisBus } from "./redis-bus.ts";
import { connectRedis, namespaceOf, type RedisLinkTools } from "./redis-connection.ts";
import { createScaledQueue } from "./scaled-queue.ts";

export interface Coordination {
  readonly bus: EventBus;
  readonly queue: WorkQueue;
  /** To be called when the bus and the queue are closed. */
  disconnect(): Promise<void>;
}

/** Redis need not be there: the gateway starts without it and takes it up when it comes. */
export async function createCoordination(
  { redisUrl, databaseUrl }: Pick<GatewayConfig, "redisUrl" | "databaseUrl">,
  tools: RedisLinkTools,
): Promise<Coordination> {
  const { clock, log } = tools;
  const onError = (error: unknown, item: WorkItem) => log.error({ err: error, ...itemFacts(item) }, "work failed");
  if (redisUrl === null) {
    const [bus, queue] = [createInProcessBus(), createInProcessQueue(clock, onError)];
    return { bus, queue, disconnect: () => Promise.resolve() };
  }
  const link = await connectRedis(redisUrl, namespaceOf(databaseUrl), tools);
  return { bus: createRedisBus(link), queue: createScaledQueue(link, clock, onError), disconnect: () => link.close() };
}
