// Reads the tables in the vendors' READMEs that say, for each endpoint, where it shows in GraphQL and which test proves it.
import { buildSchema, isInputObjectType, isInterfaceType, isObjectType } from "graphql";

export interface VendorRow {
  /** The row as it is written, for messages. */
  readonly text: string;
  /** As `GET /core/syncs/{}`: without parameters' names, queries and a version in front. */
  readonly endpoints: readonly string[];
  readonly graphql: string;
  readonly test: string;
}

/** The rows under every header that has the cells `endpoint`, `GraphQL` and `test`; others may stand between them. */
export function vendorRows(markdown: string): readonly VendorRow[] {
  const rows: VendorRow[] = [];
  let columns: readonly string[] | null = null;
  for (const line of markdown.split("\n")) {
    const cells = cellsOf(line);
    if (cells === null) {
      columns = null;
    } else if (["endpoint", "GraphQL", "test"].every((name) => cells.includes(name))) {
      columns = cells;
    } else if (columns !== null && !cells.every((cell) => /^:?-{3,}:?$/u.test(cell))) {
      const cell = (name: string): string => cells[columns?.indexOf(name) ?? -1] ?? "";
      const [endpoint, graphql, test] = [cell("endpoint"), cell("GraphQL"), cell("test")];
      rows.push({ text: line, endpoints: endpointsIn(endpoint), graphql, test });
    }
  }
  return rows;
}

/** What a row is checked against. */
export interface VendorRowFacts {
  /** Every `Type.field` of the schema. */
  readonly fields: ReadonlySet<string>;
  /** Whether something stands at a path from the repository's root. */
  isThere(path: string): boolean;
}

/** What is wrong with a row. */
export function problemsOf(row: VendorRow, facts: VendorRowFacts): readonly string[] {
  const problems = row.endpoints.length === 0 && !SENT_BY_VENDOR.test(row.text) ? ["names no endpoint"] : [];
  if (row.graphql === "-") {
    if (row.test.length < 20) problems.push(`expected the reason why it is not offered, got "${row.test}"`);
    return problems;
  }
  const fields = quotedIn(row.graphql);
  const tests = quotedIn(row.test).filter((path) => path.includes("/"));
  if (fields.length === 0) problems.push(`expected fields in backticks or -, got "${row.graphql}"`);
  if (/[^,\s]/u.test(row.graphql.replaceAll(/`[^`]*`/gu, ""))) {
    problems.push(`expected nothing but fields in backticks and commas, got "${row.graphql}"`);
  }
  problems.push(...fields.filter((field) => !facts.fields.has(field)).map((field) => `the schema has no ${field}`));
  if (tests.length === 0) problems.push(`expected a test's path in backticks, got "${row.test}"`);
  problems.push(...tests.filter((path) => !facts.isThere(path)).map((path) => `there is no ${path}`));
  return problems;
}

/** Operations of a vendor's document that no row names. */
export function endpointsLeftOut(rows: readonly VendorRow[], operations: readonly string[]): readonly string[] {
  const named = new Set(rows.flatMap(({ endpoints }) => endpoints));
  return operations.filter((operation) => !endpointsIn(operation).every((endpoint) => named.has(endpoint)));
}

/** Every `Type.field` of a schema. */
export function fieldsOf(sdl: string): ReadonlySet<string> {
  const types = Object.values(buildSchema(sdl).getTypeMap());
  return new Set(
    types
      .filter((type) => isObjectType(type) || isInterfaceType(type) || isInputObjectType(type))
      .flatMap((type) => Object.keys(type.getFields()).map((field) => `${type.name}.${field}`)),
  );
}

/** A row for what the vendor sends by itself: webhooks. */
const SENT_BY_VENDOR = /^\|\s*none: /u;

/** "GET, then DELETE `/a/{id}?b=`" is two endpoints; a path without a method of its own has the ones before it. */
export function endpointsIn(cell: string): readonly string[] {
  const found: string[] = [];
  let methods: string[] = [];
  let pathSeen = false;
  for (const [token] of cell.matchAll(/\b(?:GET|POST|PUT|PATCH|DELETE)\b|(?<=^|[\s`])\/[^\s`,;?]+/gu)) {
    if (token.startsWith("/")) {
      found.push(...methods.map((method) => `${method} ${plainPath(token)}`));
      pathSeen = true;
    } else {
      methods = pathSeen ? [token] : [...methods, token];
      pathSeen = false;
    }
  }
  return found;
}

function plainPath(path: string): string {
  return path.replace(/^\/v\d+(?=\/)/u, "").replaceAll(/\{[^}]*\}/gu, "{}");
}

/** Null for a line that is no row of a table. */
function cellsOf(line: string): readonly string[] | null {
  const trimmed = line.trim();
  return /^\|.*\|$/u.test(trimmed)
    ? trimmed
        .slice(1, -1)
        .split(/(?<!\\)\|/u)
        .map((cell) => cell.trim())
    : null;
}

function quotedIn(cell: string): readonly string[] {
  return [...cell.matchAll(/`([^`]+)`/gu)].map(([, quoted = ""]) => quoted);
}
