// Turns of one socket: whatever is produced for it takes one first, so that what it holds is bounded however much it asks for at once.

export interface Turns {
  /**
   * Waits for a turn, behind those who came before.
   *
   * @param left when it aborts nobody waits any more
   * @returns what gives the turn back; null when there will be none, because the socket closed or the caller left
   */
  begin(left: AbortSignal): Promise<(() => void) | null>;
  /** To be called when a turn may have become possible, or none ever will be. */
  look(): void;
  /** Whether anybody waits. */
  waits(): boolean;
}

/** @param state "closed" when there are no more turns; otherwise whether another one may begin beside those that run */
export function createTurns(state: (running: number) => "free" | "full" | "closed"): Turns {
  const waiting = new Set<(turn: (() => void) | null) => void>();
  let running = 0;

  function take(): () => void {
    running += 1;
    let given = false;
    return () => {
      if (given) return;
      given = true;
      running -= 1;
      // Not at once: what was produced is put into the socket first, and others have something to say too.
      if (waiting.size > 0) setImmediate(look);
    };
  }

  function look(): void {
    for (const give of waiting) {
      const now = state(running);
      if (now === "full") return;
      waiting.delete(give);
      give(now === "free" ? take() : null);
    }
  }

  return {
    begin: (left) =>
      new Promise((resolve) => {
        if (left.aborted) return resolve(null);
        const leave = (): void => {
          waiting.delete(give);
          resolve(null);
        };
        const give = (turn: (() => void) | null): void => {
          left.removeEventListener("abort", leave);
          resolve(turn);
        };
        left.addEventListener("abort", leave, { once: true });
        waiting.add(give);
        look();
      }),
    look,
    waits: () => waiting.size > 0,
  };
}
