// Walks `fixtures/`: each recorded reply must become its domain value, by exactly the recorded requests.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { DefinitionKind } from "../../../src/domain/definition.ts";
import { ProviderError } from "../../../src/domain/errors.ts";
import type { RunRef, SyncProvider } from "../../../src/domain/provider-port.ts";
import { isJsonObject } from "../../../src/providers/truto/wire-types.ts";
import type { FakeReply, FakeRequest } from "../../support/fake-vendor.ts";
import { asRecorded, collect, connectTruto } from "./connect-truto.ts";

const FOLDER = fileURLToPath(new URL("../../../src/providers/truto/fixtures", import.meta.url));
const CASES = readdirSync(FOLDER, { withFileTypes: true }).filter((entry) => entry.isDirectory());
const NEEDED = ["reply.json", "expected.json", "request.json"];
const EMPTY_LIST = { result: [], next_cursor: null };

describe("recorded replies of Truto", () => {
  it("are there, and each with its domain value and its requests", () => {
    expect(CASES.length).toBeGreaterThan(20);
    const incomplete = CASES.flatMap(({ name }) => NEEDED.filter((file) => !existsSync(join(FOLDER, name, file))).map((file) => `${name}/${file}`));
    expect(incomplete).toEqual([]);
  });

  it.each(CASES.map(({ name }) => name))("%s becomes its domain value", async (name) => {
    await using connected = await connectTruto((request) => replyTo(name, request));
    const value = await read(connected.provider, name).catch(asFacts);
    expect(connected.vendor.requests.map(asRecorded)).toEqual(fileOf(name, "request.json"));
    expect(JSON.parse(JSON.stringify(value))).toEqual(fileOf(name, "expected.json"));
  });

  it.each(CASES.map(({ name }) => name))("%s shows nothing that must stay secret", (name) => {
    expect(JSON.stringify(fileOf(name, "expected.json"))).not.toMatch(/planted|"args":/);
  });
});

/** The request tells which method of the port is meant. */
async function read(provider: SyncProvider, name: string): Promise<unknown> {
  const [, collection = "", id] = firstPath(name).split("/");
  if (collection === "sync-job-run" && id !== undefined) return provider.observe([runRef(id)], { tasks: true });
  if (collection === "sync-job-run") return collect(provider.discover(new Date("2026-06-01T00:00:00.000Z"), []));
  if (collection === "sync-job" && id !== undefined) return provider.getDefinition(id, DefinitionKind.SyncJob);
  if (collection === "integrated-account") return collect(provider.listLinkedAccounts());
  return collect(provider.listDefinitions());
}

function replyTo(name: string, request: FakeRequest): FakeReply | undefined {
  if (request.path === "/sync-job-cron-trigger") return answer(fileOf(name, "cron-triggers.json") ?? EMPTY_LIST);
  if (request.path === "/log") return answer(fileOf(name, "log.json"));
  return answer(fileOf(name, "reply.json"));
}

function answer(json: unknown): FakeReply | undefined {
  if (json === undefined) return undefined;
  const status = isJsonObject(json) ? json["statusCode"] : undefined;
  return { status: typeof status === "number" ? status : 200, json };
}

function fileOf(name: string, file: string): unknown {
  const path = join(FOLDER, name, file);
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : undefined;
}

function firstPath(name: string): string {
  const requests = fileOf(name, "request.json");
  const first: unknown = Array.isArray(requests) ? requests[0] : undefined;
  return isJsonObject(first) ? String(first["path"]) : "";
}

function asFacts(error: unknown): object {
  if (!(error instanceof ProviderError)) throw error;
  const { code, provider, httpStatus, retryable, sent } = error;
  // How the wire introduces a vendor's refusal is the wire's to say; what it refuses with is read here.
  const message = httpStatus === null ? error.message : error.message.split(`${httpStatus}: `).at(-1);
  return { error: { code, message, provider, httpStatus, retryable, sent } };
}

function runRef(remoteId: string): RunRef {
  return {
    remoteId,
    definitionRemoteId: "1ba1f401-7183-47c5-9e39-e8e257e3c795",
    linkedAccountRemoteId: "94801e49-a652-42f9-af14-dd203d7897da",
    batchId: null,
    models: [],
    status: "CREATED",
    createdAt: new Date("2026-04-02T06:00:00.000Z"),
    startedAt: null,
  };
}
