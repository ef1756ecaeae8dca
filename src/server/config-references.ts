// `${NAME}` and `${file:path}` in the YAML file: secrets come from the environment or from files, not from the configuration.
import { readFileSync } from "node:fs";

const REFERENCE = /\$\{([^}]*)\}/g;

/**
 * Replaces the references in every string of a YAML value.
 *
 * @param problems gets a sentence for each reference that leads nowhere
 */
export function resolveReferences(
  value: unknown,
  environment: Readonly<Record<string, string | undefined>>,
  problems: string[],
  path: readonly string[] = [],
): unknown {
  if (typeof value === "string")
    return value.replace(REFERENCE, (_, name: string) => resolve(name, environment, problems, path));
  if (Array.isArray(value))
    return value.map((item, index) => resolveReferences(item, environment, problems, [...path, String(index)]));
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).map(([name, inner]) => [
    name,
    resolveReferences(inner, environment, problems, [...path, name]),
  ]);
  return Object.fromEntries(entries);
}

function resolve(
  name: string,
  environment: Readonly<Record<string, string | undefined>>,
  problems: string[],
  path: readonly string[],
): string {
  const where = path.join(".");
  if (name.startsWith("file:")) {
    const file = name.slice("file:".length);
    try {
      return readFileSync(file, "utf8").trim();
    } catch {
      problems.push(`${where}: the file ${file} cannot be read`);
      return "";
    }
  }
  const found = Object.hasOwn(environment, name) ? environment[name] : undefined;
  if (found === undefined || found === "") {
    problems.push(`${where}: the environment variable ${name} is not set`);
    return "";
  }
  // What a command put into the environment may end in a line break.
  return found.replace(/[\r\n]+$/u, "");
}
