// Which account a provider's key speaks to is made sure of before anything is asked of it: another account's answers would end the runs,
// definitions and linked accounts that are known under the key. What counts as another account is in docs/decisions/0029.
import { ErrorCode, ProviderError, isOutage } from "../domain/errors.ts";
import {
  changedAdvice,
  differenceOf,
  sameAccountAdvice,
  type AccountClaim,
  type ProviderAccount,
} from "../domain/provider-account.ts";
import { findSameAccount, isKnownAccount } from "./account-evidence.ts";
import { createKeyedMutex } from "./keyed-mutex.ts";
import type { ConfiguredProvider } from "./provider-directory.ts";
import type { TrackingTools } from "./tools.ts";

export interface AccountGate {
  /**
   * Resolves when the key speaks to the account whose history is under it; asks the vendor where the store alone cannot tell.
   *
   * @throws ProviderError `PROVIDER_ACCOUNT_CHANGED` when it does not; the vendor's failure when it cannot be asked
   */
  pass(tenantId: string, configured: ConfiguredProvider): Promise<void>;
  /** Why this gateway does not work with the provider, as far as it found out; null when it does. */
  refusal(tenantId: string, providerKey: string): ProviderError | null;
}

interface Verdict {
  readonly refusal: ProviderError | null;
  /** What the store said then. */
  readonly account: ProviderAccount | null;
  readonly at: number;
}

/** Renames and adoptions are noticed this late. */
const VERDICT_KEPT_MS = 5_000;

export function createAccountGate(tools: Pick<TrackingTools, "store" | "clock" | "log">): AccountGate {
  const { store, clock, log } = tools;
  const verdicts = new Map<string, Verdict>();
  // One at a time: of two keys for one account the second sees what the first confirmed.
  const oneAtATime = createKeyedMutex();
  const nameOf = (tenantId: string, providerKey: string): string => JSON.stringify([tenantId, providerKey]);

  function lately(name: string): Verdict | null {
    const verdict = verdicts.get(name);
    if (verdict === undefined) return null;
    const ageMs = clock.now().getTime() - verdict.at;
    return ageMs >= 0 && ageMs < VERDICT_KEPT_MS ? verdict : null;
  }

  async function judge(tenantId: string, configured: ConfiguredProvider, claim: AccountClaim): Promise<Verdict> {
    const name = nameOf(tenantId, configured.info.key);
    const known = lately(name);
    if (known !== null) return known;
    const before = verdicts.get(name);
    let accounts: readonly ProviderAccount[];
    try {
      accounts = await store.accounts.all(tenantId);
    } catch (error) {
      // What a database that does not answer would say of an account is what it said before.
      if (isOutage(error) && before?.refusal === null) return before;
      throw error;
    }
    const account = accounts.find(({ providerKey }) => providerKey === configured.info.key) ?? null;
    const at = clock.now().getTime();
    const verdict = { ...(await judgeBy(tenantId, configured, claim, { account, accounts, before })), at };
    verdicts.set(name, verdict);
    const { refusal } = verdict;
    if (refusal !== null && before?.refusal?.message !== refusal.message)
      log.error({ provider: claim.shownKey, error: refusal.message }, "provider is refused; the others go on");
    if (refusal === null && before !== undefined && before.refusal !== null)
      log.info({ provider: claim.shownKey }, "provider is not refused any more");
    return verdict;
  }

  async function judgeBy(
    tenantId: string,
    configured: ConfiguredProvider,
    claim: AccountClaim,
    { account, accounts, before }: Known,
  ): Promise<Omit<Verdict, "at">> {
    const passed = before !== undefined && before.refusal === null;
    const refused = (why: string, advice: string) => ({ refusal: refusalOf(claim.shownKey, why, advice), account });
    if (account === null)
      return refused("the store has it under another key since it was renamed", "Restart the gateway.");
    // Adopted for a gateway that refuses it; this one need not ask again.
    if (passed && account.kind === null) return { refusal: null, account };
    if (passed && isSame(account, before.account)) return { refusal: null, account };
    const difference = differenceOf(account, claim);
    if (difference !== null) return refused(difference, changedAdvice(claim.shownKey));
    if (account.credential !== null && claim.matches(account.credential)) return { refusal: null, account };
    const remoteAccount = claim.sandbox ? null : await toldAccount(configured);
    const others = claim.sandbox ? [] : accounts.filter((one) => one !== account && isAlike(one, claim));
    // What no account was ever confirmed for is taken as it is found.
    if (account.kind !== null) {
      const evidence = { store, tenantId, configured, claim, account, remoteAccount };
      if (!(await isKnownAccount(evidence)))
        return refused("its credential belongs to another account than before", changedAdvice(claim.shownKey));
      const same = await findSameAccount(evidence, others);
      if (same !== null)
        return refused(
          `it is the account that the store knows as ${same.shownKey}`,
          sameAccountAdvice(claim.shownKey, same),
        );
    }
    const { kind, address, sandbox } = claim;
    const facts = { kind, address, sandbox, remoteAccount, credential: claim.fingerprint() };
    const confirmed = { ...account, ...facts, confirmedAt: clock.now() };
    await store.accounts.confirm(tenantId, account, confirmed);
    return { refusal: null, account: confirmed };
  }

  return {
    async pass(tenantId, configured) {
      const { account: claim, info } = configured;
      if (claim === undefined) return;
      const known = lately(nameOf(tenantId, info.key));
      const { refusal } =
        known ??
        (await oneAtATime(`${tenantId} ${claim.kind} ${claim.address}`, () => judge(tenantId, configured, claim)));
      if (refusal !== null) throw refusal;
    },
    refusal: (tenantId, providerKey) => verdicts.get(nameOf(tenantId, providerKey))?.refusal ?? null,
  };
}

interface Known {
  readonly account: ProviderAccount | null;
  readonly accounts: readonly ProviderAccount[];
  readonly before: Verdict | undefined;
}

/** What a vendor does not tell this credential is not known; that says nothing against the credential. */
async function toldAccount({ provider }: ConfiguredProvider): Promise<string | null> {
  try {
    return (await provider.remoteAccount?.()) ?? null;
  } catch (error) {
    if (error instanceof ProviderError && (UNTOLD.has(error.code) || error.httpStatus === 403)) return null;
    throw error;
  }
}

const UNTOLD: ReadonlySet<ErrorCode> = new Set([
  ErrorCode.ProviderNotFound,
  ErrorCode.ProviderRejected,
  ErrorCode.ProviderConflict,
  ErrorCode.ProviderBadResponse,
]);

const isAlike = ({ kind, address, sandbox }: ProviderAccount, claim: AccountClaim): boolean =>
  kind === claim.kind && address === claim.address && sandbox === false;

const isSame = (account: ProviderAccount, before: ProviderAccount | null): boolean =>
  before !== null &&
  account.kind === before.kind &&
  account.address === before.address &&
  account.credential === before.credential;

function refusalOf(shownKey: string, why: string, advice: string): ProviderError {
  return new ProviderError(`${shownKey} is not worked with: ${why}. ${advice}`, {
    code: ErrorCode.ProviderAccountChanged,
    provider: shownKey,
    httpStatus: null,
    retryable: false,
    retryAfterMs: null,
    sent: false,
  });
}
