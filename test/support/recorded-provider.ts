// A vendor's adapter over its recorded replies, without a network: each request gets the body recorded for its path, or another of the case.
import type { ProviderSettings, SyncProvider } from "../../src/domain/provider-port.ts";
import { createForeignText } from "../../src/wire/foreign-text.ts";
import type { HttpClient, HttpRequest } from "../../src/wire/http-client.ts";
import { answered } from "./answered.ts";
import { settingsOf, type RecordedReply, type VendorUnderTest } from "./adapter-at-fake-vendor.ts";
import { createManualClock } from "./manual-clock.ts";

export function recordedProvider(
  under: VendorUnderTest,
  replies: readonly Pick<RecordedReply, "to" | "body">[],
  changes: Partial<ProviderSettings> = {},
): SyncProvider {
  const settings = settingsOf(under, { baseUrl: `https://vendor.example${under.basePath}`, ...changes });
  const parsed = under.module.parseConfig(settings);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const texts = createForeignText(Object.values(settings.credentials));
  const left = [...replies];
  const http: HttpClient = {
    request: ({ method, path }: HttpRequest) => {
      const index = left.findIndex(({ to }) => to.split("?")[0] === `${method} ${path}`);
      const [reply] = index === -1 ? replies : left.splice(index, 1);
      return Promise.resolve(answered(reply?.body, 200, texts));
    },
    theirTime: (ours: Date) => ours,
    theirTimes: (ours: Date) => ({ earliest: ours, latest: ours, isKnown: true }),
    close: () => Promise.resolve(),
  };
  return under.module.create(settings, parsed.config, { http, clock: createManualClock(under.now) });
}
