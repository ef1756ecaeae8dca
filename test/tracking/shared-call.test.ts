// A call that several wait for: it ends early only when everybody has left.
import { expect, test } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import { shareCall } from "../../src/tracking/shared-call.ts";
import { createGate } from "../support/gate.ts";

const LEFT = { code: ErrorCode.ProviderTimeout, provider: "acme", retryable: true, sent: true };

/** A call that answers when the gate opens, and notes whether it was ended. */
function calling() {
  const gate = createGate();
  const signals: AbortSignal[] = [];
  const call = shareCall("acme", async (signal) => {
    signals.push(signal);
    await gate.opened;
    return "answer";
  });
  return { call, open: gate.open, ended: () => signals.some(({ aborted }) => aborted) };
}

test("it goes on for those who stay, and who leaves hears at once that nobody answered", async () => {
  const { call, open, ended } = calling();
  const leaving = new AbortController();
  const [left, stays] = [call.wait(leaving.signal), call.wait(new AbortController().signal)];
  leaving.abort();
  await expect(left).rejects.toMatchObject(LEFT);
  expect([ended(), call.abandoned]).toEqual([false, false]);
  open();
  expect(await stays).toBe("answer");
});

test("it ends when the last of them has left", async () => {
  const { call, ended } = calling();
  const [one, other] = [new AbortController(), new AbortController()];
  const waits = [one, other].map(({ signal }) => expect(call.wait(signal)).rejects.toMatchObject(LEFT));
  one.abort();
  expect(call.abandoned).toBe(false);
  other.abort();
  await Promise.all(waits);
  expect([ended(), call.abandoned]).toEqual([true, true]);
});

test("it does not end while somebody waits who cannot leave", async () => {
  const { call, open, ended } = calling();
  const leaving = new AbortController();
  const stays = call.wait();
  const left = expect(call.wait(leaving.signal)).rejects.toMatchObject(LEFT);
  leaving.abort();
  await left;
  expect(ended()).toBe(false);
  open();
  expect(await stays).toBe("answer");
});

test("whoever has left before they came hears so, and a signal that aborts after the answer ends nothing", async () => {
  const { call, open, ended } = calling();
  const leaving = new AbortController();
  const answered = call.wait(leaving.signal);
  open();
  expect(await answered).toBe("answer");
  leaving.abort();
  expect([ended(), call.abandoned]).toEqual([false, false]);
  await expect(calling().call.wait(leaving.signal)).rejects.toMatchObject(LEFT);
});
