// The limits of a document that need neither the schema nor variables. Every operation and every fragment of it is judged, also those
// that are not asked for: GraphQL's own rules go over all of them.
import {
  Kind,
  visit,
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLError,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from "graphql";
import type { OperationCost } from "./cost.ts";
import { shapeOf, type DocumentShape, type Fragments } from "./document-shape.ts";
import { limitRefusal, LimitCode, counted } from "./limit-error.ts";
import { LIMITS, type LimitName } from "./limits.ts";
import { repetitionIn } from "./merged-fields.ts";
import { conditionalRoot } from "./subscription-root.ts";

export type StructureCost = Omit<OperationCost, "objects" | "values">;

export interface Structure {
  readonly refusals: readonly GraphQLError[];
  costOf(operation: OperationDefinitionNode): StructureCost;
}

/** @param shape of that document, without fragments that spread themselves */
export function structureOf(document: DocumentNode, fragments: Fragments, { largest }: DocumentShape): Structure {
  const directives = directivesIn(document);
  const costOf = (operation: OperationDefinitionNode): StructureCost => {
    const { depth, introspectionDepth, selections } = shapeOf(
      { kind: Kind.DOCUMENT, definitions: [operation] },
      fragments,
    ).largest;
    const { aliases, repeats } = repetitionIn(operation.selectionSet, fragments);
    const rootFields = rootFieldsOf(operation.selectionSet, fragments);
    return { depth, introspectionDepth, selections, aliases, rootFields, directives, repeats };
  };
  const refusals = [
    ...above("depth", largest.depth, "levels of fields", "Ask for what is further down by its id, with `node`."),
    ...above(
      "introspectionDepth",
      largest.introspectionDepth,
      "levels of introspection",
      "Ask less deeply; the introspection of every usual tool is allowed.",
    ),
    ...(largest.circularIntrospection ? [circular()] : []),
    ...above("directives", directives, "directives", "Build the document with the fields that are wanted."),
    ...above(
      "selections",
      largest.selections,
      "fields and fragments once its fragments are spread",
      "Spread fewer fragments within fragments.",
    ),
  ];
  // The walks that follow are bounded by these.
  if (refusals.length > 0) return { refusals, costOf };
  const of = (kind: Kind): readonly GraphQLError[] =>
    document.definitions.filter((one) => one.kind === kind).flatMap((one) => unfolded(one, fragments));
  const ofOperations = of(Kind.OPERATION_DEFINITION);
  // A fragment's are those of the operation that spreads it, too.
  return { refusals: ofOperations.length > 0 ? ofOperations : of(Kind.FRAGMENT_DEFINITION), costOf };
}

/** The limits that can be judged only once a definition is unfolded. */
function unfolded(definition: DocumentNode["definitions"][number], fragments: Fragments): readonly GraphQLError[] {
  const isOperation = definition.kind === Kind.OPERATION_DEFINITION;
  if (!isOperation && definition.kind !== Kind.FRAGMENT_DEFINITION) return [];
  const { aliases, repeats, repeated } = repetitionIn(definition.selectionSet, fragments);
  const rootFields = isOperation ? rootFieldsOf(definition.selectionSet, fragments) : 0;
  const conditional = isOperation ? conditionalRoot(definition, fragments) : null;
  const where = nameOf(definition);
  return [
    ...above(
      "aliases",
      aliases,
      `fields with an alias${where}`,
      "Ask for lists instead of one object under each alias.",
    ),
    ...above(
      "rootFields",
      rootFields,
      `fields at its root${where}`,
      "Ask for several objects with `nodes`, or send several operations.",
    ),
    ...above(
      "repeats",
      repeats,
      `selections of \`${repeated?.name.value ?? ""}\` in one place${where}`,
      "Select a field once where it is wanted.",
    ),
    ...(conditional === null ? [] : [conditional]),
  ];
}

function above(limit: LimitName, actual: number, what: string, how: string): readonly GraphQLError[] {
  if (actual <= LIMITS[limit]) return [];
  const message = `The operation has ${counted(actual)} ${what}, and at most ${counted(LIMITS[limit])} are allowed. ${how}`;
  return [limitRefusal({ code: LimitCode.Structure, limit, actual, message })];
}

function circular(): GraphQLError {
  const message =
    "The operation asks in introspection for the fields of a field's type, or the like, and at most 1 level of that is allowed. Ask for every type's fields once, with `__schema { types }`.";
  return limitRefusal({ code: LimitCode.Structure, limit: "introspectionRounds", actual: 2, message });
}

function nameOf({ kind, name }: OperationDefinitionNode | FragmentDefinitionNode): string {
  if (name === undefined) return "";
  return kind === Kind.OPERATION_DEFINITION ? ` in \`${name.value}\`` : ` in the fragment \`${name.value}\``;
}

function directivesIn(document: DocumentNode): number {
  let directives = 0;
  visit(document, {
    Directive: () => {
      directives += 1;
    },
  });
  return directives;
}

/** As often as they are written, each fragment's as often as it is spread. */
function rootFieldsOf({ selections }: SelectionSetNode, fragments: Fragments): number {
  return selections.reduce((sum, selection) => {
    if (selection.kind === Kind.FIELD) return sum + 1;
    const below = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value);
    return below === undefined ? sum : sum + rootFieldsOf(below.selectionSet, fragments);
  }, 0);
}
