// Makes the configured providers: each module checks its own settings and gets a wire client bound to its origin.
import type { Clock } from "../domain/clock.ts";
import type { AccountClaim } from "../domain/provider-account.ts";
import type { RateLimit } from "../domain/provider-port.ts";
import type { SharedQuota } from "../domain/quota-port.ts";
import { loadProviderModules, type AnyProviderModule } from "../providers/registry.ts";
import type { ConfiguredProvider } from "../tracking/provider-directory.ts";
import { checkBaseUrl } from "../wire/address-guard.ts";
import { createHttpClient } from "../wire/create-http-client.ts";
import { accountClaim } from "./account-claims.ts";
import { ConfigError, type ProviderConfig } from "./config.ts";

export interface ProviderSpec {
  readonly config: ProviderConfig;
  /** Whether it is one of the sandboxes this process runs. */
  readonly sandbox: boolean;
}

export interface ProviderTools {
  readonly clock: Clock;
  /** The provider's quota as all gateways share it; null when this gateway has it to itself. */
  readonly quotaOf: (providerKey: string, rateLimit: RateLimit) => SharedQuota | null;
  /** The store's own key of each provider, by its key in the configuration. Default: the same. */
  readonly providerKeys?: ReadonlyMap<string, string>;
}

/** A provider whose settings are right. */
export interface CheckedProvider {
  (tools: ProviderTools): ConfiguredProvider;
  readonly claim: AccountClaim;
}

/**
 * Checks the settings without making anything, so that they are told of before a database is opened.
 *
 * @throws ConfigError with every problem of every provider
 */
export async function checkProviders(specs: readonly ProviderSpec[]): Promise<readonly CheckedProvider[]> {
  const modules = await loadProviderModules();
  const problems: string[] = [];
  const checked = specs.map((spec) => checkOne(spec, modules, problems));
  if (problems.length > 0) throw new ConfigError(problems);
  return checked.flatMap((one) => one ?? []);
}

/** Vendors' names as people write them, by kind. */
export async function vendorNames(): Promise<ReadonlyMap<string, string>> {
  return new Map([...(await loadProviderModules())].map(([kind, { displayName }]) => [kind, displayName]));
}

function checkOne(
  spec: ProviderSpec,
  modules: ReadonlyMap<string, AnyProviderModule>,
  problems: string[],
): CheckedProvider | null {
  const { config } = spec;
  const where = `providers.${config.key}`;
  const module = modules.get(config.kind);
  if (module === undefined) {
    problems.push(`${where}.kind: there is no vendor "${config.kind}"; known: ${[...modules.keys()].join(", ")}`);
    return null;
  }
  const parsed = module.parseConfig(config);
  if (!parsed.ok) {
    problems.push(...parsed.problems.map(({ path, message }) => `${[where, ...placeOf(path)].join(".")}: ${message}`));
    return null;
  }
  const { baseUrl } = module.endpoint(parsed.config);
  const addressProblem = checkBaseUrl(baseUrl, { allowPrivateAddress: config.allowPrivateAddress });
  if (addressProblem !== null) {
    problems.push(`${where}.baseUrl: ${addressProblem}`);
    return null;
  }
  const claim = accountClaim(config, { sandbox: spec.sandbox, baseUrl });
  return Object.assign((tools: ProviderTools) => createOne(spec, module, parsed.config, claim, tools), { claim });
}

/** A vendor's options stand beside `key` and `kind` in the file. */
const placeOf = ([first = "", ...rest]: readonly string[]): readonly string[] =>
  first === "options" ? rest : [first, ...rest];

function createOne(
  { config, sandbox }: ProviderSpec,
  module: AnyProviderModule,
  parsed: Parameters<AnyProviderModule["create"]>[1],
  claim: AccountClaim,
  { clock, quotaOf, providerKeys }: ProviderTools,
): ConfiguredProvider {
  const key = providerKeys?.get(config.key) ?? config.key;
  const endpoint = module.endpoint(parsed);
  const rateLimit = config.rateLimit ?? module.capabilities.rateLimit;
  let calls = 0;
  const http = createHttpClient({
    provider: config.key,
    endpoint,
    secrets: config.webhookSecrets,
    readError: module.readError.bind(module),
    rateLimit,
    // A sandbox is this process's own vendor.
    sharedQuota: sandbox ? null : quotaOf(key, rateLimit),
    allowPrivateAddress: config.allowPrivateAddress,
    outboundProxy: config.outboundProxy ?? null,
    clock,
    onCall: () => {
      calls += 1;
    },
  });
  const { kind, displayName } = module;
  const provider = module.create(config, parsed, { http, clock });
  // What clients are told goes by what this account can and does, such as by its API's version, not by what is usual at the vendor.
  const capabilities = { ...provider.capabilities, poll: { ...provider.capabilities.poll, ...config.poll }, rateLimit };
  return {
    info: { key, ...(key === config.key ? {} : { shownKey: config.key }), kind, displayName, capabilities, sandbox },
    provider,
    account: claim,
    poll: capabilities.poll,
    rateLimit,
    webhooksConfigured: capabilities.webhooks && config.webhookSecrets.length > 0,
    callsMade: () => calls,
  };
}
