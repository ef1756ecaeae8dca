// Planted: tests left focused or switched off, and an assertion that may never run.
import { expect, it } from "vitest";

it.only("is focused", () => {
  expect(1).toBe(1);
});

it.skip("is switched off", () => {
  expect(1).toBe(1);
});

it("may assert nothing", () => {
  try {
    throw new Error("text");
  } catch (error) {
    expect(error).toBeInstanceOf(Error);
  }
});
