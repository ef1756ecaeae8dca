// Waiting that ends when the process is about to.
import { ErrorCode, GatewayError } from "../domain/errors.ts";

/** What callers are told whose work is not waited for any longer. */
export function givenUp(): GatewayError {
  const message =
    "The gateway is being stopped and could not wait any longer. What was asked for may have been done: ask again, a start with the same idempotencyKey.";
  return new GatewayError(ErrorCode.ServiceUnavailable, message);
}

/**
 * Does work and passes its result on; when the signal aborts first, rejects with its reason, whatever becomes of the work. Nothing is
 * begun after that.
 */
export async function unlessGivenUp<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  let stopWaiting = (): void => undefined;
  const stopped = new Promise<never>((_resolve, reject) => {
    stopWaiting = () => reject(signal.reason);
    signal.addEventListener("abort", stopWaiting, { once: true });
  });
  try {
    return await Promise.race([work(), stopped]);
  } finally {
    signal.removeEventListener("abort", stopWaiting);
  }
}
