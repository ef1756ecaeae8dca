// How many objects and fields the answer to an operation can have. The operation is read once into sizes that depend on its variables;
// with an operation's variables they become numbers.
import {
  Kind,
  isCompositeType,
  isInterfaceType,
  isListType,
  isObjectType,
  getNamedType,
  getNullableType,
  type FieldNode,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type ValueNode,
} from "graphql";
import type { Fragments } from "./document-shape.ts";
import { DEFAULT_PAGE, INTROSPECTION_SIZES, LIST_SIZES, SIZED_BY_ARGUMENT } from "./list-sizes.ts";
import { LIMITS } from "./limits.ts";
import { mergedFields, type PlacedField, type Scope } from "./merged-fields.ts";

export type Variables = Readonly<Record<string, unknown>>;

export interface AnswerSize {
  /** Those of lists and those with an id. Connections, edges and parts of an object are not counted. */
  readonly objects: number;
  readonly values: number;
  /** Pages that are too small or too large. */
  readonly wrongPages: readonly WrongPage[];
}

export interface WrongPage {
  readonly argument: string;
  readonly size: number;
  readonly node: FieldNode;
}

/** How large the answer is with these variables. */
export type AnswerSizeOf = (variables: Variables) => AnswerSize;

/** A field as it stands in the answer. */
interface SizedField {
  /** What one of it is, without what is beneath. */
  readonly objects: number;
  readonly values: number;
  /** How many of it stand in each object above. */
  readonly size: Size;
  /** Arguments that say how large the page beneath is, and what it is without them. */
  readonly pages: readonly PageArgument[];
  readonly page: number;
  readonly below: readonly SizedField[];
}

type Size =
  | { readonly kind: "fixed"; readonly count: number }
  /** As many as the connection above has. */
  | { readonly kind: "page" }
  | { readonly kind: "values"; readonly value: ValueNode | null };

interface PageArgument {
  readonly name: string;
  readonly value: ValueNode;
  readonly node: FieldNode;
}

const PAGE_ARGUMENTS = ["first", "last"];
/** The interface of everything that has an id of its own. */
const NODE = "Node";
const ONE: Size = { kind: "fixed", count: 1 };

/** @param operation one that is valid, and of whose document no fragment spreads itself */
export function answerSizeOf(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  fragments: Fragments,
): AnswerSizeOf {
  const root = schema.getRootType(operation.operation);
  const fields = sizedFields([{ selectionSet: operation.selectionSet, typeName: root?.name ?? null }]);

  function sizedFields(scopes: readonly Scope[]): readonly SizedField[] {
    return [...mergedFields(scopes, fragments).values()].map(sizedField);
  }

  /** One field of the answer. What a fragment on another type makes of it is as likely, so the larger one counts. */
  function sizedField(placed: readonly PlacedField[]): SizedField {
    const name = placed[0]?.node.name.value ?? "";
    const introspection = INTROSPECTION_SIZES[name];
    if (introspection !== undefined) return { ...introspection, size: ONE, pages: [], page: 0, below: [] };
    const known = placed.flatMap(({ node, typeName }) => {
      const field = fieldOf(schema, typeName, node.name.value);
      return field === null || typeName === null ? [] : [{ node, typeName, field }];
    });
    const below = known.flatMap(({ node, field }) =>
      node.selectionSet === undefined
        ? []
        : [{ selectionSet: node.selectionSet, typeName: getNamedType(field.type).name }],
    );
    // Fields of one name in one type have the same arguments, or the document would not be valid: one of each type is enough.
    const perType = [...new Map(known.map((one) => [one.typeName, one])).values()];
    return {
      objects: Math.max(0, ...perType.map(({ field }) => (isCounted(field) ? 1 : 0))),
      values: 1,
      size: perType.map(sizeOf).reduce(larger, ONE),
      pages: perType.flatMap(({ node, field }) => pageArguments(node, field)),
      page: Math.max(0, ...perType.map(usualPage)),
      below: below.length === 0 ? [] : sizedFields(below),
    };
  }

  return (variables) => {
    const wrongPages: WrongPage[] = [];
    const { objects, values } = total(fields, DEFAULT_PAGE, variables, wrongPages);
    return { objects, values, wrongPages };
  };
}

function fieldOf(schema: GraphQLSchema, typeName: string | null, name: string): GraphQLField<unknown, unknown> | null {
  const type = typeName === null ? undefined : schema.getType(typeName);
  return isObjectType(type) || isInterfaceType(type) ? (type.getFields()[name] ?? null) : null;
}

