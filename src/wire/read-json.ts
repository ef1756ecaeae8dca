// Turns JSON's bytes into a value that is safe to walk, to copy and to show. What the value means is the provider's business.
import { randomUUID } from "node:crypto";
import type { ForeignText } from "./foreign-text.ts";
import { UnreadableJsonError, createJsonScan } from "./scan-json.ts";
import type { JsonLimits, JsonScan, LongList } from "./scan-json.ts";

/** A value in its two forms; one and the same where the texts' rule changed nothing. */
export interface ReadJson {
  /** Every text and name in it is fit to be shown. */
  readonly shown: unknown;
  /** As the vendor wrote it: only for sending it back. */
  readonly written: unknown;
}

/** Bytes that are looked through in one step. */
const STEP_BYTES = 512 * 1024;

/**
 * Reads JSON without its `__proto__` names. Long answers are read in steps, between which everything else has its turn: bytes are looked
 * through step by step, and the outermost list is parsed piece by piece.
 *
 * @param pause is waited for between steps; what it rejects with ends the reading
 * @throws UnreadableJsonError
 */
export async function readJson(
  bytes: Uint8Array,
  limits: JsonLimits,
  texts: ForeignText,
  pause: () => Promise<void>,
): Promise<ReadJson> {
  if (!isStructure(bytes)) return parsed(decode(bytes), texts);
  const scan = createJsonScan(bytes, limits);
  while (!scan.advance(STEP_BYTES)) await pause();
  if (scan.lists.length === 0) return parsed(decode(bytes), texts);
  const lists: ReadJson[] = [];
  for (const list of scan.lists) {
    const [shown, written]: [unknown[], unknown[]] = [[], []];
    for (const piece of piecesOf(bytes, list)) {
      await pause();
      const read = parsed(piece, texts);
      append(shown, read.shown);
      append(written, read.written);
    }
    lists.push({ shown, written });
  }
  return together(bytes, scan, lists, texts);
}

/** The same for a text that is short enough to be read in one step. What it gives is fit to be shown. */
export function readShortJson(bytes: Uint8Array, limits: JsonLimits, texts: ForeignText): unknown {
  if (isStructure(bytes)) createJsonScan(bytes, limits).advance(bytes.length);
  return parsed(decode(bytes), texts).shown;
}

/** Whether it is to be looked through before it is parsed. A single text or number is not, nor is what is no JSON at all. */
function isStructure(bytes: Uint8Array): boolean {
  const first = bytes.find((byte) => byte > 0x20 && !BYTE_ORDER_MARK.has(byte));
  return first === 0x5b || first === 0x7b;
}

const BYTE_ORDER_MARK: ReadonlySet<number> = new Set([0xef, 0xbb, 0xbf]);

const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** The entries between two cuts as a list of their own. */
function* piecesOf(bytes: Uint8Array, { start, end, cuts }: LongList): Generator<string> {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let from = start + 1;
  for (const to of [...cuts, end]) {
    const entries = decoder.decode(bytes.subarray(from, to));
    // A comma that nothing follows is no JSON, but a list of nothing would be.
    if (entries.trim() === "") throw new UnreadableJsonError(NOT_JSON, false);
    yield `[${entries}]`;
    from = to + 1;
  }
}

/** Spreading thousands of entries into one call overflows the stack. */
function append(list: unknown[], piece: unknown): void {
  if (Array.isArray(piece)) for (const entry of piece) list.push(entry);
}

/** What is around the lists is parsed with a mark in the place of each, which nobody outside can know. */
function together(bytes: Uint8Array, scan: JsonScan, lists: readonly ReadJson[], texts: ForeignText): ReadJson {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const marks = lists.map(() => randomUUID());
  let [around, from] = ["", 0];
  for (const [index, { start, end }] of scan.lists.entries()) {
    around += `${decoder.decode(bytes.subarray(from, start))}"${marks[index]}"`;
    from = end + 1;
  }
  around += decoder.decode(bytes.subarray(from));
  const text = around.replace(/^\uFEFF/, "");
  const shownLists = new Map(marks.map((mark, index) => [mark, lists[index]?.shown]));
  const writtenLists = new Map(marks.map((mark, index) => [mark, lists[index]?.written]));
  // Parsed twice: the lists are put into each.
  return {
    shown: withLists(parsed(text, texts).shown, shownLists),
    written: withLists(parsed(text, texts).written, writtenLists),
  };
}

/** The value with lists in the places of their marks. */
function withLists(value: unknown, lists: ReadonlyMap<string, unknown>): unknown {
  if (typeof value === "string") return lists.get(value) ?? value;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((inner: unknown) => withLists(inner, lists));
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withLists(inner, lists)]));
}

function parsed(text: string, texts: ForeignText): ReadJson {
  let written: unknown;
  try {
    written = JSON.parse(text);
  } catch {
    throw new UnreadableJsonError(describe(text), isCutShort(text));
  }
  if (!texts.mayChange(text)) return { shown: written, written };
  return { shown: texts.value(written), written: withoutPrototypes(written) };
}

function withoutPrototypes(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Object.hasOwn(value, "__proto__")) Reflect.deleteProperty(value, "__proto__");
  for (const inner of Object.values(value)) withoutPrototypes(inner);
  return value;
}

const NOT_JSON = "text that is not JSON";

function describe(text: string): string {
  if (/^\s*<(?:!doctype|html|\?xml)/i.test(text)) return "a web page";
  return isCutShort(text) ? "JSON that was cut short" : NOT_JSON;
}

function isCutShort(text: string): boolean {
  return /^\s*[[{]/.test(text) && !/[\]}]$/.test(text.trimEnd());
}
