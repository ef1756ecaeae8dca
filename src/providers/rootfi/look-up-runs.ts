// Finds syncs in a company's list: those of a time, and those that a start may have begun.
import type { StartRequest } from "../../domain/provider-port.ts";
import type { PartialWalk } from "../../wire/pages.ts";
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

/** Whether a sync may have been started by this request. A field the answer leaves out speaks neither for nor against it. */
export function couldBe(sync: RootfiSync, request: StartRequest): boolean {
  const asked = modelsOf(request);
  // Models that nobody named are RootFi's choice.
  const models = asked.length === 0 ? asked : (sync.sync_data_models ?? asked);
  const sameModels = new Set(models).size === asked.length && asked.every((model) => models.includes(model));
  const { integration } = definitionPartsOf(request.definition.remoteId) ?? { integration: null };
  return (
    sameModels &&
    (sync.full_sync ?? fullSyncOf(request)) === fullSyncOf(request) &&
    (sync.integration_type ?? integration) === integration &&
    (sync.sync_type ?? "MANUAL").toUpperCase() === "MANUAL" &&
    (sync.config_mode ?? "READ").toUpperCase() === "READ"
  );
}
