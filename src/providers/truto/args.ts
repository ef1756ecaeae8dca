// Checks a run's arguments against a job's `args_schema`, in both forms Truto documents. Never quotes a value: arguments may be secrets.
import { Ajv } from "ajv";
import type { ErrorObject } from "ajv";
import formats from "ajv-formats";
import type { UserProblem } from "../../domain/errors.ts";
import { ErrorCode } from "../../domain/errors.ts";
import type { JsonObject, JsonValue } from "../../domain/json.ts";
import { typeName } from "../../wire/read-reply.ts";
import { timeOrDayOf } from "../../wire/times.ts";
import { isJsonObject } from "./wire-types.ts";

/** Enough to mend an input; a list of hundreds helps nobody. */
const PROBLEMS_TOLD = 20;
/** Characters quoted of a schema's own pattern or list. */
const LONGEST_QUOTE = 120;

/**
 * What is wrong with the arguments, one entry for each failing one. Arguments that the schema does not name are allowed unless it
 * forbids them. A schema that cannot be understood forbids nothing: the vendor checks again.
 *
 * @param schema the job's `args_schema`: a JSON Schema whose properties carry `required: true`, or runtime 4's flat map by name
 */
export function checkArguments(schema: JsonObject | null, args: JsonObject): readonly UserProblem[] {
  if (schema === null || Object.keys(schema).length === 0) return [];
  const errors = validate(standardSchema(schema), args);
  const problems = errors.filter((error) => !COMPOSITES.has(error.keyword)).map(problemOf);
  const told = problems.length === 0 && errors.length > 0 ? errors.map(problemOf) : problems;
  const byField = new Map<string, UserProblem>();
  for (const problem of told) {
    const place = JSON.stringify(problem.field);
    if (!byField.has(place)) byField.set(place, problem);
  }
  return [...byField.values()].slice(0, PROBLEMS_TOLD);
}

/** Truto's own form as a standard JSON Schema: `required` becomes the parent's list, and what a validator would choke on goes. */
export function standardSchema(schema: JsonObject): JsonObject {
  return isJsonSchema(schema)
    ? standardNode(schema, DEEPEST)
    : standardNode({ type: "object", properties: schema }, DEEPEST);
}

/** Whether arguments can be checked against all that a schema says. */
export const canBeApplied = (schema: JsonObject): boolean => failuresUnder(standardSchema(schema), {}) !== null;

const DEEPEST = 20;
/** These fail because something inside them failed, which is told by itself. */
const COMPOSITES: ReadonlySet<string> = new Set(["anyOf", "oneOf", "allOf", "if", "not"]);
export const JSON_TYPES: ReadonlySet<string> = new Set([
  "string",
  "number",
  "integer",
  "boolean",
  "object",
  "array",
  "null",
]);
/** They name other documents, change how the validator works, or are annotations it refuses. */
const DROPPED: ReadonlySet<string> = new Set([
  "$schema",
  "$id",
  "id",
  "$async",
  "$ref",
  "$dynamicRef",
  "nullable",
  "discriminator",
]);
const PROPERTY_MAPS: ReadonlySet<string> = new Set(["properties", "patternProperties", "definitions", "$defs"]);

/** A flat map may have arguments called `type` or `properties`; they are objects that describe an argument. */
export function isJsonSchema(schema: JsonObject): boolean {
  if (typeof schema["type"] === "string") return true;
  const properties = schema["properties"];
  return isJsonObject(properties) && typeof properties["type"] !== "string";
}

function standardNode(node: JsonObject, depth: number): JsonObject {
  if (depth === 0) return {};
  const required = requiredNames(node);
  const kept = Object.entries(node)
    .filter(([keyword, value]) => keyword !== "required" && !DROPPED.has(keyword) && isUsable(keyword, value))
    .map(([keyword, value]): [string, JsonValue] => [keyword, standardKeyword(keyword, value, depth)]);
  return Object.fromEntries(required.length === 0 ? kept : [...kept, ["required", required]]);
}

/** A member of a property map: a schema, or the bare name of a type; anything else describes nothing. */
function standardMember(value: JsonValue, depth: number): JsonValue {
  if (typeof value === "string") return standardNode({ type: value }, depth);
  if (typeof value === "boolean") return value;
  return isJsonObject(value) ? standardNode(value, depth) : true;
}

function standardKeyword(keyword: string, value: JsonValue, depth: number): JsonValue {
  if (keyword === "enum" || keyword === "const" || keyword === "default" || keyword === "examples") return value;
  if (PROPERTY_MAPS.has(keyword) && isJsonObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, standardMember(member, depth - 1)]));
  }
  if (isJsonObject(value)) return standardNode(value, depth - 1);
  return Array.isArray(value)
    ? value.map((member: JsonValue) => (isJsonObject(member) ? standardNode(member, depth - 1) : member))
    : value;
}

