// A vendor's JSON as it may be shared: of the same shape, with `[redacted]` in the place of every value that is refused. Names that promise
// a secret are refused for all vendors; which others are, is the provider's to say.
import type { JsonObject, JsonValue } from "../domain/json.ts";
import { isRecord } from "./read-reply.ts";
import { HIDDEN, hideInAddresses } from "./redact.ts";
import type { Redactor } from "./redact.ts";

export interface SharingRules {
  /** Whether the value under this name is refused, besides those whose names promise a secret. */
  readonly withholds?: (name: string) => boolean;
  /** For every text; default: as it is. */
  readonly redact?: Redactor;
}

/** Deeper than any answer that is worth showing, shallower than what makes a serialiser fail. */
const DEEPEST = 20;

/** The value as JSON with refused values hidden, at any depth. What is no JSON, or lies too deep, becomes null. */
export function shareableJson(value: unknown, rules: SharingRules = {}): JsonValue {
  return shared(value, rules, DEEPEST);
}

/** The same of an object; null when the value is none. */
export function shareableObject(value: unknown, rules: SharingRules = {}): JsonObject | null {
  return isRecord(value) ? sharedEntries(value, rules, DEEPEST) : null;
}

/** Finds names of a list, however they are cased and with whatever signs between their words. */
export function namesAmong(names: readonly string[]): (name: string) => boolean {
  const known = new Set(names.map(plainName));
  return (name) => known.has(plainName(name));
}

/** Whether a name promises a secret: for free-form objects, whose names nobody has listed. */
export function promisesSecret(name: string): boolean {
  return SECRET_NAME.test(name);
}

const SECRET_NAME =
  /passphrase|passw|passcode|secret|token|credential|authorization|cookie|signature|(?:api|access|private|signing|encryption)[_\s-]?key/i;

/** Whether the word for what is hidden is somewhere in a value: one that came from a client would overwrite what it stands for. */
export function holdsHidden(value: JsonValue): boolean {
  if (typeof value === "string") return value.includes(HIDDEN);
  return typeof value === "object" && value !== null && Object.values(value).some(holdsHidden);
}

function shared(value: unknown, rules: SharingRules, depth: number): JsonValue {
  if (typeof value === "string") return rules.redact === undefined ? hideInAddresses(value) : rules.redact(value);
  if (typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value))) return value;
  if (depth === 0) return null;
  if (Array.isArray(value)) return value.map((inner: unknown) => shared(inner, rules, depth - 1));
  return isRecord(value) ? sharedEntries(value, rules, depth) : null;
}

function sharedEntries(value: Readonly<Record<string, unknown>>, rules: SharingRules, depth: number): JsonObject {
  const isRefused = (name: string, inner: unknown): boolean =>
    inner !== null && inner !== undefined && (promisesSecret(name) || rules.withholds?.(name) === true);
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      isRefused(name, inner) ? HIDDEN : shared(inner, rules, depth - 1),
    ]),
  );
}

const plainName = (name: string): string => name.replaceAll(/[_\s-]/g, "").toLowerCase();
