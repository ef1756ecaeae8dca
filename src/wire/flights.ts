// Requests on their way, and who waits for them. Identical reads share one; it ends early only when everybody has left.
import { EndedError } from "./try-result.ts";

/** A request on its way. */
export interface Flight {
  readonly signal: AbortSignal;
  /** Ends it with a reason; the first one counts. */
  end(reason: EndedError): void;
  /** Whether anything of it may have reached the vendor. Set by whoever sends. */
  sent: boolean;
}

export interface Flights<Value> {
  /**
   * Joins the flight under this key, or launches one.
   *
   * @param key null for requests that are never shared
   * @param gone makes the error for a caller that leaves
   */
  join(
    key: string | null,
    launch: (flight: Flight) => Promise<Value>,
    signal: AbortSignal | undefined,
    gone: (flight: Flight, ended: EndedError) => Error,
  ): Promise<Value>;
  /** Ends everything on its way. */
  endAll(reason: EndedError): void;
}

interface Open<Value> {
  readonly flight: Flight;
  readonly landed: Promise<Value>;
  callers: number;
}

export function createFlights<Value>(): Flights<Value> {
  const shared = new Map<string, Open<Value>>();
  const all = new Set<Open<Value>>();

  function start(key: string | null, launch: (flight: Flight) => Promise<Value>): Open<Value> {
    const controller = new AbortController();
    const flight: Flight = { signal: controller.signal, end: (reason) => controller.abort(reason), sent: false };
    // Whatever comes of it is forgotten: only what is still under way may be shared.
    const landed = launch(flight).finally(() => forget(key, open));
    const open: Open<Value> = { flight, landed, callers: 0 };
    all.add(open);
    if (key !== null) shared.set(key, open);
    return open;
  }

  function forget(key: string | null, open: Open<Value>): void {
    all.delete(open);
    if (key !== null && shared.get(key) === open) shared.delete(key);
  }

  function join(...[key, launch, signal, gone]: Parameters<Flights<Value>["join"]>): Promise<Value> {
    const open = (key === null ? undefined : shared.get(key)) ?? start(key, launch);
    open.callers += 1;
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        const ended = new EndedError("caller", signal?.reason);
        open.callers -= 1;
        if (open.callers === 0) {
          forget(key, open);
          open.flight.end(ended);
        }
        reject(gone(open.flight, ended));
      };
      signal?.addEventListener("abort", leave, { once: true });
      const stay = (): void => signal?.removeEventListener("abort", leave);
      open.landed.finally(stay).then(resolve, reject);
    });
  }

  return {
    join,
    endAll: (reason) => {
      for (const { flight } of all) flight.end(reason);
    },
  };
}