function requiredNames(node: JsonObject): readonly string[] {
  const listed = Array.isArray(node["required"]) ? node["required"].filter((name) => typeof name === "string") : [];
  const properties = isJsonObject(node["properties"]) ? node["properties"] : {};
  const marked = Object.entries(properties).filter(([, member]) => isJsonObject(member) && member["required"] === true);
  return [...new Set([...listed, ...marked.map(([name]) => name)])];
}

function isUsable(keyword: string, value: JsonValue): boolean {
  if (keyword === "type") return [value].flat().every((type) => typeof type === "string" && JSON_TYPES.has(type));
  if (keyword === "format") return typeof value === "string";
  if (keyword === "pattern") return typeof value === "string" && isPattern(value);
  return true;
}

function isPattern(source: string): boolean {
  try {
    return new RegExp(source, "u").source !== "";
  } catch {
    return false;
  }
}

const ID = /^[\w.:-]{1,128}$/;
const DATE_OR_TIME = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?$/i;
const isDateOrTime = (text: string): boolean => DATE_OR_TIME.test(text) && timeOrDayOf(text) !== null;

/** Truto's formats. A run takes a date with or without a time of day, so both pass as either. */
const TRUTO_FORMATS = {
  integrated_account_id: ID,
  webhook_id: ID,
  datastore_id: ID,
  date: isDateOrTime,
  updated_at: isDateOrTime,
};

function validate(schema: JsonObject, args: JsonObject): readonly ErrorObject[] {
  return failuresUnder(schema, args) ?? failuresUnder(skeletonOf(schema), args) ?? [];
}

/** Null when the schema cannot be compiled. */
function failuresUnder(schema: JsonObject, args: JsonObject): readonly ErrorObject[] | null {
  // A validator of its own for each check: it remembers every schema it ever saw.
  const ajv = new Ajv({ strict: false, allErrors: true, verbose: true, ownProperties: true, logger: false });
  formats.default(ajv);
  for (const [name, format] of Object.entries(TRUTO_FORMATS)) ajv.addFormat(name, format);
  try {
    const check = ajv.compile(schema);
    return check(args) ? [] : (check.errors ?? []);
  } catch {
    return null;
  }
}

/** Names and types only: what remains of a schema when one keyword in it is wrong. */
function skeletonOf(schema: JsonObject): JsonObject {
  const properties = isJsonObject(schema["properties"]) ? schema["properties"] : {};
  const types = Object.entries(properties).map(([name, member]): [string, JsonValue] => {
    const type = isJsonObject(member) ? member["type"] : undefined;
    return [name, type === undefined ? true : { type }];
  });
  return { type: "object", properties: Object.fromEntries(types), required: requiredNames(schema) };
}

function problemOf(error: ErrorObject): UserProblem {
  const inside = error.instancePath
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  const member = memberNamed(error);
  const field = ["args", ...inside, ...(member === null ? [] : [member])];
  return { code: ErrorCode.BadUserInput, message: `${field.join(".")}: ${sentenceOf(error, member)}`, field };
}

function memberNamed(error: ErrorObject): string | null {
  const name: unknown = error.params["missingProperty"] ?? error.params["additionalProperty"];
  return typeof name === "string" ? name : null;
}

/** Expected and got. A value of the right type that fails is "another" one: its type alone would read as a contradiction. */
function sentenceOf(error: ErrorObject, member: string | null): string {
  const { keyword } = error;
  if (keyword === "additionalProperties") return "expected no argument of that name, got one";
  if (keyword === "required") return `expected ${declaredType(error.parentSchema, member ?? "")}, got nothing`;
  const got = typeName(error.data);
  if (keyword === "type") return `expected ${typesIn(error.params["type"])}, got ${got}`;
  return `expected ${expectation(error)}, got ${got.replace(/^an? /, "another ")}`;
}

function expectation(error: ErrorObject): string {
  const { keyword, params, parentSchema } = error;
  if (keyword === "format") return `a string of the format ${shortened(params["format"])}`;
  if (keyword === "pattern") return `a string that matches ${shortened(params["pattern"])}`;
  if (keyword === "enum") return `one of ${shortened(JSON.stringify(parentSchema?.["enum"]))}`;
  return `a value that ${error.message ?? "follows the schema"}`;
}

function declaredType(schema: unknown, name: string): string {
  const properties = isJsonObject(schema) ? schema["properties"] : undefined;
  const member = isJsonObject(properties) && Object.hasOwn(properties, name) ? properties[name] : undefined;
  return isJsonObject(member) && member["type"] !== undefined ? typesIn(member["type"]) : "a value";
}

function typesIn(types: unknown): string {
  const names = (Array.isArray(types) ? types : [types]).map(String);
  return names.map((name) => (name === "null" ? name : /^[aeio]/.test(name) ? `an ${name}` : `a ${name}`)).join(" or ");
}

function shortened(text: unknown): string {
  const whole = String(text);
  return whole.length > LONGEST_QUOTE ? `${whole.slice(0, LONGEST_QUOTE)}…` : whole;
}
