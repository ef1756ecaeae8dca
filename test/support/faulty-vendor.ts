// A vendor's real adapter with the real wire client, in front of the vendor's own sandbox, with a fault between them.
import pLimit from "p-limit";
import type { SyncProvider } from "../../src/domain/provider-port.ts";
import { loadSandbox } from "../../src/providers/registry.ts";
import { createHttpClient } from "../../src/wire/create-http-client.ts";
import type { CallReport, HttpClientOptions } from "../../src/wire/create-http-client.ts";
import { settingsOf } from "./adapter-at-fake-vendor.ts";
import type { VendorConformance } from "./conformance.ts";
import { startFaultProxy, type FaultProxy } from "./fault-proxy.ts";
import type { ManualClock } from "./manual-clock.ts";
import { ISSUED, SELF_SIGNED, startTlsServer, type TlsServer } from "./certificates.ts";
import { FAULTS, TRIES, type Fault } from "./faults.ts";

export interface FaultyVendor extends AsyncDisposable {
  readonly proxy: FaultProxy;
  /** An adapter that reaches the sandbox through the proxy, with a circuit and a quota of its own, or as far as the fault lets it. */
  connect(fault?: Fault): ConnectedProvider;
  /** Resolves when no fault moves the clock any more. */
  settled(): Promise<void>;
}

export interface ConnectedProvider {
  readonly provider: SyncProvider;
  /** Every try that went over the network, or tried to. */
  readonly tries: readonly CallReport[];
}

/** Starts the sandbox and the proxy. @param clock the adapters'; the proxy's pauses move it */
export async function startFaultyVendor(
  kind: string,
  under: VendorConformance,
  clock: ManualClock,
): Promise<FaultyVendor> {
  const { startSandbox } = await loadSandbox(kind);
  // So slow that no run ends by itself while a test looks: two answers to the same question are the same.
  const sandbox = await startSandbox({ port: 0, host: "127.0.0.1", speed: 0.01, seed: 7 });
  const origin = new URL(sandbox.url);
  const path = under.sandbox.path ?? origin.pathname.replace(/\/$/u, "");
  // One pause after the other: a clock that two moved at once would go back.
  const inTurn = pLimit(1);
  const proxy = await startFaultProxy(`${origin.origin}${path}`, (ms) => inTurn(() => clock.advance(ms)));
  const untrusted = await startTlsServer(SELF_SIGNED);
  const expired = await startTlsServer(ISSUED.expired);
  const elsewhere = await startTlsServer(ISSUED.elsewhere);
  const ways = { proxy, untrusted, expired, elsewhere, path };
  const providers: SyncProvider[] = [];

  function connect(fault?: Fault): ConnectedProvider {
    const { baseUrl, resolve } = wayOf(fault, ways);
    const tries: CallReport[] = [];
    const onCall = (call: CallReport) => void (call.attempted && tries.push(call));
    const way = { baseUrl, clock, onCall, ...(resolve === undefined ? {} : { resolve }) };
    const provider = adapterOf(under, sandbox.credentials, way);
    providers.push(provider);
    return { provider, tries };
  }

  return {
    proxy,
    connect,
    settled: () => inTurn(() => Promise.resolve()),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(providers.map((provider) => provider.close()));
      await proxy.close();
      for (const server of [untrusted, expired, elsewhere]) await server.close();
      await sandbox.close();
    },
  };
}

interface Ways {
  readonly proxy: FaultProxy;
  readonly untrusted: TlsServer;
  readonly expired: TlsServer;
  readonly elsewhere: TlsServer;
  /** The vendor's own. */
  readonly path: string;
}

interface Way {
  readonly baseUrl: string;
  readonly resolve?: NonNullable<HttpClientOptions["resolve"]>;
}

const unresolved: NonNullable<HttpClientOptions["resolve"]> = (_name, callback) =>
  callback(Object.assign(new Error("getaddrinfo ENOTFOUND"), { code: "ENOTFOUND" }), []);

function wayOf(fault: Fault | undefined, { proxy, untrusted, expired, elsewhere, path }: Ways): Way {
  const reach = fault === undefined ? "vendor" : FAULTS[fault].reach;
  switch (reach) {
    case "vendor":
      return { baseUrl: proxy.url };
    case "nobody":
      return { baseUrl: `http://127.0.0.1:1${path}` };
    case "no name":
      return { baseUrl: `https://vendor.example${path}`, resolve: unresolved };
    case "untrusted certificate":
      return { baseUrl: `${untrusted.url}${path}` };
    case "expired certificate":
      return { baseUrl: `${expired.url}${path}` };
    case "certificate of another":
      return { baseUrl: `${elsewhere.url}${path}` };
  }
}

function adapterOf(
  under: VendorConformance,
  credentials: Readonly<Record<string, string>>,
  way: Way & Pick<HttpClientOptions, "clock" | "onCall">,
): SyncProvider {
  const { module } = under;
  const settings = settingsOf(under, { baseUrl: way.baseUrl, credentials });
  const parsed = module.parseConfig(settings);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const http = createHttpClient({
    provider: settings.key,
    endpoint: module.endpoint(parsed.config),
    readError: module.readError,
    // The quota has tests of its own, and so has the circuit: here each request is to show what becomes of it.
    rateLimit: { requests: 100_000, perMs: 1_000 },
    limits: { tries: TRIES, breakerFailures: 1_000 },
    allowPrivateAddress: settings.allowPrivateAddress,
    // Back-off of nothing: a repetition needs no time to pass, unless the vendor asks for it.
    random: () => 0,
    ...way,
  });
  return module.create(settings, parsed.config, { http, clock: way.clock });
}
