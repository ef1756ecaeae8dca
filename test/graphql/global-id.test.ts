// Global ids: whole round trips, and no text at all that breaks the parser.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import { NodeKind, globalIdOf, innerId, parseGlobalId } from "../../src/graphql/global-id.ts";
import { thrownCode } from "../support/thrown-code.ts";

const kinds = fc.constantFrom(...Object.values(NodeKind).filter((kind) => kind !== NodeKind.Provider));

describe("global ids", () => {
  it("give back the kind and the id they were made from", () => {
    fc.assert(
      fc.property(kinds, fc.uuid(), (kind, id) => {
        expect(parseGlobalId(globalIdOf(kind, id), "id")).toEqual({ kind, id });
      }),
    );
  });

  it("hold any provider key the configuration allows", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,62}$/), (key) => {
        expect(parseGlobalId(globalIdOf(NodeKind.Provider, key), "id")).toEqual({ kind: NodeKind.Provider, id: key });
      }),
    );
  });

  it("differ for different objects", () => {
    fc.assert(
      fc.property(kinds, kinds, fc.uuid(), fc.uuid(), (kind, otherKind, id, otherId) => {
        expect(globalIdOf(kind, id) === globalIdOf(otherKind, otherId)).toBe(kind === otherKind && id === otherId);
      }),
    );
  });

  it("refuse every other text with BAD_USER_INPUT and nothing else", () => {
    const texts = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.base64String(),
      fc.string().map((text) => Buffer.from(`Sync:${text}`).toString("base64url")),
      fc.string().map((text) => `${globalIdOf(NodeKind.Sync, "00000000-0000-4000-8000-000000000000")}${text || "="}`),
    );
    fc.assert(
      fc.property(texts, (text) => {
        expect(thrownCode(() => parseGlobalId(text, "id"))).toBe(ErrorCode.BadUserInput);
      }),
    );
  });

  it.each([
    ["nothing", ""],
    ["a bare UUID", "00000000-0000-4000-8000-000000000000"],
    ["a type the schema does not have", idOfText("Secret:00000000-0000-4000-8000-000000000000")],
    ["a name every object has", idOfText("constructor:00000000-0000-4000-8000-000000000000")],
    ["no UUID", idOfText("Sync:1 or 1=1")],
    ["a UUID in capitals", idOfText("Sync:00000000-0000-4000-8000-00000000000A")],
    ["padding", `${globalIdOf(NodeKind.Sync, "00000000-0000-4000-8000-000000000000")}=`],
    ["ten kilobytes", idOfText(`Provider:${"a".repeat(10_000)}`)],
  ])("refuse %s", (_case, text) => {
    expect(thrownCode(() => parseGlobalId(text, "id"))).toBe(ErrorCode.BadUserInput);
  });

  it("say which argument is wrong, what belongs there and what came", () => {
    const id = globalIdOf(NodeKind.Trigger, "00000000-0000-4000-8000-000000000000");
    expect(() => innerId(id, [NodeKind.SyncJob, NodeKind.ModelSync], "definitionId")).toThrow(
      "definitionId: expected an id of a SyncJob or a ModelSync, as a field `id` of this schema gives it, and got an id of a Trigger. Send ids unchanged.",
    );
    expect(() => innerId("x", [NodeKind.Sync], "id")).toThrow(
      "id: expected an id, as a field `id` of this schema gives it, and got something else.",
    );
  });
});

function idOfText(text: string): string {
  return Buffer.from(text).toString("base64url");
}
