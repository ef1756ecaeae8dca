// An operation that is larger than it may be: which limit, what the operation has, and how to come below it.
import { GraphQLError, type ASTNode } from "graphql";
import { LIMITS, type LimitName } from "./limits.ts";

/** The codes of such errors. Each is in a table of docs/graphql.md. */
export const LimitCode = {
  /** The document is too large, whatever its variables are. */
  Structure: "GRAPHQL_VALIDATION_FAILED",
  /** The answer could be too large. */
  Complexity: "QUERY_TOO_COMPLEX",
  /** The answer is too large, which showed while it was made. */
  Answer: "ANSWER_TOO_LARGE",
  /** A list or a page in the input is too large. */
  Input: "BAD_USER_INPUT",
} as const;
export type LimitCode = (typeof LimitCode)[keyof typeof LimitCode];

export interface LimitFacts {
  readonly code: LimitCode;
  readonly limit: LimitName;
  /** What the operation has. */
  readonly actual: number;
  /** Sentences: what is too large, and how to come below. */
  readonly message: string;
  /** What the whole operation costs, where that is known. */
  readonly cost?: Readonly<Record<string, unknown>>;
}

export class LimitError extends Error {
  override readonly name = "LimitError";
  readonly facts: LimitFacts;

  constructor(facts: LimitFacts) {
    super(facts.message);
    this.facts = facts;
  }

  /** What clients see beside the message. */
  get extensions(): Readonly<Record<string, unknown>> {
    const { code, limit, actual, cost } = this.facts;
    return { code, limit, max: LIMITS[limit], actual: shown(actual), ...(cost === undefined ? {} : { cost }) };
  }
}

/** As GraphQL's errors are, at the nodes it is about. */
export function limitRefusal(facts: LimitFacts, nodes: readonly ASTNode[] = []): GraphQLError {
  return new GraphQLError(facts.message, { nodes, originalError: new LimitError(facts) });
}

/** JSON has no infinity: beyond what a number can say exactly, the largest one that it can. */
export const shown = (count: number): number => Math.min(count, Number.MAX_SAFE_INTEGER);

/** A count in a sentence. */
export function counted(count: number): string {
  return count > 1_000_000_000 ? "more than a billion" : count.toLocaleString("en-US");
}
