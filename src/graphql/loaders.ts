// One DataLoader per edge and operation: however many objects a query touches, an edge costs one statement per level.
import DataLoader from "dataloader";
import type { LinkedAccount, SyncDefinition } from "../domain/definition.ts";
import { alikeKey, type RunsAlike } from "../domain/statistics.ts";
import type { Page, PageRequest, Store } from "../domain/store-port.ts";
import type { ProviderState } from "../domain/provider-state.ts";
import type { ConflictDraft, Sync, SyncTask, Transition, Trigger } from "../domain/sync.ts";

export interface Loaders {
  readonly linkedAccountById: DataLoader<string, LinkedAccount | null>;
  readonly definitionById: DataLoader<string, SyncDefinition | null>;
  readonly syncById: DataLoader<string, Sync | null>;
  readonly transitionById: DataLoader<string, Transition | null>;
  readonly triggerById: DataLoader<string, Trigger | null>;
  readonly latestSyncByDefinitionId: DataLoader<string, Sync | null>;
  readonly latestSyncByModel: DataLoader<DefinitionModel, Sync | null, string>;
  /** Milliseconds; null where too few runs tell. */
  readonly expectedDuration: DataLoader<RunsAlike, number | null, string>;
  readonly conflictsBySyncId: DataLoader<string, readonly ConflictDraft[]>;
  readonly providerState: DataLoader<string, ProviderState>;
  /** A loader per page request: the same page of many parents is one statement. */
  syncsByDefinitionId(page: PageRequest): DataLoader<string, Page<Sync>>;
  transitionsBySyncId(page: PageRequest): DataLoader<string, Page<Transition>>;
  tasksBySyncId(page: PageRequest): DataLoader<string, Page<SyncTask>>;
}

export interface DefinitionModel {
  readonly definitionId: string;
  readonly model: string;
}

const keyOfModel = ({ definitionId, model }: DefinitionModel): string => JSON.stringify([definitionId, model]);

export function createLoaders(store: Store, tenantId: string): Loaders {
  const { catalog, ledger, triggers, providerStates } = store;
  return {
    linkedAccountById: byId((ids) => catalog.linkedAccountsByIds(tenantId, ids)),
    definitionById: byId((ids) => catalog.definitionsByIds(tenantId, ids)),
    syncById: byId((ids) => ledger.syncsByIds(tenantId, ids)),
    transitionById: byId((ids) => ledger.transitionsByIds(tenantId, ids)),
    triggerById: byId((ids) => triggers.byIds(tenantId, ids)),
    latestSyncByDefinitionId: new DataLoader(async (ids) => {
      const found = await ledger.latestSyncs(tenantId, ids);
      return ids.map((id) => found.find(({ definitionId }) => definitionId === id) ?? null);
    }),
    latestSyncByModel: new DataLoader(
      async (pairs) => {
        const found = await ledger.latestSyncsByModel(tenantId, pairs);
        const of = ({ definitionId, model }: DefinitionModel) =>
          found.find((sync) => sync.definitionId === definitionId && sync.models.includes(model));
        return pairs.map((pair) => of(pair) ?? null);
      },
      { cacheKeyFn: keyOfModel },
    ),
    expectedDuration: new DataLoader(
      async (alike) => {
        const found = new Map(
          (await ledger.expectedDurations(tenantId, alike)).map((one) => [alikeKey(one), one.durationMs]),
        );
        return alike.map((one) => found.get(alikeKey(one)) ?? null);
      },
      { cacheKeyFn: alikeKey },
    ),
    conflictsBySyncId: new DataLoader((ids) => copy(ledger.conflictsBySync(tenantId, ids))),
    providerState: new DataLoader((keys) => Promise.all(keys.map((key) => providerStates.get(tenantId, key)))),
    syncsByDefinitionId: perPage(
      (page) => new DataLoader((ids) => copy(ledger.syncsByDefinition(tenantId, ids, page))),
    ),
    transitionsBySyncId: perPage(
      (page) => new DataLoader((ids) => copy(ledger.transitionsBySync(tenantId, ids, page))),
    ),
    tasksBySyncId: perPage((page) => new DataLoader((ids) => copy(ledger.tasksBySync(tenantId, ids, page)))),
  };
}

/** Rows are matched to keys by id: a statement may return them in any order, and leaves out what does not exist. */
function byId<Row extends { readonly id: string }>(
  read: (ids: readonly string[]) => Promise<readonly Row[]>,
): DataLoader<string, Row | null> {
  return new DataLoader(async (ids) => {
    const rows = new Map((await read(ids)).map((row) => [row.id, row]));
    return ids.map((id) => rows.get(id) ?? null);
  });
}

function perPage<Loader>(make: (page: PageRequest) => Loader): (page: PageRequest) => Loader {
  const made = new Map<string, Loader>();
  return (page) => {
    const key = JSON.stringify(page);
    const loader = made.get(key) ?? make(page);
    made.set(key, loader);
    return loader;
  };
}

const copy = async <T>(rows: Promise<readonly T[]>): Promise<T[]> => [...(await rows)];
