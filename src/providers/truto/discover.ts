// Finds runs that somebody else started, whoever it was. The list of runs is one, and long: it may be read in parts, one look after the other.
import type { ProviderError } from "../../domain/errors.ts";
import type { DiscoverOptions } from "../../domain/provider-port.ts";
import { ObservationSource } from "../../domain/status.ts";
import type { Observation } from "../../domain/sync.ts";
import { listsOf, walkOf } from "../../wire/pages.ts";
import { timeOf } from "../../wire/times.ts";
import { isPast, observed } from "./runs.ts";
import type { RunTools } from "./runs.ts";
import type { TrutoRun } from "./wire-types.ts";

/** Where nobody bounds the look. */
const MOST_PAGES = 50;
/** One of the vendor's two spellings of times is cut to seconds. */
const SLACK_MS = 1_000;
/** The only list; its rest names the question it belongs to, because a cursor holds for one. */
const RUNS = "runs";

/** Runs created or changed since then. The vendor filters by creation if it honours the filter; here both times count. */
export async function* discoverRuns(
  tools: RunTools,
  since: Date,
  options: DiscoverOptions,
): AsyncGenerator<readonly Observation[]> {
  const earliest = () => tools.theirTime(new Date(since.getTime() - SLACK_MS));
  let unreadable: ProviderError | null = null;
  for (const { list, from } of listsOf([RUNS], options)) {
    const { filter, cursor } = questionIn(from) ?? { filter: filterOf(earliest(), tools, options), cursor: null };
    const walk = walkOf(list, cursor, {
      ...options,
      ...(options.onLeft && {
        onLeft: (rest) =>
          options.onLeft?.({
            ...rest,
            cursor: rest.cursor === null ? null : JSON.stringify({ filter, cursor: rest.cursor }),
          }),
      }),
    });
    const mostPages = options.pages === undefined ? MOST_PAGES : undefined;
    for await (const page of tools.api.runs(filter, mostPages, options.signal, walk)) {
      const fresh = page.runs.filter((run) => isFresh(run, earliest()));
      if (page.unreadable !== null && options.onUnreadable) options.onUnreadable(page.unreadable);
      else unreadable ??= page.unreadable;
      if (fresh.length > 0) yield fresh.map((run) => observed(tools, run, ObservationSource.Discovery));
      if (isPast(page.runs, earliest())) break;
    }
  }
  // The readable runs are told; what could not be read must not look like nothing.
  if (unreadable !== null) throw unreadable;
}

type Filter = Readonly<Record<string, string>>;

function filterOf(earliest: Date, { theirTime }: RunTools, { until }: DiscoverOptions): Filter {
  const after = { "created_at[gt]": earliest.toISOString() };
  return until === undefined ? after : { ...after, "created_at[lt]": theirTime(until).toISOString() };
}

/** A rest as this file wrote it; null for none, and for one of another version's, which is read from its beginning. */
function questionIn(rest: string | null): { readonly filter: Filter; readonly cursor: string } | null {
  if (rest === null) return null;
  try {
    const written: unknown = JSON.parse(rest);
    return isQuestion(written) ? written : null;
  } catch {
    return null;
  }
}

function isQuestion(value: unknown): value is { readonly filter: Filter; readonly cursor: string } {
  if (typeof value !== "object" || value === null) return false;
  if (!("filter" in value) || !("cursor" in value)) return false;
  return typeof value.cursor === "string" && typeof value.filter === "object" && value.filter !== null;
}

/** A run without readable times is as likely new as old. */
function isFresh(run: TrutoRun, earliest: Date): boolean {
  const times = [timeOf(run.created_at), timeOf(run.updated_at)].filter((time) => time !== null);
  return times.length === 0 || times.some((time) => time >= earliest);
}
