// Whether a run that is open does what a start asks for: only then may the start be given that run instead of one of its own.
import type { SyncJobResource } from "../domain/definition.ts";
import type { StartOptions, Sync } from "../domain/sync.ts";

type OpenRun = Pick<Sync, "models" | "fullRefresh">;

export interface Asked {
  /** What the definition pulls; empty for one that pushes. */
  readonly resources: readonly Pick<SyncJobResource, "name" | "enabled" | "readEnabled">[];
  readonly options: StartOptions;
  /** Options that the provider understands. */
  readonly understood: readonly (keyof StartOptions)[];
}

/**
 * What of a start the runs do not do, in words that follow "it"; null when they cover it.
 *
 * @param runs open runs that were begun together
 * @param asAsked what the vendor tells of them: whether they do just what is asked; undefined where it does not tell
 */
export function shortfallOf(asked: Asked, runs: readonly OpenRun[], asAsked: boolean | undefined): string | null {
  if (asAsked === true) return null;
  return modelsShort(asked, runs) ?? refreshShort(asked, runs) ?? restShort(asked, asAsked);
}

/** Models that are not told speak for a run only where none were asked for. */
function modelsShort({ resources, options, understood }: Asked, runs: readonly OpenRun[]): string | null {
  if (!understood.includes("models")) return null;
  const covered = new Set(runs.flatMap(({ models }) => models));
  if (covered.size === 0)
    return options.models === undefined ? null : `is not known to have the models ${listed(options.models)}`;
  // Where a start has arguments, its run tells by itself whether it does what is asked.
  const own = understood.includes("args") ? [] : ownModels(resources, covered);
  const missing = (options.models ?? own).filter((model) => !covered.has(model));
  return missing.length === 0 ? null : `has not the models ${listed(missing)}`;
}

/** What a start without models begins; nothing where the run names other things than the definition does. */
function ownModels(resources: Asked["resources"], covered: ReadonlySet<string>): readonly string[] {
  if (![...covered].every((model) => resources.some(({ name }) => name === model))) return [];
  return resources
    .filter(({ enabled, readEnabled }) => enabled !== false && readEnabled !== false)
    .map(({ name }) => name);
}

function refreshShort({ options }: Asked, runs: readonly OpenRun[]): string | null {
  if (options.fullRefresh !== true || runs.every(({ fullRefresh }) => fullRefresh === true)) return null;
  return runs.some(({ fullRefresh }) => fullRefresh === false)
    ? "is no full refresh"
    : "is not known to be a full refresh";
}

/** What runs do not tell of themselves: a vendor that says "no" is believed, and one that says nothing only where nothing of it was asked. */
function restShort({ options, understood }: Asked, asAsked: boolean | undefined): string | null {
  const untold = (["args", "onError", "test", "identities"] as const).filter((name) => options[name] !== undefined);
  if (asAsked === false && understood.includes("args")) return "has other arguments or settings";
  return untold.length === 0 ? null : `is not known to have the same ${untold.join(", ")}`;
}

const MOST_LISTED = 20;

function listed(models: readonly string[]): string {
  const more = models.length > MOST_LISTED ? ` and ${models.length - MOST_LISTED} more` : "";
  return models.slice(0, MOST_LISTED).join(", ") + more;
}
