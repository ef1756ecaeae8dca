// The recorded replies of a provider: `fixtures/<case>/` beside its adapter. Reads them, and asks an adapter what a case asks.
import { readFileSync, readdirSync } from "node:fs";
import { DefinitionKind } from "../../src/domain/definition.ts";
import { ProviderError } from "../../src/domain/errors.ts";
import type { ProviderSettings, RunRef, SyncProvider } from "../../src/domain/provider-port.ts";
import type { StartOptions } from "../../src/domain/sync.ts";
import type { RecordedReply, SentRequest } from "./adapter-at-fake-vendor.ts";
import { definitionOf, pagesOf, runRef, startRequest } from "./provider-values.ts";
import type { DefinitionDraft } from "./provider-values.ts";

/** `request.json`: what the gateway asks the adapter, and what the adapter must ask the vendor. */
export interface FixtureRequest {
  readonly call: FixtureCall;
  readonly sent: readonly ExpectedRequest[];
  /** What the provider's settings need beside the vendor's usual ones. */
  readonly settings?: Partial<ProviderSettings>;
  /** Set where calls go out side by side; else the order counts. */
  readonly inAnyOrder?: boolean;
}

export interface ExpectedRequest extends SentRequest {
  readonly idempotencyKey?: string;
}

export type FixtureCall =
  | { readonly method: "listLinkedAccounts" | "listDefinitions" }
  | { readonly method: "getDefinition"; readonly remoteId: string }
  | {
      readonly method: "start";
      readonly definition: DefinitionDraft;
      readonly options?: StartOptions;
      readonly triggerKey?: string;
    }
  | {
      readonly method: "findStarted";
      readonly definition: DefinitionDraft;
      readonly options?: StartOptions;
      readonly sentAt: string;
    }
  | { readonly method: "observe"; readonly refs: readonly RecordedRef[]; readonly tasks: boolean }
  | { readonly method: "discover"; readonly since: string; readonly definitions: readonly DefinitionDraft[] }
  | { readonly method: "cancel"; readonly ref: RecordedRef }
  | { readonly method: "missedEvents"; readonly since: string }
  | RecordedDelivery;

/** A webhook as it came in: proven first, then asked what it tells. Its body is sent as `JSON.stringify` writes it. */
interface RecordedDelivery {
  readonly method: "receiveWebhook";
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly receivedAt: string;
}

/** A run reference as JSON has it. */
type RecordedRef = Omit<Partial<RunRef>, "createdAt"> & { readonly remoteId: string; readonly createdAt: string };

export interface Fixture {
  readonly name: string;
  readonly request: FixtureRequest;
  readonly replies: readonly RecordedReply[];
  /** The domain value as JSON, or the facts of the error. */
  readonly expected: unknown;
}

/** All cases of a provider, by name. Throws when one lacks a file. */
export function fixturesOf(kind: string): readonly Fixture[] {
  const folder = new URL(`../../src/providers/${kind}/fixtures/`, import.meta.url);
  const cases = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return cases.map(({ name }) => ({
    name,
    request: read<FixtureRequest>(new URL(`${name}/request.json`, folder)),
    replies: read<readonly RecordedReply[]>(new URL(`${name}/reply.json`, folder)),
    expected: read<unknown>(new URL(`${name}/expected.json`, folder)),
  }));
}

/** What the port answers, or the facts of the error it throws, as it looks in JSON. */
export async function answerTo(provider: SyncProvider, call: FixtureCall): Promise<unknown> {
  const answer = await ask(provider, call).catch(factsOf);
  return JSON.parse(JSON.stringify(answer ?? null));
}

async function ask(provider: SyncProvider, call: FixtureCall): Promise<unknown> {
  const kind = provider.capabilities.modelSyncs ? DefinitionKind.ModelSync : DefinitionKind.SyncJob;
  switch (call.method) {
    case "listLinkedAccounts":
      return pagesOf(provider.listLinkedAccounts());
    case "listDefinitions":
      return pagesOf(provider.listDefinitions());
    case "getDefinition":
      return provider.getDefinition(call.remoteId, kind);
    case "start":
      return provider.start(startRequest(call.definition, call.options), call.triggerKey ?? "trigger-key");
    case "findStarted":
      return provider.findStarted?.(startRequest(call.definition, call.options), new Date(call.sentAt));
    case "observe":
      return provider.observe(call.refs.map(refOf), { tasks: call.tasks });
    case "discover":
      return pagesOf(provider.discover(new Date(call.since), call.definitions.map(definitionOf)));
    case "cancel":
      return provider.cancel?.(refOf(call.ref));
    case "missedEvents":
      return provider.missedEvents && pagesOf(provider.missedEvents(new Date(call.since)));
    case "receiveWebhook":
      return received(provider, call);
  }
}

/** The verdict, and for a genuine delivery what it means. */
function received(provider: SyncProvider, { headers, body, receivedAt }: RecordedDelivery): object {
  const at = new Date(receivedAt);
  const verdict = provider.verifyWebhook?.({
    headers,
    body: Buffer.from(JSON.stringify(body), "utf8"),
    receivedAt: at,
  });
  return { verdict, hints: verdict?.genuine ? provider.interpretWebhook?.(verdict.event.payload, at) : [] };
}

const refOf = (ref: RecordedRef): RunRef => runRef({ ...ref, createdAt: new Date(ref.createdAt) });

function factsOf(error: unknown): object {
  if (!(error instanceof ProviderError)) throw error;
  const { code, provider, message, httpStatus, retryable, sent } = error;
  return { error: { code, provider, message, httpStatus, retryable, sent } };
}

function read<Value>(file: URL): Value {
  return JSON.parse(readFileSync(file, "utf8")) as Value;
}
