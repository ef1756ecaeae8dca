// A question that may take long: it waits for its turn, and ends when it has taken as long as it may or when nobody wants its answer.
import type { LimitFunction } from "p-limit";
import { ErrorCode, GatewayError } from "../domain/errors.ts";
import { isStopped } from "./failures.ts";

/** Calls `stop` when the question is to end, again and again until it has. */
type StopsBy = <T>(stop: () => Promise<unknown>, work: () => Promise<T>) => Promise<T>;

export interface LongRead {
  /** Rejects at the end of the time, or with the signal's reason: at once while it waits, and as soon as it has stopped once it has begun. */
  inTurn<T>(turns: LimitFunction, work: (stopsBy: StopsBy) => Promise<T>): Promise<T>;
}

/** A database takes no notice of being told to stop what it has not begun: it is told again after so long. */
const TOLD_AGAIN_AFTER_MS = 25;

/** @param withinMs for waiting and answering together */
export function beginLongRead(withinMs: number, signal?: AbortSignal): LongRead {
  const ending = new AbortController();
  const giveUp = (): void => ending.abort(signal?.reason);
  const overdue = setTimeout(() => ending.abort(tooLong(withinMs)), withinMs);
  if (signal?.aborted === true) giveUp();
  else signal?.addEventListener("abort", giveUp, { once: true });
  const settle = (): void => {
    clearTimeout(overdue);
    signal?.removeEventListener("abort", giveUp);
  };

  return {
    inTurn: async (turns, work) => {
      let hasBegun = false;
      const leftQueue = new Promise<never>((_resolve, reject) => {
        const leave = (): void => {
          if (!hasBegun) reject(ending.signal.reason);
        };
        if (ending.signal.aborted) leave();
        else ending.signal.addEventListener("abort", leave, { once: true });
      });
      const turn = turns(() => {
        ending.signal.throwIfAborted();
        hasBegun = true;
        return work((stop, asked) => stoppable(ending.signal, stop, asked));
      });
      try {
        return await Promise.race([turn, leftQueue]);
      } finally {
        settle();
      }
    },
  };
}

async function stoppable<T>(signal: AbortSignal, stop: () => Promise<unknown>, work: () => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  let isOver = false;
  let told = Promise.resolve();
  const tell = (): void => {
    told = (async () => {
      while (!isOver) {
        await stop().catch(() => undefined);
        await new Promise((resolve) => setTimeout(resolve, TOLD_AGAIN_AFTER_MS));
      }
    })();
  };
  signal.addEventListener("abort", tell, { once: true });
  try {
    return await work();
  } catch (error) {
    // Why it was stopped, the signal says.
    throw signal.aborted && isStopped(error) ? signal.reason : error;
  } finally {
    isOver = true;
    signal.removeEventListener("abort", tell);
    await told;
  }
}

function tooLong(withinMs: number): GatewayError {
  const seconds = String(Math.round(withinMs / 100) / 10);
  const message = `The store could not count or look through so many runs within ${seconds} s. Narrow the filter: createdAfter and createdBefore, a definition, a linked account; or leave out totalCount.`;
  return new GatewayError(ErrorCode.BadUserInput, message);
}
