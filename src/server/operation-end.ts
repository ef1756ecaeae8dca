// When an operation's answer is not waited for any longer: its client has gone, or it has taken as long as it may.
import { setMaxListeners } from "node:events";
import { OperationTypeNode } from "graphql";
import type { Clock } from "../domain/clock.ts";
import { ClientGoneError, DeadlineError } from "../graphql/end-reasons.ts";

/** From the operation's arrival. A mutation has longer: giving up on a vendor that was asked to act leaves an open question. */
const DEADLINE_MS: Readonly<Record<OperationTypeNode, number | null>> = {
  [OperationTypeNode.QUERY]: 15_000,
  [OperationTypeNode.MUTATION]: 30_000,
  // It lives for as long as its client wants it; the wire bounds what each event asks a vendor for.
  [OperationTypeNode.SUBSCRIPTION]: null,
};

export interface OperationEnd {
  /** Aborts with a `DeadlineError` or a `ClientGoneError`. */
  readonly signal: AbortSignal;
  /** The kind of operation is known, and with it how long it may take. */
  limit(type: OperationTypeNode): void;
  /** The client has gone. */
  leave(): void;
  /** The answer is complete: nothing is left to end. */
  settle(): void;
}

export function createOperationEnd(clock: Clock): OperationEnd {
  const arrivedAtMs = clock.now().getTime();
  const ending = new AbortController();
  // Each question that the operation asks the store, and each call to a vendor, listens to it.
  setMaxListeners(0, ending.signal);
  const settled = new AbortController();
  let isChanging = false;

  return {
    signal: ending.signal,
    limit(type) {
      isChanging = type === OperationTypeNode.MUTATION;
      const afterMs = DEADLINE_MS[type];
      if (afterMs === null) return;
      const leftMs = Math.max(0, arrivedAtMs + afterMs - clock.now().getTime());
      clock.sleep(leftMs, settled.signal).then(
        () => ending.abort(new DeadlineError(afterMs)),
        () => undefined,
      );
    },
    leave: () => ending.abort(new ClientGoneError(() => isChanging)),
    settle: () => settled.abort(),
  };
}
