// Who rings and who works: one gateway alone does both in its process; several share them through Redis.
import type { EventBus, WorkItem, WorkQueue } from "../domain/runtime-ports.ts";
import type { Store } from "../domain/store-port.ts";
import { itemFacts } from "../tracking/tools.ts";
import type { GatewayConfig } from "./config.ts";
import { createInProcessBus } from "./in-process-bus.ts";
import { createInProcessQueue } from "./in-process-queue.ts";
import { createRedisBus } from "./redis-bus.ts";
import { connectRedis, namespaceOf, type RedisLink, type RedisLinkTools } from "./redis-connection.ts";
import { createScaledQueue } from "./scaled-queue.ts";

export interface Coordination {
  readonly bus: EventBus;
  readonly queue: WorkQueue;
  /** Null for a gateway alone. */
  readonly redis: RedisLink | null;
  /** To be called when the bus and the queue are closed. */
  disconnect(): Promise<void>;
}

/** Redis need not be there: the gateway starts without it and takes it up when it comes. */
export async function createCoordination(
  { redisUrl }: Pick<GatewayConfig, "redisUrl">,
  { identity }: Pick<Store, "identity">,
  tools: RedisLinkTools,
): Promise<Coordination> {
  const { clock, log } = tools;
  const onError = (error: unknown, item: WorkItem) => log.error({ err: error, ...itemFacts(item) }, "work failed");
  if (redisUrl === null) {
    const [bus, queue] = [createInProcessBus(), createInProcessQueue(clock, onError)];
    return { bus, queue, redis: null, disconnect: () => Promise.resolve() };
  }
  const redis = await connectRedis(
    redisUrl,
    namespaceOf(identity.known().installationId, await identity.place()),
    tools,
  );
  const [bus, queue] = [createRedisBus(redis), createScaledQueue(redis, clock, onError)];
  return { bus, queue, redis, disconnect: () => redis.close() };
}
