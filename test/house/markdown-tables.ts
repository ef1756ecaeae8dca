// Tables of a document as rows of cells, for tests that compare them with what they speak of.

export interface Table {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export function tablesIn(markdown: string): readonly Table[] {
  const prose = markdown.replace(/^```[\s\S]*?^```$/gm, "");
  return [...prose.matchAll(/^(\|.*\|)\n\|[-:| ]+\|\n((?:\|.*\|\n?)*)/gm)].map(([, header = "", rows = ""]) => ({
    header: cellsOf(header),
    rows: rows.trim().split("\n").filter(Boolean).map(cellsOf),
  }));
}

/** What stands in backticks in a text. */
export const quotedIn = (text: string): readonly string[] =>
  [...text.matchAll(/`([^`]+)`/g)].map(([, quoted = ""]) => quoted);

function cellsOf(line: string): readonly string[] {
  return line
    .slice(1, -1)
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim());
}
