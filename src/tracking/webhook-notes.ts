// Writes down when a provider last reported and what was refused. Gathers first, so that a flood of forgeries is not a flood of writes.
import { reasonOf } from "../domain/reason.ts";
import type { ConfiguredProvider } from "./provider-directory.ts";
import type { TrackingTools } from "./tools.ts";

export interface WebhookNotes {
  /** A genuine delivery came. */
  heard(tenantId: string, configured: ConfiguredProvider, at: Date): void;
  /** A delivery came to nothing. */
  refused(tenantId: string, configured: ConfiguredProvider, reason: string): void;
  /** Writes what is left. */
  close(): Promise<void>;
}

interface Page {
  heardAt: Date | null;
  readonly refusals: Map<string, number>;
  writing: Promise<void> | null;
}

/** The first note of a provider is written at once, those after it together. */
const WRITTEN_EVERY_MS = 5_000;

/** @param beforeFirst awaited before the provider's first note of this process replaces what an earlier one wrote */
export function createWebhookNotes(
  { store, clock, log }: TrackingTools,
  beforeFirst: (tenantId: string, configured: ConfiguredProvider) => Promise<void>,
): WebhookNotes {
  const pages = new Map<string, Page>();
  const closing = new AbortController();

  function pageOf(tenantId: string, { info }: ConfiguredProvider): Page {
    const key = JSON.stringify([tenantId, info.key]);
    const page = pages.get(key) ?? { heardAt: null, refusals: new Map(), writing: null };
    pages.set(key, page);
    return page;
  }

  function note(tenantId: string, configured: ConfiguredProvider, change: (page: Page) => void): void {
    const page = pageOf(tenantId, configured);
    change(page);
    page.writing ??= writeAll(tenantId, configured, page).finally(() => {
      page.writing = null;
    });
  }

  async function writeAll(tenantId: string, configured: ConfiguredProvider, page: Page): Promise<void> {
    while (page.heardAt !== null || page.refusals.size > 0) {
      const { heardAt } = page;
      const refusals = new Map(page.refusals);
      page.heardAt = null;
      page.refusals.clear();
      try {
        await beforeFirst(tenantId, configured);
        await write(tenantId, configured.info.key, heardAt, refusals);
      } catch (error) {
        log.warn({ provider: configured.info.key, error: reasonOf(error) }, "notes of webhooks could not be written");
        if (closing.signal.aborted) return;
        page.heardAt ??= heardAt;
        add(page.refusals, refusals);
      }
      await clock.sleep(WRITTEN_EVERY_MS, closing.signal).catch(() => undefined);
    }
  }

  async function write(
    tenantId: string,
    providerKey: string,
    heardAt: Date | null,
    refusals: ReadonlyMap<string, number>,
  ): Promise<void> {
    const state = await store.providerStates.get(tenantId, providerKey);
    const counts = new Map(Object.entries(state.webhookRefusals));
    add(counts, refusals);
    const isNewer = heardAt !== null && (state.lastWebhookAt === null || heardAt > state.lastWebhookAt);
    await store.providerStates.patch(tenantId, providerKey, {
      ...(isNewer ? { lastWebhookAt: heardAt } : {}),
      ...(refusals.size > 0 ? { webhookRefusals: Object.fromEntries(counts) } : {}),
    });
    if (refusals.size === 0) return;
    log.warn(
      { provider: providerKey, refusals: Object.fromEntries(refusals) },
      "webhooks were refused or came to nothing",
    );
  }

  return {
    heard: (tenantId, configured, at) =>
      note(tenantId, configured, (page) => {
        if (page.heardAt === null || at > page.heardAt) page.heardAt = at;
      }),
    refused: (tenantId, configured, reason) =>
      note(tenantId, configured, ({ refusals }) => add(refusals, new Map([[reason, 1]]))),
    async close() {
      closing.abort();
      await Promise.all([...pages.values()].flatMap(({ writing }) => writing ?? []));
    },
  };
}

function add(counts: Map<string, number>, more: ReadonlyMap<string, number>): void {
  for (const [reason, count] of more) counts.set(reason, (counts.get(reason) ?? 0) + count);
}
