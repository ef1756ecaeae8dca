// Whole runs at every provider, in front of the vendor's own sandbox: from the catalog over a start to the end, pages, and words nobody knows.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DefinitionSnapshot } from "../../src/domain/definition.ts";
import type { StartRequest, SyncProvider } from "../../src/domain/provider-port.ts";
import { isTerminal, statusRank } from "../../src/domain/status.ts";
import type { Observation } from "../../src/domain/sync.ts";
import { adapterAt } from "../support/adapter-at-fake-vendor.ts";
import { TRIGGER_KEY, kindOf } from "../support/conformance-questions.ts";
import { capabilitiesOf } from "../support/conformance.ts";
import type { Paging } from "../support/conformance.ts";
import { eventually } from "../support/eventually.ts";
import type { FakeRequest } from "../support/fake-vendor.ts";
import { loadVendorRows } from "../support/provider-modules.ts";
import { allOf, definitionOf, refusal, runRef } from "../support/provider-values.ts";
import { refOf, startIn } from "../support/sandbox-start.ts";
import { sandboxVendor } from "../support/sandbox-vendor.ts";
import type { SandboxVendor } from "../support/sandbox-vendor.ts";

const rows = await loadVendorRows();

describe.each(rows)("$name and its sandbox", ({ kind, vendor }) => {
  const capabilities = capabilitiesOf(vendor);
  let at: SandboxVendor;
  let request: StartRequest;

  beforeAll(async () => {
    at = await sandboxVendor(kind, vendor);
    request = await startIn(at.provider, vendor);
  });
  afterAll(() => at[Symbol.asyncDispose]());

  it("give a definition again when it is asked for alone", async () => {
    const { remoteId, name } = request.definition;
    expect(await at.provider.getDefinition(remoteId, kindOf(vendor))).toMatchObject({ remoteId, name, detailed: true });
  });

  it("find nothing wrong with a good start", () => {
    expect(at.provider.checkStart(request)).toEqual([]);
  });

  it("walk a run through legal statuses to a good end, which others find too", async () => {
    const before = new Date();
    const started = await at.provider.start(request, TRIGGER_KEY);
    expect(started.length).toBeGreaterThan(0);
    for (const run of started) {
      expect(run).toMatchObject({ source: "TRIGGER", definitionRemoteId: request.definition.remoteId, outcome: null });
      expect(["CREATED", "RUNNING"]).toContain(run.status);
    }
    const seen = await followed(at.provider, started);
    for (const [first, ...path] of seen.values()) {
      const ranks = [first, ...path].map((run) => (run?.status ? statusRank(run.status) : Number.NaN));
      expect(ranks).toEqual(ranks.toSorted((one, other) => one - other));
      expect(path.at(-1)).toMatchObject({
        source: "POLL",
        status: "SUCCESS",
        facts: { finishedAt: expect.any(Date) as Date },
      });
    }
    const found = await allOf(at.provider.discover(new Date(before.getTime() - 60_000), [request.definition]));
    expect(found.map(({ remoteId }) => remoteId)).toEqual(expect.arrayContaining([...seen.keys()]));
    expect(JSON.stringify([...seen.values(), found])).not.toContain(Object.values(at.credentials)[0]);
    if (!capabilities.lookupByTime) return;
    const looked = await at.provider.findStarted?.(request, before);
    expect(looked?.map(({ remoteId }) => remoteId)).toEqual(expect.arrayContaining([...seen.keys()]));
  });

  it("miss a run, and know no definition, that the vendor does not have", async () => {
    const { definition, run } = vendor.sandbox.unknown;
    const ref = runRef({ remoteId: run, definitionRemoteId: request.definition.remoteId, models: ["no such model"] });
    expect(await at.provider.observe([ref], { tasks: true })).toEqual({
      observations: [],
      missing: [{ remoteId: run, reason: "NOT_FOUND" }],
    });
    expect(await refusal(at.provider.getDefinition(definition.remoteId, kindOf(vendor)))).toMatchObject({
      code: "PROVIDER_NOT_FOUND",
    });
    const start = at.provider.start({ ...request, definition: definitionOf(definition) }, crypto.randomUUID());
    // Some call it a bad request when a start names what is not there.
    expect(["PROVIDER_NOT_FOUND", "PROVIDER_REJECTED"]).toContain((await refusal(start)).code);
  });

  it("are refused by the sandbox with another credential", async () => {
    await using strange = await sandboxVendor(kind, vendor, { credentials: vendor.credentials });
    expect(await refusal(allOf(strange.provider.listLinkedAccounts()))).toMatchObject({ code: "PROVIDER_AUTH_FAILED" });
  });
});

describe.each(rows.filter(({ vendor }) => capabilitiesOf(vendor).cancel))("stopping at $name", ({ kind, vendor }) => {
  it("ends a run as cancelled", async () => {
    await using at = await sandboxVendor(kind, vendor);
    const started = await at.provider.start(await startIn(at.provider, vendor), TRIGGER_KEY);
    for (const run of started) await at.provider.cancel?.(refOf(run));
    const seen = await followed(at.provider, started);
    expect(seen.size).toBeGreaterThan(0);
    for (const path of seen.values()) expect(path.at(-1)).toMatchObject({ status: "FAILED", outcome: "CANCELLED" });
  });
});

