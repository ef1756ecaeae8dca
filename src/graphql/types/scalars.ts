// The schema's scalars beyond GraphQL's own.
import { GraphQLDateTime, GraphQLJSON, GraphQLJSONObject } from "graphql-scalars";

/** RFC 3339 date and time in UTC with milliseconds. */
export const DateTime = GraphQLDateTime;
/** Any JSON value, as the vendor gave it. */
export const Json = GraphQLJSON;
/** A JSON object. */
export const JsonObjectScalar = GraphQLJSONObject;
