// Proves that schema.graphql keeps the rules of scripts/schema-rules.ts; prints what breaks one. Needs no network.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { lintSchema } from "./schema-lint.ts";
import { EXCEPTIONS } from "./schema-rules.ts";

const target = process.env["SCHEMA_FILE"] ?? fileURLToPath(new URL("../schema.graphql", import.meta.url));

const findings = lintSchema(readFileSync(target, "utf8"), EXCEPTIONS);
for (const { rule, at, line, message } of findings) {
  console.error(`schema.graphql:${line} ${at === "" ? "" : `${at}: `}${message} (${rule})`);
}
if (findings.length > 0) process.exitCode = 1;
