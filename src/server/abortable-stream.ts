// A stream that can be left while it waits. A generator alone cannot: its `return` queues behind the `next` that waits.

/**
 * @param closing ends every stream made with it
 * @param generate must end soon after its signal aborts
 */
export function abortableStream<T>(
  closing: AbortSignal,
  generate: (signal: AbortSignal) => AsyncGenerator<T, void, undefined>,
): AsyncIterableIterator<T> {
  const ended = new AbortController();
  const generator = generate(AbortSignal.any([ended.signal, closing]));
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
