// A stream that is drawn from only while its socket has room: a slow reader's place in the source is all that is kept of it.

/** Streams of one socket, so that all end with it. */
export interface PacedStreams {
  /** The same stream, in the socket's pace. It ends when the socket closes. */
  paced<T>(stream: AsyncIterable<T>): AsyncIterableIterator<T>;
  /** Streams that have not ended. */
  size(): number;
  /** Ends all. */
  end(): Promise<void>;
}

/** @param room resolves with true when more may be drawn, with false when nothing more is wanted at all */
export function createPacedStreams(room: () => Promise<boolean>): PacedStreams {
  const open = new Set<() => Promise<void>>();

  function paced<T>(stream: AsyncIterable<T>): AsyncIterableIterator<T> {
    const source = stream[Symbol.asyncIterator]();
    const done = { done: true, value: undefined } as const;
    let ended = false;
    let leave = (): void => undefined;

    const end = async (): Promise<void> => {
      ended = true;
      open.delete(end);
      leave();
      await source.return?.();
    };

    async function draw(): Promise<IteratorResult<T, undefined>> {
      if (!(await room())) await end();
      if (ended) return done;
      try {
        const next = await source.next();
        if (next.done !== true) return next;
      } catch (error) {
        open.delete(end);
        throw error;
      }
      open.delete(end);
      return done;
    }

    open.add(end);
    const iterator: AsyncIterableIterator<T> = {
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
