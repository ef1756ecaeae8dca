// Fields as they are executed: those of one name in one place are one field, whichever fragments they come from. A walk over them visits
// at most as many fields as the document's `selections`, so that number is to be bounded before.
import { Kind, type FieldNode, type SelectionSetNode } from "graphql";
import type { Fragments } from "./document-shape.ts";

/** A selection set, and the name of the type that it is of; null when that is not known. */
export interface Scope {
  readonly selectionSet: SelectionSetNode;
  readonly typeName: string | null;
}

export interface PlacedField {
  readonly node: FieldNode;
  readonly typeName: string | null;
}

/** The fields of several selection sets by the name that they have in the answer. Directives are not looked at. */
export function mergedFields(
  scopes: readonly Scope[],
  fragments: Fragments,
): ReadonlyMap<string, readonly PlacedField[]> {
  const fields = new Map<string, PlacedField[]>();
  const spread = new Set<string>();

  function collect({ selectionSet, typeName }: Scope): void {
    for (const selection of selectionSet.selections) {
      if (selection.kind === Kind.FIELD) {
        const name = selection.alias?.value ?? selection.name.value;
        const placed = { node: selection, typeName };
        const others = fields.get(name);
        if (others === undefined) fields.set(name, [placed]);
        else others.push(placed);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        const condition = selection.typeCondition?.name.value ?? typeName;
        collect({ selectionSet: selection.selectionSet, typeName: condition });
      } else {
        const fragment = fragments.get(selection.name.value);
        if (fragment === undefined || spread.has(selection.name.value)) continue;
        spread.add(selection.name.value);
        collect({ selectionSet: fragment.selectionSet, typeName: fragment.typeCondition.name.value });
      }
    }
  }

  for (const scope of scopes) collect(scope);
  return fields;
}

export interface Repetition {
  /** Fields with an alias. */
  readonly aliases: number;
  /** How often the field that is repeated most is selected in one place, and that field. */
  readonly repeats: number;
  readonly repeated: FieldNode | null;
}

/** @param selectionSet of an operation or a fragment */
export function repetitionIn(selectionSet: SelectionSetNode, fragments: Fragments): Repetition {
  let aliases = 0;
  let repeats = 0;
  let repeated: FieldNode | null = null;

  function walk(scopes: readonly Scope[]): void {
    for (const placed of mergedFields(scopes, fragments).values()) {
      const [first] = placed;
      if (first === undefined) continue;
      if (first.node.alias !== undefined) aliases += 1;
      if (placed.length > repeats) {
        repeats = placed.length;
        repeated = first.node;
      }
      const below = placed.flatMap(({ node }) =>
        node.selectionSet === undefined ? [] : [{ selectionSet: node.selectionSet, typeName: null }],
      );
      if (below.length > 0) walk(below);
    }
  }

  walk([{ selectionSet, typeName: null }]);
  return { aliases, repeats, repeated };
}
