// A Truto provider connected to a fake vendor on a loopback port. What the fake answers is the test's business.
import truto from "../../../src/providers/truto/index.ts";
import type { ProviderSettings, SyncProvider } from "../../../src/domain/provider-port.ts";
import { createHttpClient } from "../../../src/wire/create-http-client.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import type { FakeHandler, FakeRequest, FakeVendor } from "../../support/fake-vendor.ts";
import { startFakeVendor } from "../../support/fake-vendor.ts";

export const NOW = new Date("2026-06-01T00:00:10.000Z");

export interface ConnectedTruto extends AsyncDisposable {
  readonly provider: SyncProvider;
  readonly vendor: FakeVendor;
}

export async function connectTruto(handler: FakeHandler, options: Readonly<Record<string, string>> = {}): Promise<ConnectedTruto> {
  const vendor = await startFakeVendor(handler);
  const settings = settingsFor({ baseUrl: vendor.url, options });
  const parsed = truto.parseConfig(settings);
  if (!parsed.ok) throw new Error(parsed.problems.map((problem) => problem.message).join("; "));
  const clock = createManualClock(NOW);
  const http = createHttpClient({
    provider: settings.key,
    endpoint: truto.endpoint(parsed.config),
    readError: truto.readError,
    rateLimit: truto.capabilities.rateLimit,
    allowPrivateAddress: true,
    clock,
    random: () => 0,
  });
  const provider = truto.create(settings, parsed.config, { http, clock });
  const dispose = async (): Promise<void> => {
    await provider.close();
    await vendor.close();
  };
  return { provider, vendor, [Symbol.asyncDispose]: dispose };
}

export function settingsFor(given: Partial<ProviderSettings> = {}): ProviderSettings {
  return {
    key: "truto-eu",
    baseUrl: null,
    credentials: { token: "planted-api-token" },
    webhookSecrets: [],
    options: {},
    allowPrivateAddress: true,
    poll: {},
    rateLimit: null,
    ...given,
  };
}

/** A request as `request.json` writes it. */
export function asRecorded(request: FakeRequest): object {
  const recorded = { method: request.method, path: request.path, query: Object.fromEntries(request.query) };
  return request.body === "" ? recorded : { ...recorded, body: request.json() };
}

export async function collect<Item>(pages: AsyncIterable<readonly Item[]>): Promise<readonly Item[]> {
  const all: Item[] = [];
  for await (const page of pages) all.push(...page);
  return all;
}
