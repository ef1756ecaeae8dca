// Breaks no rule: the server wires everything up.
import { target as domain } from "../domain/target.ts";
import { target as graphql } from "../graphql/target.ts";
import { target as provider } from "../providers/acme/target.ts";
import { target as store } from "../store/target.ts";
import { target as tracking } from "../tracking/target.ts";
import { target as wire } from "../wire/target.ts";

export const allowed = [domain, graphql, provider, store, tracking, wire];
