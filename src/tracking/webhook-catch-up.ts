// Asks vendors that keep their events for those that may have been missed: after a start, and after an outage of more than a minute.
import { ProviderHealth } from "../domain/provider-state.ts";
import type { WebhookEvent } from "../domain/webhook-port.ts";
import type { ProviderContact } from "./provider-contact.ts";
import type { ConfiguredProvider } from "./provider-directory.ts";
import type { TrackingTools } from "./tools.ts";

export interface WebhookCatchUp {
  /** Remembers what earlier processes heard last, before this one writes what it hears. */
  remember(tenantId: string, configured: ConfiguredProvider): Promise<void>;
  /**
   * Looks for missed events if there is a reason to. Throws `ProviderError` when the vendor cannot be read; the reason stays.
   *
   * @returns how many events were put
   */
  run(tenantId: string, configured: ConfiguredProvider, put: (event: WebhookEvent) => Promise<void>): Promise<number>;
}

interface Outlook {
  /** Events since then may have been missed; null while nothing says so. */
  missedSince: Date | null;
  outage: { readonly since: Date; readonly heardAt: Date | null } | null;
  lastTurnAt: Date | null;
}

const OUTAGE_MS = 60_000;
/** Turns come every minute; a gap this long means that the process stood still. */
const STANDSTILL_MS = 180_000;
/** How far to look back when no webhook ever came. */
const FIRST_LOOK_BACK_MS = 3_600_000;
/** Beyond this no repetition would be known any more. */
const LONGEST_LOOK_BACK_MS = 7 * 86_400_000;
/** Vendors' clocks differ from ours; what is read twice is known by its id. */
const OVERLAP_MS = 120_000;

export function createWebhookCatchUp({ store, clock }: TrackingTools, contact: ProviderContact): WebhookCatchUp {
  const outlooks = new Map<string, Promise<Outlook>>();

  async function begin(tenantId: string, providerKey: string): Promise<Outlook> {
    const { lastWebhookAt } = await store.providerStates.get(tenantId, providerKey);
    return { missedSince: lookBack(lastWebhookAt), outage: null, lastTurnAt: null };
  }

  function outlookOf(tenantId: string, { info }: ConfiguredProvider): Promise<Outlook> {
    const key = JSON.stringify([tenantId, info.key]);
    const known = outlooks.get(key);
    if (known !== undefined) return known;
    const outlook = begin(tenantId, info.key);
    outlooks.set(key, outlook);
    outlook.catch(() => outlooks.delete(key));
    return outlook;
  }

  /** Turns what happened since the last turn into a reason to look, or into none. */
  async function review(tenantId: string, providerKey: string, outlook: Outlook): Promise<void> {
    const now = clock.now();
    const { health, lastFailureAt, lastWebhookAt } = await store.providerStates.get(tenantId, providerKey);
    if (health === ProviderHealth.Down || health === ProviderHealth.AuthFailed) {
      outlook.outage ??= { since: lastFailureAt ?? now, heardAt: lastWebhookAt };
    } else if (outlook.outage !== null) {
      const lastedMs = now.getTime() - outlook.outage.since.getTime();
      if (lastedMs > OUTAGE_MS) outlook.missedSince = earlier(outlook.missedSince, lookBack(outlook.outage.heardAt));
      outlook.outage = null;
    }
    const standstill = outlook.lastTurnAt !== null && now.getTime() - outlook.lastTurnAt.getTime() > STANDSTILL_MS;
    if (standstill) outlook.missedSince = earlier(outlook.missedSince, lookBack(outlook.lastTurnAt));
    outlook.lastTurnAt = now;
  }

  function lookBack(lastWebhookAt: Date | null): Date {
    const now = clock.now().getTime();
    if (lastWebhookAt === null) return new Date(now - FIRST_LOOK_BACK_MS);
    return new Date(Math.max(lastWebhookAt.getTime() - OVERLAP_MS, now - LONGEST_LOOK_BACK_MS));
  }

  return {
    remember: async (tenantId, configured) => {
      await outlookOf(tenantId, configured);
    },
    async run(tenantId, configured, put) {
      const outlook = await outlookOf(tenantId, configured);
      await review(tenantId, configured.info.key, outlook);
      const { provider } = configured;
      const since = outlook.missedSince;
      if (since === null || provider.missedEvents === undefined) return 0;
      let found = 0;
      await contact.through(tenantId, configured, async () => {
        for await (const events of provider.missedEvents?.(since) ?? []) {
          for (const event of events) await put(event);
          found += events.length;
        }
      });
      outlook.missedSince = null;
      return found;
    },
  };
}

const earlier = (one: Date | null, other: Date): Date => (one === null || other < one ? other : one);
