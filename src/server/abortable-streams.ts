// Streams that can be left while they wait, and that end together. A generator alone cannot: its `return` queues behind the `next` that
// waits.

export interface AbortableStreams {
  /** @param generate must end soon after its signal aborts */
  open<T>(generate: (signal: AbortSignal) => AsyncGenerator<T, void, undefined>): AsyncIterableIterator<T>;
  /** Ends all that are read, and every later one as soon as it is. */
  close(): void;
}

export function createAbortableStreams(): AbortableStreams {
  // Not a signal that all depend on: it would remember each of them for as long as it lives itself.
  const reading = new Set<AbortController>();
  let closed = false;

  async function* read<T>(
    ended: AbortController,
    generate: (signal: AbortSignal) => AsyncGenerator<T, void, undefined>,
  ): AsyncGenerator<T, void, undefined> {
    if (closed) ended.abort();
    reading.add(ended);
    try {
      yield* generate(ended.signal);
    } finally {
      reading.delete(ended);
    }
  }

  function open<T>(generate: (signal: AbortSignal) => AsyncGenerator<T, void, undefined>): AsyncIterableIterator<T> {
    const ended = new AbortController();
    const generator = read(ended, generate);
    const iterator: AsyncIterableIterator<T> = {
      next: () => generator.next(),
      async return() {
        ended.abort();
        await generator.return();
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  return {
    open,
    close: () => {
      closed = true;
      for (const ended of reading) ended.abort();
    },
  };
}
