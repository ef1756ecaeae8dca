// Every fault a vendor or the way to it can have, and what is expected of the requests that meet it. A fault without an expectation does
// not compile; one that the vendors' tests do not run does not exist.
import { ErrorCode, type ProviderError } from "../../src/domain/errors.ts";
import * as acts from "./fault-acts.ts";
import type { Act } from "./fault-proxy.ts";
import * as json from "./json-faults.ts";

export const Fault = {
  Latency: "answers 5 s late, give or take 2",
  Bandwidth: "sends a kilobyte a second",
  Slicer: "sends its answer in pieces of nineteen bytes",
  Hang: "takes the request and never answers",
  SlowClose: "ends its answer by closing the connection, 5 s late",
  Refused: "refuses connections",
  NoName: "has a name that does not resolve",
  BadCertificate: "shows a certificate that nobody vouches for",
  ExpiredCertificate: "shows a certificate whose time is over",
  OtherCertificate: "shows the certificate of another host",
  ResetBeforeHeaders: "resets the connection before it answers",
  ResetInBody: "resets the connection in the middle of its answer",
  CutJson: "sends half of its JSON",
  LimitedSeconds: "answers 429 and asks for 2 s",
  LimitedDate: "answers 429 and asks to wait until a date",
  Limited: "answers 429 without a word",
  LimitedYear: "answers 429 and asks for a year",
  Status500: "answers 500",
  Status502: "answers 502",
  Status503: "answers 503",
  Status504: "answers 504",
  Burst503: "answers 503 twice, then as usual",
  Status401: "answers 401",
  Status403: "answers 403",
  Once401: "answers 401 once",
  Status404: "answers 404",
  Status410: "answers 410",
  Html: "answers with a web page",
  Empty: "answers with nothing",
  NoJson: "answers with what is no JSON",
  OtherShape: "answers with another object",
  WrongTypes: "answers with objects for values",
  NewWords: "answers with words nobody knows",
  MissingFields: "leaves every second field out",
  ExtraFields: "answers with fields nobody knows",
  HugeIntegers: "answers with integers that are too large",
  DuplicateKeys: "answers with every field twice",
  MillionItems: "answers with a million items",
  HugeBody: "answers with 100 MB",
  GzipBomb: "answers with 100 MB in gzip",
  ManyHeaders: "answers with 10,000 headers",
  RedirectElsewhere: "redirects to another host",
  RedirectPrivate: "redirects to an address of the cloud's own",
  RedirectHttp: "redirects to itself",
} as const;
export type Fault = (typeof Fault)[keyof typeof Fault];

/** How often a request that may be repeated is sent at most, in these tests as by default. */
export const TRIES = 3;

/** What is left out may be either way. */
type Facts = Partial<Pick<ProviderError, "retryable" | "retryAfterMs" | "sent">>;

/** What a request comes to. */
export type Outcome =
  /** The same answer as without the fault. */
  | { readonly is: "the answer" }
  /** An answer, or this failure: which of them depends on the bytes and the requests that a question takes. */
  | { readonly is: "an answer or a failure"; readonly code: ErrorCode; readonly tries: number }
  /** Some answer, or one that cannot be understood; in no case a success that the vendor did not report. */
  | { readonly is: "no harm" }
  /** The object is not there: `PROVIDER_NOT_FOUND`, or an answer without it. */
  | { readonly is: "nothing there" }
  | {
      readonly is: "a failure";
      readonly error: Pick<ProviderError, "code"> & Facts;
      /** How often the same request arrives at the vendor, or is tried where it cannot arrive. */
      readonly tries: number;
      /** Whether the answer's body is the fault, so that whoever does not read it does not notice. */
      readonly inBody?: boolean;
    };

export type Reach =
  | "vendor"
  | "nobody"
  | "no name"
  | "untrusted certificate"
  | "expired certificate"
  | "certificate of another";

