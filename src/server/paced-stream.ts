// A stream that is drawn from only while its socket has room, and whose events are produced in the socket's turns: a slow reader's place in
// the source, and the event it has come to, are all that is kept of it.
import type { Turns } from "./turns.ts";

/** Streams of one socket, so that all end with it. */
export interface PacedStreams {
  /**
   * What is produced from each event, in the socket's pace. It ends when the socket closes.
   *
   * @param produce makes of an event what is sent; its turn is over when the next one is asked for
   */
  paced<Event, Result>(
    stream: AsyncIterable<Event>,
    produce: (event: Event) => Result | Promise<Result>,
  ): AsyncIterableIterator<Result>;
  /** Streams that have not ended. */
  size(): number;
  /** Ends all. */
  end(): Promise<void>;
}

export interface Pace {
  /** Resolves with true when more may be drawn, with false when nothing more is wanted at all. */
  room(): Promise<boolean>;
  readonly turns: Pick<Turns, "begin">;
}

export function createPacedStreams({ room, turns }: Pace): PacedStreams {
  const open = new Set<() => Promise<void>>();

  function paced<Event, Result>(
    stream: AsyncIterable<Event>,
    produce: (event: Event) => Result | Promise<Result>,
  ): AsyncIterableIterator<Result> {
    const source = stream[Symbol.asyncIterator]();
    const done = { done: true, value: undefined } as const;
    const left = new AbortController();
    let leave = (): void => undefined;
    /** Gives back the turn in which the last event was produced. */
    let giveBack = (): void => undefined;

    const forget = (): void => {
      open.delete(end);
      giveBack();
    };
    const end = async (): Promise<void> => {
      left.abort();
      forget();
      leave();
      await source.return?.();
    };

    async function draw(): Promise<IteratorResult<Result, undefined>> {
      giveBack();
      if (!(await room())) await end();
      if (left.signal.aborted) return done;
      try {
        const next = await source.next();
        if (next.done !== true) return await produceInTurn(next.value);
      } catch (error) {
        forget();
        throw error;
      }
      forget();
      return done;
    }

    async function produceInTurn(event: Event): Promise<IteratorResult<Result, undefined>> {
      const turn = await turns.begin(left.signal);
      if (turn === null) {
        await end();
        return done;
      }
      giveBack = turn;
      const value = await produce(event);
      // Who left meanwhile gave back a turn that had not begun to be theirs.
      if (left.signal.aborted) turn();
      return { done: false, value };
    }

    open.add(end);
    const iterator: AsyncIterableIterator<Result> = {
      // Who leaves is not kept until the source has come to know: an id is free for another operation when its stream has ended.
      next: () =>
        new Promise((resolve, reject) => {
          leave = () => resolve(done);
          draw().then(resolve, reject);
        }),
      async return() {
        await end();
        return done;
      },
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  return {
    paced,
    size: () => open.size,
    end: async () => void (await Promise.all([...open].map((end) => end()))),
  };
}
