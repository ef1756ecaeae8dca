// Looks through JSON's bytes before anything is made of them: refuses what is too much, and finds where a long list can be taken apart.
// Whether the JSON is right in every other way is left to the parser.

/** Why bytes are no acceptable JSON. `cutShort` when they look like the beginning of more. */
export class UnreadableJsonError extends Error {
  override readonly name = "UnreadableJsonError";
  readonly cutShort: boolean;

  constructor(message: string, cutShort: boolean) {
    super(message);
    this.cutShort = cutShort;
  }
}

/** What JSON may consist of. */
export interface JsonLimits {
  /** How deep arrays and objects may be nested. */
  readonly depth: number;
  /** Values in all: texts, numbers, words, arrays and objects. */
  readonly values: number;
  /** Names in one object. */
  readonly names: number;
  /** Values in one entry of a list, and in everything outside of lists: what is made in one step. */
  readonly entryValues: number;
}

/** A list long enough to be read in pieces. */
export interface LongList {
  /** Positions of its brackets. */
  readonly start: number;
  readonly end: number;
  /** Positions of commas between its entries, at which it is cut. */
  readonly cuts: readonly number[];
}

export interface JsonScan {
  /** Looks through that many more bytes. True when all were looked through; then everything that was opened is closed. */
  advance(bytes: number): boolean;
  /** The lists to read in pieces, in order; none inside another. */
  readonly lists: readonly LongList[];
}

/** A list's piece is at least this long, or has at least this many values; then the next comma ends it. */
const PIECE_BYTES = 256 * 1024;
const PIECE_VALUES = 20_000;

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

/** @throws UnreadableJsonError from `advance` */
export function createJsonScan(bytes: Uint8Array, limits: JsonLimits): JsonScan {
  const lists: LongList[] = [];
  /** Bracket and count of names for each open array and object. */
  const brackets = new Uint8Array(limits.depth + 1);
  const names = new Int32Array(limits.depth + 1);
  let [position, depth, values] = [0, 0, 1];
  let inText = false;
  /** Values outside of lists that are taken apart. */
  let outside = 1;
  /** The list that can be taken apart: the outermost array; 0 when none is open. */
  let listDepth = 0;
  let [listStart, listValues, entryValues] = [0, 0, 0];
  let [pieceStart, pieceValues] = [0, 0];
  let cuts: number[] = [];

  function count(): void {
    values += 1;
    if (values > limits.values) throw tooMuch(`more than ${limits.values} values`);
    if (listDepth === 0) outside += 1;
    const inOneStep = listDepth === 0 ? outside : values - entryValues;
    if (inOneStep > limits.entryValues) throw tooMuch(`more than ${limits.entryValues} values in one entry`);
  }

  function open(bracket: number): void {
    depth += 1;
    if (depth > limits.depth) throw tooMuch(`nested deeper than ${limits.depth} levels`);
    brackets[depth] = bracket;
    names[depth] = 0;
    if (bracket === OPEN_LIST && listDepth === 0) {
      listDepth = depth;
      [listStart, listValues, entryValues] = [position, values, values];
      [pieceStart, pieceValues, cuts] = [position, values, []];
    }
    count();
  }

  function close(bracket: number): void {
    if (depth === 0 || brackets[depth] !== bracket) throw new UnreadableJsonError("text that is not JSON", false);
    if (depth === listDepth) {
      if (cuts.length > 0) lists.push({ start: listStart, end: position, cuts });
      else outside += values - listValues;
      listDepth = 0;
    }
    depth -= 1;
  }

  function comma(): void {
    if (depth === listDepth) {
      entryValues = values;
      if (position - pieceStart >= PIECE_BYTES || values - pieceValues >= PIECE_VALUES) {
        cuts.push(position);
        [pieceStart, pieceValues] = [position, values];
      }
    }
    count();
  }

  function name(): void {
    const known = (names[depth] ?? 0) + 1;
    names[depth] = known;
    if (known > limits.names) throw tooMuch(`more than ${limits.names} names in one object`);
  }

  function sign(byte: number): void {
    if (byte === COMMA) comma();
    else if (byte === COLON) name();
    else if (byte === OPEN_LIST || byte === OPEN_OBJECT) open(byte);
    else if (byte === CLOSE_LIST) close(OPEN_LIST);
    else if (byte === CLOSE_OBJECT) close(OPEN_OBJECT);
  }

  return {
    lists,
    advance(more) {
      const end = Math.min(bytes.length, position + more);
      for (; position < end; position += 1) {
        const byte = bytes[position] ?? 0;
        if (byte === QUOTE) inText = !inText;
        else if (!inText) sign(byte);
        // The byte after it is no sign, whatever it is.
        else if (byte === BACKSLASH) position += 1;
      }
      if (position < bytes.length) return false;
      if (inText || depth > 0) throw new UnreadableJsonError("JSON that was cut short", true);
      return true;
    },
  };
}

const tooMuch = (what: string): UnreadableJsonError => new UnreadableJsonError(`JSON with ${what}`, false);
