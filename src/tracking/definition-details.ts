// Definitions that a vendor's list tells only in outline are read in full one by one: those that are not known in full, and those whose details
// may have changed without a word, because a run of theirs has ended, the next run they told of has passed, or they were read long ago.
import pLimit from "p-limit";
import type { DefinitionKind, DefinitionSnapshot } from "../domain/definition.ts";
import { ProviderError } from "../domain/errors.ts";
import { identityOf } from "../domain/identity.ts";
import type { CallOptions } from "../domain/provider-port.ts";
import { isTerminal } from "../domain/status.ts";
import type { Recorded } from "../domain/store-port.ts";
import type { ConfiguredProvider } from "./provider-directory.ts";
import type { RecordRequest } from "./recorder.ts";
import type { TrackingTools } from "./tools.ts";

/** Which definition is to be read. */
export type Wanted = Pick<DefinitionSnapshot, "remoteId" | "kind">;

export interface DefinitionDetails {
  /** Told of each recording: a definition whose run has ended is read again with the next catalog. */
  noteEnds(request: RecordRequest, recorded: readonly Recorded[]): void;
  /**
   * Reads what is lacking, and as much of what may have changed as the quota has room for.
   *
   * @param lacking what is not known in full
   * @param outlined all that the list told in outline
   */
  read(
    tenantId: string,
    configured: ConfiguredProvider,
    lists: { readonly lacking: readonly Wanted[]; readonly outlined: readonly Wanted[] },
    options: CallOptions,
  ): Promise<void>;
}

const DETAILS_AT_ONCE = 4;
/** Each definition is read again at least this often, where the quota has room for it. */
const READ_EVERY_MS = 3 * 3_600_000;
/** A vendor that still tells a time that has passed is asked again after this long. */
const PASSED_READ_EVERY_MS = 300_000;
/** What could not be read lets the others go first for this long. */
const POSTPONED_MS = 600_000;
/** Readings a minute: a twentieth of the quota, within these bounds. A reading is one or two calls. */
const FEWEST_READ_AGAIN = 2;
const MOST_READ_AGAIN = 50;

export function createDefinitionDetails(tools: TrackingTools): DefinitionDetails {
  const { store, clock, log } = tools;
  /** Gateway ids of definitions whose run has ended since they were read. */
  const runEnded = new Set<string>();
  const postponed = new Map<string, number>();

  /** One unreadable detail must not hide the others: it stays as the list told it and is tried again next time. */
  async function readOne(
    tenantId: string,
    configured: ConfiguredProvider,
    { remoteId, kind }: Wanted,
    options: CallOptions,
  ): Promise<void> {
    const { key } = configured.info;
    const askedAt = clock.now();
    if (options.signal?.aborted) return;
    const id = identityOf(tenantId, key, "definition", remoteId);
    try {
      // Before the question: what ends while the answer is on its way may not be in it.
      runEnded.delete(id);
      const detail = await configured.provider.getDefinition(remoteId, kind, options);
      await store.catalog.putDefinitions(tenantId, key, [detail], askedAt);
      postponed.delete(id);
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      postponed.set(id, askedAt.getTime() + POSTPONED_MS);
      log.warn({ provider: key, remoteId, code: error.code }, "definition could not be read in full");
    }
  }

  /** What is known in full and may have changed, most urgent first. */
  async function changed(
    tenantId: string,
    configured: ConfiguredProvider,
    outlined: ReadonlyMap<string, DefinitionKind>,
  ): Promise<readonly Wanted[]> {
    const { key } = configured.info;
    const now = clock.now();
    const ids = [...outlined].map(([remoteId, kind]) => ({
      remoteId,
      kind,
      id: identityOf(tenantId, key, "definition", remoteId),
    }));
    for (const { id } of ids) if ((postponed.get(id) ?? 0) <= now.getTime()) postponed.delete(id);
    const waiting = new Set(ids.filter(({ id }) => postponed.has(id)).map(({ remoteId }) => remoteId));
    const most = readAgain(configured);
    const before = (ms: number) => new Date(now.getTime() - ms);
    const old = await store.catalog.oldDetails(
      tenantId,
      key,
      { now, readBefore: before(READ_EVERY_MS), passedReadBefore: before(PASSED_READ_EVERY_MS) },
      most + waiting.size,
    );
    const ended = ids.filter(({ id }) => runEnded.has(id));
    const wanted = [...ended, ...old].filter(({ remoteId }) => outlined.has(remoteId) && !waiting.has(remoteId));
    return [...new Map(wanted.map(({ remoteId, kind }) => [remoteId, { remoteId, kind }])).values()].slice(0, most);
  }

  return {
    noteEnds({ history }, recorded) {
      if (history === true) return;
      for (const { sync, transitions } of recorded) {
        if (sync.definitionId !== null && transitions.some(({ to }) => isTerminal(to))) runEnded.add(sync.definitionId);
      }
    },
    async read(tenantId, configured, { lacking, outlined }, options) {
      const missing = new Set(lacking.map(({ remoteId }) => remoteId));
      const known = new Map(
        outlined.filter(({ remoteId }) => !missing.has(remoteId)).map(({ remoteId, kind }) => [remoteId, kind]),
      );
      const again = known.size === 0 ? [] : await changed(tenantId, configured, known);
      const limit = pLimit(DETAILS_AT_ONCE);
      await Promise.all([...lacking, ...again].map((one) => limit(() => readOne(tenantId, configured, one, options))));
    },
  };
}

function readAgain({ rateLimit }: ConfiguredProvider): number {
  const twentieth = (rateLimit.requests * 60_000) / rateLimit.perMs / 20;
  return Math.round(Math.min(Math.max(twentieth, FEWEST_READ_AGAIN), MOST_READ_AGAIN));
}
