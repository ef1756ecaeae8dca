// Stops calling a vendor that does not answer. cockatiel counts and lets one probe through; when it may is our clock's to say.
import { CircuitState, ConsecutiveBreaker, circuitBreaker, handleType } from "cockatiel";
import type { Clock } from "../domain/clock.ts";
import type { TryResult } from "./try-result.ts";

export interface Circuit {
  /** How long the circuit stays open, in milliseconds; null when calls may pass. */
  openForMs(): number | null;
  /**
   * Runs a call and counts how it ended. While a probe runs, other calls wait for its verdict.
   *
   * @returns the call's result, or `open` when it was not made
   * @throws the signal's reason when it aborts before the call is made
   */
  run(call: () => Promise<TryResult>, signal: AbortSignal): Promise<TryResult | "open">;
}

export function createCircuit(
  limits: { readonly breakerFailures: number; readonly breakerOpenMs: number },
  clock: Clock,
): Circuit {
  let reopensAtMs = 0;
  let probe: Promise<unknown> = Promise.resolve();
  const policy = circuitBreaker(
    handleType(CountedResult, ({ against }) => against),
    {
      breaker: new ConsecutiveBreaker(limits.breakerFailures),
      // cockatiel reads the machine's clock; with this it never thinks it is too early, and `openForMs` decides by ours.
      halfOpenAfter: Number.NEGATIVE_INFINITY,
    },
  );
  policy.onBreak(() => {
    reopensAtMs = clock.now().getTime() + limits.breakerOpenMs;
  });

  function openForMs(): number | null {
    if (policy.state !== CircuitState.Open) return null;
    const leftMs = reopensAtMs - clock.now().getTime();
    return leftMs > 0 ? Math.min(leftMs, limits.breakerOpenMs) : null;
  }

  async function run(call: () => Promise<TryResult>, signal: AbortSignal): Promise<TryResult | "open"> {
    while (policy.state === CircuitState.HalfOpen) {
      await settledOrAborted(probe, signal);
      signal.throwIfAborted();
    }
    if (openForMs() !== null) return "open";
    const isProbe = policy.state === CircuitState.Open;
    const running = execute(call, isProbe);
    if (isProbe) probe = running;
    return running;
  }

  async function execute(call: () => Promise<TryResult>, isProbe: boolean): Promise<TryResult> {
    try {
      return await policy.execute(async () => {
        const result = await call();
        if (result.ok || (!result.failure.outage && !result.failure.ended && result.failure.attempted)) return result;
        // A call that we ended ourselves, or never made, says nothing, except as a probe: then the question is still open.
        throw new CountedResult(result, result.failure.outage || isProbe);
      });
    } catch (cause) {
      if (cause instanceof CountedResult) return cause.result;
      throw cause;
    }
  }

  return { openForMs, run };
}

/** Carries a result through cockatiel, which counts errors it is told to handle and lets others pass uncounted. */
class CountedResult extends Error {
  readonly result: TryResult;
  readonly against: boolean;

  constructor(result: TryResult, against: boolean) {
    super(against ? "speaks against the vendor" : "says nothing about the vendor");
    this.result = result;
    this.against = against;
  }
}

function settledOrAborted(work: Promise<unknown>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      signal.removeEventListener("abort", done);
      resolve();
    };
    if (signal.aborted) done();
    signal.addEventListener("abort", done, { once: true });
    work.then(done, done);
  });
}