describe.each(rows)("a status word nobody knows at $name", ({ kind, vendor }) => {
  it.each(["exploded", "SUCCESSFUL", "constructor", "__proto__"])("concludes nothing: %s", async (word) => {
    await using at = await sandboxVendor(kind, vendor);
    const request = await startIn(at.provider, vendor);
    const started = await at.provider.start(request, TRIGGER_KEY);
    const ids = new Set(started.map(({ remoteId }) => remoteId));
    at.rewrite((body) => withStatus(body, ids, word));
    const { observations } = await at.provider.observe(started.map(refOf), { tasks: false });
    const about = observations.filter(({ remoteId }) => ids.has(remoteId));
    expect(about).toHaveLength(ids.size);
    for (const run of about) expect(run).toMatchObject({ status: null, outcome: null, rawStatus: word });
  });
});

describe.each(
  rows.flatMap(({ kind, name, vendor }) =>
    vendor.paging === null ? [] : [{ kind, name, vendor, paging: vendor.paging }],
  ),
)("pages of $name", ({ kind, vendor, paging }) => {
  it("are read to the last, each once", async () => {
    await using at = await sandboxVendor(kind, vendor);
    const whole = await remoteIdsOf(at.provider, paging);
    at.rewrite(inPages(at, paging));
    const asked = at.vendor.requests.length;
    expect(await remoteIdsOf(at.provider, paging)).toEqual(whole);
    const cursors = at.vendor.requests
      .slice(asked)
      .filter(({ path }) => path === paging.path)
      .map(({ query }) => query.get(paging.cursorParameter));
    const further = whole.slice(1).map((_id, index) => `page-${index + 1}`);
    expect(cursors).toEqual([null, ...further, ...(paging.endsAtFirst === true ? [null] : [])]);
    expect(cursors.length).toBeGreaterThan(2);
  });

  it("that name themselves as the next are an error, not a loop", async () => {
    await using at = await adapterAt(vendor, ({ path }) => ({
      json: path === paging.path ? paging.body([], "the same") : vendor.emptyList,
    }));
    const walking = remoteIdsOf(at.provider, paging);
    expect(await refusal(walking)).toMatchObject({ code: "PROVIDER_BAD_RESPONSE", retryable: false });
    expect(at.vendor.requests.length).toBeLessThan(6);
  });
});

/** Follows runs to their ends: every sight of each, the start's answer first. */
async function followed(
  provider: SyncProvider,
  started: readonly Observation[],
): Promise<ReadonlyMap<string, readonly Observation[]>> {
  const seen = new Map<string, Observation[]>(started.map((run) => [run.remoteId, [run]]));
  await eventually("the end of every run", async () => {
    const { observations, missing } = await provider.observe(started.map(refOf), { tasks: true });
    expect(missing).toEqual([]);
    for (const run of observations) seen.get(run.remoteId)?.push(run);
    const ended = [...seen.values()].every((path) => isTerminal(path.at(-1)?.status ?? "CREATED"));
    return ended ? true : null;
  });
  return seen;
}

/** The body with another status on every object that names one of these runs. */
function withStatus(body: unknown, ids: ReadonlySet<string>, word: string): unknown {
  if (Array.isArray(body)) return body.map((inner: unknown) => withStatus(inner, ids, word));
  if (typeof body !== "object" || body === null) return body;
  const changed = Object.fromEntries(Object.entries(body).map(([name, inner]) => [name, withStatus(inner, ids, word)]));
  const isRun = "status" in changed && Object.values(body).some((value) => typeof value === "string" && ids.has(value));
  return isRun ? { ...changed, status: word } : changed;
}

async function remoteIdsOf(provider: SyncProvider, { question }: Paging): Promise<readonly string[]> {
  const items: readonly { readonly remoteId: DefinitionSnapshot["remoteId"] }[] =
    question === "listLinkedAccounts"
      ? await allOf(provider.listLinkedAccounts())
      : await allOf(provider.listDefinitions());
  return items.map(({ remoteId }) => remoteId);
}

/** Cuts the sandbox's list into pages of one: what the sandbox answers to any page is asked for again, whole. */
function inPages(at: SandboxVendor, paging: Paging): (body: unknown, request: FakeRequest) => unknown {
  let whole: readonly unknown[] | null = null;
  at.answer(({ path, query }) => {
    const cursor = query.get(paging.cursorParameter);
    if (path !== paging.path || cursor === null || whole === null) return undefined;
    return { json: pageAt(whole, Number(cursor.replace("page-", "")), paging) };
  });
  return (body, { path }) => {
    const items = path === paging.path ? within(body, [paging.items].flat()) : null;
    if (!Array.isArray(items)) return body;
    whole = items;
    return pageAt(items, 0, paging);
  };
}

const within = (body: unknown, names: readonly string[]): unknown =>
  names.reduce<unknown>(
    (value, name) => (typeof value === "object" && value !== null ? (Reflect.get(value, name) as unknown) : null),
    body,
  );

function pageAt(items: readonly unknown[], index: number, paging: Paging): unknown {
  return paging.body(items.slice(index, index + 1), index + 1 < items.length ? `page-${index + 1}` : null);
}
