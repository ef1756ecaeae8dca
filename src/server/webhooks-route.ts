// Where vendors report: reads a delivery as the bytes it is, within limits, and answers only for what has been committed.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "../domain/clock.ts";
import { ErrorCode, GatewayError } from "../domain/errors.ts";
import { webhookPath, type WebhookRequest } from "../domain/webhook-port.ts";
import type { WebhookReceipt } from "../tracking/inbox.ts";
import { refuse } from "./request-body.ts";

export type WebhooksRoute = (request: IncomingMessage, response: ServerResponse, path: string) => Promise<void>;

export interface WebhooksRouteTools {
  /** Takes a delivery in; null when there is no such provider. Rejects when it could not be stored. */
  readonly receive: (providerKey: string, delivery: WebhookRequest) => Promise<WebhookReceipt | null>;
  /** Whether a provider takes webhooks at all, so that nobody else's body is read. */
  readonly isReceiver: (providerKey: string) => boolean;
  readonly clock: Clock;
  readonly reportDefect: (error: unknown) => void;
}

/** What paths of webhooks begin with. */
export const WEBHOOKS_PATH = webhookPath("");
const MOST_BYTES = 1024 * 1024;
const NOTHING_HERE = "No webhooks come in at this path. It ends in the key of a provider that has webhooks.";

export function createWebhooksRoute({ receive, isReceiver, clock, reportDefect }: WebhooksRouteTools): WebhooksRoute {
  return async (request, response, path) => {
    const providerKey = path.slice(WEBHOOKS_PATH.length);
    if (!isReceiver(providerKey)) return refuse(response, 404, NOTHING_HERE);
    if (request.method !== "POST") {
      response.setHeader("allow", "POST");
      return refuse(response, 405, "Webhooks are sent with POST.");
    }
    // The signature is over the bytes that were sent; which of its forms a compressed body was signed in, nobody says.
    if ((request.headers["content-encoding"] ?? "identity").toLowerCase() !== "identity") {
      return refuseAndClose(response, 415, "The body must not be compressed.");
    }
    if (!isJson(request.headers["content-type"]))
      return refuseAndClose(response, 415, "Webhooks are JSON: application/json.");
    const body = await readBytes(request, response);
    if (body === null) return;
    try {
      const receipt = await receive(providerKey, { headers: headersOf(request), body, receivedAt: clock.now() });
      answer(response, receipt);
    } catch (error) {
      const isKnown = error instanceof GatewayError && error.code === ErrorCode.ServiceUnavailable;
      if (!isKnown) reportDefect(error);
      response.setHeader("retry-after", "5");
      refuse(response, 503, "The delivery could not be stored. Send it again.");
    }
  };
}

/** Every vendor sends JSON; one that leaves the header out is believed. */
function isJson(contentType: string | undefined): boolean {
  const [type = ""] = (contentType ?? "application/json").toLowerCase().split(";");
  return /^application\/([\w.-]+\+)?json$/.test(type.trim());
}

/** A genuine delivery is taken whatever is in it: some vendors stop a customer's run when it is not. */
function answer(response: ServerResponse, receipt: WebhookReceipt | null): void {
  switch (receipt) {
    case "ACCEPTED":
      return json(response, { status: "accepted" });
    case "CONFLICTING":
    case "UNUSABLE":
      return json(response, { status: "ignored" });
    case "FORGED":
      return refuse(response, 401, "The delivery is not proven genuine.");
    case "UNSUPPORTED":
    case null:
      return refuse(response, 404, NOTHING_HERE);
  }
}

/** @returns null when it was too large, which is answered, or when the sender has gone away */
async function readBytes(request: IncomingMessage, response: ServerResponse): Promise<Uint8Array | null> {
  const tooLarge = `The body is larger than ${MOST_BYTES / 1024} KB.`;
  if (Number(request.headers["content-length"] ?? 0) > MOST_BYTES) {
    refuseAndClose(response, 413, tooLarge);
    return null;
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request) {
      const buffer: Buffer = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
      bytes += buffer.length;
      if (bytes > MOST_BYTES) {
        refuseAndClose(response, 413, tooLarge);
        return null;
      }
      chunks.push(buffer);
    }
  } catch (error) {
    if (request.destroyed && !request.complete) return null;
    throw error;
  }
  return Buffer.concat(chunks);
}

/** Node has joined repeated headers already, but for the few it keeps as lists. */
function headersOf({ headers }: IncomingMessage): Readonly<Record<string, string>> {
  const entries = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, Array.isArray(value) ? value.join(", ") : value] as const],
  );
  return Object.fromEntries(entries);
}

/** What is left of the body is not read. */
function refuseAndClose(response: ServerResponse, status: number, message: string): void {
  response.setHeader("connection", "close");
  refuse(response, status, message);
}

function json(response: ServerResponse, body: object): void {
  response.statusCode = 200;
  response.setHeader("content-type", "application/json; charset=utf-8");
  response.end(JSON.stringify(body));
}
