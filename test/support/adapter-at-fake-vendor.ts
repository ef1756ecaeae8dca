// A provider's adapter in front of a fake vendor over real HTTP. What is particular to a vendor is data; what is answered, the test's.
import type { Clock } from "../../src/domain/clock.ts";
import type { ProviderSettings, SyncProvider } from "../../src/domain/provider-port.ts";
import type { AnyProviderModule } from "../../src/providers/registry.ts";
import { createHttpClient } from "../../src/wire/create-http-client.ts";
import type { WireLimits } from "../../src/wire/limits.ts";
import { startFakeVendor } from "./fake-vendor.ts";
import type { FakeHandler, FakeReply, FakeRequest, FakeVendor } from "./fake-vendor.ts";
import { createManualClock } from "./manual-clock.ts";

/** What a vendor needs to be faked. */
export interface VendorUnderTest {
  readonly module: AnyProviderModule;
  /** Key of the configured provider. */
  readonly key: string;
  readonly credentials: Readonly<Record<string, string>>;
  /** Path of the base URL: `/v3`; empty when it has none. */
  readonly basePath: string;
  /** What the adapter's clock says. */
  readonly now: Date;
}

export interface AdapterOptions {
  readonly settings?: Partial<ProviderSettings>;
  /** Default: a manual clock that shows the vendor's `now`. */
  readonly clock?: Clock;
  /** Default: one try, because that tries are repeated is the wire's own test, and the clock stands still. */
  readonly limits?: Partial<WireLimits>;
}

export interface AdapterAtFakeVendor extends AsyncDisposable {
  readonly provider: SyncProvider;
  readonly vendor: FakeVendor;
}

/** Starts a fake vendor and the adapter that talks to it; dispose of it with `await using`. */
export async function adapterAt(
  under: VendorUnderTest,
  handler: FakeHandler,
  options: AdapterOptions = {},
): Promise<AdapterAtFakeVendor> {
  const vendor = await startFakeVendor(handler);
  const provider = connectAdapter(under, `${vendor.url}${under.basePath}`, options);
  const dispose = async (): Promise<void> => {
    await provider.close();
    await vendor.close();
  };
  return { provider, vendor, [Symbol.asyncDispose]: dispose };
}

/** The adapter alone, for a vendor that listens already. */
export function connectAdapter(under: VendorUnderTest, baseUrl: string, options: AdapterOptions = {}): SyncProvider {
  const { module } = under;
  const { clock = createManualClock(under.now), limits = { tries: 1 } } = options;
  const settings = settingsOf(under, { baseUrl, ...options.settings });
  const parsed = module.parseConfig(settings);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const http = createHttpClient({
    provider: settings.key,
    endpoint: module.endpoint(parsed.config),
    readError: module.readError,
    rateLimit: module.capabilities.rateLimit,
    allowPrivateAddress: settings.allowPrivateAddress,
    clock,
    // Back-off of nothing: a repetition needs no time to pass.
    random: () => 0,
    limits,
  });
  return module.create(settings, parsed.config, { http, clock });
}

export function settingsOf(under: VendorUnderTest, changes: Partial<ProviderSettings> = {}): ProviderSettings {
  return {
    key: under.key,
    baseUrl: null,
    credentials: under.credentials,
    webhookSecrets: [],
    options: {},
    allowPrivateAddress: true,
    poll: {},
    rateLimit: null,
    ...changes,
  };
}

/** A reply and the request it is given to: `GET /core/syncs?limit=100`, without the base URL's own path. */
export interface RecordedReply {
  readonly to: string;
  readonly status?: number;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is, for what is no JSON. */
  readonly text?: string;
}

export interface SentRequest {
  readonly request: string;
  /** Null when there was none. */
  readonly body: unknown;
}

export interface AdapterWithReplies extends AdapterAtFakeVendor {
  /** What went over the wire so far, in order of arrival. */
  sent(): readonly SentRequest[];
  close(): Promise<void>;
}

/** The adapter at a fake vendor that gives each reply once. Closing fails on any other request, and on a reply nobody asked for. */
export async function adapterWithReplies(
  under: VendorUnderTest,
  replies: readonly RecordedReply[],
  options: AdapterOptions = {},
): Promise<AdapterWithReplies> {
  const left = [...replies];
  const at = await adapterAt(
    under,
    (request) => {
      const index = left.findIndex((reply) => reply.to === targetOf(under, request));
      const [reply] = index === -1 ? [] : left.splice(index, 1);
      return reply === undefined ? undefined : answerOf(reply);
    },
    options,
  );
  const close = async (): Promise<void> => {
    await at[Symbol.asyncDispose]();
    if (left.length > 0) throw new Error(`never asked for: ${left.map(({ to }) => to).join("; ")}`);
  };
  const sent = () =>
    at.vendor.requests.map((request) => ({
      request: targetOf(under, request),
      body: request.body === "" ? null : request.json(),
    }));
  return { ...at, sent, close, [Symbol.asyncDispose]: close };
}

function answerOf({ status = 200, body, text }: RecordedReply): FakeReply {
  return text === undefined ? { status, json: body } : { status, text };
}

function targetOf(under: VendorUnderTest, { method, path, query }: FakeRequest): string {
  const own = path.startsWith(under.basePath) ? path.slice(under.basePath.length) : path;
  const text = query.toString();
  return `${method} ${own}${text === "" ? "" : `?${text}`}`;
}