export const isConnection = (name: string): boolean => name.endsWith("Connection");

/** An object of its own: one of a list, or one with an id. Neither a page nor an entry that holds one, nor a part of another one. */
function isCounted({ type }: GraphQLField<unknown, unknown>): boolean {
  const named = getNamedType(type);
  if (!isCompositeType(named) || isConnection(named.name) || named.name.endsWith("Edge")) return false;
  return isListType(getNullableType(type)) || isNode(named);
}

function isNode(type: GraphQLNamedType): boolean {
  if (type.name === NODE) return true;
  return (isObjectType(type) || isInterfaceType(type)) && type.getInterfaces().some(({ name }) => name === NODE);
}

interface Located {
  readonly node: FieldNode;
  readonly typeName: string;
  readonly field: GraphQLField<unknown, unknown>;
}

function sizeOf({ node, typeName, field }: Located): Size {
  const path = `${typeName}.${field.name}`;
  const argument = SIZED_BY_ARGUMENT[path];
  if (argument !== undefined) return { kind: "values", value: argumentOf(node, argument) };
  if (!isListType(getNullableType(field.type)) || !isCompositeType(getNamedType(field.type))) return ONE;
  if (isConnection(typeName)) return { kind: "page" };
  return { kind: "fixed", count: LIST_SIZES[path] ?? DEFAULT_PAGE };
}

/** Which of two may be more. An argument's size is not known yet; what it is compared with never is one in this schema. */
function larger(one: Size, other: Size): Size {
  if (one.kind === "fixed" && other.kind === "fixed") return other.count > one.count ? other : one;
  return one.kind === "fixed" ? other : one;
}

/** A connection that has no pages is as large as the table says. */
function usualPage({ typeName, field }: Located): number {
  const hasPages = field.args.some(({ name }) => PAGE_ARGUMENTS.includes(name));
  return hasPages ? DEFAULT_PAGE : (LIST_SIZES[`${typeName}.${field.name}`] ?? DEFAULT_PAGE);
}

function pageArguments(node: FieldNode, field: GraphQLField<unknown, unknown>): readonly PageArgument[] {
  if (!isConnection(getNamedType(field.type).name)) return [];
  return PAGE_ARGUMENTS.flatMap((name) => {
    const value = argumentOf(node, name);
    return value === null ? [] : [{ name, value, node }];
  });
}

const argumentOf = (node: FieldNode, name: string): ValueNode | null =>
  node.arguments?.find((argument) => argument.name.value === name)?.value ?? null;

function total(
  fields: readonly SizedField[],
  page: number,
  variables: Variables,
  wrongPages: WrongPage[],
): { readonly objects: number; readonly values: number } {
  let objects = 0;
  let values = 0;
  for (const field of fields) {
    const times = countOf(field.size, page, variables);
    const below = total(field.below, pageOf(field, variables, wrongPages), variables, wrongPages);
    objects += times * (field.objects + below.objects);
    // A list is one value, whatever is in it.
    values += field.values + times * below.values;
  }
  return { objects, values };
}

function countOf(size: Size, page: number, variables: Variables): number {
  switch (size.kind) {
    case "fixed":
      return size.count;
    case "page":
      return page;
    case "values":
      return size.value === null ? 0 : valuesIn(size.value, variables);
  }
}

function valuesIn(node: ValueNode, variables: Variables): number {
  if (node.kind === Kind.LIST) return node.values.length;
  const value = node.kind === Kind.VARIABLE ? variables[node.name.value] : undefined;
  return Array.isArray(value) ? value.length : 1;
}

/** How many objects the page beneath a connection has. */
function pageOf({ pages, page }: SizedField, variables: Variables, wrongPages: WrongPage[]): number {
  const sizes = pages.flatMap(({ name, value, node }) => {
    const size = numberOf(value, variables);
    if (size === null) return [];
    if (size < 1 || size > LIMITS.page) wrongPages.push({ argument: name, size, node });
    return [size];
  });
  return sizes.length === 0 ? page : Math.max(0, ...sizes);
}

/** Null when it is not given, which a null is too. */
function numberOf(node: ValueNode, variables: Variables): number | null {
  if (node.kind === Kind.INT) return Number(node.value);
  const value = node.kind === Kind.VARIABLE ? variables[node.name.value] : null;
  return typeof value === "number" ? value : null;
}
