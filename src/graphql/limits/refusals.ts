// The errors of operations that are valid GraphQL and yet too large, and how many errors one answer names.
import {
  GraphQLError,
  NoFragmentCyclesRule,
  validate,
  type DocumentNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from "graphql";
import type { WrongPage } from "./answer-size.ts";
import { costReport, type OperationCost } from "./cost.ts";
import type { LongList } from "./input-lists.ts";
import { LimitCode, counted, limitRefusal } from "./limit-error.ts";
import { LIMITS } from "./limits.ts";

export function complexityRefusals(cost: OperationCost, operation: OperationDefinitionNode): readonly GraphQLError[] {
  const { objects, values } = cost;
  const refused = (limit: "objects" | "values", actual: number, sentences: string) =>
    actual <= LIMITS[limit]
      ? []
      : [
          limitRefusal(
            {
              ...{ code: LimitCode.Complexity, limit, actual, cost: costReport(cost) },
              message: `The answer could have ${counted(actual)} ${sentences}`,
            },
            [operation],
          ),
        ];
  return [
    ...refused(
      "objects",
      objects,
      `objects, and at most ${counted(LIMITS.objects)} are allowed: \`first\` of a list times \`first\` of the lists in it. Give a smaller \`first\`, also where none is given (it is 50 then), and read page by page.`,
    ),
    ...refused(
      "values",
      values,
      `fields, and at most ${counted(LIMITS.values)} are allowed: those of each object times how many there can be. Select fewer fields, or give a smaller \`first\`.`,
    ),
  ];
}

export function listRefusal({ place, limit, values, node }: LongList): GraphQLError {
  const max = counted(LIMITS[limit]);
  const where = place === null ? "A list" : `The list ${place}`;
  const message = `${where} has ${counted(values)} values, and at most ${max} are allowed. Send fewer, in several requests if need be.`;
  return limitRefusal({ code: LimitCode.Input, limit, actual: values, message }, node === null ? [] : [node]);
}

export function pageRefusal({ argument, size, node }: WrongPage): GraphQLError {
  const message = `\`${argument}\` of \`${node.name.value}\` must be from 1 to ${LIMITS.page}, and is ${size}. Read on with \`after: endCursor\`.`;
  return limitRefusal({ code: LimitCode.Input, limit: "page", actual: size, message }, [node]);
}

export function cycleErrors(schema: GraphQLSchema, document: DocumentNode): readonly GraphQLError[] {
  return validate(schema, document, [NoFragmentCyclesRule], { maxErrors: LIMITS.errors });
}

/** The first of many errors. A person mends one after the other anyway. */
export function withLimitedCount(errors: readonly GraphQLError[]): readonly GraphQLError[] {
  if (errors.length <= LIMITS.errors) return errors;
  const told = errors.slice(0, LIMITS.errors - 1);
  const code = errors[0]?.extensions["code"];
  const message = `There are more than ${LIMITS.errors} errors like the first ${told.length}, and the others are not shown. Mend these and send it again.`;
  return [...told, new GraphQLError(message, code === undefined ? {} : { extensions: { code } })];
}
