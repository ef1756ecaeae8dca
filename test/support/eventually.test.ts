import { expect, test } from "vitest";
import { eventually, factsOf, within } from "./eventually.ts";

const NEVER = new Promise<never>(() => undefined);

test("what becomes true is given, and what does not is told by its name when the time is up", async () => {
  let looks = 0;
  expect(await eventually("three looks", () => ((looks += 1) === 3 ? "found" : null))).toBe("found");
  await expect(eventually("a miracle", () => null, 0)).rejects.toThrow("expected within 0 ms: a miracle");
  await expect(
    eventually(
      () => `more than ${looks} looks`,
      () => void (looks += 1),
      0,
    ),
  ).rejects.toThrow("more than 4 looks");
});

test("what a look throws ends the wait", async () => {
  const broken = new Error("broken");
  await expect(eventually("a look", () => Promise.reject(broken))).rejects.toBe(broken);
});

test("a promise that settles in time is passed on, and one that does not is told by its name", async () => {
  expect(await within("an answer", Promise.resolve("answer"))).toBe("answer");
  await expect(within("an answer", Promise.reject(new Error("refused")))).rejects.toThrow("refused");
  await expect(within("an answer", NEVER, 0)).rejects.toThrow("expected within 0 ms: an answer");
});

test.each([
  ["an error", new Error("refused"), ["refused"]],
  ["its cause", new Error("not read", { cause: new Error("refused") }), ["not read", "refused"]],
  ["a socket's end", { code: 4500, reason: "no such field", target: {} }, ["4500", "no such field"]],
  ["an object", [{ message: "refused", extensions: { code: "TIMEOUT" } }], ["refused", "TIMEOUT"]],
  ["an object that is a cause", new Error("ended", { cause: { status: 503 } }), ["ended", "503"]],
  ["a word", "refused", ["refused"]],
  ["nothing", undefined, ["undefined"]],
])("the facts of %s are told", (_what, thrown, facts) => {
  const told = factsOf(thrown);
  for (const fact of facts) expect(told).toContain(fact);
  expect(told).not.toContain("[object Object]");
});
