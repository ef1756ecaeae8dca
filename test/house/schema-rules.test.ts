// Proves that the schema's rules find what they must: one planted violation for every rule that is on, and none of the presets' forgotten.
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { configs } from "@graphql-eslint/eslint-plugin";
import { describe, expect, it } from "vitest";
import { lintSchema } from "../../scripts/schema-lint.ts";
import { EXCEPTIONS, RULES, SWITCHED_OFF } from "../../scripts/schema-rules.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const COMMITTED = join(ROOT, "schema.graphql");

/** A schema that keeps every rule. The planted ones differ from it in one place. */
const CLEAN = `
"""Reads."""
type Query {
  """One thing."""
  thing: Thing

  """Things."""
  things(
    """Forwards."""
    first: Int
    """Forwards."""
    after: String
    """Backwards."""
    last: Int
    """Backwards."""
    before: String
  ): ThingConnection
}
"""Writes."""
type Mutation {
  """Makes a thing."""
  thingCreate(
    """What to make."""
    input: ThingCreateInput!
  ): ThingCreatePayload
}
"""What to make."""
input ThingCreateInput {
  """Its name."""
  name: String
}
"""What came of it."""
type ThingCreatePayload {
  """The thing."""
  thing: Thing

  """What stood in the way."""
  userErrors: [UserError!]!
}
"""What stood in the way."""
type UserError {
  """In words."""
  message: String!
}
"""Found again by its id."""
interface Node {
  """Its id."""
  id: ID!
}
"""A thing."""
type Thing implements Node {
  """Its id."""
  id: ID!

  """Its kind."""
  kind: Kind
}
"""Kinds."""
enum Kind {
  """Large."""
  LARGE
}
"""A page."""
type ThingConnection {
  """Places."""
  edges: [ThingEdge!]!

  """Where it lies."""
  pageInfo: PageInfo!
}
"""A place."""
type ThingEdge {
  """Where."""
  cursor: String!

  """What."""
  node: Thing!
}
"""Where a page lies."""
type PageInfo {
  """The last place."""
  endCursor: String

  """More follows."""
  hasNextPage: Boolean!

  """Something comes before."""
  hasPreviousPage: Boolean!

  """The first place."""
  startCursor: String
}
`;

/** A field of Thing beside the others. */
const field = (definition: string): string => CLEAN.replace("  kind: Kind", `  kind: Kind\n\n  ${definition}`);
/** Something beside the types. */
const beside = (definition: string): string => `${CLEAN}${definition}\n`;
const change = (from: string, to: string): string => CLEAN.replace(from, to);

/** What the reader refuses before any rule is asked. */
const refused = (message: string) => ({ rule: "unreadable", at: "", message: expect.stringContaining(message) });

