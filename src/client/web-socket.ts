// The little of the standard's WebSocket that the client needs: browsers have it, Node gets it from a package such as `ws`.

export interface WebSocketLike {
  readonly readyState: number;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  send(text: string): void;
  close(code?: number, reason?: string): void;
  /** Ends it without the other side; where there is none, `close` has to do. */
  terminate?(): void;
}

export type WebSocketClass = new (url: string, protocol?: string) => WebSocketLike;

/** `readyState` of a socket that takes messages. */
export const OPEN = 1;

/** @throws Error where there is no WebSocket and none was given */
export function webSocketOf(given: WebSocketClass | undefined): WebSocketClass {
  const found: unknown = given ?? Reflect.get(globalThis, "WebSocket");
  if (isClass(found)) return found;
  throw new Error("There is no WebSocket here. In Node, install `ws` and pass its class as `webSocketImpl`.");
}

/**
 * The address of the gateway's GraphQL as a WebSocket's: `http` becomes `ws`.
 *
 * @throws TypeError when it is no address
 */
export function webSocketUrl(url: string): string {
  const address = new URL(url);
  address.protocol = address.protocol.replace(/^http/, "ws");
  address.hash = "";
  return address.href;
}

const isClass = (value: unknown): value is WebSocketClass => typeof value === "function";
