// Fields that hold JSON of vendors' are the ones that can be large: each is counted when it is resolved. No other field pays for that.
import {
  defaultFieldResolver,
  getNamedType,
  isObjectType,
  type GraphQLFieldResolver,
  type GraphQLSchema,
} from "graphql";
import type { GatewayContext } from "./context.ts";
import { Json, JsonObjectScalar } from "./types/scalars.ts";

type Resolver = GraphQLFieldResolver<unknown, GatewayContext>;

/** Makes each JSON field of a schema count what it gives. */
export function chargeJson(schema: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      const named = getNamedType(field.type).name;
      if (named === Json.name || named === JsonObjectScalar.name) field.resolve = charged(field.resolve);
    }
  }
  return schema;
}

function charged(resolve: Resolver = defaultFieldResolver): Resolver {
  return (source, args, context, info) => {
    const count = (value: unknown): unknown => {
      context.answer.charge(value);
      return value;
    };
    const value: unknown = resolve(source, args, context, info);
    return value instanceof Promise ? value.then(count) : count(value);
  };
}
