// Cron expressions: table of those that are one, and of the sentences that the others get.
import { describe, expect, it } from "vitest";
import { cronProblem } from "../../../src/providers/truto/cron.ts";

describe("a cron expression", () => {
  it.each([
    "* * * * *",
    "0 */6 * * *",
    "*/5 1-3 * * 1,2",
    "0 0 1-31/2 * *",
    "59 23 31 12 7",
    "5/10 0 * * 0",
    "0 9 * jan-MAR mon-fri",
    "  0   1 * * *  ",
  ])("is taken: %s", (expression) => {
    expect(cronProblem(expression)).toBeNull();
  });

  it.each([
    ["", "five fields"],
    ["   ", "five fields"],
    ["@daily", "five fields"],
    ["every day", "five fields"],
    ["* * * *", "five fields"],
    ["0 0 * * * *", "five fields"],
    ["60 * * * *", "the minute as *, values, ranges or steps within 0-59"],
    ["* 24 * * *", "the hour"],
    ["* * 0 * *", "the day of month as *, values, ranges or steps within 1-31"],
    ["* * * 13 *", "the month"],
    ["* * * * 8", "the day of week"],
    ["5-1 * * * *", "the minute"],
    ["*/0 * * * *", "the minute"],
    ["1,,2 * * * *", "the minute"],
    ["-5 * * * *", "the minute"],
    ["0x5 * * * *", "the minute"],
    ["jan * * * *", "the minute"],
    ["* * * mon *", "the month"],
    ["* * ? * *", "the day of month"],
    ["* * L * *", "the day of month"],
  ])("is refused with what was expected: %j", (expression, expected) => {
    expect(cronProblem(expression)).toContain(`expected ${expected}`);
  });

  it("is quoted in one short line", () => {
    expect(cronProblem(`0 0 * *\u2028${"x".repeat(5000)}`)).toMatch(/got "x{39}…"$/u);
    expect(cronProblem("a\nb")).toMatch(/got "a\u240Ab"$/);
  });
});
