// Judges what changed between two schemas: what breaks clients must be accepted by name, with a reason.
import { CriticalityLevel, diff } from "@graphql-inspector/core";
import { buildSchema } from "graphql";
import { z } from "zod";

/** What schema-changes.json holds: the breaking changes of the last change of the schema that are meant. */
const Accepted = z.strictObject({
  accepted: z.array(
    z.strictObject({
      /** The kind of change, as graphql-inspector calls it: `FIELD_REMOVED`. */
      change: z.string(),
      /** Where: `Type.field`. */
      path: z.string(),
      reason: z.string().min(20),
    }),
  ),
});

export type AcceptedChange = z.infer<typeof Accepted>["accepted"][number];

/** @throws Error with what is wrong with the file */
export function parseAccepted(json: string): readonly AcceptedChange[] {
  const result = Accepted.safeParse(JSON.parse(json));
  if (!result.success) throw new Error(`schema-changes.json: ${z.prettifyError(result.error)}`);
  return result.data.accepted;
}

export interface Verdict {
  /** Breaking changes nobody accepted, and entries that accept nothing. Each is a reason to fail. */
  readonly problems: readonly string[];
  /** What clients may stumble over: a new enum value, another default. */
  readonly warnings: readonly string[];
  /** How many changes there are at all. */
  readonly changes: number;
}

export async function judgeChanges(
  before: string,
  after: string,
  accepted: readonly AcceptedChange[],
): Promise<Verdict> {
  const changes = await diff(buildSchema(before), buildSchema(after));
  const of = (level: CriticalityLevel): readonly Found[] =>
    changes
      .filter(({ criticality }) => criticality.level === level)
      .map(({ type, path, message }) => ({ change: String(type), path: path ?? "", message }));
  const breaking = of(CriticalityLevel.Breaking);
  const same = (one: AcceptedChange, found: Found): boolean => one.change === found.change && one.path === found.path;
  const stale = accepted.filter((one) => !breaking.some((found) => same(one, found)));
  return {
    problems: [
      ...breaking.filter((found) => !accepted.some((one) => same(one, found))).map((found) => `BREAKING ${say(found)}`),
      ...stale.map(
        ({ change, path }) => `NEEDLESS ${change} ${path}: schema-changes.json accepts what did not happen.`,
      ),
    ],
    warnings: of(CriticalityLevel.Dangerous).map((found) => `dangerous ${say(found)}`),
    changes: changes.length,
  };
}

interface Found {
  readonly change: string;
  readonly path: string;
  readonly message: string;
}

function say({ change, path, message }: Found): string {
  return `${change} ${path}: ${message}`;
}
