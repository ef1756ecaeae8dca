// Which account at which vendor a provider's key speaks to, as the store remembers it, and what counts as another one.

/** What the store knows of a provider, beside its state. */
export interface ProviderAccount {
  /** What rows and ids are made with: the key it had first. It never changes. */
  readonly providerKey: string;
  /** Its key in the configuration now; unique within the tenant. */
  readonly shownKey: string;
  /** Null until a contact has told: for a key that a version without accounts left, and for one that was adopted. */
  readonly kind: string | null;
  /** Origin of the vendor's API. */
  readonly address: string | null;
  /** Whether it is a sandbox that a gateway ran for itself; null when that is not known. */
  readonly sandbox: boolean | null;
  /** The vendor's own id of the account; null where the vendor tells none. */
  readonly remoteAccount: string | null;
  /** Salted fingerprint of the credential that was last confirmed; null before the first time. */
  readonly credential: string | null;
  readonly confirmedAt: Date | null;
  /** When no gateway had it configured any more; null while one has. */
  readonly removedAt: Date | null;
}

/** What a contact confirms. */
export type ConfirmedFacts = Pick<ProviderAccount, "kind" | "address" | "sandbox" | "remoteAccount" | "credential"> & {
  readonly confirmedAt: Date;
};

/** What a gateway's configuration says of a provider. */
export interface AccountClaim {
  /** The key in the configuration. */
  readonly shownKey: string;
  readonly kind: string;
  /** Origin of the vendor's API, without credentials. */
  readonly address: string;
  readonly sandbox: boolean;
  /** A fingerprint of the credential under a new salt; the credential cannot be told from it. */
  fingerprint(): string;
  /** Whether a stored fingerprint is of this very credential. */
  matches(fingerprint: string): boolean;
}

export type RenameOutcome =
  | "RENAMED"
  /** The store knows the new key and not the old one: it was done before. */
  | "DONE_BEFORE"
  | "UNKNOWN"
  /** Another provider has history under the new key. */
  | "TAKEN";

/** The accounts of a tenant's providers, and which gateways have them configured. */
export interface AccountStore {
  /** All of them, by key. */
  all(tenantId: string): Promise<readonly ProviderAccount[]>;
  /** Adds those that are not there, by either key; says nothing of the others. */
  add(tenantId: string, accounts: readonly ProviderAccount[]): Promise<void>;
  /**
   * Writes what a contact confirmed, unless the account was changed since it was read.
   *
   * @returns whether it was written
   */
  confirm(tenantId: string, before: ProviderAccount, facts: ConfirmedFacts): Promise<boolean>;
  /** Says that a gateway has these configured until then: none of them is removed. */
  hold(tenantId: string, providerKeys: readonly string[], owner: string, until: Date): Promise<void>;
  /** Ends what a gateway holds. */
  letGo(tenantId: string, owner: string): Promise<void>;
  /** Marks as removed what no gateway holds any more; takes in keys that gateways without accounts left. */
  sweep(tenantId: string, now: Date): Promise<void>;
  /** Gives a provider another key. Its rows and ids stay what they are. */
  rename(tenantId: string, from: string, to: string): Promise<RenameOutcome>;
  /** Forgets what account a key spoke to, so that the next contact's counts. @returns false when there is no such key */
  adopt(tenantId: string, shownKey: string): Promise<boolean>;
}

/** What is different; the sentence to say it in. Null when nothing that the configuration tells is. */
export function differenceOf(account: ProviderAccount, claim: AccountClaim): string | null {
  if (account.kind !== null && account.kind !== claim.kind)
    return `the store knows this key as a provider of kind ${account.kind}, and the configuration says ${claim.kind}`;
  if (account.sandbox === false && claim.sandbox)
    return "the store knows this key as a real provider, and it is a sandbox now";
  if (account.sandbox === true && !claim.sandbox)
    return "the store knows this key as a sandbox whose runs are made up, and it is a real provider now";
  // A sandbox has another port at each start.
  if (!claim.sandbox && account.address !== null && account.address !== claim.address)
    return `the store knows this key at ${account.address}, and the configuration says ${claim.address}`;
  return null;
}

/** How to go on when a key speaks to another account than before. */
export const changedAdvice = (key: string): string =>
  `If this is the same business, run \`syncgraph providers adopt ${key}\`. If it is another one, run \`syncgraph providers rename ${key} ${key}-before\` and restart the gateway: the history keeps its ids under that name, and ${key} begins anew.`;

/** How to go on when a key speaks to an account that the store knows under another key. */
export const sameAccountAdvice = (key: string, known: ProviderAccount): string =>
  known.removedAt === null
    ? `One account needs one key: take ${key} or ${known.shownKey} out of the configuration.`
    : `If the key got a new name, run \`syncgraph providers rename ${known.shownKey} ${key}\` and restart the gateway. If it shall begin anew beside that history, run \`syncgraph providers adopt ${key}\`.`;

/** A key of the store's own for a provider whose key another one had first. */
export function freeProviderKey(shownKey: string, accounts: readonly ProviderAccount[]): string {
  const taken = new Set(accounts.map(({ providerKey }) => providerKey));
  for (let number = 1; ; number += 1) {
    const key = number === 1 ? shownKey : `${shownKey}~${number}`;
    if (!taken.has(key)) return key;
  }
}
