// Values that fit an operation's variables, as small as they can be.
import {
  getNullableType,
  isEnumType,
  isInputObjectType,
  isInputType,
  isListType,
  isNonNullType,
  typeFromAST,
  type GraphQLInputType,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from "graphql";

/** Only those that must be given. */
export function exampleVariables(
  schema: GraphQLSchema,
  { variableDefinitions = [] }: OperationDefinitionNode,
): Readonly<Record<string, unknown>> {
  const needed = variableDefinitions.flatMap(({ variable, type: node, defaultValue }) => {
    const type = typeFromAST(schema, node);
    if (!isInputType(type)) throw new Error(`no type of input: $${variable.name.value}`);
    return isNonNullType(type) && defaultValue === undefined ? [[variable.name.value, example(type)] as const] : [];
  });
  return Object.fromEntries(needed);
}

const SCALARS: Readonly<Record<string, unknown>> = {
  Boolean: true,
  DateTime: "2026-01-01T00:00:00Z",
  Float: 1.5,
  ID: "id",
  Int: 1,
  JSON: null,
  JSONObject: {},
  String: "text",
};

function example(type: GraphQLInputType): unknown {
  const nullable = getNullableType(type);
  if (isListType(nullable)) return [example(nullable.ofType)];
  if (isEnumType(nullable)) return nullable.getValues()[0]?.name;
  if (!isInputObjectType(nullable)) return SCALARS[nullable.toString()];
  const fields = Object.values(nullable.getFields()).filter((field) => isNonNullType(field.type));
  return Object.fromEntries(fields.map((field) => [field.name, example(field.type)]));
}
