// Every list of the schema has a size for the count of objects, decided in one table.
import {
  buildSchema,
  getNamedType,
  getNullableType,
  isCompositeType,
  isInterfaceType,
  isListType,
  isObjectType,
  type GraphQLSchema,
} from "graphql";
import { expect, test } from "vitest";
import { DEFINITION_INPUTS, LIST_SIZES, SIZED_BY_ARGUMENT } from "../../../src/graphql/limits/list-sizes.ts";
import { schema } from "../../support/graphql.ts";

/** Fields with many objects, but for those that a page's arguments size. */
function listsWithoutPages(of: GraphQLSchema): readonly string[] {
  const types = Object.values(of.getTypeMap()).filter((type) => isObjectType(type) || isInterfaceType(type));
  return types
    .filter(({ name }) => !name.startsWith("__") && !name.endsWith("Connection"))
    .flatMap((type) =>
      Object.values(type.getFields())
        .filter((field) => {
          const named = getNamedType(field.type);
          const isPage = field.args.some(({ name }) => name === "first");
          if (named.name.endsWith("Connection")) return !isPage;
          return isListType(getNullableType(field.type)) && isCompositeType(named);
        })
        .map((field) => `${type.name}.${field.name}`),
    )
    .toSorted();
}

test("every list of the schema without pages has a size, and nothing else has", () => {
  const sized = [...Object.keys(LIST_SIZES), ...Object.keys(SIZED_BY_ARGUMENT)].toSorted();
  expect(sized.length).toBeGreaterThan(40);
  expect(sized).toEqual(listsWithoutPages(schema));
});

test("a list that is new in the schema is found", () => {
  const other = buildSchema(
    "type Query { rows: [Row!] names: [String!] pages(first: Int): RowConnection all: RowConnection } type Row { id: ID } type RowConnection { nodes: [Row!] }",
  );
  expect(listsWithoutPages(other)).toEqual(["Query.all", "Query.rows"]);
});

test("the inputs that describe a definition are in the schema", () => {
  expect([...DEFINITION_INPUTS].filter((name) => schema.getType(name) === undefined)).toEqual([]);
});
