// Every recorded reply of Rootfi: the exact request sent, and the domain value the reply must become.
import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { DefinitionKind } from "../../../src/domain/definition.ts";
import { ProviderError } from "../../../src/domain/errors.ts";
import type { RunRef, SyncProvider } from "../../../src/domain/provider-port.ts";
import type { StartOptions } from "../../../src/domain/sync.ts";
import { allOf, atRootfi, runRef, startRequest, syncJob } from "./rootfi-at-fake-vendor.ts";
import type { JobDraft, RecordedReply, SentRequest } from "./rootfi-at-fake-vendor.ts";

const FIXTURES = fileURLToPath(new URL("../../../src/providers/rootfi/fixtures", import.meta.url));

/** `request.json`: what the gateway asks the adapter, and what the adapter must ask the vendor. */
interface RecordedRequest {
  readonly call: Call;
  readonly sent: readonly SentRequest[];
}

type Call =
  | { readonly method: "listLinkedAccounts" | "listDefinitions" }
  | { readonly method: "getDefinition"; readonly remoteId: string }
  | { readonly method: "start"; readonly definition: JobDraft; readonly options?: StartOptions }
  | { readonly method: "findStarted"; readonly definition: JobDraft; readonly options?: StartOptions; readonly sentAt: string }
  | { readonly method: "observe"; readonly refs: readonly RecordedRef[]; readonly tasks: boolean }
  | { readonly method: "discover"; readonly since: string; readonly definitions: readonly JobDraft[] };

/** A run reference as JSON has it. */
type RecordedRef = Omit<Partial<RunRef>, "createdAt"> & { readonly remoteId: string; readonly createdAt?: string };

const cases = readdirSync(FIXTURES, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

describe("recorded replies of Rootfi", () => {
  it("are there to be checked", () => {
    expect(cases.length).toBeGreaterThan(9);
  });

  it.each(cases)("%s: becomes the expected value after the expected requests", async (name) => {
    const recorded = read<RecordedRequest>(name, "request.json");
    const rootfi = await atRootfi(read<readonly RecordedReply[]>(name, "reply.json"));
    try {
      const value = await answerOf(rootfi.provider, recorded.call);
      expect(JSON.parse(JSON.stringify(value))).toEqual(read(name, "expected.json"));
      expect(rootfi.sent()).toEqual(recorded.sent);
    } finally {
      await rootfi.close();
    }
  });
});

/** What the port answers, or the facts of the error it throws. */
async function answerOf(provider: SyncProvider, call: Call): Promise<unknown> {
  try {
    return await ask(provider, call);
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    const { code, message, httpStatus, retryable, sent } = error;
    return { error: { code, message, httpStatus, retryable, sent } };
  }
}

async function ask(provider: SyncProvider, call: Call): Promise<unknown> {
  switch (call.method) {
    case "listLinkedAccounts":
      return allOf(provider.listLinkedAccounts());
    case "listDefinitions":
      return allOf(provider.listDefinitions());
    case "getDefinition":
      return provider.getDefinition(call.remoteId, DefinitionKind.SyncJob);
    case "start":
      return provider.start(startRequest(call.definition, call.options), "trigger-key");
    case "findStarted":
      return provider.findStarted?.(startRequest(call.definition, call.options), new Date(call.sentAt));
    case "observe":
      return provider.observe(
        call.refs.map((ref) => runRef({ ...ref, createdAt: new Date(ref.createdAt ?? "2026-11-22T11:50:00Z") })),
        { tasks: call.tasks },
      );
    case "discover":
      return allOf(provider.discover(new Date(call.since), call.definitions.map(syncJob)));
  }
}

/** Throws when the folder lacks the file. */
function read<Value>(name: string, file: string): Value {
  return JSON.parse(readFileSync(`${FIXTURES}/${name}/${file}`, "utf8")) as Value;
}
