// Answers in the vendor's shape that mean something else: each takes a JSON value and writes the text to send in its place.
import type { JsonValue } from "../../src/domain/json.ts";

const isList = (value: JsonValue): value is readonly JsonValue[] => Array.isArray(value);
const isObject = (value: JsonValue): value is Readonly<Record<string, JsonValue>> =>
  typeof value === "object" && value !== null && !isList(value);

/** @param scalar what stands in the place of each text, number and truth value; the name is that of its field */
function written(value: JsonValue, scalar: (value: JsonValue, name: string) => string, name = ""): string {
  if (isList(value)) return `[${value.map((one) => written(one, scalar, name)).join(",")}]`;
  if (!isObject(value)) return value === null ? "null" : scalar(value, name);
  const fields = Object.entries(value).map(([key, one]) => `${JSON.stringify(key)}:${written(one, scalar, key)}`);
  return `{${fields.join(",")}}`;
}

const asIs = (value: JsonValue): string => JSON.stringify(value);

/** Everything that is a value is an object. */
export const wrongTypes = (json: JsonValue): string => written(json, () => '{"odd":[]}');

/** Every status is a word that nobody knows. */
export const newWords = (json: JsonValue): string =>
  written(json, (value, name) =>
    /status|state/u.test(name) && typeof value === "string" ? '"exploded"' : asIs(value),
  );

/** Every whole number is one that JavaScript cannot hold. */
export const hugeIntegers = (json: JsonValue): string =>
  written(json, (value) => (Number.isInteger(value) ? "9007199254740993" : asIs(value)));

/** Every second field of every object is missing. */
export function missingFields(json: JsonValue): string {
  const half = (value: JsonValue): JsonValue => {
    if (isList(value)) return value.map(half);
    if (!isObject(value)) return value;
    const kept = Object.entries(value).filter((_field, index) => index % 2 === 1);
    return Object.fromEntries(kept.map(([name, inner]) => [name, half(inner)]));
  };
  return JSON.stringify(half(json));
}

/** Every object has fields that no document names. */
export function extraFields(json: JsonValue): string {
  const more = (value: JsonValue): JsonValue => {
    if (isList(value)) return value.map(more);
    if (!isObject(value)) return value;
    const fields = Object.entries(value).map(([name, inner]) => [name, more(inner)] as const);
    return { x_new: { deep: [1, null] }, ...Object.fromEntries(fields), xNewToo: "one more" };
  };
  return JSON.stringify(more(json));
}

/** Every field comes twice, first as null. Readers of JSON keep the last one (RFC 8259 section 4 leaves it open). */
export function duplicateKeys(value: JsonValue): string {
  if (isList(value)) return `[${value.map(duplicateKeys).join(",")}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const entries = Object.entries(value);
  const before = entries.map(([name]) => `${JSON.stringify(name)}:null`);
  const fields = entries.map(([name, inner]) => `${JSON.stringify(name)}:${duplicateKeys(inner)}`);
  return `{${[...before, ...fields].join(",")}}`;
}