/** For every rule: a schema that breaks it, and who says so where. */
const PLANTED: Readonly<Record<string, readonly [sdl: string, found: string | ReturnType<typeof refused>]>> = {
  "known-argument-names": [
    field('"""Odd."""\n  odd: Int @deprecated(because: "x")'),
    refused('Unknown argument "because"'),
  ],
  "known-directives": [field('"""Odd."""\n  odd: Int @nobody'), refused('Unknown directive "@nobody"')],
  "known-type-names": [field('"""Odd."""\n  odd: Nobody'), refused('Unknown type "Nobody"')],
  "lone-schema-definition": [
    beside("schema { query: Query }\nschema { query: Query }"),
    refused("only one schema definition"),
  ],
  "possible-type-extension": [beside("extend type Nobody { odd: Int }"), refused('Cannot extend type "Nobody"')],
  "provided-required-arguments": [
    beside('directive @needs(what: Int!) on OBJECT\n"""Odd."""\ntype Odd @needs {\n"""Odd."""\nodd: Int\n}'),
    refused('argument "what"'),
  ],
  "unique-directive-names": [
    beside("directive @twice on OBJECT\ndirective @twice on OBJECT"),
    refused('only one directive named "@twice"'),
  ],
  "unique-directive-names-per-location": [
    field('"""Odd."""\n  odd: Int @deprecated(reason: "2027-01-31") @deprecated(reason: "2027-01-31")'),
    refused('"@deprecated" can only be used once'),
  ],
  "unique-enum-value-names": [
    change("  LARGE\n", '  LARGE\n\n  """Again."""\n  LARGE\n'),
    refused('"Kind.LARGE" can only be defined once'),
  ],
  "unique-field-definition-names": [
    field('"""Again."""\n  kind: Kind'),
    refused('"Thing.kind" can only be defined once'),
  ],
  "unique-operation-types": [beside("schema { query: Query query: Thing }"), refused("only one query type")],
  "unique-type-names": [beside('"""Again."""\nscalar Thing'), refused('only one type named "Thing"')],

  "no-unreachable-types": [beside('"""Lost."""\nscalar Lost'), "Lost"],
  "no-hashtag-description": [field("# Odd.\n  odd: Int"), "Thing"],
  "description-style": [field('"On one line."\n  odd: Int'), "Thing.odd"],
  "require-description": [field("bare: Int"), "Thing.bare"],
  "no-typename-prefix": [field('"""Odd."""\n  thingColour: String'), "Thing.thingColour"],
  "naming-convention": [field('"""Odd."""\n  snake_case: Int'), "Thing.snake_case"],
  "require-deprecation-reason": [field('"""Odd."""\n  odd: Int @deprecated'), "Thing.odd"],
  "input-name": [change("input: ThingCreateInput!", "thing: ThingCreateInput!"), "Mutation.thingCreate(thing:)"],
  "no-scalar-result-type-on-mutation": [change("): ThingCreatePayload", "): Boolean"), "Mutation.thingCreate"],
  "require-nullable-result-in-root": [change("  thing: Thing\n\n", "  thing: Thing!\n\n"), "Query.thing"],
  "require-nullable-fields-with-oneof": [
    change("input ThingCreateInput {", "input ThingCreateInput @oneOf {").replace("name: String", "name: String!"),
    "ThingCreateInput.name",
  ],
  "relay-arguments": [change("first: Int", "first: String"), "Query.things(first:)"],
  "relay-connection-types": [change("edges: [ThingEdge!]!", "edges: ThingEdge"), "ThingConnection.edges"],
  "relay-edge-types": [change("type Thing implements Node", "type Thing"), "ThingEdge"],
  "relay-page-info": [change("hasNextPage: Boolean!", "hasNextPage: Boolean"), "PageInfo.hasNextPage"],
};

describe("the rules of the schema", () => {
  it("find nothing where nothing is wrong", () => {
    expect(lintSchema(CLEAN, [])).toEqual([]);
  });

  it.each(Object.entries(PLANTED))("find what breaks %s", (rule, [sdl, found]) => {
    expect(sdl).not.toBe(CLEAN);
    expect(lintSchema(sdl, [])).toContainEqual(
      expect.objectContaining(typeof found === "string" ? { rule, at: found } : found),
    );
  });

  it.each([
    ["a type", change('"""A thing."""\n', ""), "Thing"],
    ["an argument", change('    """Forwards."""\n', ""), "Query.things(first:)"],
    ["an input field", change('  """Its name."""\n', ""), "ThingCreateInput.name"],
    ["an enum value", change('  """Large."""\n', ""), "Kind.LARGE"],
  ])("miss the description of %s", (_case, sdl, at) => {
    expect(lintSchema(sdl, []).map((finding) => [finding.rule, finding.at])).toEqual([["require-description", at]]);
  });

  it("have a planted violation each", () => {
    expect(Object.keys(PLANTED).toSorted()).toEqual(Object.keys(RULES).toSorted());
  });

  it("are those of the presets for schemas, each on or off for a reason", () => {
    const presets = [configs["schema-recommended"], configs["schema-all"], configs["schema-relay"]];
    const names = presets
      .flatMap(({ rules }) => Object.keys(rules))
      .map((name) => name.replace("@graphql-eslint/", ""));

    expect(names.length).toBeGreaterThan(25);
    expect([...Object.keys(RULES), ...Object.keys(SWITCHED_OFF)].toSorted()).toEqual([...new Set(names)].toSorted());
    expect(Object.values(SWITCHED_OFF).filter((reason) => reason.length < 20)).toEqual([]);
  });
});

