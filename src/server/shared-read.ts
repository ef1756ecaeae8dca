// A read that many wait for: one runs at a time, and who comes during one shares the next. What is read is the caller's.

/**
 * Every call resolves with a read that began after it, so that nobody is told what was true before they asked.
 *
 * @throws what the read throws; the next call reads again
 */
export function shareReads<T>(read: () => Promise<T>): () => Promise<T> {
  let reading: Promise<T> | null = null;
  let following: Promise<T> | null = null;

  function begin(): Promise<T> {
    reading = read().finally(() => {
      reading = null;
    });
    return reading;
  }

  function follow(): Promise<T> {
    following = null;
    // Somebody may have begun to read since the last read ended; that one began late enough.
    return reading ?? begin();
  }

  return () => {
    if (reading === null) return begin();
    following ??= reading.then(follow, follow);
    return following;
  };
}
