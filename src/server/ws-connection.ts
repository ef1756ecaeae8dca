// One client's WebSocket, as the protocol and its operations use it: what waits to be sent has bounded room, and a client that takes
// nothing for a while is told to come back. What is said over it is the protocol's.
import { CloseCode } from "graphql-ws";
import { createTokenBucket, type TokenBucket } from "./token-bucket.ts";
import { createTurns, type Turns } from "./turns.ts";
import type { WsLimits } from "./ws-limits.ts";

/** The protocol's own code for too many of something; 1008 (policy violation) would say no more. */
const TOO_MANY = CloseCode.TooManyInitialisationRequests;

/** What is needed of a socket. */
export interface WsSocket {
  readonly protocol: string;
  isOpen(): boolean;
  /** @param taken called when the client's side has taken it, or never will */
  send(data: Buffer, taken: () => void): void;
  ping(taken: () => void): void;
  pong(data: Buffer, taken: () => void): void;
  /** Stops reading from the client. */
  pause(): void;
  resume(): void;
  close(code: number, reason: string): void;
  terminate(): void;
  onPing(listener: (data: Buffer) => void): void;
  onPong(listener: () => void): void;
  onClose(listener: () => void): void;
}

export interface WsConnection {
  readonly protocol: string;
  /** Puts a text in the queue; without effect when the socket closes. What is small and has to be said. */
  send(text: string): void;
  /**
   * Puts an answer or an event in the queue, which took a turn before it was produced.
   *
   * @returns false, and puts nothing, when more would be held than may
   */
  sendResult(text: string): boolean;
  /** Turns to produce something that is sent then. */
  readonly turns: Pick<Turns, "begin">;
  /** Counts a ping or a pong of the client's; one that sends too many is closed. @returns whether it may be answered */
  heartbeat(): boolean;
  /** Counts a message of the client's; one that sends too many is closed. @returns whether it may be read */
  message(): boolean;
  /** Resolves with true when there is room to produce more, and with false as soon as the socket closes. */
  room(): Promise<boolean>;
  /** Bytes that wait to be taken by the client's side. */
  waitingBytes(): number;
  close(code: number, reason: string): void;
  /** Looks whether it stalls, lives, and closes when it was told to. To be called every second or so. */
  look(): void;
}

export function createWsConnection(socket: WsSocket, limits: WsLimits, now: () => Date): WsConnection {
  const waiting = new Set<() => void>();
  let waitingBytes = 0;
  /** When the client last took something, or something began to wait for it. */
  let movedAt = now().getTime();
  let pingedAt = movedAt;
  let answered = true;
  let closingSince: number | null = null;

  /** What the next thing that is produced is expected to take, by what was produced lately. */
  let expectedBytes = limits.mostWaitingBytes;
  const heartbeats = createTokenBucket(limits.heartbeats, now);
  const messages = createTokenBucket(limits.messages, now);

  const isFull = (): boolean => waitingBytes > limits.mostWaitingBytes;
  const turns = createTurns((running) => {
    if (!socket.isOpen()) return "closed";
    if (isFull() || running >= limits.mostTurns) return "full";
    // One is always possible, however large it will be.
    return running === 0 || waitingBytes + (running + 1) * expectedBytes <= limits.mostHeldBytes ? "free" : "full";
  });
  const wake = (): void => {
    for (const one of waiting) one();
    turns.look();
  };

  /** Sends through the socket and keeps account; a failure shows as the socket's close. */
  function put(bytes: number, send: (taken: () => void) => void): void {
    if (!socket.isOpen()) return;
    if (waitingBytes === 0) movedAt = now().getTime();
    waitingBytes += bytes;
    if (isFull()) socket.pause();
    send(() => {
      waitingBytes -= bytes;
      movedAt = now().getTime();
      if (isFull()) return;
      socket.resume();
      // Not at once: what goes on here would go on until the client's side is full, and others have something to say too.
      if (waiting.size > 0 || turns.waits()) setImmediate(wake);
    });
  }

  function close(code: number, reason: string): void {
    closingSince ??= now().getTime();
    socket.close(code, reason);
    // A client that is not read from cannot answer the close.
    socket.resume();
    wake();
  }

  function counted(bucket: TokenBucket, what: string): boolean {
    if (!socket.isOpen()) return false;
    if (bucket.take()) return true;
    close(TOO_MANY, `Too many ${what}`);
    return false;
  }

  const heartbeat = (): boolean => counted(heartbeats, "pings");

  socket.onPing((data) => {
    if (heartbeat()) put(data.length, (taken) => socket.pong(data, taken));
  });
  socket.onPong(() => {
    answered = true;
    heartbeat();
  });
  socket.onClose(wake);

  return {
    protocol: socket.protocol,
    send(text) {
      const data = Buffer.from(text);
      put(data.length, (taken) => socket.send(data, taken));
    },
    sendResult(text) {
      const data = Buffer.from(text);
      expectedBytes = Math.max(data.length, expectedBytes / 2);
      if (socket.isOpen() && waitingBytes + data.length > limits.mostHeldBytes) return false;
      put(data.length, (taken) => socket.send(data, taken));
      return true;
    },
    turns,
    heartbeat,
    message: () => counted(messages, "messages"),
    room() {
      return new Promise((resolve) => {
        const look = (): void => {
          if (socket.isOpen() && isFull()) return;
          waiting.delete(look);
          resolve(socket.isOpen());
        };
        waiting.add(look);
        look();
      });
    },
    waitingBytes: () => waitingBytes,
    close,
    look() {
      const time = now().getTime();
      if (!socket.isOpen()) {
        // The other side may have begun to close; who did does not matter.
        closingSince ??= time;
        if (time - closingSince >= limits.closeMs) socket.terminate();
      } else if (waitingBytes > 0) {
        // What waits tells more than a ping behind it would.
        pingedAt = time;
        answered = true;
        if (time - movedAt >= limits.stallMs) close(1013, "Nothing was read for a while");
      } else if (time - pingedAt >= limits.pingMs) {
        if (!answered) return socket.terminate();
        pingedAt = time;
        answered = false;
        put(0, (taken) => socket.ping(taken));
      }
    },
  };
}