export interface FaultSpec {
  /** How far a request comes. */
  readonly reach: Reach;
  /** What happens to one that reaches the vendor. */
  readonly act: Act;
  /** What becomes of requests that may be repeated: reads, and starts under the vendor's own key. */
  readonly repeated: Outcome;
  /** What becomes of those that are sent once. */
  readonly once: Outcome;
}

const { late, slowly, inSlices, hang, closeLate, refuse, answering, rewriting, first } = acts;

const THE_ANSWER: Outcome = { is: "the answer" };
const NO_HARM: Outcome = { is: "no harm" };
const NOTHING_THERE: Outcome = { is: "nothing there" };
const IN_TIME_OR_NOT: Outcome = { is: "an answer or a failure", code: ErrorCode.ProviderTimeout, tries: 1 };

const failure = (code: ErrorCode, tries: number, facts: Facts = {}, inBody = false): Outcome => ({
  is: "a failure",
  error: { code, retryable: false, retryAfterMs: null, sent: true, ...facts },
  tries,
  inBody,
});

const reached = (act: Act, repeated: Outcome, once: Outcome = repeated): FaultSpec => ({
  reach: "vendor",
  act,
  repeated,
  once,
});
/** The same failure, for some requests after they were tried as often as they may be. */
const passing = (act: Act, code: ErrorCode, retryAfterMs: number | null = null, inBody = false): FaultSpec => {
  const facts = { retryable: true, retryAfterMs };
  return reached(act, failure(code, TRIES, facts, inBody), failure(code, 1, facts, inBody));
};
const lasting = (act: Act, code: ErrorCode, inBody = false): FaultSpec => reached(act, failure(code, 1, {}, inBody));
const unreached = (reach: Exclude<Reach, "vendor">, outcome: Outcome): FaultSpec => ({
  reach,
  act: () => undefined,
  repeated: outcome,
  once: outcome,
});

const { ProviderTimeout, ProviderUnavailable, ProviderBadResponse, ProviderRateLimited, ProviderAuthFailed } =
  ErrorCode;
const WAIT_MS = 2_000;
/** Never sent: even what must happen once may be tried again. */
const NO_CONNECTION = failure(ProviderUnavailable, TRIES, { retryable: true, sent: false });
/** Never sent either; but somebody must mend something before another try can end otherwise. */
const NO_TRUST = failure(ProviderUnavailable, 1, { sent: false });

/** A date and the one two seconds after it: headers have no milliseconds, so the answer says what time it is. */
function inTwoSeconds(): Readonly<Record<string, string>> {
  const now = new Date("2026-06-01T00:00:00Z");
  return { date: now.toUTCString(), "retry-after": new Date(now.getTime() + WAIT_MS).toUTCString() };
}

