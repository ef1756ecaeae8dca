// Lists inside of what vendors send: judged entry by entry, so that a million wrong ones are one problem.
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { anyList, anyRecord, listOf, readableOf } from "../../src/wire/list-fields.ts";
import { exactText, lineText } from "../../src/wire/loose-fields.ts";

const entry = z.object({ id: exactText, name: lineText.nullish() });

/** How many entries a schema has looked at, each by its own schema. */
function counting() {
  const seen = { entries: 0 };
  const schema = z.unknown().transform((value, context) => {
    seen.entries += 1;
    if (typeof value === "string") return value;
    context.issues.push({ code: "invalid_type", expected: "string", input: value });
    return z.NEVER;
  });
  return { seen, schema };
}

const problemsOf = (schema: z.ZodType, value: unknown) => {
  const { error } = schema.safeParse(value);
  return error?.issues.map(({ path, message }) => [path.join("."), message]) ?? [];
};

describe("a list whose entries all must be read", () => {
  it("is its entries as they were read", () => {
    expect(listOf(entry).parse([{ id: "a", name: "x\ny", more: 1 }])).toEqual([{ id: "a", name: "x\u240Ay" }]);
  });

  it("has one problem, the first, however many there are", () => {
    const shape = z.object({ list: listOf(entry) });
    expect(problemsOf(shape, { list: [{ id: "a" }, { id: 7 }, ...Array<number>(1_000).fill(0)] })).toEqual([
      ["list.1.id", expect.stringContaining("string")],
    ]);
    expect(problemsOf(shape, { list: {} })).toEqual([["list", "a list"]]);
  });

  it("is looked at no further than that", () => {
    const { seen, schema } = counting();
    expect(listOf(schema).safeParse(Array<number>(100_000).fill(0)).success).toBe(false);
    expect(seen.entries).toBe(1);
  });

  it("can be left out where the field is not needed", () => {
    expect(listOf(entry).nullish().catch(null).parse([0])).toBeNull();
  });
});

describe("a list of which unreadable entries are left out", () => {
  it("is the others", () => {
    expect(readableOf(lineText).parse(["a", 1, "b", null])).toEqual(["a", "b"]);
  });

  it("is none when hardly any can be read", () => {
    const { seen, schema } = counting();
    expect(problemsOf(readableOf(schema), Array<number>(100_000).fill(0))).toEqual([["100", expect.any(String)]]);
    expect(seen.entries).toBe(101);
  });
});

it("takes a list or an object for what it is, without judging what is in it", () => {
  const list = Array<number>(1_000).fill(0);
  expect(anyList.parse(list)).toBe(list);
  expect(anyRecord.parse({ a: list })).toEqual({ a: list });
  expect(
    [anyList.safeParse({}), anyRecord.safeParse([]), anyRecord.safeParse(null)].map(({ success }) => success),
  ).toEqual([false, false, false]);
});
