// Truto's adapter at a fake vendor that answers what a test says.
import type { ScheduleEditor, SyncJobEditor } from "../../../src/domain/editor-port.ts";
import type { ProviderSettings, SyncProvider } from "../../../src/domain/provider-port.ts";
import { adapterAt, settingsOf } from "../../support/adapter-at-fake-vendor.ts";
import type { AdapterAtFakeVendor } from "../../support/adapter-at-fake-vendor.ts";
import type { FakeHandler, FakeReply, FakeRequest, RawReply } from "../../support/fake-vendor.ts";
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

/** The editors of definitions; throws when one is missing. */
export function editorsOf({ editors }: SyncProvider): {
  readonly jobs: Required<SyncJobEditor>;
  readonly schedules: ScheduleEditor;
} {
  const { syncJobs, schedules } = editors ?? {};
  if (syncJobs?.create === undefined || syncJobs.delete === undefined || schedules === undefined)
    throw new Error("expected editors of sync jobs and schedules");
  const { create, delete: remove } = syncJobs;
  return { jobs: { ...syncJobs, create, delete: remove }, schedules };
}

/** A vendor's refusal. */
export const refusal = (statusCode: number, message: string): FakeReply => ({
  status: statusCode,
  json: { statusCode, error: "Refused", message },
});

/** The request came in and its answer never arrives. */
export const lost: RawReply = (response) => response.destroy();

/** A request's facts, for one comparison. */
export function asSent(request: FakeRequest): object {
  const sent = { method: request.method, path: request.path, query: Object.fromEntries(request.query) };
  return request.body === "" ? sent : { ...sent, body: request.json() };
}
