// Makes the configured providers: each module checks its own settings and gets a wire client bound to its origin.
import type { Clock } from "../domain/clock.ts";
import { loadProviderModules, type AnyProviderModule } from "../providers/registry.ts";
import type { ConfiguredProvider } from "../tracking/provider-directory.ts";
import { checkBaseUrl } from "../wire/address-guard.ts";
import { createHttpClient } from "../wire/create-http-client.ts";
import { ConfigError, type ProviderConfig } from "./config.ts";

export interface ProviderSpec {
  readonly config: ProviderConfig;
  /** Whether it is one of the sandboxes this process runs. */
  readonly sandbox: boolean;
}

/**
 * @throws ConfigError with every problem of every provider
 */
export async function createProviders(
  specs: readonly ProviderSpec[],
  clock: Clock,
): Promise<readonly ConfiguredProvider[]> {
  const modules = await loadProviderModules();
  const problems: string[] = [];
  const made = specs.map((spec) => createOne(spec, modules, clock, problems));
  if (problems.length === 0) return made.flatMap((one) => one ?? []);
  await Promise.all(made.flatMap((one) => one?.provider.close() ?? []));
  throw new ConfigError(problems);
}

function createOne(
  { config, sandbox }: ProviderSpec,
  modules: ReadonlyMap<string, AnyProviderModule>,
  clock: Clock,
  problems: string[],
): ConfiguredProvider | null {
  const where = `providers.${config.key}`;
  const module = modules.get(config.kind);
  if (module === undefined) {
    problems.push(`${where}.kind: there is no vendor "${config.kind}"; known: ${[...modules.keys()].join(", ")}`);
    return null;
  }
  const parsed = module.parseConfig(config);
  if (!parsed.ok) {
    problems.push(...parsed.problems.map(({ path, message }) => `${[where, ...path].join(".")}: ${message}`));
    return null;
  }
  const endpoint = module.endpoint(parsed.config);
  const addressProblem = checkBaseUrl(endpoint.baseUrl, { allowPrivateAddress: config.allowPrivateAddress });
  if (addressProblem !== null) {
    problems.push(`${where}.baseUrl: ${addressProblem}`);
    return null;
  }
  const rateLimit = config.rateLimit ?? module.capabilities.rateLimit;
  let calls = 0;
  const http = createHttpClient({
    provider: config.key,
    endpoint,
    readError: module.readError.bind(module),
    rateLimit,
    allowPrivateAddress: config.allowPrivateAddress,
    clock,
    onCall: () => {
      calls += 1;
    },
  });
  const { kind, displayName } = module;
  // What clients are told, such as whether a run is stale, goes by what this account does, not by what is usual at the vendor.
  const capabilities = { ...module.capabilities, poll: { ...module.capabilities.poll, ...config.poll }, rateLimit };
  return {
    info: { key: config.key, kind, displayName, capabilities, sandbox },
    provider: module.create(config, parsed.config, { http, clock }),
    poll: capabilities.poll,
    rateLimit,
    webhooksConfigured: capabilities.webhooks && config.webhookSecrets.length > 0,
    callsMade: () => calls,
  };
}
