// Tracking as one piece: what it offers to GraphQL, and the due work it does in the background.
import { ErrorCode, ProviderError, isOutage } from "../domain/errors.ts";
import type {
  CatalogOperations,
  DefinitionOperations,
  SchemaOperations,
  SyncOperations,
  WebhookOperations,
} from "../domain/gateway-port.ts";
import type { WorkItem } from "../domain/runtime-ports.ts";
import { reasonOf } from "../domain/reason.ts";
import { createAccountGate, type AccountGate } from "./account-gate.ts";
import { createCatalog } from "./catalog.ts";
import { createDefinitionDetails } from "./definition-details.ts";
import { createDefinitionOperations } from "./definitions.ts";
import { createDiscoverer } from "./discoverer.ts";
import { createInbox, type Inbox } from "./inbox.ts";
import { createOperations } from "./operations.ts";
import { createPollLoad } from "./poll-load.ts";
import { createPoller } from "./poller.ts";
import type { ConfiguredProvider } from "./provider-directory.ts";
import { createProviderContact } from "./provider-contact.ts";
import { createRecorder } from "./recorder.ts";
import { createRetention } from "./retention.ts";
import { createSchemaOperations } from "./schemas.ts";
import { createStarter } from "./starter.ts";
import { itemFacts, type TrackingTools } from "./tools.ts";
import { createTriggers } from "./trigger.ts";
import { createWebhookSilence, noteChanges } from "./webhook-silence.ts";

export interface Tracker {
  readonly operations: SyncOperations;
  readonly catalog: CatalogOperations;
  readonly definitions: DefinitionOperations;
  readonly schemas: SchemaOperations;
  readonly webhooks: WebhookOperations;
  /** Where webhooks are taken in. */
  readonly inbox: Pick<Inbox, "receive">;
  /** Takes up due work: first the catalogs, then discovery, polls, unfinished triggers and webhooks. */
  start(): Promise<void>;
  /** Writes what is only noted yet; to be called when no more webhooks are taken in and no work is handed out. */
  close(): Promise<void>;
}

const CATALOG_EVERY_MS = 60_000;
/** At the most: a start that a stopped gateway left behind is taken up when its lease ends. */
const TRIGGERS_EVERY_MS = 10_000;
const TRIGGERS_NOT_SOONER_MS = 1_000;
/** At the most: a run that a stopped gateway left behind is looked at when its lease ends, and nothing else may tell of it here. */
const POLLS_EVERY_MS = 10_000;
/** Deliveries are worked off as they come; this finds what another process left, and what no webhook told. */
const INBOX_EVERY_MS = 60_000;
/** What another gateway has read within this time, one that starts does not read again: ten may start at once, within one quota. */
const JUST_READ_MS = 10_000;
/** A provider that fails is asked again after this long at the most. */
const SLOWEST_RETRY_MS = 300_000;

/** Whether a provider that is refused may be worked with since. */
const REFUSED_AGAIN_MS = 5_000;

