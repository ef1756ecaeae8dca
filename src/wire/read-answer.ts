// An answer's bytes -> a response or a failure: decompression, JSON, and the table from HTTP status to error code.
import { promisify } from "node:util";
import { brotliDecompress, gunzip, inflate, inflateRaw } from "node:zlib";
import { ErrorCode } from "../domain/errors.ts";
import type { ErrorReading } from "../domain/provider-port.ts";
import type { RawAnswer } from "./exchange.ts";
import { nextTurn } from "./event-loop.ts";
import type { ForeignText } from "./foreign-text.ts";
import { beginningOf } from "./free-text.ts";
import type { WireLimits } from "./limits.ts";
import { readJson } from "./read-json.ts";
import type { ReadJson } from "./read-json.ts";
import { retryAfterMs } from "./retry-after.ts";
import { UnreadableJsonError } from "./scan-json.ts";
import { tooLarge, tryFailure } from "./try-result.ts";
import type { TryFailure, TryResult } from "./try-result.ts";

export interface AnswerReader {
  readonly limits: Pick<WireLimits, "responseBytes" | "json">;
  readonly texts: ForeignText;
  readonly readError: (httpStatus: number, body: unknown) => ErrorReading;
}

/**
 * Reads an answer. An answer that cannot be read is a failure like any other.
 *
 * @throws the signal's reason when somebody ends a long reading
 */
export async function readAnswer(
  answer: RawAnswer,
  reader: AnswerReader,
  now: Date,
  signal?: AbortSignal,
): Promise<TryResult> {
  const { status } = answer;
  if (status >= 300 && status < 400) {
    const problem = `expected an answer, got a redirect (${status}), and redirects are refused`;
    return failed(tryFailure(ErrorCode.ProviderBadResponse, problem, { httpStatus: status }));
  }
  const content = await contentOf(answer, reader, signal);
  const isSuccess = status >= 200 && status < 300;
  if (isSuccess && content.failure !== null) return failed({ ...content.failure, httpStatus: status });
  const { shown: body, written } = content.json;
  if (isSuccess) {
    const { headers } = answer;
    return { ok: true, response: { status, headers, body, written: { body: written, texts: reader.texts } } };
  }
  // An error's body is worth reading but never the reason to lose the error.
  return failed(errorFailure(answer, content.failure === null ? body : content.text, reader.readError, now));
}

interface Content {
  readonly json: ReadJson;
  /** The beginning of what is no JSON; null when there is nothing to tell of it. */
  readonly text: string | null;
  readonly failure: TryFailure | null;
}

/** Undoes a content encoding; what it makes has at most so many bytes. */
type Decode = (bytes: Buffer, options: { readonly maxOutputLength: number }) => Promise<Buffer>;

const gunzipBytes: Decode = promisify(gunzip);
const [inflateBytes, inflateRawBytes]: readonly [Decode, Decode] = [promisify(inflate), promisify(inflateRaw)];

/** By name, as RFC 9110, section 8.4.1 has them. Some servers send `deflate` without the header of zlib that it should have. */
const DECODERS: ReadonlyMap<string, Decode> = new Map<string, Decode>([
  ["gzip", gunzipBytes],
  ["x-gzip", gunzipBytes],
  ["deflate", (bytes, options) => (hasZlibHeader(bytes) ? inflateBytes : inflateRawBytes)(bytes, options)],
  ["br", promisify(brotliDecompress)],
]);

/** RFC 1950, section 2.2: the method is 8, and the two bytes are a multiple of 31. */
const hasZlibHeader = (bytes: Buffer): boolean =>
  bytes.length >= 2 && ((bytes[0] ?? 0) & 0x0f) === 8 && bytes.readUInt16BE(0) % 31 === 0;

const NOTHING: ReadJson = { shown: null, written: null };

