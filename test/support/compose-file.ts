// A compose file as far as tests run what it says: its services' commands and environments, with variables put in as compose does.
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";

const serviceShape = z.object({
  image: z.string(),
  command: z.array(z.string()).default([]),
  environment: z.record(z.string(), z.string()).default({}),
  ports: z.array(z.string()).default([]),
  network_mode: z.string().optional(),
  profiles: z.array(z.string()).default([]),
  stop_grace_period: z
    .string()
    .regex(/^\d+s$/u)
    .transform((period) => Number.parseInt(period, 10))
    .optional(),
});
const fileShape = z.object({ services: z.record(z.string(), serviceShape) });

export type ComposeService = z.output<typeof serviceShape>;

/** @throws Error when a variable that must be set is not */
export function readComposeFile(
  file: URL,
  variables: Readonly<Record<string, string>>,
): Readonly<Record<string, ComposeService>> {
  const parsed: unknown = parse(putIn(readFileSync(file, "utf8"), variables), { merge: true });
  return fileShape.parse(parsed).services;
}

const VARIABLE = /\$\{(?<name>\w+)(?:(?<kind>:[-?])(?<rest>[^}]*))?\}/gu;

function putIn(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replaceAll(VARIABLE, (_all, name: string, kind: string | undefined, rest: string | undefined) => {
    const value = variables[name];
    if (value !== undefined) return value;
    if (kind === ":?") throw new Error(`${name}: ${rest}`);
    return rest ?? "";
  });
}
