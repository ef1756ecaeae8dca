// Finds runs that somebody else started: the vendor's own schedules, its console, another system.
import { ObservationSource } from "../domain/status.ts";
import type { ConfiguredProvider } from "./provider-directory.ts";
import type { ProviderContact } from "./provider-contact.ts";
import type { Recorder } from "./recorder.ts";
import type { TrackingTools } from "./tools.ts";

export interface Discoverer {
  /** Looks for runs since the last look; throws `ProviderError` when the vendor cannot be read. */
  discover(tenantId: string, configured: ConfiguredProvider): Promise<void>;
  /** Looks at the runs of one definition begun since then. */
  discoverOf(tenantId: string, configured: ConfiguredProvider, definitionId: string, since: Date): Promise<void>;
}

/** What a new gateway learns of the past. */
const FIRST_LOOK_BACK_MS = 24 * 3_600_000;
/** Vendors' clocks differ from ours, and a run may be listed a moment after it was created. */
const OVERLAP_MS = 120_000;

export function createDiscoverer(tools: TrackingTools, contact: ProviderContact, recorder: Recorder): Discoverer {
  const { store, clock } = tools;

  return {
    async discover(tenantId, configured) {
      const { key } = configured.info;
      const startedAt = clock.now();
      const { discoveredUntil, catalogAt } = await store.providerStates.get(tenantId, key);
      const since =
        discoveredUntil === null
          ? new Date(startedAt.getTime() - FIRST_LOOK_BACK_MS)
          : new Date(discoveredUntil.getTime() - OVERLAP_MS);
      const definitions = await store.catalog.definitionsOfProvider(tenantId, key);
      await contact.through(tenantId, configured, async () => {
        for await (const observations of configured.provider.discover(since, definitions)) {
          const history = discoveredUntil === null;
          await recorder.record({ tenantId, configured, source: ObservationSource.Discovery, observations, history });
        }
      });
      // A catalog that was never read to its end may lack definitions, whose runs would be passed by for good: the next look goes back as far.
      if (catalogAt !== null) await store.providerStates.patch(tenantId, key, { discoveredUntil: startedAt });
    },
    async discoverOf(tenantId, configured, definitionId, since) {
      const definitions = await store.catalog.definitionsByIds(tenantId, [definitionId]);
      await contact.through(tenantId, configured, async () => {
        for await (const observations of configured.provider.discover(since, definitions)) {
          await recorder.record({ tenantId, configured, source: ObservationSource.Discovery, observations });
        }
      });
    },
  };
}
