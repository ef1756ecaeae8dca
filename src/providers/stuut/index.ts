// Stuut (v2 integrations API): what it can do, what its settings are, how it is reached. The rest of the folder does the work.
import type {
  Capabilities,
  ParsedSettings,
  ProviderModule,
  ProviderSettings,
  SettingsProblem,
} from "../../domain/provider-port.ts";
import type { HttpClient } from "../../wire/http-client.ts";
import { freeTextRedactor } from "../../wire/free-text.ts";
import { unknownSettings } from "../../wire/unknown-settings.ts";
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
  const problems: SettingsProblem[] = [];
  if (!/^[\x21-\x7e]+$/.test(token)) {
    const got = token === "" ? "nothing" : "blanks or control characters";
    problems.push({ path: ["credentials", "token"], message: `expected Stuut's API token, got ${got}` });
  }
  const urlProblem = baseUrlProblem(baseUrl, settings.allowPrivateAddress);
  if (urlProblem !== null) problems.push({ path: ["baseUrl"], message: urlProblem });
  problems.push(...unknownSettings("Stuut", settings, { credentials: ["token"], options: [] }));
  return problems.length > 0 ? { ok: false, problems } : { ok: true, config: { baseUrl, token } };
}

/** The vendor prints its v1 host with plain HTTP, which would show the token to everybody on the way. */
function baseUrlProblem(baseUrl: string, allowPlain: boolean): string | null {
  const expected = `expected the https address of Stuut's API (it documents none for v2; most likely ${LIKELY_BASE_URL})`;
  if (baseUrl === "") return `${expected}, got nothing`;
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : null;
  if (url === null) return `${expected}, got something else`;
  if (url.protocol !== "https:" && !(allowPlain && url.protocol === "http:"))
    return `${expected}, got ${url.protocol}//`;
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    return `${expected}, got one with a user, a query or a fragment`;
  }
  return null;
}
