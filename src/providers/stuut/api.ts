// Stuut's two v2 endpoints. What answers mean is said in `map.ts`.
import { createAskList, createAskPage } from "../../wire/ask.ts";
import type { HttpClient } from "../../wire/http-client.ts";
import { walkPages } from "../../wire/pages.ts";
import type { PartialWalk } from "../../wire/pages.ts";
import { pathFor } from "../../wire/path.ts";
import { parseConnection, parseList, parseSync } from "./wire-types.ts";
import type { StuutConnection, StuutSync } from "./wire-types.ts";

type Signal = AbortSignal | undefined;

export interface StuutApi {
  /** All connections with their models and each model's latest sync: the only page there is to read. */
  connections(signal: Signal): Promise<readonly StuutConnection[]>;
  /** The same in parts. A connection that cannot be read is left out, and the failure comes after the others. */
  readableConnections(
    signal: Signal,
    onUnreadable?: PartialWalk["onUnreadable"],
  ): AsyncIterable<readonly StuutConnection[]>;
  /** Asks for a sync of all of a connection's models. */
  requestSync(connectionId: string, signal: Signal): Promise<readonly StuutSync[]>;
}

const CONNECTIONS = "/v2/integrations/connections";

/** @param provider key of the configured provider, for errors */
export function stuutApi(http: HttpClient, provider: string): StuutApi {
  const askList = createAskList(http, provider);
  const askPage = createAskPage(http, provider);
  const path = pathFor(provider);

  return {
    connections: async (signal) => {
      const request = { method: "GET", path: CONNECTIONS, signal } as const;
      return (await askList({ operation: "list connections", ...request }, parseList, parseConnection)).items;
    },
    readableConnections: (signal, onUnreadable) => {
      const request = { operation: "list connections", method: "GET", path: CONNECTIONS, signal } as const;
      const onlyPage = async () => ({ ...(await askPage(request, parseList, parseConnection)), next: null });
      return walkPages(onlyPage, { provider, ...request, ...(onUnreadable && { onUnreadable }) });
    },
    requestSync: async (connectionId, signal) => {
      // The endpoint takes no body, and there is no idempotency key: it is never asked twice by itself.
      const target = path`/v2/integrations/connections/${connectionId}/sync`;
      const request = { method: "POST", path: target, repeat: "once", signal } as const;
      return (await askList({ operation: "request sync", ...request }, parseList, parseSync)).items;
    },
  };
}
