// What of a process's memory is alive: asked over Node's inspector, after a full garbage collection. The resident size says less: V8 gives
// back what it no longer needs when it likes.
import { once } from "node:events";
import { WebSocket } from "ws";
import { z } from "zod";
import { within } from "../eventually.ts";

/** Makes a process that is started with it listen for an inspector, at a port it chooses and prints. */
export const INSPECTED = { NODE_OPTIONS: "--inspect=127.0.0.1:0" } as const;

const ANSWERED_WITHIN_MS = 10_000;
const BYTES_IN_MB = 2 ** 20;
const repliesShape = z.object({ id: z.number(), result: z.unknown() });
const valueShape = z.object({ result: z.object({ value: z.number() }) });

/**
 * @param errorOutput what the process has printed to standard error
 * @returns megabytes, buffers too; null when it does not answer in time, as one that is frozen
 */
export async function liveMbOf(errorOutput: string): Promise<number | null> {
  const [, address] = /Debugger listening on (ws:\S+)/u.exec(errorOutput) ?? [];
  if (address === undefined) return null;
  const socket = new WebSocket(address);
  // A connection that stays would keep the process from ending.
  const reading = read(socket).finally(() => socket.terminate());
  return within("the inspector answers", reading, ANSWERED_WITHIN_MS).catch(() => null);
}

async function read(socket: WebSocket): Promise<number> {
  await once(socket, "open");
  await ask(socket, 1, "HeapProfiler.collectGarbage");
  const expression = "(({ heapUsed, external }) => heapUsed + external)(process.memoryUsage())";
  const answer = await ask(socket, 2, "Runtime.evaluate", { expression, returnByValue: true });
  return valueShape.parse(answer).result.value / BYTES_IN_MB;
}

async function ask(socket: WebSocket, id: number, method: string, params: object = {}): Promise<unknown> {
  socket.send(JSON.stringify({ id, method, params }));
  for (;;) {
    const [message]: unknown[] = await once(socket, "message");
    const reply = repliesShape.safeParse(JSON.parse(String(message)));
    if (reply.success && reply.data.id === id) return reply.data.result;
  }
}
