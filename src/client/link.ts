// One connection to a gateway: opens a socket, asks where the ledger ends if it has no place to begin at, subscribes, and keeps what
// comes in a bounded queue. It never connects again; that is `follow.ts`'s.
import {
  CloseCode,
  GRAPHQL_TRANSPORT_WS_PROTOCOL,
  MessageType,
  parseMessage,
  stringifyMessage,
} from "graphql-ws/client";
import type { GraphqlFailure, LinkEnd } from "./failures.ts";
import { OPEN, type WebSocketClass } from "./web-socket.ts";

export type ConnectionParams =
  | Readonly<Record<string, unknown>>
  | (() => Readonly<Record<string, unknown>> | Promise<Readonly<Record<string, unknown>>>);

export interface LinkRequest {
  readonly url: string;
  readonly WebSocket: WebSocketClass;
  readonly connectionParams: ConnectionParams | undefined;
  /** The subscription, whose variables are `filter` and `after`. */
  readonly query: string;
  readonly filter: Readonly<Record<string, unknown>> | undefined;
  /** Null begins where the ledger ends now. */
  readonly after: string | null;
  /** Events that may wait; one more ends the link. */
  readonly mostQueued: number;
  /** A gateway that says nothing for this long is given up. */
  readonly silentMs: number;
}

/** What one message brought. */
export interface LinkEvent {
  readonly kind: "EVENT";
  readonly data: Readonly<Record<string, unknown>> | null;
  readonly errors: readonly GraphqlFailure[];
}

export interface Link {
  /** Resolves when the subscription has been sent, with the cursor it goes on after; null when the link ended before. */
  readonly began: Promise<string | null>;
  /** The next event or, when all that came was taken, why there is no other. */
  next(): Promise<LinkEvent | LinkEnd>;
  close(): void;
}

const PLACE_ID = "place";
const EVENTS_ID = "events";

/** @throws what the WebSocket class throws, such as for an address it does not take */
export function openLink(request: LinkRequest): Link {
  const socket = new request.WebSocket(request.url, GRAPHQL_TRANSPORT_WS_PROTOCOL);
  const queue: LinkEvent[] = [];
  let ended: LinkEnd | null = null;
  let wake = (): void => undefined;
  let place = request.after;
  let begin: (after: string | null) => void = () => undefined;
  const began = new Promise<string | null>((resolve) => {
    begin = resolve;
  });

  const send = (message: Parameters<typeof stringifyMessage>[0]): void => {
    if (socket.readyState === OPEN) socket.send(stringifyMessage(message));
  };
  const query = (id: string, text: string, variables: Record<string, unknown>): void =>
    send({ id, type: MessageType.Subscribe, payload: { query: text, variables } });

  function finish(end: LinkEnd): void {
    if (ended !== null) return;
    ended = end;
    clearInterval(watch);
    socket.onopen = null;
    socket.onmessage = null;
    socket.onclose = null;
    // `onerror` stays: a socket that is closed while it opens reports an error, and nobody must miss it.
    socket.close(1000);
    begin(null);
    wake();
  }
  const closed = (closeCode: number, reason: string): void => finish({ kind: "CLOSED", closeCode, reason });

  function subscribe(after: string): void {
    place = after;
    query(EVENTS_ID, request.query, { filter: request.filter ?? null, after });
    begin(after);
  }

  function take(event: LinkEvent): void {
    if (queue.length >= request.mostQueued) return finish({ kind: "FULL" });
    queue.push(event);
    wake();
  }

  function receive(text: unknown): void {
    const message = parseMessage(text);
    if (message.type === MessageType.ConnectionAck) {
      if (place === null) query(PLACE_ID, "{ viewer { cursor } }", {});
      else subscribe(place);
    } else if (message.type === MessageType.Ping) {
      send({ type: MessageType.Pong });
    } else if (message.type === MessageType.Next) {
      const { data = null, errors = [] } = message.payload;
      if (message.id === EVENTS_ID) return take({ kind: "EVENT", data, errors });
      const cursor = cursorOf(data);
      if (cursor === null) finish({ kind: "ENDED", errors });
      else subscribe(cursor);
    } else if (message.type === MessageType.Error) {
      finish({ kind: "ENDED", errors: message.payload });
    } else if (message.type === MessageType.Complete && message.id === EVENTS_ID) {
      finish({ kind: "ENDED", errors: [] });
    }
  }

  /** Counts beats and not the time: a browser that slows timers down must not take its own sleep for the gateway's silence. */
  let heard = true;
  let asked = false;
  const watch = setInterval(() => {
    if (heard) {
      heard = false;
      asked = false;
    } else if (asked) {
      closed(CloseCode.ConnectionAcknowledgementTimeout, "the gateway is silent");
      socket.terminate?.();
    } else {
      asked = true;
      send({ type: MessageType.Ping });
    }
  }, request.silentMs / 2);

  socket.onopen = () => {
    const { connectionParams } = request;
    void (async () => {
      const payload = typeof connectionParams === "function" ? await connectionParams() : connectionParams;
      send({ type: MessageType.ConnectionInit, ...(payload === undefined ? {} : { payload }) });
    })().catch((error: unknown) => closed(CloseCode.InternalClientError, wordsOf(error)));
  };
  socket.onmessage = ({ data }: { readonly data: unknown }) => {
    heard = true;
    try {
      receive(data);
    } catch (error) {
      closed(CloseCode.BadResponse, wordsOf(error));
    }
  };
  let failure = "";
  socket.onerror = (event: unknown) => {
    failure = wordsOf(event);
  };
  socket.onclose = ({ code, reason }: { readonly code: number; readonly reason: string }) =>
    closed(code, reason === "" ? failure : reason);

  return {
    began,
    next: async () => {
      for (;;) {
        const next = queue.shift() ?? ended;
        if (next !== null) return next;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    // Whoever leaves wants nothing more of what has come.
    close: () => {
      queue.length = 0;
      closed(1000, "left");
    },
  };
}

function cursorOf(data: Readonly<Record<string, unknown>> | null): string | null {
  const viewer = data?.["viewer"];
  const cursor: unknown = typeof viewer === "object" && viewer !== null ? Reflect.get(viewer, "cursor") : null;
  return typeof cursor === "string" ? cursor : null;
}

/** The text of an error or of an error's event; empty when it has none. */
function wordsOf(error: unknown): string {
  const message: unknown = typeof error === "object" && error !== null ? Reflect.get(error, "message") : error;
  return typeof message === "string" ? message : "";
}
