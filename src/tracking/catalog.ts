// Keeps the mirror of what vendors list: linked accounts and definitions. Lists are answered from the mirror.
import pLimit from "p-limit";
import type { DefinitionKind } from "../domain/definition.ts";
import { ErrorCode, ProviderError } from "../domain/errors.ts";
import type { CatalogOperations } from "../domain/gateway-port.ts";
import type { ConfiguredProvider } from "./provider-directory.ts";
import type { ProviderContact } from "./provider-contact.ts";
import type { TrackingTools } from "./tools.ts";

export interface Catalog extends CatalogOperations {
  /** Reads one provider's catalog unless that was done a moment ago. Throws `ProviderError` when the vendor cannot be read. */
  refresh(tenantId: string, configured: ConfiguredProvider): Promise<void>;
  /** What was read until now, and what is being read, does not count as fresh any more. */
  expire(tenantId: string, configured: ConfiguredProvider): void;
  /** Reads one definition when the mirror's copy is older than that. A definition the vendor no longer has stays as it is. */
  refreshDefinition(
    tenantId: string,
    configured: ConfiguredProvider,
    definition: { readonly remoteId: string; readonly kind: DefinitionKind; readonly observedAt: Date },
    maxAgeMs: number,
  ): Promise<void>;
}

/** A list asked twice within this time makes one round of calls. */
const FRESH_FOR_MS = 5_000;
/** After a failure the same error is given for this long, so that a broken vendor is not hammered. */
const FAILURE_KEPT_MS = 1_000;
/** How long a list waits for a vendor before it answers with what the mirror has. */
const READ_DEADLINE_MS = 12_000;
const DETAILS_AT_ONCE = 4;

interface Attempt {
  readonly startedAt: number;
  readonly outcome: Promise<ProviderError | null>;
  endedAt: number | null;
  error: ProviderError | null;
  /** Something changed after it had begun. */
  outdated: boolean;
}

