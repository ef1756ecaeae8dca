// One try of a request: through the circuit, in its turn, over the wire. Whether another follows is decided elsewhere.
import type { Clock } from "../domain/clock.ts";
import { ErrorCode } from "../domain/errors.ts";
import { createCircuit } from "./circuit.ts";
import type { Exchange } from "./exchange.ts";
import type { Flight } from "./flights.ts";
import type { ForeignText } from "./foreign-text.ts";
import type { CallReport, HttpClientOptions } from "./http-client-options.ts";
import type { HttpRequest } from "./http-client.ts";
import type { WireLimits } from "./limits.ts";
import type { VendorClock } from "./vendor-clock.ts";
import type { PreparedRequest } from "./prepare-request.ts";
import { NoTurnError, createRateGate } from "./rate-gate.ts";
import type { RateGate } from "./rate-gate.ts";
import { readAnswer } from "./read-answer.ts";
import { LapsedTurnError, QuotaUnknownError, createSharedTurns } from "./shared-turns.ts";
import type { Turn } from "./shared-turns.ts";
import { EndedError, endedFailure, transportFailure, tryFailure } from "./try-result.ts";
import type { TryResult } from "./try-result.ts";

export interface TryInput {
  readonly request: HttpRequest;
  readonly prepared: PreparedRequest;
  readonly flight: Flight;
  readonly deadlineMs: number;
  readonly tryNumber: number;
}

export interface TryTools {
  readonly options: HttpClientOptions;
  /** What is waited for is measured by it; it never goes back. */
  readonly clock: Clock;
  readonly limits: WireLimits;
  readonly exchange: Exchange | null;
  readonly redact: (text: string) => string;
  readonly texts: ForeignText;
  readonly vendorClock: VendorClock;
}

/** One try: the circuit first, because it answers at once; then a turn; then the wire. */
export function createTry({
  options,
  clock,
  limits,
  exchange,
  redact,
  texts,
  vendorClock,
}: TryTools): (input: TryInput) => Promise<TryResult> {
  const circuit = createCircuit(limits, clock);
  const gate = createGate(options, clock);
  const reader = { limits, texts, readError: options.readError };

  async function overWire(input: TryInput, turn: Turn): Promise<TryResult> {
    const { prepared, flight } = input;
    let sending = false;
    let askedAt = options.clock.now();
    const onSending = (): void => {
      turn.use();
      sending = true;
      flight.sent = true;
      askedAt = options.clock.now();
    };
    try {
      if (exchange === null) throw new Error("no exchange");
      const answer = await exchange.send({ ...prepared, signal: flight.signal, onSending });
      const answeredAt = options.clock.now();
      vendorClock.note(answer.headers, askedAt, answeredAt);
      return await readAnswer(answer, reader, answeredAt, flight.signal);
    } catch (cause) {
      const ended = endedBy(flight);
      // Connecting took too long for it. The connection is there now, and the vendor perhaps not any more.
      if (cause instanceof LapsedTurnError && ended === null)
        return await inTurn(input, (next) => unlessOpen(() => overWire(input, next)));
      return {
        ok: false,
        failure: ended === null ? transportFailure(cause, sending) : endedFailure(ended, prepared.timeoutMs),
      };
    }
  }

  async function inTurn(input: TryInput, send: (turn: Turn) => Promise<TryResult>): Promise<TryResult> {
    const { prepared, flight } = input;
    const askedMs = clock.now().getTime();
    let turn: Turn;
    try {
      turn = await gate.turn(input.deadlineMs, flight.signal);
    } catch (cause) {
      return noTurn(cause, flight, prepared.timeoutMs, clock.now().getTime() - askedMs);
    }
    return send(turn);
  }

  async function unlessOpen(send: () => Promise<TryResult>): Promise<TryResult> {
    const openForMs = circuit.openForMs();
    return openForMs === null ? send() : circuitOpen(openForMs);
  }

  const guarded = (input: TryInput): Promise<TryResult> =>
    unlessOpen(() => inTurn(input, (turn) => throughCircuit(input, turn)));

  async function throughCircuit(input: TryInput, turn: Turn): Promise<TryResult> {
    const { prepared, flight } = input;
    try {
      const result = await circuit.run(() => overWire(input, turn), flight.signal);
      return result === "open" ? circuitOpen(circuit.openForMs() ?? limits.breakerOpenMs) : result;
    } catch (cause) {
      const ended = endedBy(flight);
      if (ended === null) throw cause;
      return { ok: false, failure: { ...endedFailure(ended, prepared.timeoutMs), attempted: false } };
    }
  }

  return async (input) => {
    const startedMs = clock.now().getTime();
    const result = await guarded(input);
    const failure = result.ok ? null : result.failure;
    if (failure?.code === ErrorCode.ProviderRateLimited && failure.attempted && failure.retryAfterMs !== null) {
      gate.pause(Math.min(failure.retryAfterMs, limits.longestPauseMs));
    }
    report(options.onCall, {
      provider: options.provider,
      operation: input.request.operation,
      method: input.request.method,
      path: redact(input.request.path),
      tryNumber: input.tryNumber,
      httpStatus: result.ok ? result.response.status : result.failure.httpStatus,
      code: failure?.code ?? null,
      attempted: failure?.attempted ?? true,
      durationMs: clock.now().getTime() - startedMs,
    });
    return result;
  };
}

function createGate({ rateLimit, sharedQuota = null }: HttpClientOptions, clock: Clock): RateGate {
  return createRateGate(rateLimit, clock, sharedQuota && createSharedTurns(sharedQuota, rateLimit, clock));
}

function circuitOpen(openForMs: number): TryResult {
  const problem = "expected a vendor that answers, got none several times in a row; it is left alone for a while";
  const facts = { retryable: true, retryAfterMs: openForMs, attempted: false };
  return { ok: false, failure: tryFailure(ErrorCode.ProviderUnavailable, problem, facts) };
}

/** Our own rate limit kept the request back until its deadline, or somebody ended it while it waited, or nobody knows the limit. */
function noTurn(cause: unknown, flight: Flight, timeoutMs: number, waitedMs: number): TryResult {
  const ended = endedBy(flight);
  if (ended !== null && ended.why !== "deadline")
    return { ok: false, failure: { ...endedFailure(ended, timeoutMs), attempted: false } };
  if (ended === null && cause instanceof QuotaUnknownError) return quotaUnknown(cause);
  if (ended === null && !(cause instanceof NoTurnError)) throw cause;
  const waitMs = cause instanceof NoTurnError ? cause.waitMs : waitedMs;
  const problem = `expected a turn within ${timeoutMs} ms, got more requests than the vendor allows`;
  const facts = { retryable: true, retryAfterMs: waitMs, attempted: false };
  return { ok: false, failure: tryFailure(ErrorCode.ProviderRateLimited, problem, facts) };
}

/** Whether there is a turn is known to the store alone: without it nothing is sent, since it might be one call too many. */
function quotaUnknown(cause: QuotaUnknownError): TryResult {
  const problem =
    "expected the gateway's database to tell whether the vendor's quota is used up, got no answer from it";
  const facts = { retryable: true, attempted: false, cause };
  return { ok: false, failure: tryFailure(ErrorCode.ServiceUnavailable, problem, facts) };
}

function endedBy(flight: Flight): EndedError | null {
  const reason: unknown = flight.signal.aborted ? flight.signal.reason : null;
  return reason instanceof EndedError ? reason : null;
}

function report(onCall: HttpClientOptions["onCall"], call: CallReport): void {
  try {
    onCall?.(call);
  } catch {
    // An observer's failure is not the caller's.
  }
}
