// Relay connections: one factory for every list, so that all of them page alike.
import { Field, Int, ObjectType, type ClassType } from "type-graphql";
import { ProviderFailureType } from "./provider.ts";

@ObjectType("PageInfo", {
  description: "Where a page lies in its list, as the Relay connection specification has it.",
  simpleResolvers: true,
})
export class PageInfoType {
  @Field(() => Boolean, { description: "Whether more follows; ask on with `after: endCursor`." })
  hasNextPage!: boolean;

  @Field(() => Boolean, { description: "Whether something comes before; ask back with `before: startCursor`." })
  hasPreviousPage!: boolean;

  @Field(() => String, { nullable: true, description: "Cursor of the page's first edge; null when the page is empty." })
  startCursor!: string | null;

  @Field(() => String, { nullable: true, description: "Cursor of the page's last edge; null when the page is empty." })
  endCursor!: string | null;
}

export interface EdgeOf<Node> {
  readonly cursor: string;
  readonly node: Node;
}

export interface ConnectionOf<Node> {
  readonly edges: readonly EdgeOf<Node>[];
  readonly nodes: readonly Node[];
  readonly pageInfo: PageInfoType;
  /** Counts when asked; null where counting is not cheap. */
  readonly count: (() => Promise<number>) | null;
  /** Providers that could not be asked; null where a list is never over providers. */
  readonly failures: (() => Promise<readonly ProviderFailureType[]>) | null;
}

/** Of a list that has one provider's own objects only. */
const NO_FIELD: MethodDecorator = () => undefined;

const FAILURES = Field(() => [ProviderFailureType], {
  name: "providerFailures",
  description:
    "Providers that do not answer at the moment: of each, the list has what was last known. Empty when all do. Also in the answer's `extensions`.",
});

/**
 * Makes the edge and connection types of a list.
 *
 * @param isOverProviders whether the list may lack what a provider that fails would have told
 */
export function connectionType<Node extends object>(
  name: string,
  nodeType: ClassType<Node>,
  what: string,
  isOverProviders = false,
): ClassType<ConnectionOf<Node>> {
  @ObjectType(`${name}Edge`, { description: `One of ${what}, and its place in the list.`, simpleResolvers: true })
  class Edge implements EdgeOf<Node> {
    @Field(() => String, { description: "Opaque place in the list, for `after` and `before`." })
    readonly cursor!: string;

    @Field(() => nodeType, { description: "The object itself." })
    readonly node!: Node;
  }

  @ObjectType(`${name}Connection`, { description: `A page of ${what}.` })
  class Connection implements ConnectionOf<Node> {
    @Field(() => [Edge], { description: "The page's objects with their cursors.", simple: true })
    readonly edges!: readonly Edge[];

    @Field(() => [nodeType], { description: "The page's objects without cursors.", simple: true })
    readonly nodes!: readonly Node[];

    @Field(() => PageInfoType, { description: "Where this page lies in the list.", simple: true })
    readonly pageInfo!: PageInfoType;

    readonly count!: (() => Promise<number>) | null;

    @Field(() => Int, {
      nullable: true,
      name: "totalCount",
      description: "How many objects the whole list has. Costs a count of its own; null where that is not cheap.",
    })
    total(): Promise<number> | null {
      return this.count === null ? null : this.count();
    }

    readonly failures!: (() => Promise<readonly ProviderFailureType[]>) | null;

    @(isOverProviders ? FAILURES : NO_FIELD)
    failed(): Promise<readonly ProviderFailureType[]> | readonly ProviderFailureType[] {
      return this.failures === null ? [] : this.failures();
    }
  }
  return Connection;
}
