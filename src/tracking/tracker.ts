// Tracking as one piece: what it offers to GraphQL, and the due work it does in the background.
import { ProviderError } from "../domain/errors.ts";
import type { CatalogOperations, SyncOperations, WebhookOperations } from "../domain/gateway-port.ts";
import type { WorkItem } from "../domain/runtime-ports.ts";
import { createCatalog } from "./catalog.ts";
import { createDiscoverer } from "./discoverer.ts";
import { createInbox, type Inbox } from "./inbox.ts";
import { createOperations } from "./operations.ts";
import { createPollLoad } from "./poll-load.ts";
import { createPoller } from "./poller.ts";
import type { ConfiguredProvider } from "./provider-directory.ts";
import { createProviderContact } from "./provider-contact.ts";
import { createRecorder } from "./recorder.ts";
import { createStarter } from "./starter.ts";
import type { TrackingTools } from "./tools.ts";
import { createTriggers } from "./trigger.ts";
import { createWebhookSilence, noteChanges } from "./webhook-silence.ts";

export interface Tracker {
  readonly operations: SyncOperations;
  readonly catalog: CatalogOperations;
  readonly webhooks: WebhookOperations;
  /** Where webhooks are taken in. */
  readonly inbox: Pick<Inbox, "receive">;
  /** Takes up due work: first the catalogs, then discovery, polls, unfinished triggers and webhooks. */
  start(): Promise<void>;
  /** Writes what is only noted yet; to be called when no more webhooks are taken in and no work is handed out. */
  close(): Promise<void>;
}

const CATALOG_EVERY_MS = 60_000;
/** One small query: a start that a stopped gateway left behind is taken up soon after it counts as abandoned. */
const TRIGGERS_EVERY_MS = 10_000;
/** Deliveries are worked off as they come; this finds what another process left, and what no webhook told. */
const INBOX_EVERY_MS = 60_000;
/** A provider that fails is asked again after this long at the most. */
const SLOWEST_RETRY_MS = 300_000;

export function createTracker(tools: TrackingTools): Tracker {
  const { store, queue, clock, directory, log, random } = tools;
  const contact = createProviderContact(tools);
  const load = createPollLoad();
  const silence = createWebhookSilence(clock);
  const recorder = createRecorder(tools, load, noteChanges(silence));
  const catalog = createCatalog(tools, contact);
  const inbox = createInbox(tools, { contact, recorder, catalog, silence });
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
        // Vendors that list runs per definition are asked about what the catalog holds, so there must be something in it.
        if (await isUnread(tenantId, providerKey)) await catalog.refresh(tenantId, configured);
        return discoverer.discover(tenantId, configured);
      case "POLL":
        return poller.poll(tenantId, configured);
      case "TRIGGERS":
        return triggers.recover(tenantId, providerKey);
      case "INBOX":
        return inbox.process(tenantId, configured);
    }
  }

  async function isUnread(tenantId: string, providerKey: string): Promise<boolean> {
    const { catalogAt } = await store.providerStates.get(tenantId, providerKey);
    return catalogAt === null && (await store.catalog.definitionsOfProvider(tenantId, providerKey)).length === 0;
  }

  /** Polls plan themselves: the store knows when the next run is due. */
  function everyMs({ kind }: WorkItem, { poll }: ConfiguredProvider): number | null {
    if (kind === "POLL") return null;
    if (kind === "DISCOVER") return poll.discoverMs;
    if (kind === "INBOX") return INBOX_EVERY_MS;
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
    webhooks: {
      report(tenantId, providerKey, { lastWebhookAt }) {
        const configured = directory.find(tenantId, providerKey)?.webhooksConfigured ?? false;
        return { configured, silent: configured && silence.isSilent(tenantId, providerKey, lastWebhookAt) };
      },
    },
    inbox,
    close: () => inbox.close(),
    async start() {
      const now = clock.now();
      for (const tenantId of directory.tenantIds()) {
        for (const { info } of directory.providersOf(tenantId)) {
          for (const kind of ["CATALOG", "TRIGGERS", "POLL", "DISCOVER"] as const) {
            await queue.schedule({ kind, tenantId, providerKey: info.key }, now);
          }
          if (info.capabilities.webhooks) await queue.schedule({ kind: "INBOX", tenantId, providerKey: info.key }, now);
        }
      }
      queue.start(handle);
    },
  };
}
