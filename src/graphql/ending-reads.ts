// Reads that end with their operation: once its deadline has passed, or its client has gone, no other one begins, and those that are
// under way are not waited for.
import { ErrorCode, GatewayError } from "../domain/errors.ts";
import { ClientGoneError, DeadlineError } from "./end-reasons.ts";

export interface Reads {
  /** The same port, of which every call ends with the operation. Whether what it asked for goes on does not matter to anybody. */
  ending<Port extends object>(port: Port): Port;
  /**
   * The same port, of which no call begins once the operation has ended. One that is under way ends by itself, with the signal.
   *
   * @param names of the methods that only read; default all
   */
  notBegun<Port extends object>(port: Port, names?: readonly (keyof Port)[]): Port;
}

type Call = (...given: readonly unknown[]) => unknown;

export function createReads(signal: AbortSignal): Reads {
  /** Ends what is under way. One listener for all: signals warn of many. */
  const underWay = new Set<(error: GatewayError) => void>();
  let isListening = false;

  function end(): void {
    const error = endOf(signal);
    if (error !== null) for (const one of underWay) one(error);
  }

  function raced(result: Promise<unknown>): Promise<unknown> {
    if (!isListening) signal.addEventListener("abort", end, { once: true });
    isListening = true;
    return new Promise((resolve, reject) => {
      underWay.add(reject);
      const leave = (): boolean => underWay.delete(reject);
      result.finally(leave).then(resolve, reject);
    });
  }

  const begun = (call: Call, race: boolean): Call => {
    return (...given) => {
      const error = endOf(signal);
      if (error !== null) return Promise.reject(error);
      const result = call(...given);
      return race && result instanceof Promise ? raced(result) : result;
    };
  };

  function wrapped<Port extends object>(port: Port, wrap: (name: string | symbol, call: Call) => Call): Port {
    return new Proxy(port, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name);
        if (isCall(member)) return wrap(name, (...given) => Reflect.apply(member, target, given));
        return typeof member === "object" && member !== null ? wrapped(member, wrap) : member;
      },
    });
  }

  return {
    ending: (port) => wrapped(port, (_name, call) => begun(call, true)),
    notBegun: (port, names) =>
      wrapped(port, (name, call) =>
        names === undefined || names.some((one) => one === name) ? begun(call, false) : call,
      ),
  };
}

const isCall = (member: unknown): member is Call => typeof member === "function";

/** Null while an operation may read. */
export function endOf(signal: AbortSignal): GatewayError | null {
  if (!signal.aborted) return null;
  const reason: unknown = signal.reason;
  if (reason instanceof DeadlineError) {
    const seconds = reason.afterMs / 1_000;
    const message = `Not read: the operation had taken ${seconds} s, which is as long as it may. Ask for less at once, or try again later.`;
    return new GatewayError(ErrorCode.ServiceUnavailable, message);
  }
  // A client that only went away still wants what it asked for.
  if (reason instanceof ClientGoneError && reason.isChanging()) return null;
  return new GatewayError(ErrorCode.ServiceUnavailable, "Not read: the client has gone.");
}
