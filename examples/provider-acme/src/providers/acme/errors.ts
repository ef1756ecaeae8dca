// What Acme says when something goes wrong, as facts: refused requests, and runs that failed. Codes by HTTP status are the wire's.
import { z } from "zod";
import { ErrorCode } from "../../domain/errors.ts";
import type { ErrorReading } from "../../domain/provider-port.ts";
import { SyncErrorCode } from "../../domain/sync.ts";
import type { SyncError } from "../../domain/sync.ts";
import { looseText } from "../../wire/loose-fields.ts";
import { filledText } from "../../wire/read-reply.ts";
import type { Redactor } from "../../wire/redact.ts";
import type { AcmeRunError } from "./wire-types.ts";

const refusalShape = z.object({ error: z.object({ code: looseText, message: looseText }) });

/** Reads `{"error": {"code", "message"}}`; any other body says nothing. */
export function readError(_httpStatus: number, body: unknown): ErrorReading {
  const parsed = refusalShape.safeParse(body);
  if (!parsed.success) return { message: null };
  const message = filledText(parsed.data.error.message);
  const code = REFUSALS.get(parsed.data.error.code ?? "");
  return code === undefined ? { message } : { message, code };
}

/** Both come with 409, which alone would mean that a run is going on. */
const REFUSALS: ReadonlyMap<string, ErrorCode> = new Map([
  ["pipeline_disabled", ErrorCode.DefinitionInactive],
  ["account_expired", ErrorCode.LinkedAccountUnavailable],
]);

/** Why a run failed. */
export function syncErrorOf({ code, message }: AcmeRunError, redact: Redactor): SyncError {
  return { message: redact(message ?? "") || "Acme gave no reason", ...(FAILURES.get(code ?? "") ?? UNKNOWN) };
}

const FAILURES: ReadonlyMap<string, Omit<SyncError, "message">> = new Map([
  [
    "account_expired",
    {
      code: SyncErrorCode.Auth,
      retryable: false,
      advice: "Have the account connected again, then start the run again.",
    },
  ],
  [
    "source_unavailable",
    { code: SyncErrorCode.Transient, retryable: true, advice: "This often passes: start the run again later." },
  ],
  [
    "record_rejected",
    {
      code: SyncErrorCode.Data,
      retryable: false,
      advice: "Correct the record that is named, then start the run again.",
    },
  ],
]);
const UNKNOWN = { code: SyncErrorCode.Unknown, retryable: false, advice: null };
