// How every change of a definition is made: problems in the input's own words, and nothing read before it taken for news.
import type { UserProblem } from "../domain/errors.ts";
import { forgetRead, type GatewayContext } from "./context.ts";
import { asProblems } from "./input-error.ts";

/** Where a path in the domain's draft is in the input, both with dots. */
export type InputPaths = Readonly<Record<string, string>>;

export async function changeDefinition<Result extends { readonly problems: readonly UserProblem[] }>(
  context: GatewayContext,
  paths: InputPaths,
  refused: (problems: readonly UserProblem[]) => Result,
  work: () => Promise<Result>,
): Promise<Result> {
  // A mutation's fields are worked on one after the other: this answer must not show what the one before it has read.
  forgetRead(context);
  const result = await asProblems(refused, work);
  return { ...result, problems: result.problems.map((one) => ({ ...one, field: inputPath(one.field, paths) })) };
}

function inputPath(field: UserProblem["field"], paths: InputPaths): UserProblem["field"] {
  if (field === null) return null;
  for (const [from, to] of Object.entries(paths)) {
    const start = from.split(".");
    if (start.every((name, index) => field[index] === name)) return [...to.split("."), ...field.slice(start.length)];
  }
  return field;
}
