// Keeps the mirror of what vendors list: linked accounts and definitions. Lists are answered from the mirror.
import { steadyClock } from "../domain/steady-clock.ts";
import type { DefinitionKind } from "../domain/definition.ts";
import { ErrorCode, GatewayError, ProviderError } from "../domain/errors.ts";
import type { CatalogOperations } from "../domain/gateway-port.ts";
import type { CallOptions } from "../domain/provider-port.ts";
import type { DefinitionDetails, Wanted } from "./definition-details.ts";
import type { ConfiguredProvider } from "./provider-directory.ts";
import type { ProviderContact } from "./provider-contact.ts";
import { shareCall, type SharedCall } from "./shared-call.ts";
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
/** Gateways go by one clock; what is less is the way to it. */
const CLOCKS_DIFFER_MS = 2_000;

interface Attempt {
  readonly startedAt: number;
  readonly call: SharedCall<ProviderError | null>;
  endedAt: number | null;
  error: ProviderError | null;
  /** Something changed after it had begun. */
  outdated: boolean;
}

export function createCatalog(tools: TrackingTools, contact: ProviderContact, details: DefinitionDetails): Catalog {
  const { store, clock, directory } = tools;
  const steady = steadyClock(clock);
  const attempts = new Map<string, Attempt>();

  async function read(tenantId: string, configured: ConfiguredProvider, options: CallOptions): Promise<void> {
    const { info } = configured;
    const startedAt = clock.now();
    const lists = async () => {
      const accounts = await toTheEnd(() => readAccounts(tenantId, configured, options));
      const definitions = await toTheEnd(() => readDefinitions(tenantId, configured, options));
      const broken = accounts ?? definitions;
      if (broken !== null) throw broken;
    };
    const { catalogAt } = await store.providerStates.get(tenantId, info.key);
    await contact.through(tenantId, configured, lists, options);
    if (catalogAt !== null) {
      // Pages shift while they are read: only what the whole reading before this one did not show either is gone. Of the same moment, it is one reading.
      const lastSeenBefore = new Date(Math.min(catalogAt.getTime(), startedAt.getTime()));
      await store.catalog.markGone(tenantId, info.key, "linkedAccount", lastSeenBefore, clock.now());
      await store.catalog.markGone(tenantId, info.key, "definition", lastSeenBefore, clock.now());
    }
    await store.providerStates.patch(tenantId, info.key, { catalogAt: startedAt });
  }

  async function readAccounts(
    tenantId: string,
    { provider, info }: ConfiguredProvider,
    options: CallOptions,
  ): Promise<void> {
    let askedAt = clock.now();
    for await (const accounts of provider.listLinkedAccounts(options)) {
      await store.catalog.putLinkedAccounts(tenantId, info.key, accounts, askedAt);
      askedAt = clock.now();
    }
  }

  async function readDefinitions(
    tenantId: string,
    configured: ConfiguredProvider,
    options: CallOptions,
  ): Promise<void> {
    const { provider, info } = configured;
    const lacking: Wanted[] = [];
    const outlined: Wanted[] = [];
    // A page is as old as its question: what a change brought while the answer was on its way is newer and stays.
    let askedAt = clock.now();
    try {
      for await (const definitions of provider.listDefinitions(options)) {
        const kinds = new Map(definitions.map(({ remoteId, kind }) => [remoteId, kind]));
        const needed = await store.catalog.putDefinitions(tenantId, info.key, definitions, askedAt);
        for (const remoteId of needed) {
          const kind = kinds.get(remoteId);
          if (kind !== undefined) lacking.push({ remoteId, kind });
        }
        for (const { remoteId, kind, detailed } of definitions) if (!detailed) outlined.push({ remoteId, kind });
        askedAt = clock.now();
      }
    } finally {
      // What a list told before it broke is as good as any.
      await details.read(tenantId, configured, { lacking, outlined }, options);
    }
  }

  /** The last or running attempt at this provider, or a new one when that is too old. */
  function attemptOf(tenantId: string, configured: ConfiguredProvider): Attempt {
    const key = keyOf(tenantId, configured);
    const last = attempts.get(key);
    const now = steady.now().getTime();
    if (last !== undefined) {
      const keptMs = last.error === null ? FRESH_FOR_MS : FAILURE_KEPT_MS;
      if (last.endedAt === null && !last.call.abandoned) return last;
      if (
        last.endedAt !== null &&
        !last.outdated &&
        now - (last.error === null ? last.startedAt : last.endedAt) < keptMs
      )
        return last;
    }
    const attempt: Attempt = {
      startedAt: now,
      endedAt: null,
      error: null,
      outdated: false,
      call: shareCall(configured.info.key, async (signal) => {
        try {
          const error = await read(tenantId, configured, { signal }).then(() => null, providersFailure);
          if (signal.aborted) forget(key, attempt);
          attempt.error = error;
          attempt.endedAt = steady.now().getTime();
          return error;
        } catch (defect) {
          // Not remembered: the next reader tries again and sees it too.
          forget(key, attempt);
          throw defect;
        }
      }),
    };
    attempts.set(key, attempt);
    return attempt;
  }

  function forget(key: string, attempt: Attempt): void {
    if (attempts.get(key) === attempt) attempts.delete(key);
  }

  async function withinDeadline(
    tenantId: string,
    configured: ConfiguredProvider,
    { signal }: CallOptions,
  ): Promise<ProviderError | null> {
    const { key } = configured.info;
    const { call } = attemptOf(tenantId, configured);
    const ended = new AbortController();
    const deadline = clock.sleep(READ_DEADLINE_MS, ended.signal).then(
      () => {
        // From here on nobody can leave it: what a slow vendor says in the end is worth having for whoever asks next.
        call.wait().catch(() => undefined);
        return tooSlow(key);
      },
      () => null,
    );
    try {
      return await Promise.race([call.wait(signal).catch(providersFailure), deadline]);
    } finally {
      ended.abort();
    }
  }

  return {
    async refresh(tenantId, configured) {
      const attempt = attemptOf(tenantId, configured);
      const error = await attempt.call.wait();
      // What changed while it was being read may or may not be in it.
      const last = error === null && attempt.outdated ? await attemptOf(tenantId, configured).call.wait() : error;
      if (last !== null) throw last;
    },
    expire(tenantId, configured) {
      const attempt = attempts.get(keyOf(tenantId, configured));
      if (attempt !== undefined) attempt.outdated = true;
    },
    async refreshDefinition(tenantId, configured, definition, maxAgeMs) {
      const askedAt = clock.now();
      const ageMs = askedAt.getTime() - definition.observedAt.getTime();
      // What was seen at a time that has not come was seen before the clock was set back.
      if (ageMs >= -CLOCKS_DIFFER_MS && ageMs <= maxAgeMs) return;
      const tooLate = new AbortController();
      const ended = new AbortController();
      // It may take several requests, and somebody waits who wants more than this.
      clock.sleep(READ_DEADLINE_MS, ended.signal).then(
        () => tooLate.abort(),
        () => undefined,
      );
      try {
        const { remoteId, kind } = definition;
        const detail = await contact.through(tenantId, configured, () =>
          configured.provider.getDefinition(remoteId, kind, { signal: tooLate.signal }),
        );
        await store.catalog.putDefinitions(tenantId, configured.info.key, [detail], askedAt);
      } catch (error) {
        if (!(error instanceof ProviderError) || error.code !== ErrorCode.ProviderNotFound) throw error;
      } finally {
        ended.abort();
      }
    },
    async ensureFresh(tenantId, providerKeys, options = {}) {
      const configured = providerKeys.flatMap((key) => directory.find(tenantId, key) ?? []);
      const errors = await Promise.all(
        configured.map((one) => withinDeadline(tenantId, one, options).catch(unlessStoreFails)),
      );
      return errors.filter((error) => error !== null);
    },
    async outages(tenantId, providerKeys) {
      const configured = providerKeys.flatMap((key) => directory.find(tenantId, key) ?? []);
      const errors = await Promise.all(configured.map((one) => contact.outage(tenantId, one)));
      return errors.filter((error) => error !== null);
    },
  };
}

/** What the store does not take now it takes later. Whether it can be read, whoever reads it finds out. */
function unlessStoreFails(error: unknown): null {
  if (error instanceof GatewayError && error.code === ErrorCode.ServiceUnavailable) return null;
  throw error;
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

function providersFailure(error: unknown): ProviderError {
  if (error instanceof ProviderError) return error;
  throw error;
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
