// A stream in its socket's pace: when it is drawn from, and how it ends.
import { describe, expect, it } from "vitest";
import { createPacedStreams } from "../../src/server/paced-stream.ts";
import { createGate } from "../support/gate.ts";

interface Source {
  readonly stream: AsyncIterable<number>;
  /** How often it was asked, and how often it was left. */
  readonly asked: { next: number; return: number };
}

/** Counts up; each number comes when the step resolves with true, and the end when with false. */
function countUp(step: () => Promise<boolean>): Source {
  const asked = { next: 0, return: 0 };
  const iterator: AsyncIterableIterator<number> = {
    next: async () => {
      asked.next += 1;
      return (await step()) ? { done: false, value: asked.next } : { done: true, value: undefined };
    },
    return: () => {
      asked.return += 1;
      return Promise.resolve({ done: true, value: undefined });
    },
    [Symbol.asyncIterator]: () => iterator,
  };
  return { stream: iterator, asked };
}

const there = () => Promise.resolve(true);
const same = (event: number): number => event;
/** With a turn for everybody. */
const pacedBy = (room: () => Promise<boolean>) =>
  createPacedStreams({ room, turns: { begin: () => Promise.resolve(() => undefined) } });
const DONE = { done: true, value: undefined };

describe("a paced stream", () => {
  it("is drawn from when there is room, and not before", async () => {
    const room = createGate();
    const streams = pacedBy(() => room.opened.then(() => true));
    const { stream, asked } = countUp(there);
    const next = streams.paced(stream, same).next();
    await Promise.resolve();
    expect(asked.next).toBe(0);
    room.open();
    expect(await next).toEqual({ done: false, value: 1 });
    expect(streams.size()).toBe(1);
  });

  it("ends, and its source with it, when nothing more is wanted", async () => {
    const streams = pacedBy(() => Promise.resolve(false));
    const { stream, asked } = countUp(there);
    expect(await streams.paced(stream, same).next()).toEqual(DONE);
    expect([asked, streams.size()]).toEqual([{ next: 0, return: 1 }, 0]);
  });

  it("that is left while its source waits ends at once, however long that takes to notice", async () => {
    const streams = pacedBy(there);
    const never = createGate();
    const { stream, asked } = countUp(() => never.opened.then(() => true));
    const paced = streams.paced(stream, same);
    const next = paced.next();
    await Promise.resolve();
    await paced.return?.();
    expect(await next).toEqual(DONE);
    expect(await paced.next()).toEqual(DONE);
    expect([asked, streams.size()]).toEqual([{ next: 1, return: 1 }, 0]);
  });

  it("that is left while it waits for room does not draw when there is some", async () => {
    const room = createGate();
    const streams = pacedBy(() => room.opened.then(() => true));
    const { stream, asked } = countUp(there);
    const paced = streams.paced(stream, same);
    const next = paced.next();
    await paced.return?.();
    room.open();
    expect(await next).toEqual(DONE);
    await room.opened;
    expect(asked.next).toBe(0);
  });

  it.each([
    ["ends", () => Promise.resolve(false)],
    ["fails", () => Promise.reject(new Error("broken"))],
  ])("whose source %s is forgotten", async (how, step) => {
    const streams = pacedBy(there);
    const paced = streams.paced(countUp(step).stream, same);
    const ended = await paced.next().catch((error: unknown) => error);
    expect(ended).toEqual(how === "ends" ? DONE : new Error("broken"));
    expect(streams.size()).toBe(0);
  });

  it("ends with all others of its socket", async () => {
    const streams = pacedBy(there);
    const sources = [countUp(there), countUp(there)];
    const paced = sources.map(({ stream }) => streams.paced(stream, same));
    await streams.end();
    expect(sources.map(({ asked }) => asked.return)).toEqual([1, 1]);
    expect(await Promise.all(paced.map((one) => one.next()))).toEqual([DONE, DONE]);
    expect(streams.size()).toBe(0);
  });
});
