// The doorbell within one process.
import type { BusNews, EventBus } from "../domain/runtime-ports.ts";

export function createInProcessBus(): EventBus {
  const listeners = new Map<string, Set<(news: BusNews) => void>>();
  return {
    ring(tenantId, news) {
      for (const listener of listeners.get(tenantId) ?? []) listener(news);
    },
    listen(tenantId, listener) {
      const ofTenant = listeners.get(tenantId) ?? new Set();
      listeners.set(tenantId, ofTenant.add(listener));
      return () => {
        ofTenant.delete(listener);
        if (ofTenant.size === 0 && listeners.get(tenantId) === ofTenant) listeners.delete(tenantId);
      };
    },
    close() {
      listeners.clear();
      return Promise.resolve();
    },
  };
}
