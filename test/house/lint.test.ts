// Proves that the linter finds what it must: one planted violation for every edge of the layer table and for every other rule.
import { execFile } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const PLANTED = "test/planted/src/";
const LAYER = "eslint(no-restricted-imports)";

/** Every planted violation, and the rules that must find it: these and no others. */
const VIOLATIONS: Readonly<Record<string, readonly string[]>> = {
  "domain/imports-wire.ts": [LAYER],
  "domain/imports-framework.ts": [LAYER],
  "wire/imports-tracking.ts": [LAYER],
  "providers/imports-tracking.ts": [LAYER],
  "providers/lists-vendors.ts": [LAYER],
  "providers/acme/imports-store.ts": [LAYER],
  "providers/acme/imports-sibling.ts": [LAYER],
  "providers/acme/imports-sandbox.ts": [LAYER],
  // A list, a record and a text.
  "providers/acme/plain-schema.ts": ["house(no-plain-schema)", "house(no-plain-schema)", "house(no-plain-schema)"],
  "providers/acme/sandbox-imports-adapter.ts": [LAYER],
  "providers/acme/sandbox-imports-sibling.ts": [LAYER],
  "providers/acme/sandbox-imports-wire.ts": [LAYER],
  "tracking/imports-providers.ts": [LAYER],
  "store/imports-tracking.ts": [LAYER],
  "graphql/imports-store.ts": [LAYER],
  "graphql/imports-store-type.ts": [LAYER],
  "graphql/re-exports-store.ts": [LAYER],
  "graphql/imports-dynamically.ts": ["house(no-dynamic-import)"],
  "server/imports-tests.ts": [LAYER],
  "dashboard/imports-server.ts": [LAYER],
  "cli/imports-store.ts": [LAYER],
  "client/imports-domain.ts": [LAYER],

  "rules/FilenameCase.ts": ["unicorn(filename-case)"],
  "rules/await-thenable.ts": ["typescript(await-thenable)", "typescript(return-await)"],
  "rules/ban-ts-comment.ts": ["typescript(ban-ts-comment)"],
  "rules/consistent-type-imports.ts": ["typescript(consistent-type-imports)"],
  "rules/eqeqeq.ts": ["eslint(eqeqeq)"],
  "rules/max-lines.ts": ["eslint(max-lines)"],
  "rules/no-cast-through-unknown.ts": ["house(no-cast-through-unknown)"],
  "rules/no-console.ts": ["eslint(no-console)"],
  "rules/no-cycle.ts": ["import(no-cycle)"],
  "rules/no-cycle-other-half.ts": ["import(no-cycle)"],
  "rules/no-debugger.ts": ["eslint(no-debugger)"],
  "rules/no-default-export.ts": ["import(no-default-export)"],
  "rules/no-duplicates.ts": ["import(no-duplicates)"],
  "rules/no-empty.ts": ["eslint(no-empty)"],
  "rules/no-eval.ts": ["eslint(no-eval)"],
  "rules/no-explicit-any.ts": ["typescript(no-explicit-any)"],
  "rules/no-floating-promises.ts": ["typescript(no-floating-promises)"],
  "rules/no-misused-promises.ts": ["typescript(no-misused-promises)"],
  "rules/no-new-func.ts": ["eslint(no-new-func)"],
  "rules/no-non-null-assertion.ts": ["typescript(no-non-null-assertion)"],
  "rules/no-process-env.ts": ["node(no-process-env)"],
  "rules/no-self-import.ts": ["import(no-cycle)", "import(no-self-import)"],
  // Three readings of the clock, and one conversion that is none.
  "rules/no-system-time.ts": ["house(no-system-time)", "house(no-system-time)", "house(no-system-time)"],
  "rules/no-unnecessary-type-assertion.ts": ["typescript(no-unnecessary-type-assertion)"],
  "rules/no-unsafe.ts": [
    "typescript(no-unsafe-argument)",
    "typescript(no-unsafe-assignment)",
    "typescript(no-unsafe-call)",
    "typescript(no-unsafe-member-access)",
    "typescript(no-unsafe-return)",
  ],
  "rules/no-useless-catch.ts": ["eslint(no-useless-catch)"],
  "rules/no-var.ts": ["eslint(no-var)"],
  "rules/no-warning-comments.ts": ["eslint(no-warning-comments)"],
  "rules/only-throw-error.ts": ["typescript(only-throw-error)"],
  "rules/prefer-const.ts": ["eslint(prefer-const)"],
  "rules/prefer-node-protocol.ts": ["unicorn(prefer-node-protocol)"],
  "rules/prefer-promise-reject-errors.ts": ["typescript(prefer-promise-reject-errors)"],
  "rules/return-await.ts": ["typescript(return-await)"],
  "rules/switch-exhaustiveness-check.ts": ["typescript(switch-exhaustiveness-check)"],
  // The linter gives this finding no rule's name.
  "rules/unused-directive.ts": ["unused directive"],
  "rules/vitest.ts": ["vitest(no-conditional-expect)", "vitest(no-disabled-tests)", "vitest(no-focused-tests)"],
};

