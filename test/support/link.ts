// A stretch of the way from a gateway to its database or to Redis, which a test can block or lengthen: what is sent meanwhile arrives later, in order.
import { setTimeout as pause } from "node:timers/promises";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

export interface Link extends AsyncDisposable {
  /** The address of the database, over this way. */
  readonly url: string;
  /** Keeps back what the gateway sends, from the first message that matches on. What the database sends still arrives. */
  blockFrom(message: RegExp): void;
  unblock(): void;
  /** Leads new connections to another address. Those there are stay where they are. */
  leadTo(url: string): void;
  /** From now on whatever the gateway sends arrives so much later. */
  lengthen(ms: number): void;
  /** What is kept back, as text. */
  held(): string;
  /** Resolves when the gateway sends a message that matches, from now on. */
  heard(message: RegExp): Promise<void>;
}

/** @param address `postgres://...`, or `redis://...` with its port */
export async function linkTo(address: string): Promise<Link> {
  let target = new URL(address);
  const sockets = new Set<Socket>();
  let kept: { readonly to: Socket; readonly chunk: Buffer }[] = [];
  const listeners = new Set<(text: string) => void>();
  let trigger: RegExp | null = null;
  let blocked = false;
  let lateMs = 0;

  const server = createServer((gateway) => {
    const database = connect(Number(target.port === "" ? "5432" : target.port), target.hostname);
    for (const [one, other] of [
      [gateway, database],
      [database, gateway],
    ] as const) {
      sockets.add(one);
      // Whichever side breaks, both are told in the only way there is.
      one.on("error", () => other.destroy());
      one.on("close", () => {
        sockets.delete(one);
        other.destroy();
      });
    }
    let arrived = Promise.resolve();
    function deliver(chunk: Buffer): void {
      const dueAt = performance.now() + lateMs;
      arrived = arrived.then(async () => {
        const leftMs = dueAt - performance.now();
        if (leftMs > 0) await pause(leftMs);
        if (!database.destroyed) database.write(chunk);
      });
    }
    gateway.on("data", (chunk: Buffer) => {
      const text = chunk.toString("latin1");
      for (const listener of listeners) listener(text);
      blocked ||= trigger?.test(text) ?? false;
      if (blocked) kept.push({ to: database, chunk });
      else deliver(chunk);
    });
    database.pipe(gateway);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const url = new URL(address);
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: url.href,
    blockFrom: (message) => void (trigger = message),
    unblock() {
      trigger = null;
      blocked = false;
      for (const { to, chunk } of kept) to.write(chunk);
      kept = [];
    },
    leadTo: (other) => void (target = new URL(other)),
    lengthen: (ms) => void (lateMs = ms),
    heard: (message) =>
      new Promise((resolve) => {
        const listener = (text: string): void => {
          if (!message.test(text)) return;
          listeners.delete(listener);
          resolve();
        };
        listeners.add(listener);
      }),
    held: () => kept.map(({ chunk }) => chunk.toString("latin1")).join(""),
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}
