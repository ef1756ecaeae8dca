// Runs as `syncs` lists them, and what they add up to, counted one by one as the schema's descriptions say.
import { z } from "zod";

export const countedShape = z.object({
  id: z.string(),
  status: z.string(),
  outcome: z.string().nullable(),
  origin: z.string(),
  models: z.array(z.string()),
  createdAt: z.string(),
  observedAt: z.string(),
  startedAt: z.string().nullable(),
  finishedAt: z.string().nullable(),
  recordCounts: z.record(z.string(), z.number().nullable()).nullable(),
  error: z.object({ code: z.string() }).nullable(),
  provider: z.object({ key: z.string(), kind: z.string() }),
  definition: z.object({ id: z.string() }).nullable(),
  linkedAccount: z.object({ id: z.string() }).nullable(),
});
export type CountedRun = z.output<typeof countedShape>;

const COUNTS = ["total", "inserted", "updated", "upserted", "deleted", "failed", "warnings", "fetched", "persisted"];
export const COUNTS_FIELDS = `recordCounts { ${COUNTS.join(" ")} }`;
export const COUNTED_FIELDS = `id status outcome origin models createdAt observedAt startedAt finishedAt error { code } ${COUNTS_FIELDS}
  provider { key kind } definition { id } linkedAccount { id }`;

/** What `syncStatistics` says of these runs, apart from its buckets. */
export function numbersOf(runs: readonly CountedRun[]) {
  const ended = runs.filter(({ status }) => status === "SUCCESS" || status === "FAILED");
  const succeeded = ended.filter(({ status }) => status === "SUCCESS").length;
  const durations = ended
    .flatMap(({ startedAt, finishedAt }) =>
      startedAt === null || finishedAt === null ? [] : [Math.max(0, Date.parse(finishedAt) - Date.parse(startedAt))],
    )
    .toSorted((one, other) => one - other);
  const percentile = (share: number): number | null => durations[Math.ceil(share * durations.length) - 1] ?? null;
  return {
    total: runs.length,
    open: runs.length - ended.length,
    succeeded,
    failed: ended.length - succeeded,
    successRate: ended.length === 0 ? null : succeeded / ended.length,
    durationMsP50: percentile(0.5),
    durationMsP95: percentile(0.95),
    recordCounts: Object.fromEntries(COUNTS.map((name) => [name, sumOf(runs, name)])),
  };
}

/** How often each occurs, as `name: count`, in no order of the server's. */
export const tally = (names: readonly string[]): readonly string[] =>
  [...new Set(names)].map((name) => `${name}: ${names.filter((one) => one === name).length}`).toSorted();

function sumOf(runs: readonly CountedRun[], name: string): number | null {
  const counted = runs.map(({ recordCounts }) => recordCounts?.[name] ?? null).filter((count) => count !== null);
  return counted.length === 0 ? null : counted.reduce((sum, count) => sum + count, 0);
}
