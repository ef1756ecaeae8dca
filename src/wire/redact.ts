// Takes secrets out of text that people will see. Which strings are secret is the provider's endpoint to say.

/** What stands in the place of what is not shown. */
export const HIDDEN = "[redacted]";
/** Anything shorter occurs in ordinary words by chance and is no credential. */
const SHORTEST_SECRET = 4;

export type Redactor = (text: string) => string;

/**
 * Makes the function that hides these secrets, in every encoding they are likely to come back in, and besides them what looks
 * like a credential: bearer and basic tokens, `api_key=...`, the query strings of URLs.
 */
export function createRedactor(secrets: readonly string[]): Redactor {
  const forms = secretForms(secrets);
  return (text) => hidePatterns(forms.reduce((rest, form) => rest.replaceAll(form, HIDDEN), text));
}

/** The secrets in every encoding they are likely to come back in, the longest first: one that contains another must go as a whole. */
export function secretForms(secrets: readonly string[]): readonly string[] {
  const forms = new Set(secrets.filter((secret) => secret.length >= SHORTEST_SECRET).flatMap(encodings));
  return [...forms].toSorted((one, other) => other.length - one.length);
}

/** Cuts text to that many characters, the last of them an ellipsis when something was cut, and never through a surrogate pair. */
export function capText(text: string, maxCharacters: number): string {
  if (text.length <= maxCharacters) return text;
  return `${text.slice(0, maxCharacters - 1).replace(/[\uD800-\uDBFF]$/, "")}\u2026`;
}

/** Hides what stands in addresses for a secret: a user's name and password, and parameters whose names promise one. */
export function hideInAddresses(text: string): string {
  if (!text.includes("://")) return text;
  return text.replaceAll(ADDRESS, (address) =>
    address.replace(USER, `//${HIDDEN}@`).replaceAll(SECRET_PARAMETER, `$1${HIDDEN}`),
  );
}

const ADDRESS = /\b[a-z][a-z0-9+.-]{0,15}:\/\/[^\s"'<>]*/gi;
const USER = /\/\/[^/@?#]*@/;
const SECRET_PARAMETER =
  /([?&#][\w.~%[\]-]{0,64}(?:token|secret|passw|passphrase|signature|credential|\bsig|key|\bcode)[\w.~%[\]-]{0,64}=)[^&#]+/gi;

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
    .replaceAll(ADDRESS, hideQuery)
    .replaceAll(/\b(bearer|basic)\s+[^\s"'<>,;]+/gi, `$1 ${HIDDEN}`)
    .replaceAll(
      /\b(x-api-key|api[_-]?key|access[_-]?token|auth[_-]?token|client[_-]?secret|token|secret|password|passphrase|signature)(["']?\s*[=:]\s*["']?)[^\s"'&,;<>]+/gi,
      `$1$2${HIDDEN}`,
    );
}

function hideQuery(url: string): string {
  const bare = url.replace(USER, `//${HIDDEN}@`);
  const mark = bare.search(/[?#]/);
  return mark === -1 ? bare : `${bare.slice(0, mark + 1)}${HIDDEN}`;
}
