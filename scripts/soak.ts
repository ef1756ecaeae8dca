// A soak of any length, outside the tests: `npm run soak -- --minutes 60 --nodes 2 --database postgres`. Prints a report as JSON, and ends
// with 1 when anything was found that must not be.
import { parseArgs } from "node:util";
import { z } from "zod";
import { runSoak } from "../test/support/soak/run-soak.ts";
import { SOAK_DEFAULTS, type SoakSettings } from "../test/support/soak/settings.ts";

const count = z.coerce.number().int().min(1);
const seconds = z.coerce
  .number()
  .min(0)
  .transform((given) => given * 1_000);
const argumentsSchema = z.object({
  minutes: z.coerce.number().positive().default(SOAK_DEFAULTS.minutes),
  nodes: count.optional(),
  database: z.enum(["postgres", "sqlite"]).default(SOAK_DEFAULTS.database),
  subscribers: count.default(SOAK_DEFAULTS.subscribers),
  rate: z.coerce.number().positive().default(SOAK_DEFAULTS.operationsPerSecond),
  clients: count.default(SOAK_DEFAULTS.clients),
  only: z.string().nullable().default(null),
  /** Seconds between two faults, at least; and that a fault lasts, at most. */
  calm: seconds.default(SOAK_DEFAULTS.calmMs),
  lasting: seconds.default(SOAK_DEFAULTS.faultMs[1]),
  seed: z.coerce.number().int().min(0).default(SOAK_DEFAULTS.seed),
});

function settingsOf(given: readonly string[]): SoakSettings {
  const text = { type: "string" } as const;
  const options = {
    minutes: text,
    nodes: text,
    database: text,
    subscribers: text,
    rate: text,
    clients: text,
    only: text,
    calm: text,
    lasting: text,
    seed: text,
  };
  const { rate, nodes, calm, lasting, ...rest } = argumentsSchema.parse(
    parseArgs({ args: [...given], options }).values,
  );
  const alone = rest.database === "sqlite";
  if (alone && (nodes ?? 1) > 1)
    throw new Error("SQLite is for one gateway: leave --nodes out, or use --database postgres");
  const often = { calmMs: calm, faultMs: [Math.min(SOAK_DEFAULTS.faultMs[0], lasting), lasting] } as const;
  return {
    ...{ ...SOAK_DEFAULTS, ...rest, ...often },
    nodes: nodes ?? (alone ? 1 : SOAK_DEFAULTS.nodes),
    operationsPerSecond: rate,
  };
}

const report = await runSoak(settingsOf(process.argv.slice(2)), (what) => process.stderr.write(`${what}\n`));
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
process.exitCode = report.breaches.length === 0 ? 0 : 1;
