// Writes schema.graphql from the code, or with --check proves that the committed one is fresh. Needs no network and no secrets.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { lexicographicSortSchema, printSchema } from "graphql";
import { buildGatewaySchema } from "../src/graphql/schema.ts";

const HEADER = "# Generated from src/graphql by `npm run schema`. Do not edit.";
const target = process.env["SCHEMA_FILE"] ?? fileURLToPath(new URL("../schema.graphql", import.meta.url));

const generated = `${HEADER}\n\n${printSchema(lexicographicSortSchema(buildGatewaySchema()))}\n`;

if (process.argv.includes("--check")) {
  const difference = firstDifference(read(target), generated);
  if (difference !== null) {
    console.error(
      `schema.graphql is not what the code says. Run \`npm run schema\` and commit the result.\n${difference}`,
    );
    process.exitCode = 1;
  }
} else {
  writeFileSync(target, generated);
}

/** A file that is missing is as stale as can be, not an error of its own. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** The first line that differs, for people; null when the texts are equal. Line endings of a checkout do not count. */
function firstDifference(committed: string, fresh: string): string | null {
  const committedLines = committed.replaceAll("\r\n", "\n").split("\n");
  const freshLines = fresh.split("\n");
  const index = freshLines.findIndex((line, at) => line !== committedLines[at]);
  if (index === -1 && committedLines.length === freshLines.length) return null;
  const at = index === -1 ? freshLines.length : index;
  return `line ${at + 1}\n  committed: ${committedLines[at] ?? "(end of file)"}\n  generated: ${freshLines[at] ?? "(end of file)"}`;
}
