// The tests' own signatures are proven by published vectors, so that they can prove the adapters'.
import { expect, it } from "vitest";
import { hmac, withBitFlipped } from "./webhook-delivery.ts";

it.each([
  [
    "sha256",
    "Jefe",
    "what do ya want for nothing?",
    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
  ],
  ["sha1", "Jefe", "what do ya want for nothing?", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"],
  [
    "sha512",
    "Jefe",
    "what do ya want for nothing?",
    "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
  ],
] as const)("%s fits the test cases of RFC 2202 and RFC 4231", (hash, key, message, expected) => {
  expect(hmac(hash, key, Buffer.from(message)).toString("hex")).toBe(expected);
});

it("a flipped bit makes other bytes of the same length", () => {
  const bytes = Buffer.from("ab");
  expect([...withBitFlipped(bytes, 9)]).toEqual([0x61, 0x60]);
  expect(bytes.toString()).toBe("ab");
});
