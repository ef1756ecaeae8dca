// A subscription has one field at its root, always. With `@skip` or `@include` there it could have none, and graphql-js throws then.
import { GraphQLError, Kind, OperationTypeNode, type OperationDefinitionNode, type SelectionNode } from "graphql";
import type { Fragments } from "./document-shape.ts";

const CONDITIONS: ReadonlySet<string> = new Set(["skip", "include"]);

/** Null when nothing depends on a condition. @param fragments none of which spreads itself */
export function conditionalRoot(operation: OperationDefinitionNode, fragments: Fragments): GraphQLError | null {
  if (operation.operation !== OperationTypeNode.SUBSCRIPTION) return null;

  function find(selections: readonly SelectionNode[]): SelectionNode | null {
    for (const selection of selections) {
      if (selection.directives?.some(({ name }) => CONDITIONS.has(name.value))) return selection;
      if (selection.kind === Kind.FIELD) continue;
      const below = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value);
      const found = below === undefined ? null : find(below.selectionSet.selections);
      if (found !== null) return found;
    }
    return null;
  }

  const found = find(operation.selectionSet.selections);
  if (found === null) return null;
  const message =
    "A subscription's field at its root cannot have `@skip` or `@include`, nor can a fragment around it. Leave the directive out, or do not subscribe.";
  return new GraphQLError(message, { nodes: found, extensions: { code: "GRAPHQL_VALIDATION_FAILED" } });
}
