// Turns of a socket: given in order, as many as may run, and to nobody who has left or whose socket has closed.
import { beforeEach, expect, it } from "vitest";
import { createTurns, type Turns } from "../../src/server/turns.ts";

const MOST = 2;
const HERE = new AbortController().signal;

let closed: boolean;
let turns: Turns;
/** Who has begun, or learned that nothing will, in order. */
let told: string[];

beforeEach(() => {
  closed = false;
  told = [];
  turns = createTurns((running) => (closed ? "closed" : running < MOST ? "free" : "full"));
});

async function begin(name: string, left = HERE): Promise<() => void> {
  const turn = await turns.begin(left);
  told.push(turn === null ? `${name} not` : name);
  return turn ?? (() => undefined);
}

const turnOfTheLoop = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

it("begin in order, and the next one when one is given back", async () => {
  const begun = ["a", "b", "c", "d"].map((name) => begin(name));
  await turnOfTheLoop();
  expect(told).toEqual(["a", "b"]);
  const [first] = await Promise.all(begun.slice(0, 2));
  first?.();
  // Once is enough.
  first?.();
  await turnOfTheLoop();
  expect(told).toEqual(["a", "b", "c"]);
  expect(turns.waits()).toBe(true);
});

it("are not given before what was produced in the one before has been sent", async () => {
  const first = await begin("a");
  await begin("b");
  const third = begin("c");
  first();
  await Promise.resolve();
  expect(told).toEqual(["a", "b"]);
  await third;
});

it("are not waited for by who has left, before or meanwhile", async () => {
  const leaving = new AbortController();
  const [first] = [await begin("a"), await begin("b")];
  void begin("c", leaving.signal);
  void begin("d");
  leaving.abort();
  void begin("e", leaving.signal);
  await turnOfTheLoop();
  expect(told).toEqual(["a", "b", "c not", "e not"]);
  first();
  await turnOfTheLoop();
  expect(told.at(-1)).toBe("d");
  expect(turns.waits()).toBe(false);
});

it("are over for everybody when the socket closes", async () => {
  await Promise.all([begin("a"), begin("b")]);
  const waiting = [begin("c"), begin("d")];
  closed = true;
  turns.look();
  await Promise.all(waiting);
  expect(told).toEqual(["a", "b", "c not", "d not"]);
});
