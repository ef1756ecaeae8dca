// docs/graphql.md says what is so: every snippet runs against the sandboxes of a first run, and every table of words is the schema's.
import "reflect-metadata";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Kind, buildSchema, isEnumType, isInputObjectType, parse, validate } from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { eventually } from "../support/eventually.ts";
import { ask } from "../support/gateway-client.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { quotedIn, tablesIn } from "./markdown-tables.ts";
import { problemsOf, runAll, snippetsIn, valueAt, type Outcome } from "./snippets.ts";

const textOf = (path: string): string => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), "utf8");
const page = textOf("docs/graphql.md");
const schema = buildSchema(textOf("schema.graphql"));
const snippets = snippetsIn(page);

/** Runs last seconds, so that one can still be stopped after it was started and is waited for to its end. */
const SPEED = 2;

const discovered = z.object({ providers: z.array(z.object({ discoveryLagMs: z.number().nullable() })) });

describe("the snippets of docs/graphql.md", () => {
  let gateway: TestGateway;
  let outcomes: ReadonlyMap<string, Outcome | Error>;

  beforeAll(async () => {
    gateway = await startTestGateway({ sandboxSpeed: SPEED });
    await eventually("every vendor's past runs are found", async () => {
      const { data } = await ask(gateway.url, discovered, "{ providers { discoveryLagMs } }");
      return data.providers.every(({ discoveryLagMs }) => discoveryLagMs !== null) || null;
    });
    outcomes = await runAll(gateway.url, snippets);
  }, 180_000);

  afterAll(() => gateway.close());

  it.each(snippets.map((snippet) => [snippet.name, snippet] as const))("run as they say: %s", (name, snippet) => {
    const outcome = outcomes.get(name);
    if (outcome === undefined || outcome instanceof Error) throw outcome ?? new Error(`${name} was not run`);
    expect(problemsOf(snippet, outcome)).toEqual([]);
  });

  it("show every query, mutation and subscription there is", () => {
    const shown = new Set(
      snippets.flatMap(({ text }) =>
        parse(text).definitions.flatMap((one) => (one.kind === Kind.OPERATION_DEFINITION ? rootFieldsOf(one) : [])),
      ),
    );
    const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
    const fields = roots.flatMap((root) => Object.keys(root?.getFields() ?? {}));
    expect(fields.length).toBeGreaterThan(20);
    expect(fields.filter((field) => !shown.has(field))).toEqual([]);
  });

  it("name only what the schema has, but for the one that is misspelt", () => {
    const wrong = snippets.filter(({ text }) => validate(schema, parse(text)).length > 0).map(({ name }) => name);
    expect(wrong).toEqual(["Misspelt"]);
  });
});

type Operation = Extract<ReturnType<typeof parse>["definitions"][number], { kind: Kind.OPERATION_DEFINITION }>;

function rootFieldsOf({ selectionSet }: Operation): readonly string[] {
  return selectionSet.selections.flatMap((selection) => (selection.kind === Kind.FIELD ? [selection.name.value] : []));
}

/** The words of a type: values of an enum, fields of an input. Null for any other name. */
function wordsOf(name: string): readonly string[] | null {
  const type = schema.getType(name);
  if (isEnumType(type)) return type.getValues().map((value) => value.name);
  return isInputObjectType(type) ? Object.keys(type.getFields()) : null;
}

/** What the page's tables list, by the type's name. */
function listedIn(markdown: string): ReadonlyMap<string, readonly string[]> {
  const listed = new Map<string, readonly string[]>();
  for (const { header, rows } of tablesIn(markdown)) {
    const [name = ""] = quotedIn(header[0] ?? "");
    if (name !== "")
      listed.set(
        name,
        rows.flatMap(([word = ""]) => quotedIn(word)),
      );
    if (header.join() !== "enum,values") continue;
    for (const [type = "", values = ""] of rows) listed.set(quotedIn(type)[0] ?? type, quotedIn(values));
  }
  return listed;
}

/** Types whose table differs from the schema, with both. */
function differences(markdown: string): readonly string[] {
  return [...listedIn(markdown)].flatMap(([name, words]) => {
    const expected = (wordsOf(name) ?? []).toSorted().join(", ");
    const got = words.toSorted().join(", ");
    return expected === got ? [] : [`${name}: expected ${expected}, got ${got}`];
  });
}

describe("the tables of docs/graphql.md", () => {
  it("list the values and fields of the schema, all of them and no other", () => {
    expect(differences(page)).toEqual([]);
  });

  it("have every enum there is", () => {
    const enums = Object.values(schema.getTypeMap()).filter((type) => isEnumType(type) && !type.name.startsWith("__"));
    const listed = listedIn(page);
    expect(enums.length).toBeGreaterThan(10);
    expect(enums.map(({ name }) => name).filter((name) => !listed.has(name))).toEqual([]);
  });

  it.each([
    ["a word too few", "| `OrderDirection` | |\n| --- | --- |\n| `ASC` | |\n", 1],
    ["a word too many", "| enum | values |\n| --- | --- |\n| `OrderDirection` | `ASC`, `DESC`, `UP` |\n", 1],
    ["a type that is none", "| `Direction` | |\n| --- | --- |\n| `ASC` | |\n", 1],
    ["all words", "| `OrderDirection` | |\n| --- | --- |\n| `DESC` | |\n| `ASC` | |\n", 0],
  ])("are recognised with %s", (_case, markdown, problems) => {
    expect(differences(markdown)).toHaveLength(problems);
  });
});

describe("a snippet", () => {
  const [snippet] = snippetsIn("```graphql\n# gives the user error NOT_FOUND\nmutation Start { a }\n```\n");
  const outcome = (userErrorCodes: readonly string[], data = { a: {} }) => ({ data, errorCodes: [], userErrorCodes });

  it.each([
    ["that gives what it says", outcome(["NOT_FOUND"]), 0],
    ["that succeeds all the same", outcome([]), 1],
    ["that gives another code", outcome(["BAD_USER_INPUT"]), 1],
    ["that gives an error besides", { ...outcome(["NOT_FOUND"]), errorCodes: ["PROVIDER_TIMEOUT"] }, 1],
    ["that gives no data", { ...outcome(["NOT_FOUND"]), data: { a: null } }, 1],
  ])("%s is told from one that does", (_case, given, problems) => {
    if (snippet === undefined) throw new Error("expected a snippet");
    expect(problemsOf(snippet, given)).toHaveLength(problems);
  });

  it("takes values of earlier answers by index and by name", () => {
    const data = {
      jobs: {
        nodes: [
          { name: "A (b)", id: 1 },
          { name: "C & D / E", id: 2 },
        ],
      },
    };
    expect(valueAt(data, "jobs.nodes[0].id")).toBe(1);
    expect(valueAt(data, "jobs.nodes[C & D / E].id")).toBe(2);
    expect(() => valueAt(data, "jobs.nodes[F].id")).toThrow("expected something at jobs.nodes[F].id");
  });

  it("has its variables right under it", () => {
    expect(() => snippetsIn("```json variables\n{}\n```\n")).toThrow("variables under no snippet");
  });
});
