// Deliveries as tests make them: bytes, headers and signatures. The signature is computed by the book, with nothing of the adapters'.
import { createHash } from "node:crypto";
import type { WebhookRequest, WebhookVerdict } from "../../src/domain/webhook-port.ts";

export type HashName = "sha1" | "sha256" | "sha512";

/** HMAC as RFC 2104 defines it, out of the bare hash. */
export function hmac(hash: HashName, key: string, message: Uint8Array): Buffer {
  const blockBytes = hash === "sha512" ? 128 : 64;
  const digest = (...parts: readonly Uint8Array[]): Buffer => createHash(hash).update(Buffer.concat(parts)).digest();
  const given = Buffer.from(key, "utf8");
  const block = Buffer.alloc(blockBytes);
  (given.length > blockBytes ? digest(given) : given).copy(block);
  const padded = (pad: number): Buffer => Buffer.from(block.map((byte) => byte ^ pad));
  return digest(padded(0x5c), digest(padded(0x36), message));
}

/** @param body text as it is, anything else as JSON */
export function bytesOf(body: unknown): Buffer {
  return Buffer.from(typeof body === "string" ? body : JSON.stringify(body), "utf8");
}

export function delivery(
  body: Uint8Array,
  headers: Readonly<Record<string, string>>,
  receivedAt: Date,
): WebhookRequest {
  return { headers, body, receivedAt };
}

/** The same bytes but for one bit. */
export function withBitFlipped(bytes: Uint8Array, bit: number): Buffer {
  const changed = Buffer.from(bytes);
  const at = bit % (changed.length * 8);
  changed.writeUInt8(changed.readUInt8(at >> 3) ^ (1 << (at & 7)), at >> 3);
  return changed;
}

/** Why a delivery was refused; `GENUINE` when it was not. */
export const judgement = (verdict: WebhookVerdict): string => (verdict.genuine ? "GENUINE" : verdict.refusal);
