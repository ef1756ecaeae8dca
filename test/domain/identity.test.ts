// Ids that follow from the vendor's: equal everywhere, and never shared by two objects.
import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { identityOf } from "../../src/domain/identity.ts";
import type { IdentifiedKind } from "../../src/domain/identity.ts";

const SETTINGS = { seed: 20261122, numRuns: 1_000 };
const text = fc.oneof(fc.string(), fc.constantFrom("", "a", '"', '","', "[", "a,b"));
const named = fc.tuple(text, text, fc.constantFrom<IdentifiedKind>("linkedAccount", "definition", "sync"), text);

test("an id is the version 5 UUID of its parts", () => {
  const namespace = Buffer.from("5b0f6f0e2f0f5c4e9a536d2b2b6f1c07", "hex");
  const hash = createHash("sha1").update(namespace).update('["local","rootfi","sync","42"]').digest().subarray(0, 16);
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x50, 6);
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8);
  expect(identityOf("local", "rootfi", "sync", "42").replaceAll("-", "")).toBe(hash.toString("hex"));
});

test("an id is the same whenever it is asked for, and two objects never share one", () => {
  fc.assert(
    fc.property(named, named, (one, other) => {
      expect(identityOf(...one)).toBe(identityOf(...one));
      expect(identityOf(...one) === identityOf(...other)).toBe(JSON.stringify(one) === JSON.stringify(other));
    }),
    SETTINGS,
  );
});

test.each<[string, Parameters<typeof identityOf>]>([
  ["tenant", ["t2", "acme", "sync", "1"]],
  ["provider", ["t1", "acme-eu", "sync", "1"]],
  ["kind", ["t1", "acme", "definition", "1"]],
  ["vendor's id", ["t1", "acme", "sync", "2"]],
])("another %s has another id", (_name, parts) => {
  expect(identityOf(...parts)).not.toBe(identityOf("t1", "acme", "sync", "1"));
});
