// Reads the stretches of time that earlier looks for runs left (decision 0009). One that cannot be read does not hold up the others.
import { ErrorCode, ProviderError } from "../domain/errors.ts";
import type { DefinitionSnapshot } from "../domain/definition.ts";
import type { DiscoveryGap, DiscoveryProgress } from "../domain/discovery.ts";
import type { DiscoverOptions, UnreadRest } from "../domain/provider-port.ts";
import { afterFailure, halves, nextGap, withGap } from "./discovery-progress.ts";
import type { HeadLook } from "./discovery-progress.ts";
import type { Allowance } from "./page-allowance.ts";
import type { ConfiguredProvider } from "./provider-directory.ts";
import type { TrackingTools } from "./tools.ts";

/** A look under way. */
export interface Look {
  readonly tenantId: string;
  readonly configured: ConfiguredProvider;
  readonly definitions: readonly DefinitionSnapshot[];
  readonly startedAt: Date;
  /** What it has met: whether the vendor answered at all, and what could not be read although it did. */
  readonly met: { answered: boolean; unreadable: ProviderError | null };
}

/** How far a look came, and what ended it. */
export interface ReadSoFar {
  readonly progress: DiscoveryProgress;
  readonly failure: ProviderError | null;
}

/** Reads and records a part of the vendor's lists. */
type Read = (
  look: Look,
  since: Date,
  kind: Pick<HeadLook, "history" | "isOver">,
  options: DiscoverOptions,
) => Promise<void>;

/** What is left of a gap, nothing when it was read to its end; what kept it from that, and whether that ends the look. */
interface GapRead {
  readonly left: readonly DiscoveryGap[];
  readonly failure: ProviderError | null;
  readonly isOver: boolean;
}

/** A list with more pages than this in one stretch has no end. */
const MOST_PAGES_OF_A_GAP = 5_000;

export function createGapReader(
  read: Read,
  log: TrackingTools["log"],
): (look: Look, begun: DiscoveryProgress, pages: Allowance) => Promise<ReadSoFar> {
  async function readGap(look: Look, gap: DiscoveryGap, pages: Allowance): Promise<GapRead> {
    const left: UnreadRest[] = [];
    const onLeft = (rest: UnreadRest) => void left.push(rest);
    const before = pages.taken();
    const taken = () => gap.pages + pages.taken() - before;
    const place = { until: gap.until, ...(gap.rests === null ? {} : { goOn: gap.rests }) };
    const kind = { history: gap.history, isOver: gap.unreadSince === null };
    const failure = await failureOf(() => read(look, gap.since, kind, { ...place, pages, onLeft }));
    if (failure !== null) return failed(look, { ...gap, rests: restsAfter(gap, left), pages: taken() }, gap, failure);
    if (left.length === 0) return { left: [], failure, isOver: false };
    const { failures: _tried, ...untried } = gap;
    if (taken() <= MOST_PAGES_OF_A_GAP)
      return { left: [{ ...untried, rests: left, pages: taken() }], failure, isOver: false };
    const anew = { ...untried, rests: null, pages: 0 };
    return { left: [anew], failure: endless(look.configured.info.key), isOver: true };
  }

  function failed({ configured }: Look, gap: DiscoveryGap, before: DiscoveryGap, failure: ProviderError): GapRead {
    const { since, until } = gap;
    const facts = { provider: configured.info.key, code: failure.code, since, until };
    if (before.rests?.some(({ cursor }) => cursor !== null) && REFUSED.has(failure.code)) {
      log.warn(facts, "the vendor does not let a list be read on; it is read from its beginning");
      return { left: halves({ ...before, pages: gap.pages }), failure: null, isOver: false };
    }
    if (!isOfAPlace(failure)) return { left: [gap], failure, isOver: true };
    const { left, isPassedOver } = afterFailure(gap, before, configured.provider.discoversUntil === true);
    if (isPassedOver) log.warn(facts, "a part of the vendor's list cannot be read and is passed over");
    return { left, failure, isOver: false };
  }

  return async (look, begun, pages) => {
    let progress = begun;
    const tried = new Set<DiscoveryGap>();
    for (let gap = nextGap(progress, tried); gap !== null && pages.left() > 0; gap = nextGap(progress, tried)) {
      const before = pages.taken();
      const { left, failure, isOver } = await readGap(look, gap, pages);
      progress = withGap(progress, gap, left);
      if (isOver) return { progress, failure };
      look.met.unreadable ??= failure;
      for (const one of left) if (one.failures !== undefined) tried.add(one);
      if (failure === null && left.length > 0 && pages.taken() === before) break;
    }
    return { progress, failure: null };
  };
}

/** Where it failed it is gone on with; lists that nothing was said of are read once more. */
function restsAfter({ rests }: DiscoveryGap, left: readonly UnreadRest[]): readonly UnreadRest[] | null {
  if (rests === null) return left.some(({ failed }) => failed) ? left : null;
  const said = new Map(left.map((rest) => [rest.list, rest]));
  return rests.map(({ list, cursor }) => said.get(list) ?? { list, cursor });
}

/** The failure of a call to the vendor; null when it succeeded. Other errors are passed on. */
export async function failureOf(call: () => Promise<void>): Promise<ProviderError | null> {
  try {
    await call();
    return null;
  } catch (error) {
    if (error instanceof ProviderError) return error;
    throw error;
  }
}

/** Whether a failure may be of one place in a list, and not of the account as a whole. */
export const isOfAPlace = ({ code }: ProviderError): boolean => OF_A_PLACE.has(code);

/** What a vendor answers to a cursor that it does not take any more. */
const REFUSED: ReadonlySet<ErrorCode> = new Set([
  ErrorCode.ProviderRejected,
  ErrorCode.ProviderNotFound,
  ErrorCode.ProviderConflict,
]);
const OF_A_PLACE: ReadonlySet<ErrorCode> = new Set([
  ...REFUSED,
  ErrorCode.ProviderBadResponse,
  ErrorCode.ProviderUnavailable,
  ErrorCode.ProviderTimeout,
]);

function endless(provider: string): ProviderError {
  const message = `${provider}: list runs: expected at most ${MOST_PAGES_OF_A_GAP} pages, got more`;
  const facts = { httpStatus: null, retryable: false, retryAfterMs: null, sent: true };
  return new ProviderError(message, { ...facts, code: ErrorCode.ProviderBadResponse, provider });
}
