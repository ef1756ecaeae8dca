// Operations at each limit: the first that has too much, and the last that has not.
import type { LimitName } from "../../../src/graphql/limits/limits.ts";
import type { Asked } from "../../support/judged.ts";

export const many = (count: number, one: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => one(index)).join(" ");
export const texts = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `text-${index}`);

export const deep = (levels: number): string =>
  `{ sync(id: "x") ${"{ retryOf ".repeat(levels - 2)} { id } ${"}".repeat(levels - 2)} }`;
const introspected = (levels: number): string =>
  `{ __type(name: "A") ${"{ ofType ".repeat(levels - 2)} { name } ${"}".repeat(levels - 2)} }`;
/** As many fields as 2 to this power, of few tokens. */
export const bomb = (levels: number, field: string): string => `
  query { sync(id: "x") { ...F0 } }
  ${many(levels, (level) => `fragment F${level} on Sync { a${level}: retryOf { ...F${level + 1} } b${level}: retryOf { ...F${level + 1} } }`)}
  fragment F${levels} on Sync { ${field} }`;
/** The same without a field in between. */
export const bareBomb = (levels: number): string => `
  query { sync(id: "x") { ...F0 } }
  ${many(levels, (level) => `fragment F${level} on Sync { ...F${level + 1} ...F${level + 1} }`)}
  fragment F${levels} on Sync { id }`;
const listed = (values: string): string => `{ syncs(filter: { models: [${values}] }) { nodes { id } } }`;
export const VARIABLE_LIST = "query ($filter: SyncFilter) { syncs(filter: $filter) { nodes { id } } }";
export const VARIABLE_IDS = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }";
export const VARIABLE_PAGES = `query ($outer: Int = 100, $inner: Int) {
  syncs(first: $outer) { nodes { definition { syncs(first: $inner) { nodes { id } } } } }
}`;
const nullPages = (ids: number): string => `query ($n: Int) {
  nodes(ids: [${many(ids, () => '"x"')}]) {
    ... on SyncJob { syncs(first: $n) { nodes { id definition { id } trigger { id } } } }
  }
}`;
const fieldsOfTransitions = (fields: number): string => `{
  syncs(first: 100) {
    nodes {
      transitions(first: 95) { nodes { ${many(fields, (one) => `a${one}: id`)} } }
      ${many(15, (one) => `b${one}: id`)}
    }
  }
}`;
export const pages = (outer: string, inner: string): string =>
  `{ syncs(first: ${outer}) { nodes { definition { syncs(first: ${inner}) { edges { node { id } } } } } } }`;

export interface LimitCase {
  readonly limit: LimitName;
  readonly code: string;
  readonly beyond: Asked;
  readonly actual: number;
  /** The last that is allowed. */
  readonly within: Asked;
}

