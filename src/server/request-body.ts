// Reads a request's JSON body within limits, and answers for what is not one.
import type { IncomingMessage, ServerResponse } from "node:http";
import { ErrorCode } from "../domain/errors.ts";

const MOST_BYTES = 256 * 1024;

/**
 * @returns null when the request was refused and answered already, or its client has gone away
 */
export async function readBody(
  request: IncomingMessage,
  response: ServerResponse,
): Promise<{ readonly json: unknown } | null> {
  const unreadable = whyUnreadable(request);
  if (unreadable !== null) {
    refuse(response, 415, unreadable);
    return null;
  }
  const text = await readText(request, response);
  if (text === null) return null;
  // Apollo answers for a missing body.
  if (text.trim() === "") return { json: undefined };
  try {
    return { json: JSON.parse(text) };
  } catch {
    refuse(response, 400, "The body is not JSON.");
    return null;
  }
}

/** Why a request never became an operation. */
export interface Refusal {
  readonly status: number;
  readonly message: string;
}

/** An answer in GraphQL's form for a request that never became an operation. */
export function refuse(response: ServerResponse, status: number, message: string): void {
  response.statusCode = status;
  response.setHeader("content-type", JSON_TYPE);
  response.end(refusalBody({ status, message }));
}

export const JSON_TYPE = "application/json; charset=utf-8";

export function refusalBody({ status, message }: Refusal): string {
  const code = CODES[status] ?? (status >= 500 ? ErrorCode.Internal : "BAD_REQUEST");
  return JSON.stringify({ errors: [{ message, extensions: { code } }] });
}

const CODES: Readonly<Record<number, string>> = {
  401: ErrorCode.Unauthenticated,
  403: ErrorCode.Forbidden,
  404: ErrorCode.NotFound,
  429: "RATE_LIMITED",
  503: ErrorCode.ServiceUnavailable,
};

/** JSON is read as UTF-8 (RFC 8259, section 8.1): whoever names another encoding would be misunderstood. */
function whyUnreadable({ headers }: IncomingMessage): string | null {
  const [type = "", ...parameters] = (headers["content-type"] ?? "")
    .toLowerCase()
    .split(";")
    .map((part) => part.trim());
  if (!/^application\/([\w.-]+\+)?json$/.test(type))
    return "Send the operation as JSON, with the content type application/json.";
  const charsets = parameters.filter((parameter) => parameter.startsWith("charset="));
  if (!charsets.every((charset) => /^charset="?utf-8"?$/.test(charset))) return "The body must be UTF-8.";
  const encoding = headers["content-encoding"] ?? "identity";
  return encoding === "identity" ? null : "The body must not be compressed.";
}

/** @returns null when it was too large, which is answered, or when the client has gone away */
async function readText(request: IncomingMessage, response: ServerResponse): Promise<string | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request) {
      const buffer: Buffer = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
      bytes += buffer.length;
      if (bytes > MOST_BYTES) {
        response.setHeader("connection", "close");
        refuse(response, 413, `The body is larger than ${MOST_BYTES / 1024} KB.`);
        return null;
      }
      chunks.push(buffer);
    }
  } catch (error) {
    if (request.destroyed && !request.complete) return null;
    throw error;
  }
  return Buffer.concat(chunks).toString("utf8");
}
