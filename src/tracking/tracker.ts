// Tracking as one piece: what it offers to GraphQL, and the due work it does in the background.
import { ProviderError } from "../domain/errors.ts";
import type { CatalogOperations, SyncOperations } from "../domain/gateway-port.ts";
import type { WorkItem } from "../domain/runtime-ports.ts";
import { createCatalog } from "./catalog.ts";
import { createDiscoverer } from "./discoverer.ts";
import { createOperations } from "./operations.ts";
import { createPollLoad } from "./poll-load.ts";
import { createPoller } from "./poller.ts";
import type { ConfiguredProvider } from "./provider-directory.ts";
import { createProviderContact } from "./provider-contact.ts";
import { createRecorder } from "./recorder.ts";
import { createStarter } from "./starter.ts";
import type { TrackingTools } from "./tools.ts";
import { createTriggers } from "./trigger.ts";

export interface Tracker {
  readonly operations: SyncOperations;
  readonly catalog: CatalogOperations;
  /** Takes up due work: first the catalogs, then discovery, polls and unfinished triggers. */
  start(): Promise<void>;
}

const CATALOG_EVERY_MS = 60_000;
const TRIGGERS_EVERY_MS = 60_000;
/** A provider that fails is asked again after this long at the most. */
const SLOWEST_RETRY_MS = 300_000;

export function createTracker(tools: TrackingTools): Tracker {
  const { store, queue, clock, directory, log, random } = tools;
  const contact = createProviderContact(tools);
  const load = createPollLoad();
  const recorder = createRecorder(tools, load);
  const catalog = createCatalog(tools, contact);
  const poller = createPoller(tools, { contact, recorder, load });
  const discoverer = createDiscoverer(tools, contact, recorder);
  const starter = createStarter(tools, contact, recorder);
  const triggers = createTriggers(tools, { catalog, starter, discoverer });
  const failures = new Map<string, number>();

  async function handle(item: WorkItem): Promise<void> {
    const configured = directory.find(item.tenantId, item.providerKey);
    if (configured === undefined) return;
    const name = JSON.stringify(item);
    try {
      await work(item, configured);
      failures.delete(name);
      await again(item, everyMs(item, configured));
    } catch (error) {
      const inARow = (failures.get(name) ?? 0) + 1;
      failures.set(name, inARow);
      const facts = { ...item, inARow, error: error instanceof Error ? error.message : String(error) };
      if (error instanceof ProviderError) log.warn(facts, "work at a provider failed");
      else log.error({ ...facts, stack: error instanceof Error ? error.stack : undefined }, "work failed");
      await again(item, Math.min(2_000 * 2 ** Math.min(inARow, 10), SLOWEST_RETRY_MS));
    }
  }

  async function work({ kind, tenantId, providerKey }: WorkItem, configured: ConfiguredProvider): Promise<void> {
    switch (kind) {
      case "CATALOG":
        return catalog.refresh(tenantId, configured);
      case "DISCOVER":
        // Vendors that list runs per definition are asked about what the catalog holds, so it comes first.
        if ((await store.providerStates.get(tenantId, providerKey)).catalogAt === null) await catalog.refresh(tenantId, configured);
        return discoverer.discover(tenantId, configured);
      case "POLL":
        return poller.poll(tenantId, configured);
      case "TRIGGERS":
        return triggers.recover(tenantId, providerKey);
    }
  }

  /** Polls plan themselves: the store knows when the next run is due. */
  function everyMs({ kind }: WorkItem, { poll }: ConfiguredProvider): number | null {
    if (kind === "POLL") return null;
    if (kind === "DISCOVER") return poll.discoverMs;
    return kind === "CATALOG" ? CATALOG_EVERY_MS : TRIGGERS_EVERY_MS;
  }

  async function again(item: WorkItem, afterMs: number | null): Promise<void> {
    if (afterMs === null) return;
    const jittered = afterMs * (0.9 + 0.2 * random());
    await queue.schedule(item, new Date(clock.now().getTime() + jittered));
  }

  return {
    operations: createOperations(tools, contact, triggers, poller),
    catalog,
    async start() {
      const now = clock.now();
      for (const tenantId of directory.tenantIds()) {
        for (const { info } of directory.providersOf(tenantId)) {
          for (const kind of ["CATALOG", "TRIGGERS", "POLL", "DISCOVER"] as const) {
            await queue.schedule({ kind, tenantId, providerKey: info.key }, now);
          }
        }
      }
      queue.start(handle);
    },
  };
}
