// RootFi (v3 and v4): what it can do, what its settings are, how it is reached. The rest of the folder does the work.
import type {
  Capabilities,
  ParsedSettings,
  ProviderModule,
  ProviderSettings,
  SettingsProblem,
} from "../../domain/provider-port.ts";
import type { HttpClient } from "../../wire/http-client.ts";
import { createForeignText } from "../../wire/foreign-text.ts";
import { freeTextRedactor } from "../../wire/free-text.ts";
import { addressProblems, credentialProblems, unknownSettings } from "../../wire/settings.ts";
import { readError } from "./errors.ts";
import { rootfiProvider } from "./provider.ts";
import { ApiVersion, VERSIONS, versionNamed } from "./versions.ts";
import type { WebhookProof } from "./webhook.ts";

const SETTINGS = { credentials: ["apiKey"], options: ["apiVersion", "webhookHeader", "webhookSignatureHeader"] };

export interface RootfiConfig {
  readonly version: ApiVersion;
  /** No trailing slash; ends in the API's version. */
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly webhookProof: WebhookProof;
}

/** v3's; where v4 differs is said in `versions.ts`. */
const capabilities: Capabilities = {
  syncJobs: true,
  modelSyncs: false,
  cancel: false,
  idempotentStart: false,
  lookupByTime: true,
  history: true,
  webhooks: true,
  modelSyncCrud: false,
  syncJobCrud: false,
  syncJobUpdate: true,
  schedules: true,
  schemaDiscovery: false,
  bulkStatus: true,
  separateTasks: true,
  startOptions: ["fullRefresh", "models"],
  requiredStartOptions: [],
  poll: { fastMs: 2_000, slowMs: 30_000, discoverMs: 60_000 },
  // Documented for v4 only.
  rateLimit: { requests: 100, perMs: 60_000 },
};

export default {
  kind: "rootfi",
  displayName: "RootFi",
  capabilities,
  parseConfig,
  endpoint: ({ baseUrl, apiKey }) => ({
    baseUrl,
    // With an underscore and without a scheme, as documented.
    headers: { api_key: apiKey },
    secrets: [apiKey],
  }),
  readError,
  create: (settings, config, { http, clock }) =>
    rootfiProvider({
      key: settings.key,
      version: config.version,
      capabilities: {
        ...capabilities,
        ...VERSIONS[config.version].capabilities,
        poll: { ...capabilities.poll, ...settings.poll },
      },
      http,
      clock,
      redact: freeTextRedactor([config.apiKey]),
      webhookSecrets: settings.webhookSecrets,
      texts: createForeignText([config.apiKey, ...settings.webhookSecrets]),
      webhookProof: config.webhookProof,
    }),
} satisfies ProviderModule<RootfiConfig, HttpClient>;

function parseConfig(settings: ProviderSettings): ParsedSettings<RootfiConfig> {
  const { version, problem } = versionOf(settings);
  const baseUrl = trimmed(settings.baseUrl ?? VERSIONS[version].baseUrl);
  const apiKey = settings.credentials["apiKey"] ?? "";
  const problems = [
    ...credentialProblems(settings, "apiKey", "RootFi's API key"),
    ...addressProblems(settings, baseUrl, `such as ${VERSIONS[version].baseUrl}`),
    ...(problem === null ? [] : [{ path: ["options", "apiVersion"], message: problem }]),
    ...webhookProblems(settings.options),
    ...unknownSettings("RootFi", settings, SETTINGS),
  ];
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, config: { version, baseUrl, apiKey, webhookProof: webhookProofOf(settings.options) } };
}

/** The address says it where it ends in a version, else the option, else it is v3. */
function versionOf({ baseUrl, options }: ProviderSettings): {
  readonly version: ApiVersion;
  readonly problem: string | null;
} {
  const ending = /\/(v\d+)$/.exec(trimmed(baseUrl ?? ""))?.[1] ?? "";
  const addressed = versionNamed(ending);
  const { apiVersion } = options;
  const chosen = apiVersion === undefined ? null : versionNamed(apiVersion);
  const version = addressed ?? chosen ?? ApiVersion.V3;
  if (apiVersion === undefined) return { version, problem: null };
  if (chosen === null) return { version, problem: "expected v3 or v4, got something else" };
  if (ending === "" || chosen === addressed) return { version, problem: null };
  return { version, problem: `expected the version that baseUrl ends in, ${ending}, got ${chosen}` };
}

const trimmed = (baseUrl: string): string => baseUrl.replace(/\/+$/, "");

/** Without a signature the customer's own header is the proof; it is registered with the webhook and sent with each delivery. */
function webhookProofOf({ webhookHeader, webhookSignatureHeader }: ProviderSettings["options"]): WebhookProof {
  if (webhookSignatureHeader !== undefined) return { by: "SIGNATURE", header: webhookSignatureHeader.toLowerCase() };
  return { by: "VALUE", header: (webhookHeader ?? "authorization").toLowerCase() };
}

function webhookProblems(options: ProviderSettings["options"]): readonly SettingsProblem[] {
  const given = ["webhookHeader", "webhookSignatureHeader"].filter((name) => options[name] !== undefined);
  if (given.length === 2) {
    const message =
      "expected webhookHeader or webhookSignatureHeader, got both: either a header's value is the proof or a signature is";
    return [{ path: ["options"], message }];
  }
  return given
    .filter((name) => !/^[\w!#$%&'*+.^`|~-]+$/.test(options[name] ?? ""))
    .map((name) => ({ path: ["options", name], message: "expected the name of a header such as X-RootFi-Signature" }));
}

/** Plain HTTP would show the key to everybody on the way; only a private address, such as a sandbox's, may use it. */
