// Everything in the schema is described, and lists follow the Relay connection specification.
import {
  buildSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isScalarType,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
} from "graphql";
import { describe, expect, it } from "vitest";
import { schema } from "../support/graphql.ts";

describe("descriptions", () => {
  it("stand at every type, field, argument, input field and enum value", () => {
    const { described, bare } = look(schema);
    expect(bare).toEqual([]);
    expect(described).toBeGreaterThan(500);
  });

  it("are sentences: they end with a full stop", () => {
    const { texts } = look(schema);
    expect(texts.filter(([, text]) => !/[.:)]$|\.\.\.$/.test(text)).map(([where]) => where)).toEqual([]);
  });

  it("are missed wherever one is left out", () => {
    const { bare } = look(
      buildSchema(`
        "Described." type Query { bare(argument: Kind, input: Input): Bare }
        type Bare { field: String }
        input Input { field: Int }
        enum Kind { VALUE }
      `),
    );
    expect(bare).toEqual(
      expect.arrayContaining([
        "Query.bare",
        "Query.bare(argument:)",
        "Bare",
        "Bare.field",
        "Input",
        "Input.field",
        "Kind",
        "Kind.VALUE",
      ]),
    );
  });
});

describe("the Relay rules", () => {
  it("hold for every connection, edge and Node", () => {
    expect(relayProblems(schema)).toEqual([]);
  });

  it("are applied to at least the lists there are", () => {
    const connections = objectTypes(schema).filter(({ name }) => name.endsWith("Connection"));
    expect(connections.map(({ name }) => name).toSorted()).toEqual([
      "LinkedAccountConnection",
      "ModelSyncConnection",
      "SyncConnection",
      "SyncJobConnection",
      "SyncTaskConnection",
      "SyncTransitionConnection",
    ]);
  });

  it("are seen to be broken", () => {
    const broken = buildSchema(`
      interface Node { id: ID }
      type Query { things(first: Int): ThingConnection, node(id: ID!): Node! }
      type Thing { id: ID! }
      type ThingConnection { edges: ThingEdge, pageInfo: PageInfo }
      type ThingEdge { node: Thing, cursor: Int! }
      type PageInfo { hasNextPage: Boolean }
    `);
    expect(relayProblems(broken)).toEqual([
      "Node.id: expected ID!, got ID",
      "Query.node: expected Node, got Node!",
      "PageInfo.hasNextPage: expected Boolean!, got Boolean",
      "PageInfo.hasPreviousPage: expected Boolean!, got nothing",
      "PageInfo.startCursor: expected String, got nothing",
      "PageInfo.endCursor: expected String, got nothing",
      "ThingConnection.edges: expected [ThingEdge!]!, got ThingEdge",
      "ThingConnection.pageInfo: expected PageInfo!, got PageInfo",
      "ThingEdge.node: expected Thing!, got Thing",
      "ThingEdge.cursor: expected String!, got Int!",
      "Query.things: a connection takes after, before, first, last",
      "Thing: has an id and does not implement Node",
    ]);
  });
});

function look(of: GraphQLSchema): { described: number; bare: string[]; texts: [string, string][] } {
  const bare: string[] = [];
  const texts: [string, string][] = [];
  const note = (where: string, text: string | null | undefined) => {
    if (text) texts.push([where, text]);
    else bare.push(where);
  };
  for (const type of Object.values(of.getTypeMap())) {
    if (isIntrospectionType(type) || (isScalarType(type) && BUILT_IN.has(type.name))) continue;
    // The three operation types are entry points; their fields are what is described.
    if (!["Query", "Mutation", "Subscription"].includes(type.name)) note(type.name, type.description);
    for (const [where, text] of members(type)) note(where, text);
  }
  return { described: texts.length, bare, texts };
}

const BUILT_IN = new Set(["String", "Int", "Float", "Boolean", "ID"]);

function members(type: GraphQLNamedType): [string, string | null | undefined][] {
  if (isEnumType(type)) return type.getValues().map(({ name, description }) => [`${type.name}.${name}`, description]);
  if (isInputObjectType(type))
    return Object.values(type.getFields()).map(({ name, description }) => [`${type.name}.${name}`, description]);
  if (!isObjectType(type) && !isInterfaceType(type)) return [];
  return Object.values(type.getFields()).flatMap(({ name, description, args }) => [
    [`${type.name}.${name}`, description],
    ...args.map((one): [string, string | null | undefined] => [`${type.name}.${name}(${one.name}:)`, one.description]),
  ]);
}

function objectTypes(of: GraphQLSchema): readonly GraphQLObjectType[] {
  return Object.values(of.getTypeMap())
    .filter(isObjectType)
    .filter((type) => !isIntrospectionType(type));
}

/** https://relay.dev/graphql/connections.htm and https://relay.dev/graphql/objectidentification.htm, as far as a schema can show them. */
function relayProblems(of: GraphQLSchema): readonly string[] {
  const problems: string[] = [];
  const expectField = (type: string, field: string, expected: string) => {
    const found = of.getType(type);
    const fields = found !== undefined && (isObjectType(found) || isInterfaceType(found)) ? found.getFields() : {};
    const got = fields[field] === undefined ? "nothing" : String(fields[field].type);
    if (got !== expected) problems.push(`${type}.${field}: expected ${expected}, got ${got}`);
  };
  expectField("Node", "id", "ID!");
  expectField("Query", "node", "Node");
  expectField("PageInfo", "hasNextPage", "Boolean!");
  expectField("PageInfo", "hasPreviousPage", "Boolean!");
  expectField("PageInfo", "startCursor", "String");
  expectField("PageInfo", "endCursor", "String");
  const types = objectTypes(of);
  for (const { name } of types.filter((type) => type.name.endsWith("Connection"))) {
    const node = name.slice(0, -"Connection".length);
    expectField(name, "edges", `[${node}Edge!]!`);
    expectField(name, "pageInfo", "PageInfo!");
    expectField(`${node}Edge`, "node", `${node}!`);
    expectField(`${node}Edge`, "cursor", "String!");
  }
  for (const type of types) {
    for (const field of Object.values(type.getFields()).filter((one) =>
      getNamedType(one.type).name.endsWith("Connection"),
    )) {
      // What a trigger began is a handful and comes whole.
      if (`${type.name}.${field.name}` === "Trigger.syncs") continue;
      const given = field.args.map((one) => one.name);
      if (!["after", "before", "first", "last"].every((name) => given.includes(name))) {
        problems.push(`${type.name}.${field.name}: a connection takes after, before, first, last`);
      }
    }
    const hasId = String(type.getFields()["id"]?.type) === "ID!";
    if (hasId && !type.getInterfaces().some(({ name }) => name === "Node"))
      problems.push(`${type.name}: has an id and does not implement Node`);
  }
  return problems;
}
