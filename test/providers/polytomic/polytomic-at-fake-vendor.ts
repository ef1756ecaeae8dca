// The adapter against a fake Polytomic over real HTTP; tests say what the vendor answers.
import type { ProviderSettings, RunRef, SyncProvider } from "../../../src/domain/provider-port.ts";
import { SyncStatus } from "../../../src/domain/status.ts";
import polytomic from "../../../src/providers/polytomic/index.ts";
import { createHttpClient } from "../../../src/wire/create-http-client.ts";
import { startFakeVendor } from "../../support/fake-vendor.ts";
import type { FakeHandler, FakeVendor } from "../../support/fake-vendor.ts";
import { createManualClock } from "../../support/manual-clock.ts";

export const API_KEY = "polytomic-test-key-0123456789";
export const SYNC_ID = "248df4b7-aa70-47b8-a036-33ac447e668d";
export const EXECUTION_ID = "7f3e9c2a-4b8d-4f1e-a9c3-6d5e2f8b1a7c";

export interface PolytomicAtFakeVendor extends AsyncDisposable {
  readonly provider: SyncProvider;
  readonly vendor: FakeVendor;
}

/** Starts a fake vendor and the adapter that talks to it; dispose of it with `await using`. */
export async function polytomicAt(handler: FakeHandler): Promise<PolytomicAtFakeVendor> {
  const vendor = await startFakeVendor(handler);
  const settings = settingsFor(vendor.url);
  const parsed = polytomic.parseConfig(settings);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const clock = createManualClock(new Date("2026-03-02T12:05:00.000Z"));
  const http = createHttpClient({
    provider: settings.key,
    endpoint: polytomic.endpoint(parsed.config),
    readError: polytomic.readError,
    rateLimit: polytomic.capabilities.rateLimit,
    allowPrivateAddress: settings.allowPrivateAddress,
    clock,
    // The clock stands still, so a second try would never come; that tries are repeated is the wire's own test.
    limits: { tries: 1 },
  });
  const provider = polytomic.create(settings, parsed.config, { http, clock });
  const dispose = async (): Promise<void> => {
    await provider.close();
    await vendor.close();
  };
  return { provider, vendor, [Symbol.asyncDispose]: dispose };
}

export function settingsFor(baseUrl: string | null, more: Partial<ProviderSettings> = {}): ProviderSettings {
  return {
    key: "polytomic-eu",
    baseUrl,
    credentials: { apiKey: API_KEY },
    webhookSecrets: [],
    options: {},
    allowPrivateAddress: true,
    poll: {},
    rateLimit: null,
    ...more,
  };
}

export function runRef(more: Partial<RunRef> = {}): RunRef {
  return {
    remoteId: EXECUTION_ID,
    definitionRemoteId: SYNC_ID,
    linkedAccountRemoteId: null,
    batchId: null,
    models: [],
    status: SyncStatus.Running,
    createdAt: new Date("2026-03-02T12:00:00Z"),
    startedAt: null,
    ...more,
  };
}

/** All pages, each as it came. */
export async function collect<Page>(pages: AsyncIterable<Page>): Promise<Page[]> {
  const all: Page[] = [];
  for await (const page of pages) all.push(page);
  return all;
}
