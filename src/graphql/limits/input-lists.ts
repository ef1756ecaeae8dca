// How many values the lists of an operation's input have, in its arguments and in its variables. What is in a JSON value is no list of
// the schema's.
import {
  TypeInfo,
  getNamedType,
  getNullableType,
  isInputObjectType,
  isInputType,
  isListType,
  typeFromAST,
  visit,
  visitWithTypeInfo,
  type DocumentNode,
  type GraphQLInputType,
  type GraphQLSchema,
  type ListValueNode,
  type OperationDefinitionNode,
} from "graphql";
import { DEFINITION_INPUTS } from "./list-sizes.ts";
import { LIMITS, type LimitName } from "./limits.ts";

export interface LongList {
  /** Where it is, such as `$filter.statuses`; null for one that is written into the document. */
  readonly place: string | null;
  readonly limit: LimitName;
  readonly values: number;
  readonly node: ListValueNode | null;
}

/** Those written into a document that have more values than they may. */
export function longListsIn(schema: GraphQLSchema, document: DocumentNode): readonly LongList[] {
  const typeInfo = new TypeInfo(schema);
  const found: LongList[] = [];
  const look = {
    ListValue(node: ListValueNode): void {
      // TypeInfo has gone on to the type of the list's values.
      const type = typeInfo.getParentInputType();
      if (type && isListType(getNullableType(type))) {
        const limit = limitOf(type);
        if (node.values.length > LIMITS[limit]) found.push({ place: null, limit, values: node.values.length, node });
      }
    },
  };
  visit(document, visitWithTypeInfo(typeInfo, look));
  return found;
}

/** Those among the values of an operation's variables, as they came. */
export function longListsAmong(
  schema: GraphQLSchema,
  { variableDefinitions = [] }: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): readonly LongList[] {
  const found: LongList[] = [];

  function look(type: GraphQLInputType, value: unknown, place: string): void {
    const nullable = getNullableType(type);
    if (isListType(nullable)) {
      if (!Array.isArray(value)) return look(nullable.ofType, value, place);
      const values: readonly unknown[] = value;
      const limit = limitOf(type);
      // What is in a list that is refused does not matter.
      if (values.length > LIMITS[limit]) found.push({ place, limit, values: values.length, node: null });
      else for (const [index, one] of values.entries()) look(nullable.ofType, one, `${place}[${index}]`);
    } else if (isInputObjectType(nullable) && typeof value === "object" && value !== null) {
      for (const field of Object.values(nullable.getFields())) {
        if (Object.hasOwn(value, field.name))
          look(field.type, Reflect.get(value, field.name), `${place}.${field.name}`);
      }
    }
  }

  for (const { variable, type: node } of variableDefinitions) {
    const name = variable.name.value;
    const type = typeFromAST(schema, node);
    if (isInputType(type) && Object.hasOwn(variables, name)) look(type, variables[name], `$${name}`);
  }
  return found;
}

function limitOf(type: GraphQLInputType): "listValues" | "definitionValues" {
  return DEFINITION_INPUTS.has(getNamedType(type).name) ? "definitionValues" : "listValues";
}
