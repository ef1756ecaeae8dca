// A vendor's own sandbox behind a fake vendor: requests pass through unless a test answers them itself, or rewrites what comes back.
import { loadSandbox } from "../../src/providers/registry.ts";
import { systemClock } from "../../src/wire/system-clock.ts";
import type { ProviderSettings, SyncProvider } from "../../src/domain/provider-port.ts";
import { connectAdapter } from "./adapter-at-fake-vendor.ts";
import type { VendorConformance } from "./conformance.ts";
import { startFakeVendor } from "./fake-vendor.ts";
import type { FakeReply, FakeRequest, FakeVendor, RawReply } from "./fake-vendor.ts";

export interface SandboxVendor extends AsyncDisposable {
  readonly provider: SyncProvider;
  readonly vendor: FakeVendor;
  readonly credentials: Readonly<Record<string, string>>;
  /** Answers in the sandbox's place from now on; undefined lets a request through. */
  answer(instead: (request: FakeRequest) => FakeReply | RawReply | undefined): void;
  /** Changes the bodies of 2xx answers from now on. */
  rewrite(change: (body: unknown, request: FakeRequest) => unknown): void;
}

/** How much faster than life its runs go: each status is still seen by who looks every few milliseconds. */
const SPEED = 25;

/**
 * Starts the sandbox and an adapter, on the machine's clock, that reaches it through the fake vendor.
 *
 * @param settings what is to differ from the settings that the sandbox takes
 */
export async function sandboxVendor(
  kind: string,
  under: VendorConformance,
  settings: Partial<ProviderSettings> = {},
): Promise<SandboxVendor> {
  const { startSandbox } = await loadSandbox(kind);
  const sandbox = await startSandbox({ port: 0, host: "127.0.0.1", speed: SPEED, seed: 7 });
  const target = new URL(sandbox.url);
  let instead: (request: FakeRequest) => FakeReply | RawReply | undefined = () => undefined;
  let change: (body: unknown, request: FakeRequest) => unknown = (body) => body;

  const vendor = await startFakeVendor(async (request) => {
    const own = instead(request);
    if (own !== undefined) return own;
    const headers = passedOn(request);
    const query = request.query.size === 0 ? "" : `?${request.query.toString()}`;
    const body = request.body === "" ? {} : { body: request.body };
    const answer = await fetch(`${target.origin}${request.path}${query}`, { method: request.method, headers, ...body });
    return replyOf(answer, (json) => change(json, request));
  });
  const path = under.sandbox.path ?? target.pathname.replace(/\/$/, "");
  const provider = connectAdapter(under, `${vendor.url}${path}`, {
    clock: systemClock,
    settings: { credentials: sandbox.credentials, ...settings },
  });

  const dispose = async (): Promise<void> => {
    await provider.close();
    await vendor.close();
    await sandbox.close();
  };
  return {
    provider,
    vendor,
    credentials: sandbox.credentials,
    answer: (given) => {
      instead = given;
    },
    rewrite: (given) => {
      change = given;
    },
    [Symbol.asyncDispose]: dispose,
  };
}

/** Headers that belong to the connection, not to the request, stay behind. */
function passedOn({ headers }: FakeRequest): Readonly<Record<string, string>> {
  const hop = new Set(["host", "connection", "content-length", "transfer-encoding", "accept-encoding", "keep-alive"]);
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !hop.has(name)));
}

async function replyOf(answer: Response, change: (json: unknown) => unknown): Promise<FakeReply> {
  const text = await answer.text();
  const waits = ["retry-after", "x-ratelimit-reset"].flatMap((name) => {
    const value = answer.headers.get(name);
    return value === null || answer.ok ? [] : [[name, value]];
  });
  const reply = { status: answer.status, headers: Object.fromEntries(waits) as Record<string, string> };
  if (text === "") return reply;
  const json: unknown = JSON.parse(text);
  return { ...reply, json: answer.ok ? change(json) : json };
}
