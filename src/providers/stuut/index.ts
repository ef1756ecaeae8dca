// Stuut (v2 integrations API): what it can do, what its settings are, how it is reached. The rest of the folder does the work.
import type { Capabilities, ParsedSettings, ProviderModule, ProviderSettings } from "../../domain/provider-port.ts";
import type { HttpClient } from "../../wire/http-client.ts";
import { freeTextRedactor } from "../../wire/free-text.ts";
import { addressProblems, credentialProblems, unknownSettings } from "../../wire/settings.ts";
import { readError } from "./errors.ts";
import { stuutProvider } from "./provider.ts";

export interface StuutConfig {
  /** No trailing slash and no version: the paths have it. */
  readonly baseUrl: string;
  readonly token: string;
}

/** Where v1 is served. The v2 pages print a placeholder, so a token is sent there only when somebody says so. */
const LIKELY_BASE_URL = "https://api.stuut.ai";

const capabilities: Capabilities = {
  syncJobs: true,
  modelSyncs: false,
  cancel: false,
  idempotentStart: false,
  lookupByTime: true,
  history: false,
  webhooks: false,
  modelSyncCrud: false,
  syncJobCrud: false,
  syncJobUpdate: false,
  schedules: false,
  schemaDiscovery: false,
  bulkStatus: true,
  startsEachModel: true,
  separateTasks: false,
  startOptions: [],
  requiredStartOptions: [],
  poll: { fastMs: 5_000, slowMs: 60_000, discoverMs: 60_000 },
  // Nothing is documented; one call answers for all runs, so little is enough.
  rateLimit: { requests: 60, perMs: 60_000 },
};

export default {
  kind: "stuut",
  displayName: "Stuut",
  capabilities,
  parseConfig,
  endpoint: ({ baseUrl, token }) => ({ baseUrl, headers: { authorization: `Bearer ${token}` }, secrets: [token] }),
  readError,
  create: (settings, config, { http, clock }) =>
    stuutProvider({
      key: settings.key,
      capabilities: { ...capabilities, poll: { ...capabilities.poll, ...settings.poll } },
      http,
      clock,
      redact: freeTextRedactor([config.token]),
    }),
} satisfies ProviderModule<StuutConfig, HttpClient>;

function parseConfig(settings: ProviderSettings): ParsedSettings<StuutConfig> {
  const baseUrl = (settings.baseUrl ?? "").replace(/\/+$/, "").replace(/\/v2$/, "");
  const token = settings.credentials["token"] ?? "";
  const problems = [
    ...credentialProblems(settings, "token", "Stuut's API token"),
    ...addressProblems(settings, baseUrl, `the vendor documents none for v2; most likely ${LIKELY_BASE_URL}`),
    ...unknownSettings("Stuut", settings, { credentials: ["token"], options: [] }),
  ];
  return problems.length > 0 ? { ok: false, problems } : { ok: true, config: { baseUrl, token } };
}
