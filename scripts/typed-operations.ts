// Makes a typed client of operations and the schema, as users of graphql-codegen's client preset have it, and compiles programs against it.
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { preset } from "@graphql-codegen/client-preset";
import { codegen } from "@graphql-codegen/core";
import { Kind, buildSchema, parse } from "graphql";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

export interface OperationSource {
  /** Where it stands, for messages. */
  readonly location: string;
  readonly text: string;
}

/** The operations of test/typed-operations and those that the documents show. */
export function repositoryOperations(): readonly OperationSource[] {
  const folder = "test/typed-operations";
  const files = readdirSync(join(ROOT, folder)).filter((name) => name.endsWith(".graphql"));
  return [
    ...files.map((name) => ({ location: `${folder}/${name}`, text: read(`${folder}/${name}`) })),
    ...["README.md", "docs/operating.md"].flatMap(shownIn),
  ];
}

export const committedSchema = (): string => read("schema.graphql");

/** How JSON holds the schema's scalars. */
const SCALARS = { DateTime: "string", JSON: "unknown", JSONObject: "Readonly<Record<string, unknown>>" };

/** Names of the root fields that no operation asks for, as `Query.sync`. */
export function rootFieldsLeftOut(sdl: string, sources: readonly OperationSource[]): readonly string[] {
  const schema = buildSchema(sdl);
  const used = new Set(
    sources
      .flatMap(({ text }) => parse(text).definitions)
      .flatMap((node) => (node.kind === Kind.OPERATION_DEFINITION ? [node] : []))
      .flatMap(({ operation, selectionSet }) =>
        selectionSet.selections.map((one) =>
          one.kind === Kind.FIELD ? `${schema.getRootType(operation)?.name ?? ""}.${one.name.value}` : "",
        ),
      ),
  );
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  return roots
    .flatMap((type) => (type ? Object.keys(type.getFields()).map((field) => `${type.name}.${field}`) : []))
    .filter((field) => !used.has(field));
}

/**
 * Writes the typed client into `<folder>/generated`.
 *
 * @throws Error that names every operation the schema does not have
 */
export async function generateClient(folder: string, sdl: string, sources: readonly OperationSource[]): Promise<void> {
  const schema = parse(sdl);
  const outputs = await preset.buildGeneratesSection({
    baseOutputDir: `${join(folder, "generated")}/`,
    presetConfig: {},
    schema,
    schemaAst: buildSchema(sdl),
    documents: sources.map(({ location, text }) => ({ location, document: parse(text), rawSDL: text })),
    config: {
      enumType: "const",
      importExtension: ".js",
      scalars: SCALARS,
      strictScalars: true,
      useTypeImports: true,
    },
    plugins: [],
    pluginMap: {},
  });
  mkdirSync(join(folder, "generated"), { recursive: true });
  for (const output of outputs) writeFileSync(output.filename, await codegen(output));
}

/**
 * Compiles programs against the generated client as strictly as this repository compiles itself.
 *
 * @param programs file names and texts; they import `./generated/index.js`
 * @returns the compiler's complaints by file name, as `TS2345 line 3`; nothing where there is none
 */
export async function compile(
  folder: string,
  programs: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, readonly string[]>>> {
  for (const [name, text] of Object.entries(programs)) writeFileSync(join(folder, name), text);
  const options = { extends: join(ROOT, "tsconfig.json"), compilerOptions: { types: [] }, include: ["**/*.ts"] };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(options));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"), "junction");
  const found: Record<string, string[]> = {};
  for (const [, file = "", line = "", code = ""] of (await runCompiler(folder)).matchAll(
    /^(\S+)\((\d+),\d+\): error (TS\d+):/gmu,
  )) {
    found[file] = [...(found[file] ?? []), `${code} line ${line}`];
  }
  return found;
}

function runCompiler(folder: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const command = [join(ROOT, "node_modules/typescript/bin/tsc"), "-p", folder, "--pretty", "false"];
    execFile(process.execPath, command, { cwd: folder, maxBuffer: 16_000_000 }, (error, stdout, stderr) => {
      // A failure without a complaint is no answer.
      if (error === null || stdout.includes("error TS")) resolve(stdout);
      else reject(new Error(`The compiler gave no answer: ${stdout}${stderr}`, { cause: error }));
    });
  });
}

/** What stands in ```graphql fences. */
function shownIn(page: string): readonly OperationSource[] {
  return [...read(page).matchAll(/^```graphql\n([\s\S]*?)^```$/gmu)].map(([, text = ""]) => ({ location: page, text }));
}

function read(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}
