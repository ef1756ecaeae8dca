// What is wrong with an `args_schema` that somebody writes: it must be one of the two forms by which arguments are checked.
import type { UserProblem } from "../../domain/errors.ts";
import { ErrorCode } from "../../domain/errors.ts";
import type { JsonObject, JsonValue } from "../../domain/json.ts";
import { typeName } from "../../wire/read-reply.ts";
import { JSON_TYPES, canBeApplied, isJsonSchema } from "./args.ts";
import { isJsonObject } from "./wire-types.ts";

/** Problems of a schema that would check nothing, or not what its writer means. An empty one is that of a job without arguments. */
export function checkArgsSchema(schema: JsonObject): readonly UserProblem[] {
  const problems = isJsonSchema(schema) ? checkWhole(schema) : checkMembers(schema, []);
  if (problems.length > 0 || canBeApplied(schema)) return problems;
  return [problem([], "a JSON Schema, or a map of arguments, whose keywords have values that fit them", "others")];
}

function checkWhole({ type = "object", properties = {} }: JsonObject): readonly UserProblem[] {
  if (type !== "object") return [problem(["type"], '"object", because arguments are one', "another type")];
  if (!isJsonObject(properties)) return [problem(["properties"], "an object", typeName(properties))];
  return checkMembers(properties, ["properties"]);
}

function checkMembers(members: JsonObject, path: readonly string[]): readonly UserProblem[] {
  return Object.entries(members).flatMap(([name, member]) => checkMember(member, [...path, name]));
}

function checkMember(member: JsonValue, path: readonly string[]): readonly UserProblem[] {
  const described = typeof member === "string" ? { type: member } : member;
  if (!isJsonObject(described)) return [problem(path, "an object that describes the argument", typeName(member))];
  const { type, format, required } = described;
  return [
    ...(type === undefined || isType(type) ? [] : [problem([...path, "type"], TYPE, `another ${kindOf(type)}`)]),
    ...(format === undefined || typeof format === "string"
      ? []
      : [problem([...path, "format"], "a string", typeName(format))]),
    ...(required === undefined || typeof required === "boolean" || Array.isArray(required)
      ? []
      : [problem([...path, "required"], "true or false", typeName(required))]),
  ];
}

const TYPE = `one of ${[...JSON_TYPES].join(", ")}`;
const isType = (type: JsonValue): boolean =>
  [type].flat().every((word) => typeof word === "string" && JSON_TYPES.has(word));
const kindOf = (value: JsonValue): string => typeName(value).replace(/^an? /, "");

function problem(path: readonly string[], expected: string, got: string): UserProblem {
  const field = ["argsSchema", ...path];
  return { code: ErrorCode.BadUserInput, message: `${field.join(".")}: expected ${expected}, got ${got}`, field };
}
