// What is wrong with a new model sync, or with a change of one, as far as the vendor's documents say it. Makes no call.
import type {
  ModelFieldRef,
  ModelSyncField,
  ModelSyncIdentity,
  ModelSyncOverride,
  ModelSyncTarget,
} from "../../domain/definition.ts";
import type { ModelSyncDraft, ModelSyncPatch } from "../../domain/definition-change.ts";
import { ErrorCode } from "../../domain/errors.ts";
import type { UserProblem } from "../../domain/errors.ts";
import { checkSchedule } from "./check-schedule.ts";

export function checkChange(change: ModelSyncDraft | ModelSyncPatch): readonly UserProblem[] {
  const { name, mode, target, fields = [], overrideFields = [], filters = [], overrides = [] } = change;
  const { identity = null, schedule, encryptionPassphrase } = change;
  return [
    ...(name === undefined ? [] : given(name, ["name"])),
    ...(mode === undefined ? [] : oneOf(MODES, mode, ["mode"])),
    ...(target === undefined ? [] : targetProblems(target)),
    ...fields.flatMap((field, index) => fieldProblems(field, ["fields", String(index)])),
    ...overrideFields.flatMap((field, index) => fieldProblems(field, ["overrideFields", String(index)])),
    ...filters.flatMap((filter, index) => [
      ...oneOf(COMPARISONS, filter.function, ["filters", String(index), "function"]),
      ...(filter.fieldType === null
        ? []
        : oneOf(FIELD_TYPES, filter.fieldType, ["filters", String(index), "fieldType"])),
      ...placeProblems(filter, ["filters", String(index)]),
    ]),
    ...overrides.flatMap((override, index) => overrideProblems(override, ["overrides", String(index)])),
    ...(identity === null ? [] : identityProblems(identity)),
    ...logicProblems(change),
    ...(schedule === undefined ? [] : checkSchedule(schedule)),
    ...(encryptionPassphrase === ""
      ? [problem(["encryptionPassphrase"], "Expected a passphrase, or null for none.")]
      : []),
  ];
}

type Path = readonly string[];

const MODES = ["create", "update", "updateOrCreate", "replace", "append", "remove", "snapshot"];

/** The functions of filters and overrides. */
const COMPARISONS = [
  ...["Equality", "Inequality", "IsNull", "IsNotNull", "True", "False", "OnOrAfter", "OnOrBefore"],
  ...["GreaterThan", "GreaterThanEqual", "LessThan", "LessThanEqual", "Between"],
  ...["StringContains", "StringStartsWith", "StringEndsWith", "StringDoesNotContain", "StringDoesNotStartWith"],
  ...["StringDoesNotEndWith", "StringOneOf", "StringNotOneOf", "StringLike", "StringNotLike", "StringMatchesTrimmed"],
  ...["ArrayContains", "ArrayDoesNotContain", "InTheLast", "RelativeOnOrBefore", "RelativeOnOrAfter"],
];

const FIELD_TYPES = ["Model", "Target"];

const IDENTITY_FUNCTIONS = ["Equality", "ISubstring", "OneOf", "DomainMatch", "HostnameMatch"];

const problem = (field: Path, message: string): UserProblem => ({ code: ErrorCode.BadUserInput, message, field });

function given(text: string | null, path: Path): readonly UserProblem[] {
  if (text !== null && text.trim() !== "") return [];
  return [problem(path, `Expected ${path.join(".")} to be given, got ${text === null ? "null" : "a blank text"}.`)];
}

function oneOf(words: readonly string[], word: string, path: Path): readonly UserProblem[] {
  if (words.includes(word)) return [];
  return [problem(path, `Expected ${path.join(".")} to be one of ${words.join(", ")}, got "${word.slice(0, 40)}".`)];
}

/** A model's field is named by both. */
function sourceProblems(source: ModelFieldRef | null, path: Path): readonly UserProblem[] {
  if (source === null) return [];
  return [...given(source.modelId, [...path, "modelId"]), ...given(source.field, [...path, "field"])];
}

function fieldProblems(field: ModelSyncField, path: Path): readonly UserProblem[] {
  return [...given(field.target, [...path, "target"]), ...sourceProblems(field.source, [...path, "source"])];
}

/** What a filter or an override looks at: a model's field, or a field by its id. */
function placeProblems(
  { field, fieldId }: { readonly field: ModelFieldRef | null; readonly fieldId: string | null },
  path: Path,
): readonly UserProblem[] {
  if (field !== null) return sourceProblems(field, [...path, "field"]);
  return fieldId === null
    ? [problem(path, `Expected ${path.join(".")} to name a field or a fieldId, got neither.`)]
    : [];
}

function overrideProblems(override: ModelSyncOverride, path: Path): readonly UserProblem[] {
  const { function: comparison } = override;
  const unknown = comparison === null ? [] : oneOf(COMPARISONS, comparison, [...path, "function"]);
  return [...unknown, ...placeProblems(override, path)];
}

function identityProblems(identity: ModelSyncIdentity): readonly UserProblem[] {
  const path = ["identity"];
  const { source } = identity;
  return [
    ...oneOf(IDENTITY_FUNCTIONS, identity.function, [...path, "function"]),
    ...(source === null
      ? [problem([...path, "source"], "Expected identity.source to be given, got null.")]
      : sourceProblems(source, [...path, "source"])),
    ...given(identity.target, [...path, "target"]),
  ];
}

function targetProblems({ linkedAccountRemoteId, object, create }: ModelSyncTarget): readonly UserProblem[] {
  const wrong = Object.entries(create ?? {}).filter(([, value]) => typeof value !== "string");
  const isOne = (object !== null) !== (create !== null);
  const got = object === null ? "neither" : "both";
  return [
    ...given(linkedAccountRemoteId, ["target", "linkedAccountRemoteId"]),
    ...(isOne ? [] : [problem(["target"], `Expected target to have either object or create, got ${got}.`)]),
    ...(object === null ? [] : given(object, ["target", "object"])),
    ...wrong.map(([name]) => problem(["target", "create", name], `Expected target.create.${name} to be a text.`)),
  ];
}

/**
 * Labels that no filter has. Only where it is clear: filters without a label may get one from the vendor, and what else the logic may
 * hold beside labels, brackets and the three words is not documented.
 */
function logicProblems({ filters, filterLogic }: ModelSyncPatch): readonly UserProblem[] {
  if (filters === undefined || filterLogic === undefined || filterLogic === null) return [];
  const labels = filters.map(({ label }) => label?.toLowerCase() ?? "");
  const words = filterLogic.match(/[^\s()]+/g) ?? [];
  if (![...labels, ...words].every((word) => /^\w+$/.test(word))) return [];
  const unknown = words.filter((word) => !/^(?:and|or|not)$/i.test(word) && !labels.includes(word.toLowerCase()));
  if (unknown.length === 0) return [];
  const message = `Expected filterLogic to combine labels of filters, got ${unknown.map((word) => `"${word.slice(0, 40)}"`).join(", ")}.`;
  return [problem(["filterLogic"], message)];
}
