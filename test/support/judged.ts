// What the guard says of an operation, as clients see it.
import { GraphQLError, type GraphQLFormattedError } from "graphql";
import { formatError } from "../../src/graphql/errors.ts";
import type { OperationCost } from "../../src/graphql/limits/cost.ts";
import { createGuard, type Judgement } from "../../src/graphql/limits/guard.ts";
import { schema } from "./graphql.ts";

export interface Asked {
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly operationName?: string;
}

const guard = createGuard(schema);

function judged({ query, variables, operationName }: Asked): Judgement {
  try {
    return guard.judge({ document: guard.parse(query), operationName, variables });
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    return { isRefused: true, errors: [error] };
  }
}

/** @throws Error when it is taken */
export function refusals(asked: Asked): readonly GraphQLFormattedError[] {
  const judgement = judged(asked);
  if (!judgement.isRefused) throw new Error(`taken: ${JSON.stringify(judgement.cost)}`);
  return judgement.errors.map((error) =>
    formatError(error.toJSON(), error, (defect) => {
      throw defect;
    }),
  );
}

/** @throws Error when it is refused */
export function costOf(asked: Asked): OperationCost {
  const judgement = judged(asked);
  if (judgement.isRefused) throw new Error(`refused: ${judgement.errors.join("; ")}`);
  return judgement.cost;
}
