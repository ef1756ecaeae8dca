// Breaks no rule: graphql imports domain; packages whose names contain a folder's name are no folders.
import { ApolloServerErrorCode } from "@apollo/server/errors";
import { GraphQLError } from "graphql";
import { target } from "../domain/target.ts";

export const allowed = [ApolloServerErrorCode, GraphQLError, target];
