// Truto's adapter at a fake vendor that answers what a test says.
import type { ProviderSettings } from "../../../src/domain/provider-port.ts";
import { adapterAt, settingsOf } from "../../support/adapter-at-fake-vendor.ts";
import type { AdapterAtFakeVendor } from "../../support/adapter-at-fake-vendor.ts";
import type { FakeHandler, FakeRequest } from "../../support/fake-vendor.ts";
import { conformance } from "./conformance.ts";

/** @param options the provider's own settings, such as the webhook its runs report to */
export const connectTruto = (
  handler: FakeHandler,
  options: Readonly<Record<string, string>> = {},
): Promise<AdapterAtFakeVendor> =>
  // Tries as in the product, so that "sent once" means something.
  adapterAt(conformance, handler, { settings: { options }, limits: {} });

export const settingsFor = (changes: Partial<ProviderSettings> = {}): ProviderSettings =>
  settingsOf(conformance, changes);

/** A request's facts, for one comparison. */
export function asSent(request: FakeRequest): object {
  const sent = { method: request.method, path: request.path, query: Object.fromEntries(request.query) };
  return request.body === "" ? sent : { ...sent, body: request.json() };
}