describe("the rules of this house", () => {
  it.each([
    ["a payload without userErrors", change("userErrors: [UserError!]!", "problems: [UserError!]!")],
    ["userErrors that may be null", change("userErrors: [UserError!]!", "userErrors: [UserError!]")],
    ["a mutation that answers with the object itself", change("): ThingCreatePayload", "): Thing")],
  ])("find %s", (_case, sdl) => {
    expect(lintSchema(sdl, [])).toContainEqual(
      expect.objectContaining({ rule: "house/user-errors", at: "Mutation.thingCreate" }),
    );
  });

  it("find a deprecation without a day, and only that one", () => {
    const without = field('"""Odd."""\n  odd: Int @deprecated(reason: "Use kind.")');
    const withDay = field('"""Odd."""\n  odd: Int @deprecated(reason: "Use kind. Removed after 2027-01-31.")');

    expect(lintSchema(without, []).map(({ rule, at }) => [rule, at])).toEqual([
      ["house/deprecation-date", "Thing.odd"],
    ]);
    expect(lintSchema(withDay, [])).toEqual([]);
  });
});

describe("exceptions", () => {
  const exception = { rule: "require-description", at: "Thing.bare", reason: "For the test." };

  it("let one place be", () => {
    expect(lintSchema(field("bare: Int"), [exception])).toEqual([]);
  });

  it("let no other place and no other rule be", () => {
    expect(lintSchema(field("bald: Int"), [exception]).map(({ rule, at }) => [rule, at])).toEqual([
      ["house/needless-exception", "Thing.bare"],
      ["require-description", "Thing.bald"],
    ]);
    expect(lintSchema(field("bare: Int"), [{ ...exception, rule: "no-typename-prefix" }])).toHaveLength(2);
  });

  it("are complained of when they are no longer needed", () => {
    expect(lintSchema(CLEAN, [exception])).toMatchObject([{ rule: "house/needless-exception", at: "Thing.bare" }]);
  });

  it("are few, and each has its reason", () => {
    expect(EXCEPTIONS.length).toBeLessThan(10);
    expect(EXCEPTIONS.filter(({ reason }) => reason.length < 20)).toEqual([]);
  });
});

describe("the check", () => {
  it("finds the committed schema in order", async () => {
    expect(await run(COMMITTED)).toEqual({ code: 0, message: "" });
  });

  it("refuses a schema that breaks a rule, and names line, place and rule", async () => {
    const folder = mkdtempSync(join(tmpdir(), "schema-rules-"));
    const planted = join(folder, "schema.graphql");
    const sdl = readFileSync(COMMITTED, "utf8");
    writeFileSync(planted, `${sdl}\n"""Nobody reaches it."""\ntype Lost {\n  """A field."""\n  field: Int\n}\n`);

    const { code, message } = await run(planted);
    rmSync(folder, { recursive: true });

    expect(code).toBe(1);
    expect(message).toMatch(
      /^schema\.graphql:\d+ Lost: Object type `Lost` is unreachable\. \(no-unreachable-types\)\n$/,
    );
  });
});

/** Runs the script as `npm run check:schema-rules` does. */
function run(schemaFile: string): Promise<{ code: number; message: string }> {
  return new Promise((resolve, reject) => {
    const command = ["--import", "tsx", join(ROOT, "scripts/check-schema-rules.ts")];
    const environment = { ...process.env, SCHEMA_FILE: schemaFile };
    execFile(process.execPath, command, { cwd: ROOT, env: environment }, (error, _stdout, stderr) => {
      const code = error === null ? 0 : error.code;
      if (typeof code === "number") resolve({ code, message: stderr });
      else reject(new Error(`The script did not end by itself: ${stderr}`));
    });
  });
}
