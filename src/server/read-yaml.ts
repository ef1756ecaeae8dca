// A YAML file as a value, or what is wrong with it and where. The parser quotes the text around an error, and that text may be a secret.
import { isScalar, LineCounter, parseDocument, Scalar, visit, type Document } from "yaml";

/**
 * Numbers and flags that stand without quotes are given as the text that stands there: `0123456789`, `1.50` and `0x1F` are keys and
 * versions as often as numbers. Whoever wants a number reads it from the text.
 *
 * @param problems gets a sentence for each mistake; what it quotes of the file is left out
 * @returns null when there are mistakes, or when there is nothing in the file
 */
export function readYaml(text: string, problems: string[]): unknown {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (position: number): string => {
    const { line, col } = lines.linePos(position);
    return `line ${line}, column ${col}`;
  };
  // A warning is a tag or a directive that would do nothing without a word.
  for (const { message, pos } of [...document.errors, ...document.warnings])
    problems.push(`${at(pos[0])}: ${withoutQuotation(message)}`);
  if (problems.length === 0) keepSources(document, (position) => problems.push(`${at(position)}: ${MERGE_KEY}`));
  if (problems.length > 0) return null;
  try {
    return document.toJS();
  } catch (error) {
    // An alias without an anchor, or far too many of them.
    problems.push(withoutQuotation(error instanceof Error ? error.message : String(error)));
    return null;
  }
}

const MERGE_KEY =
  "the merge key << is not read; write the settings out, or put an alias (*name) in the place of a whole value";

function keepSources(document: Document, onMergeKey: (position: number) => void): void {
  visit(document, {
    Scalar: (key, node) => {
      if (node.type !== Scalar.PLAIN || node.source === undefined || key === "key") return;
      if (["number", "bigint", "boolean"].includes(typeof node.value)) node.value = node.source;
    },
    Pair: (_key, { key }) => {
      if (isScalar(key) && key.value === "<<" && key.type === Scalar.PLAIN) onMergeKey(key.range?.[0] ?? 0);
    },
  });
}

/** What the parser read stands behind a colon, a percent sign or a backslash. */
const withoutQuotation = (message: string): string => message.split(/: | [%\\]/u, 1)[0] ?? message;