export function createTracker(tools: TrackingTools, gate: AccountGate = createAccountGate(tools)): Tracker {
  const { store, queue, clock, directory, log, random, givenUp } = tools;
  const contact = createProviderContact(tools, gate);
  const load = createPollLoad();
  const silence = createWebhookSilence(clock);
  const details = createDefinitionDetails(tools);
  const tellSilence = noteChanges(silence);
  const recorder = createRecorder(tools, load, (request, recorded) => {
    tellSilence(request, recorded);
    details.noteEnds(request, recorded);
  });
  const catalog = createCatalog(tools, contact, details);
  const inbox = createInbox(tools, { contact, recorder, catalog, silence });
  const poller = createPoller(tools, { contact, recorder, load });
  const discoverer = createDiscoverer(tools, contact, recorder);
  const starter = createStarter(tools, contact, recorder);
  const triggers = createTriggers(tools, { catalog, starter, discoverer, contact });
  const retention = createRetention(tools);
  const failures = new Map<string, number>();

  async function handle(item: WorkItem): Promise<void> {
    const configured = directory.find(item.tenantId, item.providerKey);
    if (configured === undefined) return;
    const name = JSON.stringify(item);
    try {
      await gate.pass(item.tenantId, configured);
      await work(item, configured);
      failures.delete(name);
      await again(item, await nextInMs(item, configured));
    } catch (error) {
      if (givenUp.aborted) return leave(item);
      // Said once, by who found out; a rename or an adoption may change it at any time.
      if (isRefused(error)) return again(item, REFUSED_AGAIN_MS);
      const inARow = (failures.get(name) ?? 0) + 1;
      failures.set(name, inARow);
      const facts = { ...itemFacts(item), inARow, error: reasonOf(error) };
      if (error instanceof ProviderError) log.warn(facts, "work at a provider failed");
      // Where a database was asked tells nothing when it does not answer.
      else if (isOutage(error)) log.error(facts, "work failed");
      else log.error({ ...facts, stack: error instanceof Error ? error.stack : undefined }, "work failed");
      await again(item, Math.min(2_000 * 2 ** Math.min(inARow, 10), SLOWEST_RETRY_MS));
    }
  }

  /** Nothing is wrong with it: a gateway that goes on takes it up. */
  async function leave(item: WorkItem): Promise<void> {
    log.info(itemFacts(item), "work was given up because the gateway stops");
    await again(item, 0);
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

  /** A database that does not answer keeps nobody from starting; the work itself will say so. */
  async function lastReads(tenantId: string, providerKey: string) {
    const unknown = { catalogAt: null, discoveredUntil: null };
    return store.providerStates.get(tenantId, providerKey).catch(() => unknown);
  }

  /** Polls plan themselves besides: the store knows when the next run is due. */
  async function nextInMs({ kind, tenantId, providerKey }: WorkItem, { poll }: ConfiguredProvider) {
    if (kind === "POLL") return POLLS_EVERY_MS;
    if (kind === "DISCOVER") return poll.discoverMs;
    if (kind === "INBOX") return INBOX_EVERY_MS;
    if (kind === "CATALOG") return CATALOG_EVERY_MS;
    const leaseEndsInMs = (await triggers.nextInMs(tenantId, providerKey)) ?? TRIGGERS_EVERY_MS;
    return Math.min(Math.max(leaseEndsInMs, TRIGGERS_NOT_SOONER_MS), TRIGGERS_EVERY_MS);
  }

  async function again(item: WorkItem, afterMs: number): Promise<void> {
    const jittered = afterMs * (0.9 + 0.2 * random());
    await queue.schedule(item, new Date(clock.now().getTime() + jittered));
  }

  return {
    operations: createOperations(tools, contact, triggers, poller),
    catalog,
    definitions: createDefinitionOperations(tools, { contact, catalog }),
    schemas: createSchemaOperations(tools, contact),
    webhooks: {
      report(tenantId, providerKey, { lastWebhookAt }) {
        const configured = directory.find(tenantId, providerKey)?.webhooksConfigured ?? false;
        return { configured, silent: configured && silence.isSilent(tenantId, providerKey, lastWebhookAt) };
      },
    },
    inbox,
    async close() {
      await retention.close();
      await inbox.close();
    },
    async start() {
      const now = clock.now();
      for (const tenantId of directory.tenantIds()) {
        for (const { info } of directory.providersOf(tenantId)) {
          const { catalogAt, discoveredUntil } = await lastReads(tenantId, info.key);
          const plans = {
            CATALOG: notAgain(catalogAt, now),
            TRIGGERS: now,
            POLL: now,
            DISCOVER: notAgain(discoveredUntil, now),
          };
          for (const kind of ["CATALOG", "TRIGGERS", "POLL", "DISCOVER"] as const) {
            await queue.schedule({ kind, tenantId, providerKey: info.key }, plans[kind]);
          }
          if (info.capabilities.webhooks) await queue.schedule({ kind: "INBOX", tenantId, providerKey: info.key }, now);
        }
      }
      queue.start(handle);
      retention.start();
    },
  };
}

const isRefused = (error: unknown): boolean =>
  error instanceof ProviderError && error.code === ErrorCode.ProviderAccountChanged;

function notAgain(readAt: Date | null, now: Date): Date {
  const again = (readAt?.getTime() ?? 0) + JUST_READ_MS;
  const isRecent = again > now.getTime() && again <= now.getTime() + JUST_READ_MS;
  return isRecent ? new Date(again) : now;
}