export const FAULTS: Readonly<Record<Fault, FaultSpec>> = {
  [Fault.Latency]: reached(late(5_000, 2_000), IN_TIME_OR_NOT),
  [Fault.Bandwidth]: reached(slowly(1_024), IN_TIME_OR_NOT),
  [Fault.Slicer]: reached(inSlices(19), THE_ANSWER),
  [Fault.Hang]: reached(hang, failure(ProviderTimeout, 1, { retryable: true })),
  [Fault.SlowClose]: reached(closeLate(5_000), IN_TIME_OR_NOT),
  [Fault.Refused]: unreached("nobody", NO_CONNECTION),
  [Fault.NoName]: unreached("no name", NO_CONNECTION),
  [Fault.BadCertificate]: unreached("untrusted certificate", NO_TRUST),
  [Fault.ExpiredCertificate]: unreached("expired certificate", NO_TRUST),
  [Fault.OtherCertificate]: unreached("certificate of another", NO_TRUST),
  [Fault.ResetBeforeHeaders]: passing(acts.resetBeforeHeaders, ProviderUnavailable),
  [Fault.ResetInBody]: passing(acts.resetInBody, ProviderBadResponse),
  [Fault.CutJson]: passing(acts.cutJson, ProviderBadResponse),
  [Fault.LimitedSeconds]: passing(
    refuse(429, () => ({ "retry-after": "2" })),
    ProviderRateLimited,
    WAIT_MS,
  ),
  [Fault.LimitedDate]: passing(refuse(429, inTwoSeconds), ProviderRateLimited, WAIT_MS),
  [Fault.Limited]: passing(refuse(429), ProviderRateLimited),
  // It does not fit into the deadline, so nobody waits for it, and what else a question takes is kept back: not even sent.
  [Fault.LimitedYear]: reached(
    refuse(429, () => ({ "retry-after": `${365 * 86_400}` })),
    { is: "a failure", error: { code: ProviderRateLimited, retryable: true }, tries: 1 },
  ),
  [Fault.Status500]: passing(refuse(500), ProviderUnavailable),
  [Fault.Status502]: passing(refuse(502), ProviderUnavailable),
  [Fault.Status503]: passing(refuse(503), ProviderUnavailable),
  [Fault.Status504]: passing(refuse(504), ProviderUnavailable),
  [Fault.Burst503]: reached(
    first(TRIES - 1, refuse(503)),
    THE_ANSWER,
    failure(ProviderUnavailable, 1, { retryable: true }),
  ),
  [Fault.Status401]: lasting(refuse(401), ProviderAuthFailed),
  [Fault.Status403]: lasting(refuse(403), ProviderAuthFailed),
  // The credentials are a fixed key: there is nothing to refresh. A part that others can do without may be missing.
  [Fault.Once401]: reached(first(1, refuse(401)), { is: "an answer or a failure", code: ProviderAuthFailed, tries: 1 }),
  [Fault.Status404]: reached(refuse(404), NOTHING_THERE),
  [Fault.Status410]: reached(refuse(410), NOTHING_THERE),
  [Fault.Html]: lasting(answering("<!doctype html><title>Sign in</title>"), ProviderBadResponse),
  [Fault.Empty]: lasting(answering(""), ProviderBadResponse, true),
  [Fault.NoJson]: lasting(answering("{'data': undefined}"), ProviderBadResponse),
  [Fault.OtherShape]: lasting(answering('{"unexpected":true}'), ProviderBadResponse, true),
  [Fault.WrongTypes]: reached(rewriting(json.wrongTypes), NO_HARM),
  [Fault.NewWords]: reached(rewriting(json.newWords), NO_HARM),
  [Fault.MissingFields]: reached(rewriting(json.missingFields), NO_HARM),
  [Fault.ExtraFields]: reached(rewriting(json.extraFields), NO_HARM),
  [Fault.HugeIntegers]: reached(rewriting(json.hugeIntegers), NO_HARM),
  [Fault.DuplicateKeys]: reached(rewriting(json.duplicateKeys), THE_ANSWER),
  // With the list itself one value more than the wire reads, so that a question which needs no body notices too.
  [Fault.MillionItems]: lasting(answering(`[${"0,".repeat(999_999)}0]`), ProviderBadResponse),
  [Fault.HugeBody]: lasting(acts.flood(100), ProviderBadResponse),
  [Fault.GzipBomb]: lasting(acts.gzipBomb(100), ProviderBadResponse),
  [Fault.ManyHeaders]: lasting(acts.manyHeaders(10_000), ProviderBadResponse),
  [Fault.RedirectElsewhere]: lasting(
    refuse(302, () => ({ location: "https://vendor.example/" })),
    ProviderBadResponse,
  ),
  [Fault.RedirectPrivate]: lasting(
    refuse(307, () => ({ location: "http://169.254.169.254/" })),
    ProviderBadResponse,
  ),
  // Followed, it would arrive here again and be seen.
  [Fault.RedirectHttp]: lasting(
    refuse(302, ({ request }) => ({ location: `http://${String(request.headers["host"])}/elsewhere` })),
    ProviderBadResponse,
  ),
};
