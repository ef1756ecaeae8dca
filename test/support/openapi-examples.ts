// Values out of a vendor's OpenAPI document: its examples where it prints some, else values made from its schemas.
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";

export type Json = Record<string, unknown>;

export interface Examples {
  /**
   * The body of an operation's 200 answer.
   *
   * @param name which of several examples; left out, the first
   */
  answer(operation: string, name?: string): Json;
  /** The same for an answer that is a list. */
  list(operation: string): readonly Json[];
  /** A value made from a schema of the document's components, every property filled. */
  made(schema: string): Json;
}

/** Reads a document from the folder that `openapi.ts` checks answers against. */
export function readExamples(fileName: string): Examples {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const folder = resolve(process.env["SYNCGRAPH_OPENAPI_DIR"] ?? join(root, "../shared/providers/openapi"));
  const document = objectOf(parse(readFileSync(join(folder, fileName), "utf8")));
  const at = (...path: readonly string[]): unknown =>
    path.reduce<unknown>((value, step) => objectOf(value)[step], document);

  const found = (operation: string, name?: string): unknown => {
    const [method = "", path = ""] = operation.split(" ");
    const content = at("paths", path, method.toLowerCase(), "responses", "200", "content", "application/json");
    const { example, examples, schema } = objectOf(content);
    if (name === undefined && example !== undefined) return structuredClone(example);
    const named = Object.entries(objectOf(examples));
    const chosen = name === undefined ? named[0] : named.find(([key]) => key === name);
    if (chosen !== undefined) return structuredClone(objectOf(chosen[1])["value"]);
    if (schema === undefined) throw new Error(`${fileName}: nothing to answer ${operation} with`);
    return madeFrom(schema);
  };

  const madeFrom = (part: unknown): unknown => {
    const schema = objectOf(part);
    const { $ref, example, type, properties, items, anyOf, format } = schema;
    if (typeof $ref === "string") return madeFrom(at(...$ref.replace(/^#\//u, "").split("/")));
    if (example !== undefined) return structuredClone(example);
    if (Array.isArray(schema["enum"])) return schema["enum"][0];
    if (Array.isArray(anyOf)) return madeFrom(anyOf[0]);
    const [kind] = [type].flat();
    if (kind === "object")
      return Object.fromEntries(Object.entries(objectOf(properties)).map(([name, inner]) => [name, madeFrom(inner)]));
    if (kind === "array") return [madeFrom(items)];
    if (kind === "integer" || kind === "number") return 1;
    if (kind === "boolean") return false;
    if (format === "date-time") return "2026-04-01T10:00:00.000Z";
    return format === "uuid" ? "3c90c3cc-0d44-4b50-8888-8dd25736052a" : "text";
  };

  return {
    answer: (operation, name) => objectOf(found(operation, name)),
    list: (operation) => listOf(found(operation)),
    made: (schema) => objectOf(madeFrom({ $ref: `#/components/schemas/${schema}` })),
  };
}

/** The value as an object; an empty one when it is none. */
export function objectOf(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : {};
}

/** The objects of a list; an empty list when it is none. */
export function listOf(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.map(objectOf) : [];
}
