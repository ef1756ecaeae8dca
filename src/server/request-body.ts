// Reads a request's JSON body within limits, and answers for what is not one.
import type { IncomingMessage, ServerResponse } from "node:http";

const MOST_BYTES = 256 * 1024;

/**
 * @returns null when the request was refused and answered already
 */
export async function readBody(request: IncomingMessage, response: ServerResponse): Promise<{ readonly json: unknown } | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
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
  const text = Buffer.concat(chunks).toString("utf8");
  // Apollo answers for a missing body, and for content types it does not take.
  if (!/^application\/(.*\+)?json\b/i.test(request.headers["content-type"] ?? "")) return { json: text };
  if (text.trim() === "") return { json: undefined };
  try {
    return { json: JSON.parse(text) };
  } catch {
    refuse(response, 400, "The body is not JSON.");
    return null;
  }
}

/** An answer in GraphQL's form for a request that never became an operation. */
export function refuse(response: ServerResponse, status: number, message: string): void {
  response.statusCode = status;
  response.setHeader("content-type", "application/json; charset=utf-8");
  response.end(JSON.stringify({ errors: [{ message, extensions: { code: status === 404 ? "NOT_FOUND" : "BAD_REQUEST" } }] }));
}
