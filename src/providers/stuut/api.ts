// Stuut's two v2 endpoints. What answers mean is said in `map.ts`.
import { createAsk } from "../../wire/ask.ts";
import type { HttpClient } from "../../wire/http-client.ts";
import { pathFor } from "../../wire/path.ts";
import { parseConnections, parseSyncs } from "./wire-types.ts";
import type { StuutConnection, StuutSync } from "./wire-types.ts";

type Signal = AbortSignal | undefined;

export interface StuutApi {
  /** All connections with their models and each model's latest sync: the only page there is to read. */
  connections(signal: Signal): Promise<readonly StuutConnection[]>;
  /** Asks for a sync of all of a connection's models. */
  requestSync(connectionId: string, signal: Signal): Promise<readonly StuutSync[]>;
}

/** @param provider key of the configured provider, for errors */
export function stuutApi(http: HttpClient, provider: string): StuutApi {
  const ask = createAsk(http, provider);
  const path = pathFor(provider);

  return {
    connections: (signal) =>
      ask(
        { operation: "list connections", method: "GET", path: "/v2/integrations/connections", signal },
        parseConnections,
      ),
    requestSync: async (connectionId, signal) =>
      ask(
        {
          operation: "request sync",
          method: "POST",
          // The endpoint takes no body, and there is no idempotency key: it is never asked twice by itself.
          path: path`/v2/integrations/connections/${connectionId}/sync`,
          repeat: "once",
          signal,
        },
        parseSyncs,
      ),
  };
}