/** Files that break no rule: each shows what its layer may do, beside what it may not. */
const ALLOWED = /(^|\/)(target|sandbox-target|allowed|index|registry|sandbox)\.ts$/;

const Report = z.object({
  number_of_files: z.number(),
  diagnostics: z.array(z.object({ code: z.string().optional(), filename: z.string() })),
});

describe("the linter", () => {
  const planted = readdirSync(`${ROOT}${PLANTED}`, { recursive: true, encoding: "utf8" })
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => path.endsWith(".ts"));
  let report: z.infer<typeof Report>;
  let found: Readonly<Record<string, readonly string[]>>;

  beforeAll(async () => {
    report = await lint("test/planted");
    found = rulesByFile(report);
  });

  it("reads every planted file", () => {
    expect(planted.length).toBeGreaterThan(60);
    expect(report.number_of_files).toBe(planted.length);
  });

  it.each(Object.entries(VIOLATIONS))("finds %s", (file, rules) => {
    expect(planted).toContain(file);
    expect(found[file]).toEqual(rules);
  });

  it("finds nothing else: every other planted file breaks no rule", () => {
    const others = planted.filter((file) => !(file in VIOLATIONS));

    expect(others.length).toBeGreaterThan(15);
    expect(others.filter((file) => !ALLOWED.test(file))).toEqual([]);
    expect(others.filter((file) => file in found)).toEqual([]);
  });

  it("has a planted violation for every rule that is switched on", () => {
    const covered = new Set(Object.values(VIOLATIONS).flat().map(nameOf));
    const switchedOn = rulesOfConfiguration();

    expect(switchedOn.length).toBeGreaterThan(35);
    expect(switchedOn.filter((rule) => !covered.has(rule))).toEqual([]);
  });

  it("has a layer rule for every folder of the sources", () => {
    const configuration = readFileSync(`${ROOT}.oxlintrc.json`, "utf8");
    const folders = readdirSync(`${ROOT}src`, { withFileTypes: true }).filter((entry) => entry.isDirectory());

    expect(folders.length).toBeGreaterThan(0);
    expect(folders.map(({ name }) => name).filter((name) => !configuration.includes(`"**/src/${name}/`))).toEqual([]);
  });
});

/** Runs the linter as `npm run check:lint` does, on planted files. Its exit code is 1 when it finds anything, which it must here. */
function lint(path: string): Promise<z.infer<typeof Report>> {
  return new Promise((resolve, reject) => {
    const command = [`${ROOT}node_modules/oxlint/bin/oxlint`, "--type-aware", "--format=json", path];
    execFile(process.execPath, command, { cwd: ROOT, maxBuffer: 16_000_000 }, (error, stdout, stderr) => {
      if (error?.code !== 1) {
        reject(new Error(`The linter ended with ${String(error?.code ?? 0)}, expected 1: ${stderr}`));
        return;
      }
      resolve(Report.parse(JSON.parse(stdout)));
    });
  });
}

function rulesByFile({ diagnostics }: z.infer<typeof Report>): Readonly<Record<string, readonly string[]>> {
  const rules: Record<string, string[]> = {};
  for (const { code, filename } of diagnostics) {
    const file = filename.replaceAll("\\", "/").replace(PLANTED, "");
    rules[file] = [...(rules[file] ?? []), code ?? "unused directive"].toSorted();
  }
  return rules;
}

/** Names in the configuration's `"plugin/rule": "error"` pairs, comments left out. */
function rulesOfConfiguration(): readonly string[] {
  const configuration = readFileSync(`${ROOT}.oxlintrc.json`, "utf8").replace(/^\s*\/\/.*$/gm, "");
  const pairs = configuration.matchAll(/"([a-z-]+(?:\/[a-z-]+)?)":\s*(?:"error"|\[\s*"error")/g);
  return [...new Set([...pairs].map(([, name]) => name ?? ""))].filter(
    (name) => name !== "reportUnusedDisableDirectives",
  );
}

/** `typescript(await-thenable)` is `typescript/await-thenable` in the configuration; the linter's own rules have no prefix there. */
function nameOf(code: string): string {
  const [, plugin = "", rule = ""] = /^(\w+)\(([\w-]+)\)$/.exec(code) ?? [];
  return plugin === "eslint" ? rule : `${plugin}/${rule}`;
}
