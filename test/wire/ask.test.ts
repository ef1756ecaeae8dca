// One call with a client that answers from memory: what the reader is told, whose failures come through, and how long lists are read.
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createAsk, createAskList } from "../../src/wire/ask.ts";
import { answered } from "../support/answered.ts";
import type { ItemReader, UnreadList } from "../../src/wire/ask.ts";
import { isRecord, parseReply } from "../../src/wire/read-reply.ts";
import type { HttpClient, HttpRequest } from "../../src/wire/http-client.ts";

/** Counts how often the event loop came round. */
function turnCounter() {
  const counter = { turns: 0, stop: () => clearImmediate(next) };
  const count = (): void => {
    counter.turns += 1;
    next = setImmediate(count);
  };
  let next = setImmediate(count);
  return counter;
}

const answering = (body: unknown): HttpClient => ({
  request: () => Promise.resolve(answered(body)),
  theirTime: (ours: Date) => ours,
  theirTimes: (ours: Date) => ({ earliest: ours, latest: ours, isKnown: true }),
  close: () => Promise.resolve(),
});

const REQUEST: HttpRequest = { operation: "get run", method: "GET", path: "/runs/42" };

it("gives the reader the body, and where it came from", async () => {
  const asked: HttpRequest[] = [];
  const http: HttpClient = {
    request: (request) => {
      asked.push(request);
      return Promise.resolve(answered({ id: "42" }, 201));
    },
    theirTime: (ours: Date) => ours,
    theirTimes: (ours: Date) => ({ earliest: ours, latest: ours, isKnown: true }),
    close: () => Promise.resolve(),
  };
  const seen = await createAsk(http, "acme-eu")(REQUEST, (body, source) => ({ body, source }));
  expect(seen).toEqual({
    body: { id: "42" },
    source: { provider: "acme-eu", request: "GET /runs/42", httpStatus: 201 },
  });
  expect(asked).toEqual([REQUEST]);
});

it("passes on the client's failure without asking the reader", async () => {
  const failure = new Error("no answer");
  const http: HttpClient = {
    request: () => Promise.reject(failure),
    theirTime: (ours: Date) => ours,
    theirTimes: (ours: Date) => ({ earliest: ours, latest: ours, isKnown: true }),
    close: () => Promise.resolve(),
  };
  const asking = createAsk(http, "acme-eu")(REQUEST, () => "read");
  await expect(asking).rejects.toBe(failure);
});

describe("a list", () => {
  const item = z.object({ id: z.number() });
  const readItem: ItemReader<number> = (one, source, place) => parseReply(item, one, source, place).id;
  const readPage = (body: unknown): UnreadList & { next: string } => ({
    items: isRecord(body) && Array.isArray(body["data"]) ? body["data"] : [],
    place: "data",
    next: "cursor",
  });
  const askFor = (data: readonly unknown[], more: Partial<HttpRequest> = {}, read = readItem) =>
    createAskList(answering({ data }), "acme-eu")({ ...REQUEST, ...more }, readPage, read);

  it("is read entry by entry, and what else is on its page stays", async () => {
    expect(await askFor([{ id: 1 }, { id: 2 }])).toEqual({ items: [1, 2], next: "cursor" });
  });

  it("ends at the first entry that cannot be read, whose place is named", async () => {
    const read: string[] = [];
    const asking = askFor([{ id: 1 }, { id: "2" }, ...Array<number>(100_000).fill(0)], {}, (one, source, place) => {
      read.push(place);
      return readItem(one, source, place);
    });
    await expect(asking).rejects.toThrow('acme-eu: GET /runs/42: expected "data.1.id" to be a number, got a string');
    expect(read).toEqual(["data.0", "data.1"]);
  });

  it("lets everything else have its turn while it is read, however long it is", async () => {
    const counter = turnCounter();
    const at: number[] = [];
    const entries = Array.from({ length: 60_000 }, (_, id) => ({ id, note: "x" }));
    await askFor(entries, {}, (one, source, place) => {
      at.push(counter.turns);
      return readItem(one, source, place);
    });
    counter.stop();
    const inOneTurn = new Map<number, number>();
    for (const turn of at) inOneTurn.set(turn, (inOneTurn.get(turn) ?? 0) + 1);
    expect(at).toHaveLength(60_000);
    // Three values each, and 5,000 in one step.
    expect(Math.max(...inOneTurn.values())).toBeLessThanOrEqual(1_667);
  });

  it("is read no further when its caller has left", async () => {
    const leaving = new AbortController();
    let read = 0;
    const asking = askFor(
      Array.from({ length: 60_000 }, (_, id) => ({ id })),
      { signal: leaving.signal },
      (one, source, place) => {
        read += 1;
        leaving.abort(new Error("left"));
        return readItem(one, source, place);
      },
    );
    await expect(asking).rejects.toMatchObject({ code: "PROVIDER_TIMEOUT", sent: true, retryable: true });
    expect(read).toBeLessThan(6_000);
  });

  it("has no entry that is too much to be read in one step", async () => {
    const heavy = { id: 1, list: Array<number>(100_001).fill(0) };
    await expect(askFor([{ id: 0 }, heavy])).rejects.toThrow('expected "data.1" to be at most 100000 values, got more');
    await expect(createAsk(answering(heavy), "acme-eu")(REQUEST, () => "read")).rejects.toThrow(
      'expected "body" to be at most 100000 values, got more',
    );
  });
});
