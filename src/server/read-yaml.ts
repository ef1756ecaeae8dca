// A YAML file as a value, or what is wrong with it and where. The parser quotes the text around an error, and that text may be a secret.
import { LineCounter, parseDocument } from "yaml";

/**
 * @param problems gets a sentence for each mistake; what it quotes of the file is left out
 * @returns null when there are mistakes, or when there is nothing in the file
 */
export function readYaml(text: string, problems: string[]): unknown {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  // A warning is a tag or a directive that would do nothing without a word.
  for (const { message, pos } of [...document.errors, ...document.warnings]) {
    const { line, col } = lines.linePos(pos[0]);
    problems.push(`line ${line}, column ${col}: ${withoutQuotation(message)}`);
  }
  if (problems.length > 0) return null;
  try {
    return document.toJS();
  } catch (error) {
    // An alias without an anchor, or far too many of them.
    problems.push(withoutQuotation(error instanceof Error ? error.message : String(error)));
    return null;
  }
}

/** What the parser read stands behind a colon, a percent sign or a backslash. */
const withoutQuotation = (message: string): string => message.split(/: | [%\\]/u, 1)[0] ?? message;
