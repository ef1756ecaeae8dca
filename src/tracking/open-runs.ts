// The open runs that a start meets, and those of them that it can be given instead of one of its own.
import { DefinitionKind, type LinkedAccount, type SyncDefinition } from "../domain/definition.ts";
import { ProviderError } from "../domain/errors.ts";
import type { Sync, Trigger } from "../domain/sync.ts";
import { shortfallOf } from "./coverage.ts";
import { overtakenRuns } from "./overtaken-runs.ts";
import type { ConfiguredProvider } from "./provider-directory.ts";
import type { ProviderContact } from "./provider-contact.ts";
import { startRequestOf } from "./start-request.ts";
import type { TrackingTools } from "./tools.ts";

export interface MetStart {
  readonly configured: ConfiguredProvider;
  readonly definition: SyncDefinition;
  readonly linkedAccount: LinkedAccount | null;
  readonly retryOf: Sync | null;
  readonly draft: Trigger;
}

export type Covering =
  | { readonly syncs: readonly Sync[] }
  /** The newest of the runs in the way, and what it lacks, in words that follow "it". */
  | { readonly inTheWay: Sync; readonly shortfall: string };

/** Open runs of a start's definition, for its account where it runs for many. */
export interface MetRuns {
  /** Newest first. */
  readonly met: readonly Sync[];
  /** The gateway's ids of those that no start waits for. */
  readonly overtaken: readonly string[];
}

export const NONE_MET: MetRuns = { met: [], overtaken: [] };

export interface OpenRuns {
  met(start: MetStart): Promise<MetRuns>;
  /** Of open runs, at least one, those that do what the start asks for. Asks the vendor where runs carry arguments. */
  covering(start: MetStart, open: readonly Sync[]): Promise<Covering>;
}

/** The vendor's clock may be ahead of the time at which the run is known to have begun. */
const LOOK_BACK_MS = 3_600_000;

export function createOpenRuns({ store, clock }: TrackingTools, contact: ProviderContact): OpenRuns {
  async function wasStartedAlike({ draft }: MetStart, { triggerId }: Sync): Promise<boolean> {
    if (triggerId === null) return false;
    const [trigger] = await store.triggers.byIds(draft.tenantId, [triggerId]);
    return trigger?.fingerprint === draft.fingerprint;
  }

  /** A run that carries arguments is asked for them; whether the vendor can be asked or not, nothing is guessed. */
  async function asAskedOf(start: MetStart, runs: readonly Sync[]): Promise<boolean | undefined> {
    const { configured, draft } = start;
    const { provider, info } = configured;
    const [run] = runs;
    if (run === undefined || !info.capabilities.startOptions.includes("args")) return undefined;
    if (await wasStartedAlike(start, run)) return true;
    const since = new Date(Math.min(run.createdAt.getTime(), clock.now().getTime()) - LOOK_BACK_MS);
    const request = startRequestOf(start, draft.options ?? {});
    try {
      const call = async () => (await provider.findStarted?.(request, since)) ?? [];
      const found = await contact.through(draft.tenantId, configured, call);
      return found.find(({ remoteId }) => remoteId === run.remoteId)?.asAsked;
    } catch (error) {
      if (error instanceof ProviderError) return undefined;
      throw error;
    }
  }

  return {
    async met(start) {
      const { definition, draft } = start;
      const open = await store.ledger.openSyncs(draft.tenantId, definition.id);
      const accountId = accountIdOf(start);
      const own = accountId === null ? open : open.filter(({ linkedAccountId }) => linkedAccountId === accountId);
      const overtaken = (await overtakenRuns(store, own)).map(({ id }) => id);
      return { met: own.filter(({ id }) => !overtaken.includes(id)), overtaken };
    },
    async covering(start, open) {
      const { definition, draft, configured } = start;
      const resources = definition.kind === DefinitionKind.SyncJob ? definition.resources : [];
      const asked = { resources, options: draft.options ?? {}, understood: configured.info.capabilities.startOptions };
      let first: Covering | null = null;
      for (const syncs of batchesOf(open)) {
        const shortfall = shortfallOf(asked, syncs, await asAskedOf(start, syncs));
        if (shortfall === null) return { syncs };
        const [inTheWay] = syncs;
        if (inTheWay !== undefined) first ??= { inTheWay, shortfall };
      }
      return first ?? { syncs: [] };
    },
  };
}

/** A definition that runs for many customers is "running" only for those it runs for. Null where it is for one. */
export function accountIdOf(start: Pick<MetStart, "definition" | "linkedAccount">): string | null {
  return start.definition.linkedAccountRemoteId === null ? (start.linkedAccount?.id ?? null) : null;
}

/** Runs begun together belong together. */
function batchesOf(open: readonly Sync[]): readonly (readonly Sync[])[] {
  const nameOf = ({ id, batchId, triggerId }: Sync): string => JSON.stringify([batchId ?? triggerId ?? id]);
  return [...new Set(open.map(nameOf))].map((name) => open.filter((one) => nameOf(one) === name));
}
