// Polytomic: model syncs that write models to a target connection. Settings are checked here; the work is provider.ts's.
import { z } from "zod";
import type {
  Capabilities,
  ParsedSettings,
  ProviderModule,
  ProviderSettings,
  SettingsProblem,
} from "../../domain/provider-port.ts";
import { createForeignText } from "../../wire/foreign-text.ts";
import { freeTextRedactor } from "../../wire/free-text.ts";
import type { HttpClient } from "../../wire/http-client.ts";
import { addressProblems, credentialProblems, unknownSettings } from "../../wire/settings.ts";
import { readError } from "./errors.ts";
import { polytomicProvider } from "./provider.ts";
import { WEBHOOK_ENCODINGS, WEBHOOK_HASHES } from "./webhook.ts";
import type { WebhookSigning } from "./webhook.ts";

export interface PolytomicConfig {
  /** No trailing slash, without `/api`. */
  readonly baseUrl: string;
  /** Value of the `Authorization` header. */
  readonly authorization: string;
  /** Every form in which the key may show up in a text. */
  readonly secrets: readonly string[];
  readonly webhookSigning: WebhookSigning;
}

const PUBLIC_ADDRESS = "https://app.polytomic.com";

/** The vendor serves several versions and says differently which one a request without this header gets. */
const API_VERSION = "2025-09-18";

const KIND = "polytomic";

const capabilities: Capabilities = {
  syncJobs: false,
  modelSyncs: true,
  cancel: true,
  idempotentStart: true,
  lookupByTime: true,
  history: true,
  webhooks: true,
  modelSyncCrud: true,
  syncJobCrud: false,
  syncJobUpdate: false,
  schedules: false,
  schemaDiscovery: true,
  bulkStatus: false,
  separateTasks: false,
  startOptions: ["fullRefresh", "test", "identities"],
  requiredStartOptions: [],
  poll: { fastMs: 1_000, slowMs: 30_000, discoverMs: 60_000 },
  // No limit is published for these calls; this is ours, to stay a polite guest.
  rateLimit: { requests: 300, perMs: 60_000 },
};

export default {
  kind: KIND,
  displayName: "Polytomic",
  capabilities,
  parseConfig,
  endpoint: ({ baseUrl, authorization, secrets }) => ({
    baseUrl,
    headers: { Authorization: authorization, "X-Polytomic-Version": API_VERSION },
    secrets,
  }),
  readError,
  create: (settings, config, { http, clock }) =>
    polytomicProvider({
      kind: KIND,
      key: settings.key,
      capabilities: { ...capabilities, poll: { ...capabilities.poll, ...settings.poll } },
      http,
      clock,
      redact: freeTextRedactor([...config.secrets, ...settings.webhookSecrets]),
      webhookSecrets: settings.webhookSecrets,
      texts: createForeignText([...config.secrets, ...settings.webhookSecrets]),
      webhookSigning: config.webhookSigning,
    }),
} satisfies ProviderModule<PolytomicConfig, HttpClient>;

function parseConfig(settings: ProviderSettings): ParsedSettings<PolytomicConfig> {
  const baseUrl = (settings.baseUrl ?? PUBLIC_ADDRESS).replace(/\/+$/, "");
  const problems = [
    ...keyProblems(settings),
    ...addressProblems(settings, baseUrl, `usually ${PUBLIC_ADDRESS}`),
    ...pathProblems(baseUrl),
    ...optionProblems(settings.options),
    ...unknownSettings("Polytomic", settings, { credentials: WAYS_IN, options: [...OPTIONS.keys()] }),
  ];
  if (problems.length > 0) return { ok: false, problems };
  const webhookSigning = signingSchema.parse(settings.options);
  const { apiKey, organizationKey } = settings.credentials;
  const key = apiKey ?? organizationKey ?? "";
  const encoded = Buffer.from(`${key}:`, "utf8").toString("base64");
  const authorization = apiKey === undefined ? `Basic ${encoded}` : `Bearer ${key}`;
  return { ok: true, config: { baseUrl, authorization, secrets: [key, encoded, authorization], webhookSigning } };
}

const WAYS_IN = ["apiKey", "organizationKey"] as const;

function keyProblems(settings: ProviderSettings): readonly SettingsProblem[] {
  const given = WAYS_IN.filter((name) => settings.credentials[name] !== undefined);
  if (given.length !== 1) {
    const got = given.length === 0 ? "neither" : "both";
    const message = `expected exactly one of apiKey (a user's key) and organizationKey (an organization's key), got ${got}`;
    return [{ path: ["credentials"], message }];
  }
  return given.flatMap((name) => credentialProblems(settings, name, "a key of Polytomic's"));
}

function pathProblems(baseUrl: string): readonly SettingsProblem[] {
  const message = "expected an address without /api at its end; it is added to every path";
  return baseUrl.endsWith("/api") ? [{ path: ["baseUrl"], message }] : [];
}

const OPTIONS: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  ["webhookHash", WEBHOOK_HASHES],
  ["webhookEncoding", WEBHOOK_ENCODINGS],
]);

const signingSchema = z
  .object({
    webhookHash: z.enum(WEBHOOK_HASHES).default("sha256"),
    webhookEncoding: z.enum(WEBHOOK_ENCODINGS).default("hex"),
  })
  .transform(({ webhookHash: hash, webhookEncoding: encoding }): WebhookSigning => ({ hash, encoding }));

function optionProblems(options: Readonly<Record<string, string>>): readonly SettingsProblem[] {
  return [...OPTIONS].flatMap(([name, words]) => {
    const value = options[name];
    if (value === undefined || words.includes(value)) return [];
    return [{ path: ["options", name], message: `expected one of ${words.join(", ")}, got another word` }];
  });
}
