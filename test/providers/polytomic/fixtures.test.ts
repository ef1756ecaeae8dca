// Every recorded reply must become the domain value beside it, by exactly the requests beside it.
import { readFile, readdir } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { DefinitionKind } from "../../../src/domain/definition.ts";
import { ProviderError } from "../../../src/domain/errors.ts";
import type { SyncProvider } from "../../../src/domain/provider-port.ts";
import type { FakeRequest } from "../../support/fake-vendor.ts";
import { API_KEY, collect, polytomicAt, runRef } from "./polytomic-at-fake-vendor.ts";
import { modelSync } from "./model-sync.ts";

const FOLDER = new URL("../../../src/providers/polytomic/fixtures/", import.meta.url);

/** One request that is expected, and what is answered: a file of the case's folder, by default `reply.json`. */
const exchange = z.strictObject({
  request: z.string(),
  idempotencyKey: z.string().optional(),
  body: z.json().optional(),
  status: z.number().default(200),
  reply: z.string().default("reply.json"),
});

const caseFile = z.strictObject({
  call: z.enum([
    "listLinkedAccounts",
    "listDefinitions",
    "getDefinition",
    "start",
    "findStarted",
    "observe",
    "discover",
    "cancel",
  ]),
  /** Ids of the runs that are asked for, each after the id of its sync or null. */
  runs: z.array(z.tuple([z.string().nullable(), z.string()])).default([]),
  id: z.string().default(""),
  options: z
    .strictObject({
      fullRefresh: z.boolean().exactOptional(),
      test: z.boolean().exactOptional(),
      identities: z.array(z.string()).exactOptional(),
    })
    .default({}),
  triggerKey: z.string().default("0d3f8f4e-8f0a-4c59-8d0e-5d7f3f1f7a10"),
  at: z.iso.datetime().default("2026-03-02T12:00:00Z"),
  exchanges: z.array(exchange).min(1),
});
type Case = z.infer<typeof caseFile>;

const folders = (await readdir(FOLDER, { withFileTypes: true }))
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

describe("polytomic fixtures", () => {
  it("are there, at least one for each question that the provider answers", async () => {
    expect(folders.length).toBeGreaterThan(0);
    const calls = await Promise.all(folders.map(async (folder) => (await readCase(folder)).call));
    expect(new Set(calls)).toEqual(new Set(caseFile.shape.call.options));
  });

  it.each(folders)("%s: the reply becomes the expected value by the expected requests", async (folder) => {
    const wanted = await readCase(folder);
    const expected: unknown = await readJson(folder, "expected.json");
    const replies = await Promise.all(wanted.exchanges.map(({ reply }) => readReply(folder, reply)));

    await using at = await polytomicAt((request) => {
      const index = wanted.exchanges.findIndex((candidate) => candidate.request === lineOf(request));
      const { status } = wanted.exchanges[index] ?? {};
      return status === undefined ? undefined : { status, ...replies[index] };
    });
    const answer = await outcomeOf(at.provider, wanted);

    expect(answer).toEqual(withPartOfMessage(expected));
    expect(at.vendor.requests.map(lineOf)).toEqual(wanted.exchanges.map(({ request }) => request));
    for (const [index, { headers, body }] of at.vendor.requests.entries()) {
      expect(headers).toMatchObject({ authorization: `Bearer ${API_KEY}`, "x-polytomic-version": "2025-09-18" });
      expect(headers["idempotency-key"]).toBe(wanted.exchanges[index]?.idempotencyKey);
      expect(body === "" ? undefined : JSON.parse(body)).toEqual(wanted.exchanges[index]?.body);
    }
  });
});

async function readCase(folder: string): Promise<Case> {
  return caseFile.parse(await readJson(folder, "request.json"));
}

async function readJson(folder: string, file: string): Promise<unknown> {
  return JSON.parse(await readFile(new URL(`${folder}/${file}`, FOLDER), "utf8"));
}

/** A recorded text that is no JSON is kept as a JSON string. */
async function readReply(
  folder: string,
  file: string,
): Promise<{ readonly json: unknown } | { readonly text: string }> {
  const reply = await readJson(folder, file);
  return typeof reply === "string" ? { text: reply } : { json: reply };
}

function lineOf(request: FakeRequest): string {
  const query = request.query.toString();
  return `${request.method} ${request.path}${query === "" ? "" : `?${query}`}`;
}

/** What the call gave, as it looks in JSON: keys that are not told are left out. */
async function outcomeOf(provider: SyncProvider, wanted: Case): Promise<unknown> {
  try {
    return JSON.parse(JSON.stringify((await ask(provider, wanted)) ?? null));
  } catch (cause) {
    if (!(cause instanceof ProviderError)) throw cause;
    const { code, provider: key, httpStatus, retryable, sent, message } = cause;
    return { error: { code, provider: key, httpStatus, retryable, sent, message } };
  }
}

/** An expected error gives the part of the message that is about the reply; the wire writes the rest. */
function withPartOfMessage(expected: unknown): unknown {
  const failure = z.object({ error: z.looseObject({ message: z.string().min(1) }) }).safeParse(expected);
  if (!failure.success) return expected;
  const { error } = failure.data;
  return { error: { ...error, message: expect.stringContaining(error.message) } };
}

async function ask(provider: SyncProvider, wanted: Case): Promise<unknown> {
  const { call, id, options, triggerKey, runs } = wanted;
  const definition = modelSync();
  const at = new Date(wanted.at);
  const refs = runs.map(([definitionRemoteId, remoteId]) => runRef({ definitionRemoteId, remoteId }));
  const request = { definition, linkedAccount: null, options };
  switch (call) {
    case "listLinkedAccounts":
      return collect(provider.listLinkedAccounts());
    case "listDefinitions":
      return collect(provider.listDefinitions());
    case "getDefinition":
      return provider.getDefinition(id, DefinitionKind.ModelSync);
    case "start":
      return provider.start(request, triggerKey);
    case "findStarted":
      return provider.findStarted?.(request, at);
    case "observe":
      return provider.observe(refs, { tasks: false });
    case "discover":
      return collect(provider.discover(at, [definition]));
    case "cancel":
      return provider.cancel?.(refs[0] ?? runRef());
  }
}