export const STRUCTURE = "GRAPHQL_VALIDATION_FAILED";
export const LIMIT_CASES: Readonly<Record<string, LimitCase>> = {
  "levels of fields": {
    ...{ limit: "depth", code: STRUCTURE, actual: 13 },
    ...{ beyond: { query: deep(13) }, within: { query: deep(12) } },
  },
  "levels of fields hidden in fragments": {
    ...{ limit: "depth", code: STRUCTURE, actual: 13 },
    beyond: {
      query: `${deep(12).replace("{ id }", "{ ... on Sync { ...Last } }")} fragment Last on Sync { retryOf { id } }`,
    },
    within: { query: `${deep(12).replace("{ id }", "{ ... on Sync { ...Last } }")} fragment Last on Sync { id }` },
  },
  "levels of introspection": {
    ...{ limit: "introspectionDepth", code: STRUCTURE, actual: 21 },
    ...{ beyond: { query: introspected(21) }, within: { query: introspected(20) } },
  },
  "introspection in a circle": {
    ...{ limit: "introspectionRounds", code: STRUCTURE, actual: 2 },
    beyond: {
      query:
        "{ __schema { types { ...T } } } fragment T on __Type { fields { type { ...U } } } fragment U on __Type { fields { name } }",
    },
    within: { query: "{ __schema { types { fields { type { name } } } } }" },
  },
  aliases: {
    ...{ limit: "aliases", code: STRUCTURE, actual: 101 },
    beyond: { query: `{ viewer { ${many(101, (one) => `a${one}: name`)} } }` },
    within: { query: `{ viewer { ${many(100, (one) => `a${one}: name`)} } }` },
  },
  "aliases of __typename": {
    ...{ limit: "aliases", code: STRUCTURE, actual: 101 },
    beyond: { query: `{ viewer { ${many(101, (one) => `a${one}: __typename`)} } }` },
    within: { query: `{ viewer { ${many(100, (one) => `a${one}: __typename`)} } }` },
  },
  "aliases in fragments that are spread in several places": {
    ...{ limit: "aliases", code: STRUCTURE, actual: 102 },
    beyond: {
      query: `{ sync(id: "x") { ...A retryOf { ...A } } } fragment A on Sync { ${many(51, (one) => `a${one}: id`)} }`,
    },
    within: {
      query: `{ sync(id: "x") { ...A ...A retryOf { ...A } } } fragment A on Sync { ${many(50, (one) => `a${one}: id`)} }`,
    },
  },
  "fields at the root": {
    ...{ limit: "rootFields", code: STRUCTURE, actual: 31 },
    beyond: { query: `{ ${many(31, (one) => `a${one}: viewer { name }`)} }` },
    within: { query: `{ ${many(30, (one) => `a${one}: viewer { name }`)} }` },
  },
  "the same field at the root without an alias": {
    ...{ limit: "rootFields", code: STRUCTURE, actual: 31 },
    ...{
      beyond: { query: `{ ${many(31, () => "__typename")} }` },
      within: { query: `{ ${many(30, () => "__typename")} }` },
    },
  },
  "starts under aliases in one mutation": {
    ...{ limit: "rootFields", code: STRUCTURE, actual: 50 },
    beyond: {
      query: `mutation { ${many(50, (one) => `a${one}: triggerSync(input: { definitionId: "x" }) { attached }`)} }`,
    },
    within: { query: 'mutation { triggerSync(input: { definitionId: "x" }) { attached } }' },
  },
  "the same field in one place": {
    ...{ limit: "repeats", code: STRUCTURE, actual: 101 },
    beyond: { query: `{ viewer { ${many(101, () => "name")} } }` },
    within: { query: `{ viewer { ${many(100, () => "name")} } }` },
  },
  "the same field in places that are merged": {
    ...{ limit: "repeats", code: STRUCTURE, actual: 120 },
    beyond: { query: `{ ${many(12, () => `viewer { ${many(10, () => "name")} }`)} }` },
    within: { query: `{ ${many(10, () => `viewer { ${many(10, () => "name")} }`)} }` },
  },
  directives: {
    ...{ limit: "directives", code: STRUCTURE, actual: 21 },
    beyond: { query: `{ viewer { ${many(21, (one) => `... @skip(if: ${one % 2 === 0}) { name }`)} } }` },
    within: { query: `{ viewer { ${many(20, (one) => `... @skip(if: ${one % 2 === 0}) { name }`)} } }` },
  },
  "directives that there are not": {
    ...{ limit: "directives", code: STRUCTURE, actual: 60 },
    ...{
      beyond: { query: `{ __typename ${many(60, () => "@aa")} }` },
      within: { query: "{ __typename @skip(if: false) }" },
    },
  },
  "a fragment bomb": {
    ...{ limit: "selections", code: STRUCTURE, actual: 100_663_296 },
    ...{ beyond: { query: bareBomb(25).replaceAll("...F25", "id id") }, within: { query: bareBomb(10) } },
  },
  "pages in pages": {
    ...{ limit: "objects", code: "QUERY_TOO_COMPLEX", actual: 10_100 },
    ...{ beyond: { query: pages("100", "99") }, within: { query: pages("100", "98") } },
  },
  "pages in pages by variables": {
    ...{ limit: "objects", code: "QUERY_TOO_COMPLEX", actual: 10_100 },
    beyond: { query: VARIABLE_PAGES, variables: { inner: 99 } },
    within: { query: VARIABLE_PAGES, variables: { inner: 98 } },
  },
  "a variable that is null, which is a page of 50": {
    ...{ limit: "objects", code: "QUERY_TOO_COMPLEX", actual: 10_117 },
    beyond: { query: nullPages(67), variables: { n: null } },
    within: { query: nullPages(66), variables: { n: null } },
  },
  "objects under aliases": {
    ...{ limit: "objects", code: "QUERY_TOO_COMPLEX", actual: 12_000 },
    beyond: {
      query: `{ ${many(30, (one) => `a${one}: syncs(first: 100) { nodes { id trigger { id } definition { id } retryOf { id } } }`)} }`,
    },
    within: {
      query: `{ ${many(30, (one) => `a${one}: syncs(first: 80) { nodes { id trigger { id } definition { id } retryOf { id } } }`)} }`,
    },
  },
  "fields of the answer": {
    ...{ limit: "values", code: "QUERY_TOO_COMPLEX", actual: 106_202 },
    ...{ beyond: { query: fieldsOfTransitions(11) }, within: { query: fieldsOfTransitions(10) } },
  },
  "pages that are too large": {
    ...{ limit: "page", code: "BAD_USER_INPUT", actual: 99_999_999 },
    beyond: { query: "{ syncs(first: 99999999) { nodes { id } } }" },
    within: { query: "{ syncs(first: 100) { nodes { id } } }" },
  },
  "pages that are none": {
    ...{ limit: "page", code: "BAD_USER_INPUT", actual: -1 },
    beyond: { query: "query ($n: Int) { syncs(last: $n) { nodes { id } } }", variables: { n: -1 } },
    within: { query: "query ($n: Int) { syncs(last: $n) { nodes { id } } }", variables: { n: 1 } },
  },
  "lists in an argument": {
    ...{ limit: "listValues", code: "BAD_USER_INPUT", actual: 101 },
    beyond: { query: listed(many(101, () => '"x"')) },
    within: { query: listed(many(100, () => '"x"')) },
  },
  "lists in a variable": {
    ...{ limit: "listValues", code: "BAD_USER_INPUT", actual: 2_000 },
    beyond: { query: VARIABLE_LIST, variables: { filter: { models: texts(2_000).map(Number) } } },
    within: { query: VARIABLE_LIST, variables: { filter: { models: texts(100) } } },
  },
  "lists in the default of a variable": {
    ...{ limit: "listValues", code: "BAD_USER_INPUT", actual: 101 },
    beyond: { query: VARIABLE_LIST.replace("SyncFilter", `SyncFilter = { models: [${many(101, () => '"x"')}] }`) },
    within: { query: VARIABLE_LIST.replace("SyncFilter", `SyncFilter = { models: [${many(100, () => '"x"')}] }`) },
  },
  "ids of nodes": {
    ...{ limit: "listValues", code: "BAD_USER_INPUT", actual: 101 },
    beyond: { query: VARIABLE_IDS, variables: { ids: texts(101) } },
    within: { query: VARIABLE_IDS, variables: { ids: texts(100) } },
  },
  "parts of a definition": {
    ...{ limit: "definitionValues", code: "BAD_USER_INPUT", actual: 1_001 },
    beyond: {
      query: "mutation ($input: SyncJobCreateInput!) { syncJobCreate(input: $input) { userErrors { code } } }",
      variables: { input: { provider: "truto", name: "x", resources: texts(1_001).map((name) => ({ name })) } },
    },
    within: {
      query: "mutation ($input: SyncJobCreateInput!) { syncJobCreate(input: $input) { userErrors { code } } }",
      variables: { input: { provider: "truto", name: "x", resources: texts(1_000).map((name) => ({ name })) } },
    },
  },
};
