// Checks HTTP answers and request bodies against a vendor's OpenAPI document.
// The documents are kept next to the repository, not in it: where they are missing the caller skips, and one printed line says so.
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { ErrorObject, ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { parse } from "yaml";

/** One answer of a server, with the path as the document writes it: `/core/syncs/{sync_id}`. */
interface Answer {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  /** The parsed JSON; null when the answer had no body. */
  readonly body: unknown;
}

export interface OpenApiContract {
  /**
   * Throws unless the status is documented for the operation and the body fits the schema given for it.
   *
   * @param undocumented statuses that are accepted although the document does not list them, each with the reason; their bodies
   * are not checked
   */
  checkAnswer(answer: Answer, undocumented?: Readonly<Record<number, string>>): void;
  /** Throws unless the body fits the operation's request schema; also when the operation takes no body. */
  checkRequestBody(request: Pick<Answer, "method" | "path" | "body">): void;
  /** All operations, as `GET /core/syncs`. */
  readonly operations: readonly string[];
}

/** Where the documents are: `SYNCGRAPH_OPENAPI_DIR`, else a fixed place next to the repository. */
function openApiFolder(): string {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  return resolve(process.env["SYNCGRAPH_OPENAPI_DIR"] ?? join(root, "../shared/providers/openapi"));
}

let absenceSaid = false;

/**
 * Whether contract checks can run. A missing folder is said once, aloud. It is an error where its neighbours are there in a build
 * (`CI=true`), or where the environment names it: then somebody believes that the checks run.
 */
export function openApiAvailable(): boolean {
  const folder = openApiFolder();
  if (existsSync(folder)) return true;
  const expected = process.env["CI"] === "true" && existsSync(resolve(folder, "../.."));
  if (expected || process.env["SYNCGRAPH_OPENAPI_DIR"] !== undefined) {
    throw new Error(`OpenAPI documents: expected the folder ${folder}, found none`);
  }
  if (!absenceSaid)
    process.stderr.write(`SKIPPED: checks against the vendors' OpenAPI documents; there is no folder ${folder}\n`);
  absenceSaid = true;
  return false;
}

/** Reads a document of the folder, JSON or YAML. Throws when there is no such file or it has no operations. */
export function loadOpenApi(fileName: string): OpenApiContract {
  return openApiContract(fileName, parse(readFileSync(join(openApiFolder(), fileName), "utf8")));
}

/** A contract from a parsed document; `name` is for messages. */
export function openApiContract(name: string, document: unknown): OpenApiContract {
  const root = asRecord(document);
  const operations = operationsOf(root);
  if (operations.size === 0) throw new Error(`${name}: expected operations under "paths", found none`);
  const validators = new Map<unknown, ValidateFunction>();
  const ajv = addFormats.default(new Ajv2020({ strict: false, allErrors: true, validateSchema: false, logger: false }));

  const check = (schema: unknown, body: unknown, what: string): void => {
    const known = validators.get(schema);
    // References inside a schema point at the document's root, so the schema brings the components along.
    const validate = known ?? ajv.compile({ ...asRecord(schema), components: root["components"] ?? {} });
    validators.set(schema, validate);
    if (!validate(body)) throw new Error(`${name}: ${what}: ${complaints(validate.errors)}\ngot ${excerpt(body)}`);
  };

  const operation = (method: string, path: string): Record<string, unknown> => {
    const found = operations.get(operationKey(method, path));
    if (found === undefined) throw new Error(`${name}: has no operation ${operationKey(method, path)}`);
    return found;
  };

  return {
    operations: [...operations.keys()],
    checkAnswer: ({ method, path, status, body }, undocumented = {}) => {
      const responses = asRecord(operation(method, path)["responses"]);
      const key = [String(status), `${String(status)[0] ?? ""}XX`].find((candidate) => candidate in responses);
      if (key === undefined && undocumented[status] !== undefined) return;
      const response = resolved(root, responses[key ?? "default"]);
      const what = `${operationKey(method, path)} ${status}`;
      if (response === undefined)
        throw new Error(`${name}: ${what}: expected one of ${Object.keys(responses).join(", ")}`);
      const schema = jsonSchema(root, response);
      if (schema !== undefined) check(schema, body, what);
    },
    checkRequestBody: ({ method, path, body }) => {
      const schema = jsonSchema(root, resolved(root, operation(method, path)["requestBody"]));
      if (schema === undefined) throw new Error(`${name}: ${operationKey(method, path)}: takes no JSON body`);
      check(schema, body, `body of ${operationKey(method, path)}`);
    },
  };
}

const METHODS: ReadonlySet<string> = new Set(["get", "put", "post", "delete", "patch", "head", "options"]);

function operationKey(method: string, path: string): string {
  return `${method.toUpperCase()} ${path}`;
}

function operationsOf(root: Record<string, unknown>): Map<string, Record<string, unknown>> {
  const found = new Map<string, Record<string, unknown>>();
  for (const [path, item] of Object.entries(asRecord(root["paths"]))) {
    for (const [method, operation] of Object.entries(asRecord(item))) {
      if (METHODS.has(method)) found.set(operationKey(method, path), asRecord(operation));
    }
  }
  return found;
}

/** The schema of the JSON content; undefined when the part declares none. */
function jsonSchema(root: Record<string, unknown>, part: unknown): unknown {
  if (part === undefined) return undefined;
  const content = asRecord(asRecord(resolved(root, part))["content"]);
  const type = Object.keys(content).find((name) => /^application\/([\w.+-]+\+)?json\b/u.test(name));
  return type === undefined ? undefined : asRecord(content[type])["schema"];
}

/** Follows a `$ref` within the document. */
function resolved(root: Record<string, unknown>, part: unknown): unknown {
  const reference = asRecord(part)["$ref"];
  if (typeof reference !== "string") return part;
  const steps = reference.replace(/^#\//u, "").split("/");
  const target = steps.reduce<unknown>(
    (value, step) => asRecord(value)[step.replaceAll("~1", "/").replaceAll("~0", "~")],
    root,
  );
  if (target === undefined) throw new Error(`nothing at ${reference}`);
  return target;
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}

function complaints(errors: readonly ErrorObject[] | null | undefined): string {
  return (errors ?? []).map((error) => `${error.instancePath || "/"} ${error.message ?? error.keyword}`).join("; ");
}

function excerpt(body: unknown): string {
  return (JSON.stringify(body) ?? "undefined").slice(0, 600);
}
