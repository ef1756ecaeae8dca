// The rules schema.graphql is held to, and the few places where one of them does not hold; schema-lint.ts judges by them.
// Every rule of graphql-eslint's presets for schemas stands in one of the two tables; test/house/schema-rules.test.ts sees to that.
import type { Linter } from "eslint";

/** Rules that are on, with graphql-eslint's options where its own are not ours. */
export const RULES: Readonly<Record<string, Linter.RuleEntry>> = {
  // Each operation, type, value and directive is there once, and what is named exists.
  "known-argument-names": "error",
  "known-directives": "error",
  "known-type-names": "error",
  "lone-schema-definition": "error",
  "possible-type-extension": "error",
  "provided-required-arguments": "error",
  "unique-directive-names": "error",
  "unique-directive-names-per-location": "error",
  "unique-enum-value-names": "error",
  "unique-field-definition-names": "error",
  "unique-operation-types": "error",
  "unique-type-names": "error",

  // What nobody can reach is not part of the contract and only looks like it.
  "no-unreachable-types": "error",
  // A comment beside a field is not seen by clients; a description is.
  "no-hashtag-description": "error",
  "description-style": ["error", { style: "block" }],
  "require-description": [
    "error",
    {
      types: true,
      FieldDefinition: true,
      InputValueDefinition: true,
      EnumValueDefinition: true,
      DirectiveDefinition: true,
    },
  ],
  // `sync.syncStatus` says it twice.
  "no-typename-prefix": "error",
  "naming-convention": [
    "error",
    {
      types: "PascalCase",
      FieldDefinition: "camelCase",
      InputValueDefinition: "camelCase",
      Argument: "camelCase",
      DirectiveDefinition: "camelCase",
      EnumValueDefinition: "UPPER_CASE",
      "FieldDefinition[parent.name.value=Query]": { forbiddenPrefixes: ["query", "get"], forbiddenSuffixes: ["Query"] },
      "FieldDefinition[parent.name.value=Mutation]": {
        forbiddenPrefixes: ["mutation"],
        forbiddenSuffixes: ["Mutation"],
      },
      "FieldDefinition[parent.name.value=Subscription]": {
        forbiddenPrefixes: ["subscription"],
        forbiddenSuffixes: ["Subscription"],
      },
      EnumTypeDefinition: { forbiddenPrefixes: ["Enum"], forbiddenSuffixes: ["Enum"] },
      InterfaceTypeDefinition: { forbiddenPrefixes: ["Interface"], forbiddenSuffixes: ["Interface"] },
      UnionTypeDefinition: { forbiddenPrefixes: ["Union"], forbiddenSuffixes: ["Union"] },
      ObjectTypeDefinition: { forbiddenPrefixes: ["Type"], forbiddenSuffixes: ["Type"] },
    },
  ],

  // What is going away says why; `house/deprecation-date` asks for the day.
  "require-deprecation-reason": "error",
  // A mutation takes one `input`, named after it, and answers with a payload that can grow.
  "input-name": ["error", { checkInputType: true, caseSensitiveInputType: false }],
  "no-scalar-result-type-on-mutation": "error",
  // One field that fails must not take the rest of the answer with it.
  "require-nullable-result-in-root": "error",
  "require-nullable-fields-with-oneof": "error",

  // https://relay.dev/graphql/connections.htm
  "relay-arguments": ["error", { includeBoth: true }],
  "relay-connection-types": "error",
  // Lists that are short by nature (`userErrors`, a job's resources) are plain lists.
  "relay-edge-types": [
    "error",
    { withEdgeSuffix: true, shouldImplementNode: true, listTypeCanWrapOnlyEdgeType: false },
  ],
  "relay-page-info": "error",
};

/** Rules of the presets that are off, and why. */
export const SWITCHED_OFF: Readonly<Record<string, string>> = {
  alphabetize: "The schema is printed sorted, and `npm run check:schema` holds it.",
  "no-root-type": "Mutations and subscriptions are what the gateway is for.",
  "require-field-of-type-query-in-mutation-result":
    "Payloads are what the contract says: the object that changed, and `userErrors`.",
  "require-deprecation-date":
    "It wants an argument that GraphQL's own @deprecated does not have. `house/deprecation-date` reads the day in the reason.",
  "require-type-pattern-with-oneof": "It wants fields `ok` and `error`; payloads here have `userErrors`.",
  "strict-id-in-types":
    "Only what can be found again has an id; edges, payloads and counts have none. That an id means Node is held by test/graphql/descriptions.test.ts.",
};

export interface SchemaException {
  /** Name of the rule, without graphql-eslint's prefix. */
  readonly rule: string;
  /** What the rule complains of: `Type`, `Type.field` or `Type.field(argument:)`. */
  readonly at: string;
  readonly reason: string;
}

const ENTRY_POINT = "An entry point: its fields are what is described.";

/** Places where a rule does not hold. One that is no longer needed is a finding itself. */
export const EXCEPTIONS: readonly SchemaException[] = [
  { rule: "require-description", at: "Query", reason: ENTRY_POINT },
  { rule: "require-description", at: "Mutation", reason: ENTRY_POINT },
  { rule: "require-description", at: "Subscription", reason: ENTRY_POINT },
  {
    rule: "require-nullable-result-in-root",
    at: "Query.viewer",
    reason: "The caller is known before anything is read: a request without one is refused as a whole.",
  },
  {
    rule: "relay-arguments",
    at: "Trigger.syncs",
    reason: "What one start began is a handful and comes whole.",
  },
  {
    rule: "relay-edge-types",
    at: "SyncTaskEdge",
    reason: "A task has a key within its run and no id of its own: it is read with its run.",
  },
];
