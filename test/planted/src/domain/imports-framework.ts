// Planted: domain imports no framework.
import { GraphQLError } from "graphql";

export const planted = GraphQLError;
