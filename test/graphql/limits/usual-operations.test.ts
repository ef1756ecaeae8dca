// What documented programs and usual clients send stays far below every limit, so that nobody meets one by accident.
import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  Kind,
  getIntrospectionQuery,
  parse,
  print,
  validate,
  visit,
  type DocumentNode,
  type FieldNode,
  type OperationDefinitionNode,
} from "graphql";
import { describe, expect, it } from "vitest";
import type { OperationCost } from "../../../src/graphql/limits/cost.ts";
import { createGuard } from "../../../src/graphql/limits/guard.ts";
import { LIMITS } from "../../../src/graphql/limits/limits.ts";
import { exampleVariables } from "../../support/example-variables.ts";
import { schema } from "../../support/graphql.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const textOf = (path: string): string => readFileSync(`${root}${path}`, "utf8");
const filesIn = (folder: string, ending: string): readonly string[] =>
  readdirSync(`${root}${folder}`)
    .filter((name) => name.endsWith(ending))
    .map((name) => `${folder}/${name}`);
const guard = createGuard(schema);

interface Usual {
  readonly name: string;
  readonly document: DocumentNode;
}

/** How much of each limit the largest usual operation may take. */
const ROOM: Readonly<Record<keyof OperationCost, number>> = {
  depth: 0.75,
  introspectionDepth: 0.8,
  selections: 0.2,
  aliases: 0.5,
  rootFields: 0.5,
  directives: 0.5,
  repeats: 0.7,
  objects: 0.5,
  values: 0.5,
};

describe("operations that are usual", () => {
  const usual = [
    ...snippets("docs/graphql.md"),
    ...snippets("README.md"),
    ...typedOperations(),
    ...programs(),
    introspection(),
    { name: "a Relay application's page", document: parse(RELAY()) },
  ];
  const withTypeNames = usual.map(({ name, document }) => ({
    name: `${name}, by Apollo Client`,
    document: asApollo(document),
  }));

  it("are found where they are documented", () => {
    expect(snippets("docs/graphql.md").length).toBeGreaterThan(30);
    expect(typedOperations().length).toBeGreaterThan(10);
    expect(programs().length).toBeGreaterThan(0);
  });

  it("pass with room to spare", () => {
    const largest = new Map<keyof OperationCost, { readonly actual: number; readonly name: string }>();
    for (const { name, document } of [...usual, ...withTypeNames]) {
      expect(validate(schema, document), name).toEqual([]);
      for (const operation of operationsOf(document)) {
        const costs = Object.entries(costOf(name, document, operation)) as [keyof OperationCost, number][];
        for (const [limit, actual] of costs)
          if (actual >= (largest.get(limit)?.actual ?? 0)) largest.set(limit, { actual, name });
      }
    }
    const report = [...largest].map(
      ([limit, { actual, name }]) => `${limit}: ${actual} of ${LIMITS[limit]}, by ${name}`,
    );
    process.stdout.write(`${report.join("\n")}\n`);

    expect([...largest.keys()].toSorted()).toEqual(Object.keys(ROOM).toSorted());
    expect([...largest].filter(([limit, { actual }]) => actual > ROOM[limit] * LIMITS[limit])).toEqual([]);
  });

  it("leave as much room in tokens", () => {
    const tokens = [...usual, ...withTypeNames].map(({ document }) => tokensIn(print(document)));
    expect(Math.max(...tokens)).toBeLessThan(0.75 * LIMITS.tokens);
  });
});

function costOf(name: string, document: DocumentNode, operation: OperationDefinitionNode): OperationCost {
  const variables = exampleVariables(schema, operation);
  const judgement = guard.judge({ document, operationName: operation.name?.value ?? null, variables });
  if (judgement.isRefused) throw new Error(`${name} is refused: ${judgement.errors.join("; ")}`);
  return judgement.cost;
}

const operationsOf = ({ definitions }: DocumentNode) =>
  definitions.filter((one) => one.kind === Kind.OPERATION_DEFINITION);

