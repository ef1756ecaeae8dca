// A vendor's JSON without what must not be shared. Which names are withheld is the provider's to say.
import type { JsonObject, JsonValue } from "../domain/json.ts";
import { isRecord } from "./read-reply.ts";
import type { Redactor } from "./redact.ts";

export interface SharingRules {
  /** Whether an entry of this name is left out. */
  readonly withholds: (name: string) => boolean;
  /** For every text; default: as it is. */
  readonly redact?: Redactor;
}

/** Deeper than any answer that is worth showing, shallower than what makes a serialiser fail. */
const DEEPEST = 20;

/** The value as JSON without withheld entries, at any depth. What is no JSON, or lies too deep, becomes null. */
export function shareableJson(value: unknown, rules: SharingRules): JsonValue {
  return shared(value, rules, DEEPEST);
}

/** The same of an object; null when the value is none. */
export function shareableObject(value: unknown, rules: SharingRules): JsonObject | null {
  return isRecord(value) ? sharedEntries(value, rules, DEEPEST) : null;
}

/** Finds names of a list, however they are cased and with whatever signs between their words. */
export function namesAmong(names: readonly string[]): (name: string) => boolean {
  const known = new Set(names.map(plainName));
  return (name) => known.has(plainName(name));
}

/** Whether a name promises a secret: for free-form objects, whose names nobody has listed. */
export function promisesSecret(name: string): boolean {
  return /passphrase|passw|secret|token|credential|authorization|api_?key|private_?key/i.test(name);
}

function shared(value: unknown, rules: SharingRules, depth: number): JsonValue {
  if (typeof value === "string") return rules.redact === undefined ? value : rules.redact(value);
  if (typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value))) return value;
  if (depth === 0) return null;
  if (Array.isArray(value)) return value.map((inner: unknown) => shared(inner, rules, depth - 1));
  return isRecord(value) ? sharedEntries(value, rules, depth) : null;
}

function sharedEntries(value: Readonly<Record<string, unknown>>, rules: SharingRules, depth: number): JsonObject {
  const shown = Object.entries(value).filter(([name]) => !rules.withholds(name));
  return Object.fromEntries(shown.map(([name, inner]) => [name, shared(inner, rules, depth - 1)]));
}

const plainName = (name: string): string => name.replaceAll(/[_\s-]/g, "").toLowerCase();
