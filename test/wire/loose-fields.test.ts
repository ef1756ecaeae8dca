// Fields the gateway can do without: told, absent, known to be absent, or of a wrong type.
import { expect, it } from "vitest";
import { z } from "zod";
import {
  bodyText,
  exactText,
  lineText,
  looseCount,
  looseFlag,
  looseText,
  looseTime,
} from "../../src/wire/loose-fields.ts";

const shape = z.object({ text: looseText, flag: looseFlag, count: looseCount, time: looseTime });

it("keeps what is told", () => {
  const told = { text: "", flag: false, count: 0, time: "2026-11-22 10:00:00" };
  expect(shape.parse(told)).toEqual({ ...told, time: new Date("2026-11-22T10:00:00Z") });
  expect(shape.parse({ time: "2026-11-22" })).toEqual({ time: new Date("2026-11-22T00:00:00Z") });
});

it.each([3_000_000_000, 2 ** 53 + 2, 1e300])("keeps the count %d, however large", (count) => {
  expect(shape.parse({ count })).toEqual({ count });
});

it("tells what is absent from what is known to be", () => {
  expect(shape.parse({})).toEqual({});
  expect(shape.parse({ text: null, flag: null, count: null, time: null })).toEqual({
    text: null,
    flag: null,
    count: null,
    time: null,
  });
});

it.each([
  [{ text: 7 }, { text: null }],
  [{ flag: "true" }, { flag: null }],
  [{ count: -1 }, { count: null }],
  [{ count: 1.5 }, { count: null }],
  [{ count: Number.POSITIVE_INFINITY }, { count: null }],
  [{ count: "3" }, { count: null }],
  [{ time: "soon" }, { time: null }],
  [{ time: 1_764_000_000 }, { time: null }],
])("takes %j for nothing that can be used", (given, read) => {
  expect(shape.parse(given)).toEqual(read);
});

it("shows a text on one line, or with its lines, as the field says", () => {
  expect(lineText.parse("a\nb\u0000")).toBe("a\u240Ab\u2400");
  expect(looseText.parse("a\tb")).toBe("a\u2409b");
  expect(bodyText.parse("a\nb")).toBe("a\nb");
});

it.each(["", "a\u0000", "a\nb", "a\u202Eb", "a\uFFFDb", "a\u240Ab", "key [redacted]", "a\uD800"])(
  "takes %j for no id: it is not what the vendor would know again",
  (text) => {
    expect(exactText.safeParse(text).success).toBe(false);
  },
);

it.each(["42", "6870abae-60d9", "שלום", "a/b?c=d e", "conn_01HZX3"])("takes %j for an id", (text) => {
  expect(exactText.parse(text)).toBe(text);
});
