// Turns an answer's text into a JSON value that is safe to walk and to copy. What the value means is the provider's business.

/** Why a text is no acceptable JSON. `cutShort` when it looks like the beginning of a longer text. */
export class UnreadableJsonError extends Error {
  override readonly name = "UnreadableJsonError";
  readonly cutShort: boolean;

  constructor(message: string, cutShort: boolean) {
    super(message);
    this.cutShort = cutShort;
  }
}

/**
 * Parses JSON, drops `__proto__` keys at any depth and refuses values nested too deeply, which would overflow whoever walks them
 * recursively.
 *
 * @throws UnreadableJsonError
 */
export function readJson(text: string, maxDepth: number): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UnreadableJsonError(describe(text), isCutShort(text));
  }
  tame(value, maxDepth);
  return value;
}

/** Walks without recursion: the depth it has to survive is the vendor's choice. */
function tame(root: unknown, maxDepth: number): void {
  let level: object[] = isContainer(root) ? [root] : [];
  for (let depth = 1; level.length > 0; depth += 1) {
    if (depth > maxDepth) throw new UnreadableJsonError(`JSON nested deeper than ${maxDepth} levels`, false);
    const next: object[] = [];
    for (const container of level) {
      if (Object.hasOwn(container, "__proto__")) Reflect.deleteProperty(container, "__proto__");
      for (const child of Object.values(container)) if (isContainer(child)) next.push(child);
    }
    level = next;
  }
}

function isContainer(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function describe(text: string): string {
  if (/^\s*<(?:!doctype|html|\?xml)/i.test(text)) return "a web page";
  return isCutShort(text) ? "JSON that was cut short" : "text that is not JSON";
}

function isCutShort(text: string): boolean {
  return /^\s*[[{]/.test(text) && !/[\]}]$/.test(text.trimEnd());
}
