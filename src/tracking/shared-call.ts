// A call to a vendor that several may wait for. It ends early only when everybody who waited has left.
import { ErrorCode, ProviderError } from "../domain/errors.ts";

export interface SharedCall<T> {
  /** Everybody has left: it is being ended, and whoever comes now needs a call of their own. */
  readonly abandoned: boolean;
  /**
   * The call's result.
   *
   * @param signal the one who waits leaves; without it they stay to the end
   * @throws what the call throws, or `PROVIDER_TIMEOUT` when the signal aborts first
   */
  wait(signal?: AbortSignal): Promise<T>;
}

/**
 * Begins a call.
 *
 * @param call must end soon after its signal aborts
 * @param provider key of the configured provider, for errors
 */
export function shareCall<T>(provider: string, call: (signal: AbortSignal) => Promise<T>): SharedCall<T> {
  const everybodyLeft = new AbortController();
  const result = call(everybodyLeft.signal);
  // Those who left do not hear how it ended.
  result.catch(() => undefined);
  let waiting = 0;

  return {
    get abandoned() {
      return everybodyLeft.signal.aborted;
    },
    wait(signal) {
      waiting += 1;
      return new Promise((resolve, reject) => {
        const leave = (): void => {
          waiting -= 1;
          if (waiting === 0) everybodyLeft.abort(signal?.reason);
          reject(notWaitedFor(provider, signal?.reason));
        };
        if (signal?.aborted) return leave();
        signal?.addEventListener("abort", leave, { once: true });
        result.finally(() => signal?.removeEventListener("abort", leave)).then(resolve, reject);
      });
    },
  };
}

/** What somebody hears who does not wait for a provider's answer any longer. */
export function notWaitedFor(provider: string, cause?: unknown): ProviderError {
  return new ProviderError(`${provider}: it did not answer as long as somebody waited for it`, {
    code: ErrorCode.ProviderTimeout,
    provider,
    httpStatus: null,
    retryable: true,
    retryAfterMs: null,
    sent: true,
    cause,
  });
}
