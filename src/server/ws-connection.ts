// One client's WebSocket, as the protocol and its operations use it: what waits to be sent has bounded room, and a client that takes
// nothing for a while is told to come back. What is said over it is the protocol's.

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

export interface WsLimits {
  /** While more bytes than this wait to be taken by the client, nothing more is produced for it, and nothing more read from it. */
  readonly mostWaitingBytes: number;
  /** A client that takes nothing for so long, while something waits for it, is closed with 1013 (try again later). */
  readonly stallMs: number;
  /** A client to which nothing waits is pinged this often, and cut when it did not answer the ping before. */
  readonly pingMs: number;
  /** A client that does not answer a close for so long is cut. */
  readonly closeMs: number;
}

export const WS_LIMITS: WsLimits = {
  mostWaitingBytes: 256 * 1024,
  stallMs: 15_000,
  pingMs: 12_000,
  closeMs: 2_000,
};

export interface WsConnection {
  readonly protocol: string;
  /** Puts a text in the queue; without effect when the socket closes. Whoever produces much asks for `room` first. */
  send(text: string): void;
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

  const isFull = (): boolean => waitingBytes > limits.mostWaitingBytes;
  const wake = (): void => {
    for (const one of waiting) one();
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
      if (waiting.size > 0) setImmediate(wake);
    });
  }

  function close(code: number, reason: string): void {
    closingSince ??= now().getTime();
    socket.close(code, reason);
    // A client that is not read from cannot answer the close.
    socket.resume();
    wake();
  }

  socket.onPing((data) => put(data.length, (taken) => socket.pong(data, taken)));
  socket.onPong(() => {
    answered = true;
  });
  socket.onClose(wake);

  return {
    protocol: socket.protocol,
    send(text) {
      const data = Buffer.from(text);
      put(data.length, (taken) => socket.send(data, taken));
    },
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
