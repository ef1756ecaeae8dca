// Idempotency keys: the same key with the same input gives the same answer.
import { createHash } from "node:crypto";
import { v5, v7 } from "uuid";
import { ErrorCode, type UserProblem } from "../domain/errors.ts";
import type { TriggerCommand } from "../domain/gateway-port.ts";
import { IfRunning } from "../domain/sync.ts";

const NAMESPACE = "0f4f4a43-8a2c-5b7e-9a7f-3a5c1d0e7b61";

/** Id of the trigger of a request. It follows from tenant and key, so a repeated request finds the first one's trigger. */
export function triggerIdOf(tenantId: string, idempotencyKey: string | null): string {
  return idempotencyKey === null ? v7() : v5(JSON.stringify([tenantId, idempotencyKey]), NAMESPACE);
}

/** Key under which a vendor is asked to make something once: a UUID that follows from the caller's key, or a new one without it. */
export function changeKeyOf(tenantId: string, providerKey: string, idempotencyKey: string | null): string {
  return idempotencyKey === null ? v7() : v5(JSON.stringify([tenantId, providerKey, idempotencyKey]), NAMESPACE);
}

/**
 * Hash of what a request asks for, the key itself left out. Equal inputs have equal hashes whatever the order of their fields. A retry
 * asks for a run and nothing else: what is known of that run, and so the command made of it, may grow between two requests.
 */
export function fingerprintOf(command: TriggerCommand, retryOfId: string | null): string {
  const { idempotencyKey: _, ...asked } = command;
  return createHash("sha256")
    .update(
      canonical(retryOfId === null ? asked : { retryOfId, ...(isUsual(asked) ? {} : { ifRunning: asked.ifRunning }) }),
    )
    .digest("hex");
}

/** Versions before had no other way, and their fingerprints go on being equal. */
const isUsual = ({ ifRunning }: Pick<TriggerCommand, "ifRunning">): boolean => ifRunning === IfRunning.Reject;

/** What is wrong with a key; null when nothing is. */
export function keyProblem(idempotencyKey: string | null): UserProblem | null {
  if (idempotencyKey === null || (idempotencyKey.length >= 1 && idempotencyKey.length <= 255)) return null;
  return {
    code: ErrorCode.BadUserInput,
    message: "idempotencyKey must have 1 to 255 characters; a UUID made for this request is a good one.",
    field: ["idempotencyKey"],
  };
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_name, inner: unknown) =>
    inner !== null && typeof inner === "object" && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
