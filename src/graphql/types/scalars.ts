// The schema's scalars beyond GraphQL's own.
import { GraphQLError, GraphQLScalarType, type ASTNode } from "graphql";
import { GraphQLDateTime, GraphQLJSON, GraphQLJSONObject } from "graphql-scalars";
import { inexactNumber } from "../../domain/json.ts";

/** RFC 3339 date and time in UTC with milliseconds. */
export const DateTime = GraphQLDateTime;
/** Any JSON value, as the vendor gave it. */
export const Json = withExactNumbers(GraphQLJSON);
/** A JSON object. */
export const JsonObjectScalar = withExactNumbers(GraphQLJSONObject);

/** The same scalar, in which a number that would reach the vendor changed is refused. What vendors send is shown as it is. */
function withExactNumbers<Internal, External>(
  scalar: GraphQLScalarType<Internal, External>,
): GraphQLScalarType<Internal, External> {
  const config = scalar.toConfig();
  return new GraphQLScalarType({
    ...config,
    parseValue: (value) => exact(config.parseValue(value), null),
    parseLiteral: (node, variables) => exact(config.parseLiteral(node, variables), node),
  });
}

function exact<Value>(value: Value, node: ASTNode | null): Value {
  const path = inexactNumber(value);
  if (path === null) return value;
  const place = path.length === 0 ? "The number" : `The number at ${path.join(".")}`;
  const message = `${place} is an integer beyond 2^53 or too large, and would reach the vendor as another one. Send it as text.`;
  throw new GraphQLError(message, node === null ? {} : { nodes: node });
}
