// Makes characters that act instead of being seen visible. Right-to-left letters, and the marks beside them, stay what they are.

/** Control characters but tab and line ends, directional overrides and isolates, line and paragraph separators, halves of pairs. */
const ACTING = /[^\P{Cc}\t\n\r]|[\u2028-\u202E\u2066-\u2069\p{Cs}]/gu;
const LINE_ENDS = /[\t\n\r]/g;

/** The text with a visible character for each that acts. Tab and line ends stay. */
export function visible(text: string): string {
  return text.replaceAll(ACTING, pictureOf);
}

/** The same for a text that is shown on one line: tab and line ends become visible too. */
export function oneLine(text: string): string {
  return visible(text).replaceAll(LINE_ENDS, pictureOf);
}

/** Unicode has pictures of the oldest control characters; all others become its replacement character. */
function pictureOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code === 0x7f) return "\u2421";
  return code < 0x20 ? String.fromCodePoint(0x2400 + code) : "\uFFFD";
}
