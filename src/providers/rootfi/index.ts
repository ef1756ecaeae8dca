// RootFi (v3 core API): what it can do, what its settings are, how it is reached. The rest of the folder does the work.
import type {
  Capabilities,
  ParsedSettings,
  ProviderModule,
  ProviderSettings,
  SettingsProblem,
} from "../../domain/provider-port.ts";
import type { HttpClient } from "../../wire/http-client.ts";
import { freeTextRedactor } from "../../wire/free-text.ts";
import { readError } from "./errors.ts";
import { rootfiProvider } from "./provider.ts";
import type { WebhookProof } from "./webhook.ts";

export interface RootfiConfig {
  /** No trailing slash; ends in the API's version. */
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly webhookProof: WebhookProof;
}

const DEFAULT_BASE_URL = "https://api.rootfi.dev/v3";

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
  schedules: false,
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
      capabilities: { ...capabilities, poll: { ...capabilities.poll, ...settings.poll } },
      http,
      clock,
      redact: freeTextRedactor([config.apiKey]),
      webhookSecrets: settings.webhookSecrets,
      webhookProof: config.webhookProof,
    }),
} satisfies ProviderModule<RootfiConfig, HttpClient>;

function parseConfig(settings: ProviderSettings): ParsedSettings<RootfiConfig> {
  const baseUrl = (settings.baseUrl ?? DEFAULT_BASE_URL).replace(/\/+$/, "");
  const apiKey = settings.credentials["apiKey"] ?? "";
  const problems: SettingsProblem[] = [];
  if (!/^[\x21-\x7e]+$/.test(apiKey)) {
    const got = apiKey === "" ? "nothing" : "blanks or control characters";
    problems.push({ path: ["credentials", "apiKey"], message: `expected RootFi's API key, got ${got}` });
  }
  const urlProblem = baseUrlProblem(baseUrl, settings.allowPrivateAddress);
  if (urlProblem !== null) problems.push({ path: ["baseUrl"], message: urlProblem });
  problems.push(...webhookProblems(settings.options));
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, config: { baseUrl, apiKey, webhookProof: webhookProofOf(settings.options) } };
}

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
function baseUrlProblem(baseUrl: string, allowPlain: boolean): string | null {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : null;
  const expected = `expected an https address such as ${DEFAULT_BASE_URL}`;
  if (url === null) return `${expected}, got something else`;
  if (url.protocol !== "https:" && !(allowPlain && url.protocol === "http:"))
    return `${expected}, got ${url.protocol}//`;
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    return `${expected}, got one with a user, a query or a fragment`;
  }
  return null;
}
