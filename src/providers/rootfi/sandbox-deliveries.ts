// How the RootFi sandbox sends webhooks: a POST with the headers that were registered, signed where v4 was given a key, and three
// more tries. What is worth telling, and when, is the driver's business.
import { createHash, createHmac } from "node:crypto";
import { setMaxListeners } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { Agent, request } from "undici";

/** Where a letter goes, with the headers as registered. */
export interface Address {
  readonly url: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly signature: { readonly header: string; readonly key: string } | null;
}

export interface Letter {
  /** The registration as it is now; asked before every try. Undefined when it is gone. */
  readonly recipient: () => Address | undefined;
  readonly body: string;
  /** Told of every try, with the answer's status or null when none came. */
  readonly tried: ((httpStatus: number | null) => void) | null;
}

/** The vendor promises neither that an event comes once nor that events come in order. */
export type Whim = "doubled" | "late" | null;

const RETRIES = 3;
/** At speed 1; doubled with every further one. The vendor says "exponential" and no numbers. */
const FIRST_RETRY_MS = 2_000;
/** How long a late event waits for the next one at speed 1. */
const LATE_MS = 10_000;
/** Real time at every speed: a fast sandbox does not make its receiver's machine any faster. */
const ANSWER_WITHIN_MS = 10_000;

export class Deliveries {
  readonly #seed: number;
  readonly #speed: number;
  readonly #agent = new Agent();
  readonly #ending = new AbortController();
  readonly #open = new Set<Promise<void>>();
  #late: { readonly letters: readonly Letter[]; readonly timer: NodeJS.Timeout } | null = null;
  #count = 0;

  constructor(options: { readonly seed: number; readonly speed: number }) {
    this.#seed = options.seed;
    this.#speed = options.speed;
    // Every delivery under way waits for this one signal.
    setMaxListeners(0, this.#ending.signal);
  }

  /** Sends the letters about one event. A late event goes out behind the next one, or by itself when none comes. */
  send(letters: readonly Letter[]): void {
    const whim = whimOf(this.#seed, this.#count);
    this.#count += 1;
    const overtaken = this.#takeLate();
    if (whim === "late" && overtaken === null) {
      const timer = setTimeout(() => this.#track(this.#takeLate() ?? []), LATE_MS / this.#speed).unref();
      this.#late = { letters, timer };
      return;
    }
    this.#track(letters, [...(whim === "doubled" ? letters : []), ...(overtaken ?? [])]);
  }

  /** Cuts what is being sent and forgets what waits. Resolves when nothing is open. */
  async close(): Promise<void> {
    this.#takeLate();
    this.#ending.abort();
    await Promise.all(this.#open);
    await this.#agent.destroy();
  }

  #track(letters: readonly Letter[], behind: readonly Letter[] = []): void {
    const work = this.#deliver(letters, behind);
    this.#open.add(work);
    void work.finally(() => this.#open.delete(work));
  }

  async #deliver(letters: readonly Letter[], behind: readonly Letter[]): Promise<void> {
    const settled = await Promise.all(letters.map((letter) => this.#try(letter)));
    const again = letters.filter((_letter, place) => settled[place] === false);
    // What comes behind does not wait for the retries.
    const later = behind.length === 0 ? [] : [this.#deliver(behind, [])];
    await Promise.all([...again.map((letter) => this.#retry(letter)), ...later]);
  }

  async #retry(letter: Letter): Promise<void> {
    for (let retry = 0; retry < RETRIES; retry += 1) {
      const waitMs = (FIRST_RETRY_MS * 2 ** retry) / this.#speed;
      // Closing ends the wait, and the try behind it at once.
      await pause(waitMs, undefined, { ref: false, signal: this.#ending.signal }).catch(() => undefined);
      if (await this.#try(letter)) return;
    }
  }

  /** Whether the letter is settled: taken with a 2xx, or no longer wanted. */
  async #try({ recipient, body, tried }: Letter): Promise<boolean> {
    const address = recipient();
    if (address === undefined || this.#ending.signal.aborted) return true;
    const httpStatus = await this.#post(address, body);
    tried?.(httpStatus);
    return httpStatus !== null && httpStatus >= 200 && httpStatus < 300;
  }

  /** Null when it was refused, cut, too slow, or has a registered header that no request can have. */
  async #post(address: Address, body: string): Promise<number | null> {
    const deadline = AbortSignal.timeout(ANSWER_WITHIN_MS);
    const signal = AbortSignal.any([deadline, this.#ending.signal]);
    try {
      const headers = headersFor(address, body);
      const answer = await request(address.url, { method: "POST", headers, body, signal, dispatcher: this.#agent });
      await answer.body.dump();
      return answer.statusCode;
    } catch {
      return null;
    }
  }

  #takeLate(): readonly Letter[] | null {
    const late = this.#late;
    this.#late = null;
    clearTimeout(late?.timer);
    return late?.letters ?? null;
  }
}

/** What is odd about the event of that number, counted from 0 since the sandbox began: nothing for three out of four. */
export function whimOf(seed: number, number: number): Whim {
  const drawn = createHash("sha256").update(`${seed}:delivery:${number}`).digest().readUInt32BE(0) % 8;
  if (drawn === 0) return "doubled";
  return drawn === 1 ? "late" : null;
}

/**
 * The registered headers are all the proof a receiver of v3 gets. v4 signs with the registered key; the algorithm is not documented:
 * HMAC-SHA256 in hex over the raw body (inferred).
 */
function headersFor({ headers, signature }: Address, body: string): Record<string, string> {
  const registered = Object.entries(headers).map(([name, value]): [string, string] => [
    name.toLowerCase(),
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  const signed =
    signature === null
      ? {}
      : { [signature.header.toLowerCase()]: createHmac("sha256", signature.key).update(body).digest("hex") };
  return { ...Object.fromEntries(registered), ...signed, "content-type": "application/json" };
}
