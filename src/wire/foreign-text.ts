// The one rule for texts of other systems. It is applied where their JSON is read, to every text and every name in it, so that no mapper
// can forget it: secrets of ours become `[redacted]`, and characters that act instead of being seen become visible ones.
import { HIDDEN, secretForms } from "./redact.ts";
import { oneLine, visible } from "./visible-text.ts";

/** A sign, in the text of JSON, of a character that acts: written out, or as an escape. An escaped slash may stand in the middle of a secret. */
const PERHAPS_ACTING = /\\[bfu/]|[\u007F-\u009F\u2028-\u202E\u2066-\u2069]/;
/** What the rule leaves of a text it has changed. */
const CHANGED = /[\u2400-\u241F\u2421\uFFFD]|\[redacted\]/;

export interface ForeignText {
  /** The text, fit to be shown. Tab and line ends stay: definitions have templates and formulas of many lines. */
  text(text: string): string;
  /** The JSON value with every text and every name in it fit to be shown; itself when nothing had to change. */
  value(value: unknown): unknown;
  /** False when the rule would change nothing in a value with this JSON. */
  mayChange(json: string): boolean;
}

/** @param secrets of the provider whose texts they are */
export function createForeignText(secrets: readonly string[]): ForeignText {
  const forms = secretForms(secrets);
  const secret = forms.length === 0 ? null : new RegExp(forms.map(escaped).join("|"), "g");
  const holdsSecret = forms.length === 0 ? null : new RegExp(forms.map(escaped).join("|"));

  function text(given: string): string {
    const shown = secret !== null && holdsSecret?.test(given) ? given.replaceAll(secret, HIDDEN) : given;
    return visible(shown);
  }

  function value(given: unknown): unknown {
    if (typeof given === "string") return text(given);
    if (typeof given !== "object" || given === null) return given;
    if (Array.isArray(given)) return changedList(given);
    const entries = Object.entries(given);
    const shown = entries.flatMap(([name, inner]): [string, unknown][] =>
      name === "__proto__" ? [] : [[oneLine(text(name)), value(inner)]],
    );
    const same =
      shown.length === entries.length &&
      shown.every(([name, inner], index) => entries[index]?.[0] === name && entries[index][1] === inner);
    return same ? given : Object.fromEntries(shown);
  }

  function changedList(list: readonly unknown[]): readonly unknown[] {
    const shown = list.map(value);
    return shown.every((inner, index) => inner === list[index]) ? list : shown;
  }

  return {
    text,
    value,
    mayChange: (json) => PERHAPS_ACTING.test(json) || json.includes("__proto__") || (holdsSecret?.test(json) ?? false),
  };
}

/** Whether a text, as it is shown, is the very text that was sent: an id or a cursor that is not must not be sent back. */
export function isAsSent(shown: string): boolean {
  return !CHANGED.test(shown) && oneLine(shown) === shown;
}

const escaped = (form: string): string => form.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);
