// How the Polytomic sandbox sends webhooks: one signed POST after the other until it is taken or the tries are used up.
// What is worth telling, and when, is the driver's business.
import { createHmac } from "node:crypto";
import { setMaxListeners } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { Agent, request } from "undici";
import { draw } from "./sandbox-executions.ts";

/** Where to and with which secret; asked before every try. Null when nobody wants it any more. */
export type Recipient = () => { readonly endpoint: string; readonly secret: string } | null;

interface Letter {
  readonly recipient: Recipient;
  readonly body: string;
}

/** The vendor promises neither that an event comes once nor that events come in order. */
export type Whim = "doubled" | "late" | null;

const RETRIES = 5;
/** At speed 1; doubled with every further one. The vendor says "exponential" and no numbers. */
const FIRST_RETRY_MS = 1_000;
/** How long a late event waits for the next one at speed 1: longer than a run works, so that its end can overtake its beginning. */
const LATE_MS = 8_000;
/** Real time at every speed: a fast sandbox does not make its receiver's machine any faster. */
const ANSWER_WITHIN_MS = 10_000;

export class Deliveries {
  readonly #seed: number;
  readonly #speed: number;
  readonly #agent = new Agent();
  readonly #ending = new AbortController();
  readonly #open = new Set<Promise<void>>();
  #late: { readonly letter: Letter; readonly timer: NodeJS.Timeout } | null = null;
  #count = 0;

  constructor(seed: number, speed: number) {
    this.#seed = seed;
    this.#speed = speed;
    // Every delivery under way waits for this one signal.
    setMaxListeners(0, this.#ending.signal);
  }

  /** Sends without being waited for. A late event goes out behind the next one, or by itself when none comes. */
  send(recipient: Recipient, event: Readonly<Record<string, unknown>>): void {
    const letter: Letter = { recipient, body: JSON.stringify(event) };
    const whim = whimOf(this.#seed, this.#count);
    this.#count += 1;
    const overtaken = this.#takeLate();
    if (whim === "late" && overtaken === null) {
      const timer = setTimeout(() => this.#sendLate(), LATE_MS / this.#speed).unref();
      this.#late = { letter, timer };
      return;
    }
    const letters = [letter, ...(whim === "doubled" ? [letter] : []), ...(overtaken === null ? [] : [overtaken])];
    this.#track(letters);
  }

  /** Cuts what is being sent and forgets what waits. Resolves when nothing is open. */
  async close(): Promise<void> {
    this.#takeLate();
    this.#ending.abort();
    await Promise.all(this.#open);
    await this.#agent.destroy();
  }

  #track(letters: readonly Letter[]): void {
    const work = this.#deliverInTurn(letters).catch((cause: unknown) => {
      // Closing ends the waits by an error; there is nobody to tell.
      if (!this.#ending.signal.aborted) throw cause;
    });
    this.#open.add(work);
    void work.finally(() => this.#open.delete(work));
  }

  async #deliverInTurn([first, ...rest]: readonly Letter[]): Promise<void> {
    if (first === undefined) return;
    const followers = (): Promise<void> => this.#deliverInTurn(rest);
    const taken = await this.#try(first);
    // What comes behind does not wait for the retries.
    await Promise.all([followers(), taken ? undefined : this.#retry(first)]);
  }

  async #retry(letter: Letter): Promise<void> {
    for (let retry = 0; retry < RETRIES; retry += 1) {
      const waitMs = (FIRST_RETRY_MS * 2 ** retry) / this.#speed;
      await pause(waitMs, undefined, { ref: false, signal: this.#ending.signal });
      if (await this.#try(letter)) return;
    }
  }

  /** Whether the letter is settled: taken with a 2xx, or no longer wanted. */
  async #try({ recipient, body }: Letter): Promise<boolean> {
    const to = recipient();
    if (to === null) return true;
    const headers = {
      "content-type": "application/json",
      // Hash and encoding are inferred: the vendor's pages show the header's name and a sample in a picture.
      "polytomic-signature": createHmac("sha256", to.secret).update(body).digest("hex"),
    };
    const deadline = AbortSignal.timeout(ANSWER_WITHIN_MS);
    const signal = AbortSignal.any([deadline, this.#ending.signal]);
    try {
      const answer = await request(to.endpoint, { method: "POST", headers, body, signal, dispatcher: this.#agent });
      await answer.body.dump();
      return answer.statusCode >= 200 && answer.statusCode < 300;
    } catch {
      // Refused, cut or too slow: as good as any other answer that is not 2xx.
      return false;
    }
  }

  #takeLate(): Letter | null {
    const late = this.#late;
    this.#late = null;
    clearTimeout(late?.timer);
    return late?.letter ?? null;
  }

  #sendLate(): void {
    const letter = this.#takeLate();
    if (letter !== null) this.#track([letter]);
  }
}

/** What is odd about the delivery of that number, counted from 0 since the sandbox began: nothing for three out of four. */
export function whimOf(seed: number, number: number): Whim {
  const drawn = draw(`${seed}/delivery/${number}`, 8);
  if (drawn === 0) return "doubled";
  return drawn === 1 ? "late" : null;
}
