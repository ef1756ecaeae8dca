// What a document is like before anything of it is looked up in the schema. Each fragment is measured once, however often it is spread,
// so that the time taken grows with what is written and not with what it unfolds to.
import { Kind, type DocumentNode, type FragmentDefinitionNode, type SelectionSetNode } from "graphql";

export interface Shape {
  /** Levels of fields, but for those below `__schema` and `__type`. */
  readonly depth: number;
  /** Levels of fields from `__schema` or `__type` on. */
  readonly introspectionDepth: number;
  /** Fields and fragments once every fragment stands where it is spread. */
  readonly selections: number;
  /** Whether introspection asks the fields of a field's type, or the like. */
  readonly circularIntrospection: boolean;
}

export interface DocumentShape {
  /** The whole document's: of the operation that has most; of `selections`, the fragment that has most, too. */
  readonly largest: Shape;
  /** Whether a fragment spreads itself, directly or by others. Then nothing else was measured to its end. */
  readonly hasFragmentCycle: boolean;
}

export type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;

/** Measured beneath a selection set. */
interface Measured extends Shape {
  /** Which of `CIRCULAR` occur, as bits. */
  readonly lists: number;
  /** Whether one of them occurs below itself. What that means depends on what is above. */
  readonly isCircular: boolean;
}

/** Fields of introspection that lead from a type to others. */
const CIRCULAR: ReadonlyMap<string, number> = new Map([
  ["fields", 1],
  ["inputFields", 2],
  ["interfaces", 4],
  ["possibleTypes", 8],
]);
const INTROSPECTION: ReadonlySet<string> = new Set(["__schema", "__type"]);
const NOTHING: Measured = {
  depth: 0,
  introspectionDepth: 0,
  selections: 0,
  circularIntrospection: false,
  lists: 0,
  isCircular: false,
};

export function fragmentsOf(document: DocumentNode): Fragments {
  const fragments = document.definitions.filter((one) => one.kind === Kind.FRAGMENT_DEFINITION);
  return new Map(fragments.map((fragment) => [fragment.name.value, fragment]));
}

export function shapeOf(document: DocumentNode, fragments: Fragments): DocumentShape {
  const measured = new Map<string, Measured>();
  const underWay = new Set<string>();
  let hasFragmentCycle = false;

  function ofFragment(name: string): Measured {
    const known = measured.get(name);
    if (known !== undefined) return known;
    const fragment = fragments.get(name);
    if (fragment === undefined) return NOTHING;
    if (underWay.has(name)) {
      hasFragmentCycle = true;
      return NOTHING;
    }
    underWay.add(name);
    const found = of(fragment.selectionSet);
    underWay.delete(name);
    measured.set(name, found);
    return found;
  }

  function of({ selections }: SelectionSetNode): Measured {
    return selections.reduce<Measured>((sum, selection) => {
      if (selection.kind === Kind.FRAGMENT_SPREAD) return added(sum, counted(ofFragment(selection.name.value)));
      if (selection.kind === Kind.INLINE_FRAGMENT) return added(sum, counted(of(selection.selectionSet)));
      return added(sum, aboveOf(selection.name.value, selection.selectionSet ? of(selection.selectionSet) : NOTHING));
    }, NOTHING);
  }

  const all = document.definitions.reduce((sum, definition) => {
    // How deep a fragment lies is told by the operations that spread it. One that none spreads has to be walked over all the same.
    if (definition.kind === Kind.FRAGMENT_DEFINITION)
      return most(sum, { ...NOTHING, selections: ofFragment(definition.name.value).selections });
    return definition.kind === Kind.OPERATION_DEFINITION ? most(sum, of(definition.selectionSet)) : sum;
  }, NOTHING);
  const { depth, introspectionDepth, selections, circularIntrospection } = all;
  return { largest: { depth, introspectionDepth, selections, circularIntrospection }, hasFragmentCycle };
}

/** A fragment with what is in it. It counts too: fragments without a field can unfold to very many. */
const counted = (below: Measured): Measured => ({ ...below, selections: 1 + below.selections });

/** A field with what is beneath it. */
function aboveOf(field: string, below: Measured): Measured {
  const list = CIRCULAR.get(field) ?? 0;
  const isIntrospection = INTROSPECTION.has(field);
  return {
    depth: isIntrospection ? 1 : 1 + below.depth,
    introspectionDepth: isIntrospection
      ? Math.max(1 + below.depth, below.introspectionDepth)
      : below.introspectionDepth,
    selections: 1 + below.selections,
    circularIntrospection: below.circularIntrospection || (isIntrospection && below.isCircular),
    lists: list | below.lists,
    isCircular: below.isCircular || (list & below.lists) !== 0,
  };
}

/** Two selections beside each other. */
function added(one: Measured, other: Measured): Measured {
  return { ...most(one, other), selections: one.selections + other.selections };
}

function most(one: Measured, other: Measured): Measured {
  return {
    depth: Math.max(one.depth, other.depth),
    introspectionDepth: Math.max(one.introspectionDepth, other.introspectionDepth),
    selections: Math.max(one.selections, other.selections),
    circularIntrospection: one.circularIntrospection || other.circularIntrospection,
    lists: one.lists | other.lists,
    isCircular: one.isCircular || other.isCircular,
  };
}
