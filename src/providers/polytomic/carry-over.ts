// What a caller gives back of a sync, with what the caller could not see of it put back in its place: settings whose names promise a
// secret, and fields that the gateway does not know. And when two values of the vendor's say the same. Pure.
import type { JsonObject, JsonValue } from "../../domain/json.ts";
import type { ForeignText } from "../../wire/foreign-text.ts";
import { HIDDEN } from "../../wire/redact.ts";
import { promisesSecret, shareableJson } from "../../wire/shareable-json.ts";
import { oneLine } from "../../wire/visible-text.ts";

/**
 * A part of a sync as it shall be sent, made from what the caller wants and what stands at the vendor. An entry that says what stands
 * there is sent as it stands there.
 *
 * @param name the part's, in the vendor's words
 * @param standing undefined when the vendor has no such part
 * @param texts the form in which the vendor's texts were shown
 */
export function restored(
  name: string,
  wanted: JsonValue,
  standing: JsonValue | undefined,
  texts: ForeignText,
): JsonValue {
  const known = KNOWN.get(name);
  if (standing === undefined) return wanted;
  if (known === undefined) return typeof wanted === "string" && isShown(wanted, standing, texts) ? standing : wanted;
  const says = (entry: JsonValue, old: JsonValue): boolean =>
    isObject(old) && isShown(entry, Object.fromEntries(knownOf(old, known)), texts);
  if (isList(wanted)) return matched(wanted, isList(standing) ? standing : [], says);
  if (says(wanted, standing)) return standing;
  return name === "target" && isObject(wanted) && isObject(standing)
    ? restoredTarget(wanted, standing, { known, texts })
    : wanted;
}

/**
 * Whether two values of a part say the same to the vendor, who may leave out what is empty, false or its default, and order sets of ids
 * as it likes.
 */
export function sameMeaning(name: string, one: JsonValue | undefined, other: JsonValue | undefined): boolean {
  return fingerprint({ [name]: one ?? null }, isDefault) === fingerprint({ [name]: other ?? null }, isDefault);
}

/** Whether a number is in it that did not survive being read, and would be sent back as another one. */
export function holdsLossyNumber(value: JsonValue): boolean {
  if (typeof value === "number") return Number.isInteger(value) && !Number.isSafeInteger(value);
  if (isList(value)) return value.some(holdsLossyNumber);
  return isObject(value) && Object.values(value).some(holdsLossyNumber);
}

const FIELD = ["target", "source", "new", "override_value", "sync_mode", "encryption_enabled"];

/** What the gateway shows of the parts that have fields of their own. */
const KNOWN: ReadonlyMap<string, readonly string[]> = new Map([
  ["fields", FIELD],
  ["override_fields", FIELD],
  ["filters", ["function", "field", "field_id", "field_type", "label", "value"]],
  ["overrides", ["field", "field_id", "function", "value", "override"]],
  ["identity", ["function", "source", "target", "new_field", "remote_field_type_id"]],
  ["target", ["connection_id", "object", "create", "new_name", "configuration", "search_values", "filter_logic"]],
  [
    "schedule",
    [
      ...["frequency", "hour", "minute", "day_of_week", "day_of_month", "month"],
      ...["connection_id", "job_id", "run_after", "run_after_success_only"],
    ],
  ],
]);

const knownOf = (standing: JsonObject, known: readonly string[]): readonly (readonly [string, JsonValue])[] =>
  Object.entries(standing).filter(([name]) => known.includes(name));

/** Another connection's settings are its own: nothing of the old one's belongs there. */
function restoredTarget(
  wanted: JsonObject,
  standing: JsonObject,
  { known, texts }: { readonly known: readonly string[]; readonly texts: ForeignText },
): JsonObject {
  if (wanted["connection_id"] !== standing["connection_id"]) return wanted;
  const unknown = Object.entries(standing).filter(([name]) => !known.includes(name));
  return { ...Object.fromEntries(unknown), ...withHidden(wanted, standing, texts) };
}

/** Free-form settings with those that the gateway withholds. */
function withHidden(wanted: JsonObject, standing: JsonObject, texts: ForeignText): JsonObject {
  const hidden = Object.entries(standing).filter(([name]) => promisesSecret(name));
  const given = Object.entries(wanted).map(([shownName, value]): [string, JsonValue] => {
    const name = nameIn(standing, shownName, texts);
    const old = Object.hasOwn(standing, name) ? standing[name] : undefined;
    if (old === undefined) return [name, value];
    if (value === HIDDEN && promisesSecret(name)) return [name, old];
    if (isObject(value) && isObject(old)) return [name, withHidden(value, old, texts)];
    if (isList(value) && isList(old)) return [name, matched(value, old, (entry, one) => isShown(entry, one, texts))];
    return [name, isShown(value, old, texts) ? old : value];
  });
  return { ...Object.fromEntries(hidden), ...Object.fromEntries(given) };
}

/** The vendor's own name for one as it was shown. */
function nameIn(standing: JsonObject, shown: string, texts: ForeignText): string {
  if (Object.hasOwn(standing, shown)) return shown;
  return Object.keys(standing).find((name) => oneLine(texts.text(name)) === shown) ?? shown;
}

/** Whether a value is what the gateway showed of the vendor's. Texts were shown on one line, and what is hidden may be left out. */
function isShown(value: JsonValue, old: JsonValue, texts: ForeignText): boolean {
  const seen = (one: unknown): string => fingerprint(onOneLine(shareableJson(one)), isUnseen);
  return seen(value) === seen(texts.value(old));
}

function onOneLine(value: JsonValue): JsonValue {
  if (typeof value === "string") return oneLine(value);
  if (isList(value)) return value.map(onOneLine);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, onOneLine(inner)]));
}

/**
 * A list with the vendor's entries for those that say the same. Each stands for one only: two that look the same may differ in what the
 * gateway does not show.
 */
function matched(
  wanted: readonly JsonValue[],
  standing: readonly JsonValue[],
  isSame: (entry: JsonValue, old: JsonValue) => boolean,
): JsonValue {
  const left = [...standing];
  return wanted.map((entry) => {
    const place = left.findIndex((old) => isSame(entry, old));
    return place === -1 ? entry : (left.splice(place, 1)[0] ?? entry);
  });
}

/** Says of an entry that it is as good as absent. */
type Nothing = (value: JsonValue, name: string) => boolean;

const isEmpty: Nothing = (value) =>
  value === null || (isList(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0);

const isUnseen: Nothing = (value, name) => isEmpty(value, name) || value === HIDDEN;

/** `updateOrCreate` is the documented default of a field's mode. */
const isDefault: Nothing = (value, name) =>
  isEmpty(value, name) || value === false || value === "" || (name === "sync_mode" && value === "updateOrCreate");

const SETS: ReadonlySet<string> = new Set(["policies", "sync_ids", "bulk_sync_ids"]);

/** A text that is equal for values that say the same. */
function fingerprint(value: JsonValue, isNothing: Nothing): string {
  return JSON.stringify(reduced(value, isNothing));
}

function reduced(value: JsonValue, isNothing: Nothing): JsonValue {
  if (isList(value)) return value.map((entry) => reduced(entry, isNothing));
  if (!isObject(value)) return value;
  const entries = Object.entries(value)
    .map(([name, inner]): [string, JsonValue] => [name, ordered(name, reduced(inner, isNothing))])
    .filter(([name, inner]) => !isNothing(inner, name));
  return Object.fromEntries(entries.toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

const ordered = (name: string, value: JsonValue): JsonValue =>
  SETS.has(name) && isList(value) ? value.map(String).toSorted() : value;

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !isList(value);
}