export function createCatalog(tools: TrackingTools, contact: ProviderContact): Catalog {
  const { store, clock, directory } = tools;
  const attempts = new Map<string, Attempt>();

  async function read(tenantId: string, configured: ConfiguredProvider): Promise<void> {
    const { info } = configured;
    const startedAt = clock.now();
    await contact.through(tenantId, configured, async () => {
      const accounts = await toTheEnd(() => readAccounts(tenantId, configured));
      const definitions = await toTheEnd(() => readDefinitions(tenantId, configured));
      const broken = accounts ?? definitions;
      if (broken !== null) throw broken;
    });
    await store.catalog.markGone(tenantId, info.key, "linkedAccount", startedAt, clock.now());
    await store.catalog.markGone(tenantId, info.key, "definition", startedAt, clock.now());
    await store.providerStates.patch(tenantId, info.key, { catalogAt: startedAt });
  }

  async function readAccounts(tenantId: string, { provider, info }: ConfiguredProvider): Promise<void> {
    for await (const accounts of provider.listLinkedAccounts()) {
      await store.catalog.putLinkedAccounts(tenantId, info.key, accounts, clock.now());
    }
  }

  async function readDefinitions(tenantId: string, configured: ConfiguredProvider): Promise<void> {
    const { provider, info } = configured;
    const undetailed: { remoteId: string; kind: DefinitionKind }[] = [];
    try {
      for await (const definitions of provider.listDefinitions()) {
        const kinds = new Map(definitions.map(({ remoteId, kind }) => [remoteId, kind]));
        const needed = await store.catalog.putDefinitions(tenantId, info.key, definitions, clock.now());
        for (const remoteId of needed) {
          const kind = kinds.get(remoteId);
          if (kind !== undefined) undetailed.push({ remoteId, kind });
        }
      }
    } finally {
      // What a list told before it broke is as good as any.
      await readDetails(tenantId, configured, undetailed);
    }
  }

  /** One unreadable detail must not hide the others: it stays as the list told it and is tried again next time. */
  async function readDetails(
    tenantId: string,
    configured: ConfiguredProvider,
    wanted: readonly { readonly remoteId: string; readonly kind: DefinitionKind }[],
  ): Promise<void> {
    const limit = pLimit(DETAILS_AT_ONCE);
    const read = async ({ remoteId, kind }: { readonly remoteId: string; readonly kind: DefinitionKind }) => {
      try {
        const detail = await configured.provider.getDefinition(remoteId, kind);
        await store.catalog.putDefinitions(tenantId, configured.info.key, [detail], clock.now());
      } catch (error) {
        if (!(error instanceof ProviderError)) throw error;
        tools.log.warn(
          { provider: configured.info.key, remoteId, code: error.code },
          "definition could not be read in full",
        );
      }
    };
    await Promise.all(wanted.map((one) => limit(read, one)));
  }

  /** The last or running attempt at this provider, or a new one when that is too old. */
  function attemptOf(tenantId: string, configured: ConfiguredProvider): Attempt {
    const key = keyOf(tenantId, configured);
    const last = attempts.get(key);
    const now = clock.now().getTime();
    if (last !== undefined) {
      const keptMs = last.error === null ? FRESH_FOR_MS : FAILURE_KEPT_MS;
      if (last.endedAt === null) return last;
      if (!last.outdated && now - (last.error === null ? last.startedAt : last.endedAt) < keptMs) return last;
    }
    const attempt: Attempt = {
      startedAt: now,
      endedAt: null,
      error: null,
      outdated: false,
      outcome: read(tenantId, configured).then(
        () => null,
        (error: unknown) => {
          if (error instanceof ProviderError) return error;
          throw error;
        },
      ),
    };
    attempts.set(key, attempt);
    void attempt.outcome.then(
      (error) => {
        attempt.error = error;
        attempt.endedAt = clock.now().getTime();
      },
      // A defect of ours is not remembered: the next reader tries again and sees it too.
      () => attempts.delete(key),
    );
    return attempt;
  }

  async function withinDeadline(tenantId: string, configured: ConfiguredProvider): Promise<ProviderError | null> {
    const ended = new AbortController();
    const deadline = clock.sleep(READ_DEADLINE_MS, ended.signal).then(
      () => tooSlow(configured.info.key),
      () => null,
    );
    try {
      return await Promise.race([attemptOf(tenantId, configured).outcome, deadline]);
    } finally {
      ended.abort();
    }
  }

  return {
    async refresh(tenantId, configured) {
      const attempt = attemptOf(tenantId, configured);
      const error = await attempt.outcome;
      // What changed while it was being read may or may not be in it.
      const last = error === null && attempt.outdated ? await attemptOf(tenantId, configured).outcome : error;
      if (last !== null) throw last;
    },
    expire(tenantId, configured) {
      const attempt = attempts.get(keyOf(tenantId, configured));
      if (attempt !== undefined) attempt.outdated = true;
    },
    async refreshDefinition(tenantId, configured, definition, maxAgeMs) {
      const ageMs = clock.now().getTime() - definition.observedAt.getTime();
      if (ageMs <= maxAgeMs) return;
      try {
        const detail = await contact.through(tenantId, configured, () =>
          configured.provider.getDefinition(definition.remoteId, definition.kind),
        );
        await store.catalog.putDefinitions(tenantId, configured.info.key, [detail], clock.now());
      } catch (error) {
        if (!(error instanceof ProviderError) || error.code !== ErrorCode.ProviderNotFound) throw error;
      }
    },
    async ensureFresh(tenantId, providerKeys) {
      const configured = providerKeys.flatMap((key) => directory.find(tenantId, key) ?? []);
      const errors = await Promise.all(configured.map((one) => withinDeadline(tenantId, one)));
      return errors.filter((error) => error !== null);
    },
    async outages(tenantId, providerKeys) {
      const configured = providerKeys.flatMap((key) => directory.find(tenantId, key) ?? []);
      const errors = await Promise.all(configured.map((one) => contact.outage(tenantId, one)));
      return errors.filter((error) => error !== null);
    },
  };
}

const keyOf = (tenantId: string, { info }: ConfiguredProvider): string => JSON.stringify([tenantId, info.key]);

/**
 * Reads on when a vendor answers what cannot be understood: one list that is broken must not hide the other. Anything else is about the
 * vendor as a whole and ends the reading.
 *
 * @returns what was broken; null when nothing was
 */
async function toTheEnd(work: () => Promise<void>): Promise<ProviderError | null> {
  try {
    await work();
    return null;
  } catch (error) {
    if (error instanceof ProviderError && error.code === ErrorCode.ProviderBadResponse) return error;
    throw error;
  }
}

function tooSlow(provider: string): ProviderError {
  const message = `${provider}: its lists did not arrive within ${READ_DEADLINE_MS / 1000} s; the answer holds what was known before`;
  return new ProviderError(message, {
    code: ErrorCode.ProviderTimeout,
    provider,
    httpStatus: null,
    retryable: true,
    retryAfterMs: null,
    sent: true,
  });
}
