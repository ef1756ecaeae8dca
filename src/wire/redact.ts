// Takes secrets out of text that people will see. Which strings are secret is the provider's endpoint to say.

const HIDDEN = "[redacted]";
/** Anything shorter occurs in ordinary words by chance and is no credential. */
const SHORTEST_SECRET = 4;

export type Redactor = (text: string) => string;

/**
 * Makes the function that hides these secrets, in every encoding they are likely to come back in, and besides them what looks
 * like a credential: bearer and basic tokens, `api_key=...`, the query strings of URLs.
 */
export function createRedactor(secrets: readonly string[]): Redactor {
  const forms = new Set(secrets.filter((secret) => secret.length >= SHORTEST_SECRET).flatMap(encodings));
  // The longest first: a secret that contains another must go as a whole.
  const ordered = [...forms].toSorted((one, other) => other.length - one.length);
  return (text) => hidePatterns(ordered.reduce((rest, form) => rest.replaceAll(form, HIDDEN), text));
}

/** Cuts text to that many characters, the last of them an ellipsis when something was cut, and never through a surrogate pair. */
export function capText(text: string, maxCharacters: number): string {
  if (text.length <= maxCharacters) return text;
  return `${text.slice(0, maxCharacters - 1).replace(/[\uD800-\uDBFF]$/, "")}\u2026`;
}

/** Makes foreign text fit into one line of a message: no line breaks, no control or direction characters. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\u200E\u200F\u202A-\u202E\u2066-\u2069]+/gu, " ").trim();
}

function encodings(secret: string): readonly string[] {
  const base64 = [secret, `${secret}:`, `:${secret}`].flatMap((text) => {
    const bytes = Buffer.from(text, "utf8");
    // A padded end depends on what follows the secret, so its last character is left out with the padding.
    return [
      bytes.toString("base64").replace(/.=+$/, ""),
      bytes.toString("base64url").slice(0, Math.floor((bytes.length * 4) / 3)),
    ];
  });
  return [secret, JSON.stringify(secret).slice(1, -1), ...percentEncodings(secret), ...base64];
}

function percentEncodings(secret: string): readonly string[] {
  // Half of a surrogate pair has no percent-encoding.
  const encoded = encodeURIComponent(Buffer.from(secret, "utf8").toString("utf8"));
  return [encoded, encoded.replaceAll("%20", "+"), encoded.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())];
}

/** Each expression reads its text once: what a vendor sends must not be able to keep the gateway busy. */
function hidePatterns(text: string): string {
  return text
    .replaceAll(/\b[a-z][a-z0-9+.-]{0,15}:\/\/[^\s"'<>]*/gi, hideQuery)
    .replaceAll(/\b(bearer|basic)\s+[^\s"'<>,;]+/gi, `$1 ${HIDDEN}`)
    .replaceAll(
      /\b(x-api-key|api[_-]?key|access[_-]?token|auth[_-]?token|client[_-]?secret|token|secret|password|passphrase|signature)(["']?\s*[=:]\s*["']?)[^\s"'&,;<>]+/gi,
      `$1$2${HIDDEN}`,
    );
}

function hideQuery(url: string): string {
  const bare = url.replace(/\/\/[^/@?#]*@/, `//${HIDDEN}@`);
  const mark = bare.search(/[?#]/);
  return mark === -1 ? bare : `${bare.slice(0, mark + 1)}${HIDDEN}`;
}