async function contentOf(
  answer: RawAnswer,
  { limits, texts }: AnswerReader,
  signal: AbortSignal | undefined,
): Promise<Content> {
  const unreadable = (failure: TryFailure, text: string | null = null): Content => ({ json: NOTHING, text, failure });
  const encoding = (answer.headers["content-encoding"] ?? "identity").trim().toLowerCase();
  let { bytes } = answer;
  if (encoding !== "identity" && encoding !== "") {
    const decode = DECODERS.get(encoding);
    if (decode === undefined) {
      const expected = `expected no content encoding or one of ${[...DECODERS.keys()].join(", ")}`;
      return unreadable(tryFailure(ErrorCode.ProviderBadResponse, `${expected}, got another`));
    }
    try {
      if (bytes.length > 0) bytes = await decode(bytes, { maxOutputLength: limits.responseBytes });
    } catch (cause) {
      return unreadable(decodingFailure(cause));
    }
  }
  const beginning = beginningOf(new TextDecoder().decode(bytes.subarray(0, BEGINNING_BYTES)));
  if (beginning.trim() === "" && bytes.length <= BEGINNING_BYTES) return { json: NOTHING, text: null, failure: null };
  try {
    const json = await readJson(bytes, limits.json, texts, () => nextTurn(signal));
    return { json, text: null, failure: null };
  } catch (cause) {
    if (!(cause instanceof UnreadableJsonError)) throw cause;
    const facts = { retryable: cause.cutShort, repeatable: cause.cutShort };
    const problem = `expected JSON, got ${cause.message}`;
    return unreadable(tryFailure(ErrorCode.ProviderBadResponse, problem, facts), texts.text(beginning));
  }
}

/** What of a body that is no JSON may be quoted is in these; a character has four bytes at most. */
const BEGINNING_BYTES = 8_192;

function decodingFailure(cause: unknown): TryFailure {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  if (code === "ERR_BUFFER_TOO_LARGE") return tooLarge(cause);
  const cutShort = code === "Z_BUF_ERROR";
  const got = cutShort ? "got one that was cut short" : "got bytes that are not what its content encoding says";
  return tryFailure(ErrorCode.ProviderBadResponse, `expected a whole answer, ${got}`, {
    retryable: cutShort,
    repeatable: cutShort,
    cause,
  });
}

function errorFailure(answer: RawAnswer, body: unknown, readError: AnswerReader["readError"], now: Date): TryFailure {
  const { status } = answer;
  const reading = readSafely(status, body, readError);
  const code = reading.code ?? codeOfStatus(status);
  const passing = reading.code === undefined && (status === 408 || status === 425);
  const waitable = code === ErrorCode.ProviderRateLimited || code === ErrorCode.ProviderUnavailable;
  return tryFailure(code, `expected success, got ${status}`, {
    vendorText: reading.message ?? plainText(body),
    httpStatus: status,
    retryable: passing || waitable || code === ErrorCode.ProviderTimeout,
    retryAfterMs: passing || waitable ? retryAfterMs(answer.headers, now) : null,
    repeatable: passing || waitable,
    outage: status >= 500 && (code === ErrorCode.ProviderUnavailable || code === ErrorCode.ProviderTimeout),
  });
}

/** A reader that fails must not hide the error it was asked to read. */
function readSafely(status: number, body: unknown, readError: AnswerReader["readError"]): ErrorReading {
  try {
    return readError(status, body);
  } catch {
    return { message: null };
  }
}

const CODE_OF_STATUS: Readonly<Record<number, ErrorCode>> = {
  401: ErrorCode.ProviderAuthFailed,
  403: ErrorCode.ProviderAuthFailed,
  404: ErrorCode.ProviderNotFound,
  409: ErrorCode.ProviderConflict,
  410: ErrorCode.ProviderNotFound,
  423: ErrorCode.ProviderConflict,
  429: ErrorCode.ProviderRateLimited,
};

function codeOfStatus(status: number): ErrorCode {
  return CODE_OF_STATUS[status] ?? (status >= 500 ? ErrorCode.ProviderUnavailable : ErrorCode.ProviderRejected);
}

/** The body itself, when it is a sentence rather than a page or a structure. */
function plainText(body: unknown): string | null {
  if (typeof body !== "string" || body.trim() === "") return null;
  return /^\s*</.test(body) ? "a web page" : body;
}

const failed = (failure: TryFailure): TryResult => ({ ok: false, failure });
