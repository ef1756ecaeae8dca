// Gives the event loop back between steps of long work, so that everything else is answered meanwhile. How long a step is, its owner says.
import { setImmediate } from "node:timers/promises";

/** Waits until what is due has had its turn. Rejects with the signal's reason when somebody has ended the work. */
export async function nextTurn(signal?: AbortSignal): Promise<void> {
  await setImmediate();
  if (signal?.aborted) throw signal.reason;
}
