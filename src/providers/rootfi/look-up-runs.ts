// Finds syncs in a company's list: those of a time, and those that a start may have begun.
import type { StartRequest } from "../../domain/provider-port.ts";
import type { PartialWalk } from "../../wire/pages.ts";
import { plainWord } from "../../wire/vendor-words.ts";
import type { RootfiApi, Signal } from "./api.ts";
import { fullSyncOf, modelsOf } from "./check-start.ts";
import { definitionPartsOf } from "./map-catalog.ts";
import type { RootfiSync } from "./wire-types.ts";

/**
 * A company's syncs, page by page, until pages that come newest first have passed the time. Other orders are read whole.
 *
 * @param since by the vendor's clock, which an answer may be the first to tell of
 */
export async function* recentSyncs(
  api: RootfiApi,
  companyId: string,
  since: () => Date,
  signal: Signal,
  walk?: PartialWalk,
): AsyncGenerator<readonly RootfiSync[], void, undefined> {
  let newestFirst = true;
  let last: Date | null = null;
  for await (const syncs of api.syncs(companyId, signal, walk)) {
    for (const { rootfi_created_at: createdAt } of syncs) {
      newestFirst &&= createdAt instanceof Date && (last === null || createdAt <= last);
      last = createdAt ?? last;
    }
    yield syncs;
    if (newestFirst && last !== null && last < since()) return;
  }
}

/** A sync without times counts as changed: repeating a known run is harmless, missing one is not. */
export function changedSince(sync: RootfiSync, since: Date): boolean {
  const times = [sync.rootfi_created_at, sync.rootfi_updated_at, sync.start_time, sync.end_time].filter(
    (time) => time instanceof Date,
  );
  return times.length === 0 || times.some((time) => time >= since);
}

/** Whether a sync does what a request asks for; undefined where the vendor leaves out too much to say so. */
export function asAsked(sync: RootfiSync, request: StartRequest): boolean | undefined {
  const { integration } = definitionPartsOf(request.definition.remoteId) ?? { integration: null };
  const { sync_data_models: models, full_sync: fullSync, integration_type, sync_type: type, config_mode: mode } = sync;
  // What is run again is RootFi's to say: only what the caller named is compared.
  const { models: named, fullRefresh } = request.options;
  const isRetry = request.retryOf !== undefined;
  const wanted = isRetry ? (named ?? []) : modelsOf(request);
  const told = [
    // Models that nobody named are RootFi's choice.
    wanted.length === 0 ? true : same(models, (all) => isSameSet(all, wanted)),
    isRetry && fullRefresh === undefined ? true : same(fullSync, (full) => full === fullSyncOf(request)),
    integration === null ? true : same(integration_type, (one) => one === integration),
    same(type, (word) => plainWord(word) === "manual"),
    same(mode, (word) => plainWord(word) === "read"),
  ];
  if (told.includes(false)) return false;
  return told.includes(undefined) ? undefined : true;
}

/** Undefined for a field that is left out: it speaks neither for nor against. */
function same<Told>(told: Told | null | undefined, compare: (told: Told) => boolean): boolean | undefined {
  return told === null || told === undefined ? undefined : compare(told);
}

const isSameSet = (told: readonly string[], wanted: readonly string[]): boolean =>
  new Set(told).size === new Set(wanted).size && wanted.every((model) => told.includes(model));
