// Acme: what it can do, what its settings are, how it is reached. The rest of the folder does the work.
import type { Capabilities, ParsedSettings, ProviderModule, ProviderSettings } from "../../domain/provider-port.ts";
import { freeTextRedactor } from "../../wire/free-text.ts";
import type { HttpClient } from "../../wire/http-client.ts";
import { addressProblems, credentialProblems, unknownSettings } from "../../wire/settings.ts";
import { readError } from "./errors.ts";
import { acmeProvider } from "./provider.ts";

export interface AcmeConfig {
  /** No trailing slash. */
  readonly baseUrl: string;
  readonly token: string;
}

const PUBLIC_ADDRESS = "https://api.acme.example/v1";

const capabilities: Capabilities = {
  syncJobs: true,
  modelSyncs: false,
  cancel: false,
  idempotentStart: false,
  lookupByTime: true,
  history: true,
  webhooks: false,
  modelSyncCrud: false,
  syncJobCrud: false,
  syncJobUpdate: false,
  schedules: false,
  schemaDiscovery: false,
  bulkStatus: true,
  separateTasks: false,
  startOptions: ["fullRefresh"],
  requiredStartOptions: [],
  // Runs take seconds to minutes; one call looks at fifty of them.
  poll: { fastMs: 2_000, slowMs: 30_000, discoverMs: 60_000 },
  rateLimit: { requests: 600, perMs: 60_000 },
};

export default {
  kind: "acme",
  displayName: "Acme",
  capabilities,
  parseConfig,
  endpoint: ({ baseUrl, token }) => ({ baseUrl, headers: { authorization: `Bearer ${token}` }, secrets: [token] }),
  readError,
  create: (settings, config, { http, clock }) =>
    acmeProvider({
      key: settings.key,
      capabilities: { ...capabilities, poll: { ...capabilities.poll, ...settings.poll } },
      http,
      clock,
      redact: freeTextRedactor([config.token]),
    }),
} satisfies ProviderModule<AcmeConfig, HttpClient>;

function parseConfig(settings: ProviderSettings): ParsedSettings<AcmeConfig> {
  const token = settings.credentials["token"] ?? "";
  const baseUrl = (settings.baseUrl ?? PUBLIC_ADDRESS).replace(/\/+$/, "");
  const problems = [
    ...credentialProblems(settings, "token", "Acme's API token"),
    ...addressProblems(settings, baseUrl, `usually ${PUBLIC_ADDRESS}`),
    ...unknownSettings("Acme", settings, { credentials: ["token"], options: [] }),
  ];
  return problems.length > 0 ? { ok: false, problems } : { ok: true, config: { baseUrl, token } };
}
