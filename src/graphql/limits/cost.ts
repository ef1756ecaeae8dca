// What an operation costs, as clients may ask for it with `extensions: { cost: true }`.
import { LIMITS } from "./limits.ts";

export interface OperationCost {
  readonly depth: number;
  readonly introspectionDepth: number;
  readonly selections: number;
  readonly aliases: number;
  readonly rootFields: number;
  readonly directives: number;
  readonly repeats: number;
  readonly objects: number;
  readonly values: number;
}

const LIMITED = [
  "depth",
  "introspectionDepth",
  "selections",
  "aliases",
  "rootFields",
  "directives",
  "repeats",
  "objects",
  "values",
] as const satisfies readonly (keyof OperationCost)[];

/** The costs with what each may be. */
export function costReport(cost: OperationCost): Readonly<Record<string, unknown>> {
  return { ...cost, limits: Object.fromEntries(LIMITED.map((name) => [name, LIMITS[name]])) };
}

/** Whether a request's extensions ask for it. */
export function asksForCost(extensions: Readonly<Record<string, unknown>> | null | undefined): boolean {
  return extensions?.["cost"] === true;
}
