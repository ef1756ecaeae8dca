// The doorbell between gateways. Own listeners hear it at once; the others hear it through Redis when Redis is there, and look by
// themselves when it is not.
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { BusNews } from "../domain/runtime-ports.ts";
import type { EventBus } from "../domain/runtime-ports.ts";
import { createInProcessBus } from "./in-process-bus.ts";
import { REDIS_PREFIX, type RedisLink } from "./redis-connection.ts";

const ringSchema = z.tuple([z.string(), z.string(), z.enum(BusNews)]);

export function createRedisBus(link: RedisLink): EventBus {
  const own = randomUUID();
  const local = createInProcessBus();
  const channel = `${REDIS_PREFIX}:${link.namespace}:bell`;

  function hear(_channel: string, message: string): void {
    const ring = ringSchema.safeParse(parsed(message));
    if (!ring.success) return;
    const [origin, tenantId, news] = ring.data;
    if (origin !== own) local.ring(tenantId, news);
  }

  link.subscriber.on("message", hear);
  // Sent as soon as there is a connection, and again after every other one.
  link.subscriber.subscribe(channel).catch(() => undefined);

  return {
    ring(tenantId, news) {
      local.ring(tenantId, news);
      // Without Redis a ring would wait and be of no use later: the others look by themselves.
      if (link.isUp()) link.commands.publish(channel, JSON.stringify([own, tenantId, news])).catch(() => undefined);
    },
    listen: (tenantId, listener) => local.listen(tenantId, listener),
    close: () => local.close(),
  };
}

function parsed(message: string): unknown {
  try {
    return JSON.parse(message);
  } catch {
    return null;
  }
}
