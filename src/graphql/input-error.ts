// Input that the GraphQL layer itself finds wrong: an entry of `userErrors` in a mutation, an error anywhere else.
import { ErrorCode, GatewayError, type UserProblem } from "../domain/errors.ts";

export class InputError extends GatewayError {
  override readonly name: string = "InputError";
  readonly problems: readonly UserProblem[];

  constructor(first: UserProblem, ...others: readonly UserProblem[]) {
    const problems = [first, ...others];
    super(first.code, problems.map(({ message }) => message).join(" "));
    this.problems = problems;
  }
}

export const badInput = (field: readonly string[] | null, message: string): UserProblem => ({
  code: ErrorCode.BadUserInput,
  message,
  field,
});

/** What is wrong with an input is the caller's to mend, wherever it was found: it goes where the domain's own problems go. */
export async function asProblems<Result>(
  refused: (problems: readonly UserProblem[]) => Result,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return refused(error.problems);
  }
}

/** The fields among these that are null although they cannot be cleared, each as a problem with its path. */
export function nullProblems(
  values: object,
  names: ReadonlySet<string>,
  path: readonly string[] = [],
): readonly UserProblem[] {
  return Object.entries(values)
    .filter(([name, value]) => value === null && names.has(name))
    .map(([name]) => {
      const field = [...path, name];
      return badInput(field, `${field.join(".")}: cannot be null. Leave it out to keep it as it is.`);
    });
}

/** @throws InputError when there are any */
export function refuse([first, ...others]: readonly UserProblem[]): void {
  if (first !== undefined) throw new InputError(first, ...others);
}
