// What every provider makes of a vendor that fails: the same code whoever it is, no secret in it, and never a second start.
import { describe, expect, it } from "vitest";
import type { ProviderError } from "../../src/domain/errors.ts";
import { adapterAt } from "../support/adapter-at-fake-vendor.ts";
import { questionsOf } from "../support/conformance-questions.ts";
import type { Question } from "../support/conformance-questions.ts";
import { capabilitiesOf } from "../support/conformance.ts";
import type { VendorConformance } from "../support/conformance.ts";
import type { FakeReply, RawReply } from "../support/fake-vendor.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { loadVendorRows } from "../support/provider-modules.ts";
import { refusal } from "../support/provider-values.ts";

const rows = await loadVendorRows();
/** Longer than any request may take. */
const LONG_MS = 120_000;
const WAIT_MS = 7_000;

const hang: RawReply = () => undefined;
const cutOff: RawReply = (response) => response.destroy();

const REPLIES: readonly (readonly [string, FakeReply | RawReply, Partial<ProviderError>])[] = [
  ["401", { status: 401, json: {} }, { code: "PROVIDER_AUTH_FAILED", httpStatus: 401, retryable: false }],
  ["403", { status: 403, json: {} }, { code: "PROVIDER_AUTH_FAILED", httpStatus: 403, retryable: false }],
  [
    "429 with a wait",
    { status: 429, headers: { "retry-after": `${WAIT_MS / 1_000}` }, json: {} },
    { code: "PROVIDER_RATE_LIMITED", httpStatus: 429, retryAfterMs: WAIT_MS, retryable: true },
  ],
  ["500", { status: 500, json: {} }, { code: "PROVIDER_UNAVAILABLE", httpStatus: 500, retryable: true }],
  [
    "503 with a web page",
    { status: 503, text: "<html>Bad Gateway</html>" },
    { code: "PROVIDER_UNAVAILABLE", httpStatus: 503 },
  ],
  ["a cut connection", cutOff, { code: "PROVIDER_UNAVAILABLE", httpStatus: null, retryable: true }],
];

const MALFORMED: readonly (readonly [string, FakeReply])[] = [
  ["a web page", { text: "<!doctype html><title>Sign in</title>" }],
  ["half of an answer", { text: '{"data": [{"id": "a"' }],
  ["another shape", { json: { unexpected: true } }],
  ["a number", { json: 7 }],
  ["nothing", {}],
];

describe.each(rows)("$name and a vendor that fails", ({ vendor }) => {
  const questions = questionsOf(vendor);

  describe.each(REPLIES)("with %s", (_case, reply, facts) => {
    it.each(questions)("$name", async (question) => {
      const clock = createManualClock(vendor.now);
      await using at = await adapterAt(vendor, () => reply, { clock });
      // A question that goes on without one of its answers waits its turn for the next.
      void clock.untilSleeping((ms) => ms === WAIT_MS).then(() => clock.advance(WAIT_MS));
      const failure = await refusal(question.ask(at.provider));
      expect(failure).toMatchObject({ provider: vendor.key, sent: true, ...facts });
    });
  });

  describe.each(MALFORMED)("with %s for an answer", (_case, reply) => {
    // What stopping a run answers says nothing, so nobody needs to understand it.
    it.each(questions.filter(({ name }) => name !== "cancel"))("$name", async (question) => {
      await using at = await adapterAt(vendor, () => reply);
      expect(await refusal(question.ask(at.provider))).toMatchObject({
        code: "PROVIDER_BAD_RESPONSE",
        provider: vendor.key,
        sent: true,
      });
    });
  });

  it.each(questions)("ends a question the vendor never answers: $name", async (question) => {
    const clock = createManualClock(vendor.now);
    await using at = await adapterAt(vendor, () => hang, { clock });
    const [failure] = await Promise.all([
      refusal(question.ask(at.provider)),
      at.vendor.untilRequests(1).then(() => clock.advance(LONG_MS)),
    ]);
    expect(failure).toMatchObject({ code: "PROVIDER_TIMEOUT", httpStatus: null, retryable: true, sent: true });
  });

  it("with 404 has no such definition and nothing to start", async () => {
    await using at = await adapterAt(vendor, () => ({ status: 404, json: {} }));
    for (const name of ["getDefinition", "start"]) {
      expect(await refusal(named(questions, name).ask(at.provider))).toMatchObject({
        code: "PROVIDER_NOT_FOUND",
        httpStatus: 404,
      });
    }
  });

  it("shows no credential that the vendor repeats", async () => {
    for (const question of questions) {
      await using at = await adapterAt(vendor, ({ headers }) => ({
        status: 400,
        json: echoOf(Object.values(headers).join(" ")),
      }));
      const shown = everythingOf(await refusal(question.ask(at.provider)));
      for (const credential of Object.values(vendor.credentials)) expect(shown).not.toContain(credential);
    }
  });
});

