// Truto as a provider: what it can do, what its settings must say, and how one is made. The work is in `provider.ts`.
import type {
  Capabilities,
  Endpoint,
  ParsedSettings,
  ProviderModule,
  ProviderSettings,
} from "../../domain/provider-port.ts";
import type { HttpClient } from "../../wire/http-client.ts";
import { addressProblems, credentialProblems, unknownSettings } from "../../wire/settings.ts";
import { readError } from "./errors.ts";
import { createTrutoProvider } from "./provider.ts";
import type { TrutoTarget } from "./target.ts";

const KIND = "truto";
const PUBLIC_URL = "https://api.truto.one";
const SETTINGS = { credentials: ["token"], options: ["webhookId", "daemonGroupKey"] };

export interface TrutoConfig {
  /** No trailing slash. */
  readonly baseUrl: string;
  /** API token of one environment. */
  readonly token: string;
  readonly target: TrutoTarget;
}

const capabilities: Capabilities = {
  syncJobs: true,
  modelSyncs: false,
  cancel: true,
  idempotentStart: false,
  lookupByTime: true,
  history: true,
  webhooks: true,
  modelSyncCrud: false,
  syncJobCrud: true,
  syncJobUpdate: true,
  schedules: true,
  schemaDiscovery: false,
  bulkStatus: true,
  separateTasks: true,
  startOptions: ["fullRefresh", "models", "args", "onError", "linkedAccountRemoteId"],
  requiredStartOptions: ["linkedAccountRemoteId"],
  // The vendor refreshes a run's counters about every 10 seconds; the first looks are for the start and for quick failures.
  poll: { fastMs: 2_000, slowMs: 15_000, discoverMs: 30_000 },
  rateLimit: { requests: 500, perMs: 10_000 },
};

export default {
  kind: KIND,
  displayName: "Truto",
  capabilities,
  parseConfig,
  endpoint,
  readError,
  create: (settings, config, { http, clock }) =>
    createTrutoProvider({
      key: settings.key,
      kind: KIND,
      capabilities: { ...capabilities, poll: { ...capabilities.poll, ...settings.poll } },
      target: config.target,
      secrets: endpoint(config).secrets,
      webhookSecrets: settings.webhookSecrets,
      http,
      clock,
    }),
} satisfies ProviderModule<TrutoConfig, HttpClient>;

function parseConfig(settings: ProviderSettings): ParsedSettings<TrutoConfig> {
  const token = settings.credentials["token"] ?? "";
  const webhookId = settings.options["webhookId"] || null;
  const daemonGroupKey = settings.options["daemonGroupKey"] || null;
  const baseUrl = (settings.baseUrl ?? PUBLIC_URL).replace(/\/+$/, "");
  const problems = [
    ...credentialProblems(settings, "token", "the API token of a Truto environment"),
    ...addressProblems(settings, baseUrl, `usually ${PUBLIC_URL}`),
  ];
  if (webhookId !== null && daemonGroupKey !== null) {
    problems.push({
      path: ["options"],
      message: "expected webhookId or daemonGroupKey, got both: a run sends its records to one target",
    });
  }
  problems.push(...unknownSettings("Truto", settings, SETTINGS));
  return problems.length > 0
    ? { ok: false, problems }
    : { ok: true, config: { baseUrl, token, target: { webhookId, daemonGroupKey } } };
}

function endpoint({ baseUrl, token }: TrutoConfig): Endpoint {
  const authorization = `Bearer ${token}`;
  return { baseUrl, headers: { authorization }, secrets: [authorization, token] };
}
