// GraphQL over WebSocket: the graphql-transport-ws protocol (enisdenjo/graphql-ws, PROTOCOL.md) on the HTTP server's port.
import type { IncomingMessage, Server } from "node:http";
import { makeServer } from "graphql-ws";
import type { Refusal } from "./request-body.ts";
import type { WsLimits } from "./ws-limits.ts";
import { createWsOperations, type WsOperationsOptions } from "./ws-operations.ts";
import { createWsTransport, type WsPeer, type WsTransport } from "./ws-transport.ts";

export interface GraphqlWsOptions extends WsOperationsOptions {
  readonly server: Server;
  readonly path: string;
  /** Why a socket is not opened for a request; null when it is. */
  readonly refused: (request: IncomingMessage) => Refusal | null;
  /** Default: `WS_LIMITS`. */
  readonly limits?: WsLimits;
}

export function createGraphqlWs({ schema, contextOf, large, ...transport }: GraphqlWsOptions): WsTransport {
  const { clock, reportDefect } = transport;
  const protocol = makeServer<Record<string, unknown>, WsPeer>({
    schema,
    connectionInitWaitTimeout: 3_000,
    onPing: ({ extra }) => void extra.heartbeat(),
    onPong: ({ extra }) => void extra.heartbeat(),
    ...createWsOperations({ schema, contextOf, clock, large, reportDefect }),
  });
  return createWsTransport({ ...transport, protocol });
}
