// Paths made from ids that anybody may have chosen.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ErrorCode, ProviderError } from "../../src/domain/errors.ts";
import { pathFor } from "../../src/wire/path.ts";

const path = pathFor("acme-eu");
const REFUSAL = { name: "ProviderError", code: ErrorCode.ProviderNotFound, provider: "acme-eu", sent: false };

describe("path", () => {
  it.each([
    ["plain-1", "/runs/plain-1/tasks"],
    ["a/b", "/runs/a%2Fb/tasks"],
    ["../../admin", "/runs/..%2F..%2Fadmin/tasks"],
    ["%2e%2e", "/runs/%252e%252e/tasks"],
    ["x?y#z", "/runs/x%3Fy%23z/tasks"],
    ["a b\u00e9", "/runs/a%20b%C3%A9/tasks"],
  ])("keeps %j in its segment", (id, expected) => {
    expect(path`/runs/${id}/tasks`).toBe(expected);
  });

  it("takes numbers and several values", () => {
    expect(path`/a/${1}/b/${"2"}`).toBe("/a/1/b/2");
  });

  it.each(["", ".", "..", "a\nb", "a\r\nb", "\0", "\u0085", "\ud800"])("refuses %j", (id) => {
    expect(() => path`/runs/${id}`).toThrow(expect.objectContaining(REFUSAL));
  });

  it("refuses a dot segment that template and value make together", () => {
    expect(() => path`/runs/.${"."}`).toThrow(expect.objectContaining(REFUSAL));
    expect(() => path`/runs/${"."}${"."}`).toThrow(expect.objectContaining(REFUSAL));
  });

  it("for any text either refuses or leaves a URL's path as it was made", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (id) => {
        const made = madeOrRefused(id);
        // A refused id stands for a path that is safe because it does not exist.
        const kept = made ?? "/runs/refused/tasks";
        expect(kept.split("/")).toHaveLength(4);
        expect(new URL(`https://vendor.example${kept}`).pathname).toBe(kept);
        expect(made === null ? id : decodeURIComponent(kept.split("/")[2] ?? "")).toBe(id);
      }),
      { seed: 20_260_103, numRuns: 500 },
    );
  });
});

/** The path for an id; null when it was refused as one the vendor cannot have. Any other failure is thrown on. */
function madeOrRefused(id: string): string | null {
  try {
    return path`/runs/${id}/tasks`;
  } catch (error) {
    if (error instanceof ProviderError && error.code === ErrorCode.ProviderNotFound) return null;
    throw error;
  }
}
