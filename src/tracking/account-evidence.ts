// What tells whether a credential belongs to an account the store knows: the vendor's own id where it tells one, the very credential, and
// else what is in the account. A rotated key has the same definitions and linked accounts; another organisation has none of them.
import type { AccountClaim, ProviderAccount } from "../domain/provider-account.ts";
import type { Store } from "../domain/store-port.ts";
import type { ConfiguredProvider } from "./provider-directory.ts";

export interface Evidence {
  readonly store: Store;
  readonly tenantId: string;
  readonly configured: ConfiguredProvider;
  readonly claim: AccountClaim;
  /** The one of the key. */
  readonly account: ProviderAccount;
  /** The vendor's own id of the account that the credential belongs to; null when it tells none. */
  readonly remoteAccount: string | null;
}

/** Whether it is the account that was known under the key, as far as anything can tell. */
export async function isKnownAccount(evidence: Evidence): Promise<boolean> {
  const { account, remoteAccount } = evidence;
  // Before the first confirmation there is nothing it could differ from.
  if (account.credential === null) return true;
  if (remoteAccount !== null && account.remoteAccount !== null) return remoteAccount === account.remoteAccount;
  return holdsWhatIsKnown(evidence.store, evidence.tenantId, evidence.configured);
}

/** Whether a provider has anything of what the store knows under its key; also when that is nothing. */
export async function holdsWhatIsKnown(
  store: Store,
  tenantId: string,
  configured: ConfiguredProvider,
): Promise<boolean> {
  const known = await knownOf({ store, tenantId }, { providerKey: configured.info.key });
  return known.size === 0 || holdsAnyOf(configured, known);
}

/** The account of another key that this one is; null when it is none of them. */
export async function findSameAccount(
  evidence: Evidence,
  others: readonly ProviderAccount[],
): Promise<ProviderAccount | null> {
  const { claim, account, remoteAccount } = evidence;
  for (const other of others) {
    if (other.credential !== null && claim.matches(other.credential)) return other;
    if (remoteAccount !== null && other.remoteAccount !== null) {
      if (remoteAccount === other.remoteAccount) return other;
      continue;
    }
    // A key that was confirmed before has shown what is in its account.
    if (account.credential !== null) continue;
    const known = await knownOf(evidence, other);
    if (known.size > 0 && (await holdsAnyOf(evidence.configured, known))) return other;
  }
  return null;
}

/** Enough to tell by; the definitions come first. */
const MOST_KNOWN = 1_000;
const MOST_READ = 5_000;
const PAGE = 100;

async function knownOf(
  { store, tenantId }: Pick<Evidence, "store" | "tenantId">,
  { providerKey }: Pick<ProviderAccount, "providerKey">,
): Promise<ReadonlySet<string>> {
  const known = new Set<string>();
  for (const { remoteId } of await store.catalog.definitionsOfProvider(tenantId, providerKey))
    known.add(definitionName(remoteId));
  const page = { limit: PAGE, direction: "forward", from: null } as const;
  const accounts = await store.catalog.listLinkedAccounts(tenantId, { providerKeys: [providerKey] }, page);
  for (const { remoteId } of accounts.items) known.add(accountName(remoteId));
  return known.size <= MOST_KNOWN ? known : new Set([...known].slice(0, MOST_KNOWN));
}

async function holdsAnyOf({ provider }: ConfiguredProvider, known: ReadonlySet<string>): Promise<boolean> {
  return (
    (await namesAnyOf(provider.listDefinitions(), definitionName, known)) ||
    namesAnyOf(provider.listLinkedAccounts(), accountName, known)
  );
}

async function namesAnyOf(
  pages: AsyncIterable<readonly { readonly remoteId: string }[]>,
  nameOf: (remoteId: string) => string,
  known: ReadonlySet<string>,
): Promise<boolean> {
  let read = 0;
  for await (const page of pages) {
    if (page.some(({ remoteId }) => known.has(nameOf(remoteId)))) return true;
    read += page.length;
    if (read > MOST_READ) break;
  }
  return false;
}

const definitionName = (remoteId: string): string => `definition ${remoteId}`;
const accountName = (remoteId: string): string => `linked account ${remoteId}`;
