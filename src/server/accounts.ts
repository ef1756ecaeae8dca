// Whether the configured providers and the store belong together: looked at before anything is asked of a vendor.
import { changedAdvice, freeProviderKey, type AccountClaim, type ProviderAccount } from "../domain/provider-account.ts";
import type { Store } from "../domain/store-port.ts";
import { openReadOnly } from "../store/checks/snapshot.ts";
import { storedAccounts } from "../store/account-store.ts";
import { holdsWhatIsKnown } from "../tracking/account-evidence.ts";
import type { ConfiguredProvider } from "../tracking/provider-directory.ts";
import { ConfigError, type GatewayConfig } from "./config.ts";
import { StartError } from "./start-error.ts";

/**
 * Makes sure that the store has a row for each configured provider.
 *
 * @returns the store's own key of each, by its key in the configuration
 * @throws ConfigError for keys that the store knows as providers of another kind
 * @throws StartError when a sandbox would run on the history of real providers
 */
export async function settleAccounts(
  store: Store,
  tenantId: string,
  claims: readonly AccountClaim[],
): Promise<ReadonlyMap<string, string>> {
  const before = await store.accounts.all(tenantId);
  refuseSandboxes(before, claims);
  const problems = kindProblems(before, claims);
  if (problems.length > 0) throw new ConfigError(problems);
  const accounts = [...before];
  for (const claim of claims) {
    if (accounts.some(({ shownKey }) => shownKey === claim.shownKey)) continue;
    const { shownKey, kind, address, sandbox } = claim;
    const nothing = { remoteAccount: null, credential: null, confirmedAt: null, removedAt: null };
    accounts.push({ providerKey: freeProviderKey(shownKey, accounts), shownKey, kind, address, sandbox, ...nothing });
  }
  await store.accounts.add(tenantId, accounts.slice(before.length));
  // Another gateway may have been faster.
  const settled = await store.accounts.all(tenantId);
  return new Map(settled.map(({ shownKey, providerKey }) => [shownKey, providerKey]));
}

/** Keys that the store knows as providers of another kind, each in a sentence. */
function kindProblems(
  accounts: readonly ProviderAccount[],
  claims: readonly Pick<AccountClaim, "shownKey" | "kind">[],
): readonly string[] {
  return claims.flatMap(({ shownKey, kind }) => {
    const known = accounts.find((account) => account.shownKey === shownKey)?.kind ?? null;
    if (known === null || known === kind) return [];
    return [
      `providers.${shownKey}.kind: the store knows this key as a provider of kind ${known}, and the configuration says ${kind}. ${changedAdvice(shownKey)}`,
    ];
  });
}

/** The problems of a configuration that cannot be used, with those that the store adds, so that all are told at once. */
export async function withKindProblems(
  { problems }: ConfigError,
  { databaseUrl, providers }: Pick<GatewayConfig, "databaseUrl" | "providers">,
  tenantId: string,
): Promise<ConfigError> {
  const accounts = await peekAccounts(databaseUrl, tenantId);
  const claims = providers.map(({ key, kind }) => ({ shownKey: key, kind }));
  return new ConfigError([...problems, ...kindProblems(accounts, claims)]);
}

/** What the database knows; nothing where it cannot be read. */
async function peekAccounts(databaseUrl: string, tenantId: string): Promise<readonly ProviderAccount[]> {
  try {
    const database = await openReadOnly(databaseUrl);
    try {
      return await database.at(({ query }) => storedAccounts(query, tenantId));
    } finally {
      await database.close();
    }
  } catch {
    return [];
  }
}

/** Made-up runs among real ones are never told apart again, and real open runs would be taken for lost. */
function refuseSandboxes(accounts: readonly ProviderAccount[], claims: readonly AccountClaim[]): void {
  const sandboxes = claims.filter(({ sandbox }) => sandbox);
  if (sandboxes.length === 0) return;
  const nothingElse = sandboxes.length === claims.length;
  const names = new Set(sandboxes.map(({ shownKey }) => shownKey));
  const real = accounts.filter(({ sandbox, shownKey }) => {
    if (sandbox === false) return nothingElse || names.has(shownKey);
    return sandbox === null && nothingElse && !names.has(shownKey);
  });
  if (real.length > 0) throw sandboxesOn(real.map(({ shownKey }) => shownKey));
}

/**
 * For keys of which the store does not know whether they were sandboxes: a version before accounts left them.
 *
 * @throws StartError when a sandbox has nothing of what the store knows under its key
 */
export async function refuseForeignSandboxes(
  store: Store,
  tenantId: string,
  configured: readonly ConfiguredProvider[],
): Promise<void> {
  const accounts = await store.accounts.all(tenantId);
  for (const one of configured) {
    const account = accounts.find(({ providerKey }) => providerKey === one.info.key);
    if (account === undefined || account.sandbox !== null || one.account?.sandbox !== true) continue;
    if (!(await holdsWhatIsKnown(store, tenantId, one))) throw sandboxesOn([account.shownKey]);
  }
}

function sandboxesOn(keys: readonly string[]): StartError {
  return new StartError(
    `The database holds the history of real providers (${keys.join(", ")}), and this start would run the built-in sandboxes on it. ` +
      "Set SYNCGRAPH_CONFIG to the file that names the providers. To try the sandboxes, set DATABASE_URL to another database, such as sqlite:./data/sandbox.sqlite.",
  );
}