/** All but what is there to show a refusal by a rule of GraphQL's or a limit of this gateway's. */
function snippets(path: string): readonly Usual[] {
  const texts = [...textOf(path).matchAll(/^```graphql\n([\s\S]*?)^```$/gm)].map(([, text = ""]) => text);
  return texts
    .filter((text) => !/^# gives the error (GRAPHQL_VALIDATION_FAILED|BAD_USER_INPUT|QUERY_TOO_COMPLEX)\n/.test(text))
    .map((text) => ({
      name: `${path}: ${text.split("\n").find((line) => !line.startsWith("#")) ?? ""}`,
      document: parse(text),
    }));
}

/** Each with the fragments that it needs, as a client's compiler sends them. */
function typedOperations(): readonly Usual[] {
  const paths = filesIn("test/typed-operations", ".graphql");
  const all = parse(paths.map(textOf).join("\n"));
  return operationsOf(all).map((operation) => ({
    name: `the typed operation ${operation.name?.value ?? ""}`,
    document: withFragments(operation, all),
  }));
}

function withFragments(operation: OperationDefinitionNode, all: DocumentNode): DocumentNode {
  const needed = new Set<string>();
  const look = (node: OperationDefinitionNode | DocumentNode["definitions"][number]): void => {
    visit(node, {
      FragmentSpread: ({ name }) => {
        if (needed.has(name.value)) return;
        needed.add(name.value);
        const fragment = all.definitions.find(
          (one) => one.kind === Kind.FRAGMENT_DEFINITION && one.name.value === name.value,
        );
        if (fragment !== undefined) look(fragment);
      },
    });
  };
  look(operation);
  const fragments = all.definitions.filter(
    (one) => one.kind === Kind.FRAGMENT_DEFINITION && needed.has(one.name.value),
  );
  return { kind: Kind.DOCUMENT, definitions: [operation, ...fragments] };
}

/** What the examples send. */
function programs(): readonly Usual[] {
  return filesIn("examples", ".mjs").flatMap((path) =>
    [...textOf(path).matchAll(/`\s*((?:query|mutation|subscription)[^`]*)`/g)].map(([, text = ""]) => ({
      name: path,
      document: parse(text),
    })),
  );
}

/** As GraphiQL and graphql-codegen ask, with everything that may be asked. */
function introspection(): Usual {
  const text = getIntrospectionQuery({
    descriptions: true,
    specifiedByUrl: true,
    directiveIsRepeatable: true,
    schemaDescription: true,
    inputValueDeprecation: true,
    oneOf: true,
  });
  return { name: "introspection", document: parse(text) };
}

/** Apollo Client adds `__typename` to every selection but the root's. */
function asApollo(document: DocumentNode): DocumentNode {
  const typeName: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: "__typename" } };
  return visit(document, {
    SelectionSet: (node, _key, parent) =>
      parent !== undefined && "kind" in parent && parent.kind === Kind.OPERATION_DEFINITION
        ? undefined
        : { ...node, selections: [...node.selections, typeName] },
  });
}

/** A page of 25 components, each with a fragment of its own on the same run, as Relay's compiler sends it. */
function RELAY(): string {
  const components = Array.from({ length: 25 }, (_, index) => `Component${index}_sync`);
  return `
    query PageQuery($first: Int = 50, $after: String, $filter: SyncFilter) {
      viewer { name cursor }
      syncs(first: $first, after: $after, filter: $filter) {
        edges { node { id ...Row_sync __typename } cursor }
        pageInfo { endCursor hasNextPage hasPreviousPage startCursor }
      }
    }
    fragment Row_sync on Sync {
      ${components.map((name) => `...${name}`).join("\n")}
      id
    }
    ${components
      .map(
        (name, index) => `fragment ${name} on Sync {
          status outcome createdAt provider { key displayName id }
          ${index < 2 ? "tasks(first: 20) { edges { node { name status __typename } cursor } pageInfo { endCursor hasNextPage } }" : "definition { __typename name ... on Node { id } }"}
          id
        }`,
      )
      .join("\n")}
  `;
}

function tokensIn(text: string): number {
  return text.match(/[A-Za-z_]\w*|"(?:[^"\\]|\\.)*"|[0-9.]+|\.\.\.|[^\s,]/g)?.length ?? 0;
}
