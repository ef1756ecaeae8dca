// Words of a closed set as vendors write them: a status, a frequency, a kind. Vendors document one spelling and send others.

/** Meanings by word. What no table has is null, and what that stands for is the provider's to say. */
export interface VendorWords<Meaning> {
  of(word: unknown): Meaning | null;
}

/**
 * Makes a table in which a word is found in any case, with blanks around it, and with blanks or dashes in the place of its underscores.
 *
 * @throws TypeError when two words of the table would be the same one
 */
export function vendorWords<Meaning>(table: Iterable<readonly [string, Meaning]>): VendorWords<Meaning> {
  const meanings = new Map<string, Meaning>();
  for (const [word, meaning] of table) {
    const plain = plainWord(word);
    if (meanings.has(plain)) throw new TypeError(`vendor words: "${word}" is there twice`);
    meanings.set(plain, meaning);
  }
  return { of: (word) => (typeof word === "string" ? (meanings.get(plainWord(word)) ?? null) : null) };
}

/** The spelling in which words are compared. Tabs and ends of lines arrive as their pictures; see `visible-text.ts`. */
export const plainWord = (word: string): string =>
  word
    .toLowerCase()
    .replaceAll(/[\s\u2409-\u240d_-]+/gu, "_")
    .replaceAll(/^_|_$/gu, "");
