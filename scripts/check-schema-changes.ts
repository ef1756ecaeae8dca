// Proves that schema.graphql breaks no client of the one before, but for what schema-changes.json accepts. Needs git's data and no network.
// An argument or SCHEMA_BASE names another commit, branch or tag to compare with.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { findBase } from "./schema-base.ts";
import { judgeChanges, parseAccepted } from "./schema-changes.ts";

const target = process.env["SCHEMA_FILE"] ?? fileURLToPath(new URL("../schema.graphql", import.meta.url));
const given = process.argv[2] ?? process.env["SCHEMA_BASE"] ?? "";

const base = findBase(dirname(target), given === "" ? null : given);
const accepted = parseAccepted(readFileSync(join(dirname(target), "schema-changes.json"), "utf8"));

if ("missing" in base) {
  console.log(`SKIPPED: schema.graphql is compared with nothing: ${base.missing}.`);
} else {
  const { problems, warnings, changes } = await judgeChanges(base.sdl, readFileSync(target, "utf8"), accepted);
  for (const warning of warnings) console.log(warning);
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) {
    console.error(
      `schema.graphql breaks clients of ${base.name}. Keep what they use, or accept it in schema-changes.json ` +
        "with `change`, `path` and `reason`; take out entries of earlier changes.",
    );
    process.exitCode = 1;
  } else {
    console.log(`schema.graphql: ${changes} changes since ${base.name}, none that breaks clients unaccepted.`);
  }
}
