// Makes sentences of foreign systems fit to be shown. Which texts are secret is the provider's to say; patterns of credentials are `redact.ts`'s.
import { capText, createRedactor } from "./redact.ts";
import type { Redactor } from "./redact.ts";
import { oneLine } from "./visible-text.ts";

/** Characters of a foreign sentence that are kept at most. */
export const LONGEST_FREE_TEXT = 256;

/** What of a sentence is worth looking at: patterns need not run over megabytes of which little is kept. */
export const beginningOf = (text: string): string => text.slice(0, 8 * LONGEST_FREE_TEXT);

/**
 * Makes the function for foreign texts that may be shown: secrets, addresses of people and what looks like a key blanked, one line, at
 * most 256 characters.
 */
export function freeTextRedactor(secrets: readonly string[]): Redactor {
  const hideSecrets = createRedactor(secrets);
  return (text) => capText(hideIdentities(hideSecrets(oneLine(beginningOf(text).trim()))), LONGEST_FREE_TEXT);
}

function hideIdentities(text: string): string {
  return (
    text
      .replaceAll(/[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64})+/g, "[redacted]")
      // What is this long and has digits in it is a key, not a word; a UUID is an id.
      .replaceAll(/\b(?![0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b)(?=[\w+/=-]{0,64}\d)[\w+=-]{32,}/gi, "[redacted]")
  );
}