describe.each(rows)("a start at $name", ({ vendor }) => {
  const start = named(questionsOf(vendor), "start");
  const { idempotentStart } = capabilitiesOf(vendor);
  const tries = 3;

  it.each([
    ["the connection is cut", cutOff],
    ["the vendor fails", { status: 503, json: {} }],
    ["it is one too many", { status: 429, json: {} }],
  ])("is sent once when %s, unless the vendor promises that twice is once", async (_case, reply) => {
    await using at = await adapterAt(vendor, () => reply, { limits: { tries } });
    expect(await refusal(start.ask(at.provider))).toMatchObject({ sent: true });
    expectStarts(at.vendor.requests, idempotentStart);
  });

  it("is sent once when it is never answered", async () => {
    const clock = createManualClock(vendor.now);
    await using at = await adapterAt(vendor, () => hang, { clock, limits: { tries } });
    await Promise.all([refusal(start.ask(at.provider)), at.vendor.untilRequests(1).then(() => clock.advance(LONG_MS))]);
    expect(startsOf(at.vendor.requests)).toHaveLength(1);
  });

  it("carries a key exactly if the vendor keeps what it promises by it", async () => {
    await using at = await adapterAt(vendor, () => ({ status: 500, json: {} }));
    await refusal(start.ask(at.provider));
    expect(keysOf(at.vendor.requests).filter((key) => key !== undefined)).toHaveLength(idempotentStart ? 1 : 0);
  });
});

describe.each(rows)("closing $name", ({ vendor }) => {
  it("ends what goes on and lets nothing more out", async () => {
    await using at = await adapterAt(vendor, () => hang);
    const question = named(questionsOf(vendor), "listLinkedAccounts");
    const asking = refusal(question.ask(at.provider));
    await at.vendor.untilRequests(1);
    await at.provider.close();
    expect(await asking).toMatchObject({ code: "PROVIDER_UNAVAILABLE" });
    expect(await refusal(question.ask(at.provider))).toMatchObject({ code: "PROVIDER_UNAVAILABLE", sent: false });
    expect(at.vendor.requests).toHaveLength(1);
  });

  it("ends a question whose caller went away", async () => {
    const caller = new AbortController();
    await using at = await adapterAt(vendor, () => hang);
    const { remoteId } = vendor.start.definition;
    const observing = at.provider.observe([{ ...runOf(vendor), definitionRemoteId: remoteId }], {
      tasks: false,
      signal: caller.signal,
    });
    await Promise.all([
      refusal(observing).then(({ code }) => expect(code).toBe("PROVIDER_TIMEOUT")),
      at.vendor.untilRequests(1).then(() => caller.abort(new Error("gone"))),
    ]);
  });
});

interface Sent {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
}

const startsOf = (requests: readonly Sent[]): readonly Sent[] => requests.filter(({ method }) => method === "POST");
const keysOf = (requests: readonly Sent[]) => startsOf(requests).map(({ headers }) => headers["idempotency-key"]);

function expectStarts(requests: readonly Sent[], idempotent: boolean): void {
  const keys = keysOf(requests);
  // With the vendor's promise any number of starts under one key is one start.
  expect(idempotent ? new Set(keys).size : keys.length).toBe(1);
}

function named(questions: readonly Question[], name: string): Question {
  const found = questions.find((question) => question.name === name);
  if (found === undefined) throw new Error(`there is no question ${name}`);
  return found;
}

/** The places in which the vendors' errors hold a sentence. */
function echoOf(text: string): object {
  return { message: text, detail: text, error: { message: text, code: text }, title: text };
}

/** What a log could show of an error. */
function everythingOf(error: ProviderError): string {
  const parts: unknown[] = [];
  for (let each: unknown = error; each instanceof Error; each = each.cause)
    parts.push(each.message, each.stack, JSON.stringify(each));
  return parts.join("\n");
}

function runOf({ now }: VendorConformance) {
  const run = { remoteId: "run-1", linkedAccountRemoteId: null, batchId: null, models: [], startedAt: null };
  return { ...run, status: "RUNNING", createdAt: now } as const;
}
