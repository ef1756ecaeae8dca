// Which providers there are: those this gateway has configured, and those it has not whose history is in the store. Says to the other
// gateways which it has, and what becomes of a provider that none has any more.
import type { ProviderInfo } from "../domain/gateway-port.ts";
import type { ProviderAccount } from "../domain/provider-account.ts";
import { reasonOf } from "../domain/reason.ts";
import { unconfiguredProvider } from "../domain/removed-provider.ts";
import type { AccountGate } from "./account-gate.ts";
import { endLeftStarts } from "./left-starts.ts";
import type { TrackingTools } from "./tools.ts";

export interface ProviderRoster {
  /** The living ones first, each by key. */
  providersOf(tenantId: string): readonly ProviderInfo[];
  /** Looks once, then again and again. */
  start(): Promise<void>;
  /** Says that this gateway has none any more. */
  close(): Promise<void>;
}

interface Parts {
  readonly gate: AccountGate;
  /** The vendor's name as people write it; null for a kind that this version does not have. */
  readonly displayNameOf: (kind: string) => string | null;
}

/** A gateway that died is taken to have its providers for so long; one that stands still may do so for the rest of it. */
const HELD_FOR_MS = 15_000;
const EVERY_MS = 5_000;

export function createProviderRoster(
  tools: Pick<TrackingTools, "store" | "clock" | "directory" | "owner" | "log">,
  { gate, displayNameOf }: Parts,
): ProviderRoster {
  const { store, clock, directory, owner, log } = tools;
  const closing = new AbortController();
  const known = new Map<string, readonly ProviderAccount[]>();
  let rounds: Promise<void> = Promise.resolve();

  async function look(tenantId: string): Promise<void> {
    const keys = directory.providersOf(tenantId).map(({ info }) => info.key);
    const now = clock.now();
    const stored = (await store.accounts.all(tenantId)).map(({ providerKey }) => providerKey);
    const held = keys.filter((key) => stored.includes(key));
    await store.accounts.hold(tenantId, held, owner, new Date(now.getTime() + HELD_FOR_MS));
    await store.accounts.sweep(tenantId, now);
    const accounts = await store.accounts.all(tenantId);
    known.set(tenantId, accounts);
    for (const account of accounts)
      if (account.removedAt !== null && !keys.includes(account.providerKey))
        await endLeftStarts(tools, tenantId, account);
  }

  async function lookAtAll(): Promise<void> {
    for (const tenantId of directory.tenantIds()) {
      await look(tenantId).catch((error: unknown) => {
        log.warn({ tenantId, error: reasonOf(error) }, "which providers there are could not be read; tried again soon");
      });
    }
  }

  async function keepLooking(): Promise<void> {
    const { signal } = closing;
    while (!signal.aborted) {
      await clock.sleep(EVERY_MS, signal).catch(() => undefined);
      if (!signal.aborted) await lookAtAll();
    }
  }

  return {
    providersOf(tenantId) {
      const configured = directory.providersOf(tenantId).map(({ info }) => {
        const refusal = gate.refusal(tenantId, info.key);
        if (refusal === null) return info;
        const { code, message, retryable, retryAfterMs, httpStatus } = refusal;
        return { ...info, refusal: { code, message, retryable, retryAfterMs, httpStatus } };
      });
      const keys = new Set(configured.map(({ key }) => key));
      const others = (known.get(tenantId) ?? [])
        .filter(({ providerKey }) => !keys.has(providerKey))
        .map((account) => unconfiguredProvider(account, displayNameOf));
      const isRemoved = ({ removedAt }: ProviderInfo): boolean => removedAt !== undefined;
      return [...configured, ...others.filter((one) => !isRemoved(one)), ...others.filter(isRemoved)];
    },
    async start() {
      await lookAtAll();
      rounds = keepLooking();
    },
    async close() {
      closing.abort();
      await rounds;
      for (const tenantId of directory.tenantIds())
        await store.accounts.letGo(tenantId, owner).catch((error: unknown) => {
          log.warn({ tenantId, error: reasonOf(error) }, "the gateway's providers are held a little longer");
        });
    },
  };
}
