// Judges an operation before anything of it is executed, the same for every transport: its structure, then GraphQL's own rules, then
// what its variables make of it. The steps that are cheap come first, and bound what the later ones can cost.
import {
  GraphQLError,
  getOperationAST,
  getVariableValues,
  parse,
  validate,
  type DocumentNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from "graphql";
import { answerSizeOf, type AnswerSizeOf, type Variables } from "./answer-size.ts";
import type { OperationCost } from "./cost.ts";
import { fragmentsOf, shapeOf, type DocumentShape, type Fragments } from "./document-shape.ts";
import { longListsAmong, longListsIn } from "./input-lists.ts";
import { LIMITS } from "./limits.ts";
import { complexityRefusals, cycleErrors, listRefusal, pageRefusal, withLimitedCount } from "./refusals.ts";
import { structureOf, type Structure, type StructureCost } from "./structure.ts";

export interface OperationRequest {
  readonly document: DocumentNode;
  readonly operationName: string | null | undefined;
  /** As they came. */
  readonly variables: Readonly<Record<string, unknown>> | null | undefined;
}

export type Judgement =
  | { readonly isRefused: true; readonly errors: readonly GraphQLError[] }
  | { readonly isRefused: false; readonly operation: OperationDefinitionNode; readonly cost: OperationCost };

export interface Guard {
  /** @throws GraphQLError with the code `GRAPHQL_PARSE_FAILED` */
  parse(text: string): DocumentNode;
  /** Never throws for anything that a document, a name or variables can be. */
  judge(request: OperationRequest): Judgement;
}

/** What is known of a document whatever its variables are. */
interface KnownDocument {
  readonly errors: readonly GraphQLError[];
  readonly fragments: Fragments;
  /** Null when it is refused. */
  readonly structure: Structure | null;
  readonly operations: Map<OperationDefinitionNode, KnownOperation>;
}

interface KnownOperation {
  readonly cost: StructureCost;
  readonly sizeOf: AnswerSizeOf;
}

/** To be given to whatever executes an operation, so that it finds no more errors of variables, and tells no more of them. */
export const EXECUTION_OPTIONS = { hideSuggestions: true, options: { maxCoercionErrors: LIMITS.errors } } as const;

export function createGuard(schema: GraphQLSchema): Guard {
  /** By the document itself: one that is kept by a transport is judged once, but for its variables. */
  const known = new WeakMap<DocumentNode, KnownDocument>();

  function look(document: DocumentNode): KnownDocument {
    const found = known.get(document) ?? examine(schema, document);
    known.set(document, found);
    return found;
  }

  return {
    parse: parseText,
    judge({ document, operationName, variables }) {
      const { errors, fragments, structure, operations } = look(document);
      if (errors.length > 0 || structure === null) return { isRefused: true, errors };
      const operation = getOperationAST(document, operationName);
      if (!operation) return { isRefused: true, errors: [unresolved(operationName)] };
      const given = variables ?? {};
      const long = longListsAmong(schema, operation, given);
      if (long.length > 0) return { isRefused: true, errors: withLimitedCount(long.map(listRefusal)) };
      const values = coerced(schema, operation, given);
      if ("errors" in values) return { isRefused: true, errors: values.errors };
      const judged = operations.get(operation) ?? {
        cost: structure.costOf(operation),
        sizeOf: answerSizeOf(schema, operation, fragments),
      };
      operations.set(operation, judged);
      const { wrongPages, ...size } = judged.sizeOf(values.variables);
      if (wrongPages.length > 0) return { isRefused: true, errors: withLimitedCount(wrongPages.map(pageRefusal)) };
      const cost = { ...judged.cost, ...size };
      const refusals = complexityRefusals(cost, operation);
      return refusals.length > 0 ? { isRefused: true, errors: refusals } : { isRefused: false, operation, cost };
    },
  };
}

function parseText(text: string): DocumentNode {
  try {
    return parse(text, { maxTokens: LIMITS.tokens });
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    throw withCode(error, "GRAPHQL_PARSE_FAILED");
  }
}

function examine(schema: GraphQLSchema, document: DocumentNode): KnownDocument {
  const fragments = fragmentsOf(document);
  const shape: DocumentShape = shapeOf(document, fragments);
  const refused = (errors: readonly GraphQLError[]): KnownDocument => ({
    ...{ fragments, structure: null, operations: new Map() },
    errors: withLimitedCount(errors),
  });
  // Walks over what such a document unfolds to would never end, and other errors in it do not matter.
  if (shape.hasFragmentCycle) return refused(asInvalid(cycleErrors(schema, document)));
  const structure = structureOf(document, fragments, shape);
  if (structure.refusals.length > 0) return refused(structure.refusals);
  const errors = validate(schema, document, undefined, { maxErrors: LIMITS.errors, hideSuggestions: true });
  if (errors.length > 0) return refused(asInvalid(errors));
  const long = longListsIn(schema, document);
  return long.length > 0 ? refused(long.map(listRefusal)) : { fragments, structure, operations: new Map(), errors: [] };
}

const asInvalid = (errors: readonly GraphQLError[]): readonly GraphQLError[] =>
  errors.map((error) => withCode(error, "GRAPHQL_VALIDATION_FAILED"));

/** `hideSuggestions` leaves one of a rule's in. */
const SUGGESTION = / Did you mean .*$/s;

function coerced(
  schema: GraphQLSchema,
  { variableDefinitions = [] }: OperationDefinitionNode,
  given: Readonly<Record<string, unknown>>,
): { readonly variables: Variables } | { readonly errors: readonly GraphQLError[] } {
  const options = { maxErrors: LIMITS.errors, hideSuggestions: true };
  const found = getVariableValues(schema, variableDefinitions, given, options);
  if (found.errors === undefined) return { variables: found.coerced };
  return { errors: withLimitedCount(found.errors) };
}

/** A name that no operation has, and no name where there are several. */
function unresolved(operationName: string | null | undefined): GraphQLError {
  const message = operationName
    ? `Unknown operation named "${operationName}".`
    : "Must provide operation name if query contains multiple operations.";
  return withCode(new GraphQLError(message), "OPERATION_RESOLUTION_FAILURE");
}

/** The same error with a code. */
function withCode({ message, nodes, source, positions }: GraphQLError, code: string): GraphQLError {
  return new GraphQLError(message.replace(SUGGESTION, ""), {
    nodes: nodes ?? null,
    source: source ?? null,
    positions: positions ?? null,
    extensions: { code },
  });
}
