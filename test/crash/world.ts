// What outlives the gateways of one case: the vendors, with a recorder in front of each, the database, and where webhooks are sent.
import { systemClock } from "../../src/wire/system-clock.ts";
import { readConfig } from "../../src/server/config.ts";
import { checkProviders } from "../../src/server/providers.ts";
import { fillWithOldRuns } from "../support/aging.ts";
import { databases, type DatabaseName } from "../support/databases.ts";
import { eventually } from "../support/eventually.ts";
import { BLIND } from "../support/failing-parts.ts";
import { environmentOf, makeFolder, type ProviderEntry } from "../support/gateway.ts";
import { startGatewayProcess, type GatewayProcess } from "../support/gateway-process.ts";
import { allOf } from "../support/provider-values.ts";
import { VENDORS, recordRequests, startVendor, type Recorder, type Vendor } from "../support/vendors.ts";
import { truthOf, type Truth } from "../acceptance/sandbox-truth.ts";
import { REGISTER, REPORTING, type Registration } from "../acceptance/webhook-registration.ts";
import type { CrashCase } from "./cases.ts";
import { withFacts, type StoredFacts } from "./stored-facts.ts";
import { startWebhookRelay, type WebhookRelay } from "./webhook-relay.ts";

/** With a key: Polytomic. With a look-up: RootFi, Stuut, Truto. With neither: a Truto that both are taken from. */
export type ProviderKey = Vendor | typeof BLIND;

export interface VendorSide {
  readonly key: ProviderKey;
  readonly kind: Vendor;
  readonly recorder: Recorder;
  readonly truth: Truth;
}

export interface World extends AsyncDisposable {
  readonly vendors: readonly VendorSide[];
  readonly relay: WebhookRelay;
  readonly databaseUrl: string;
  /** @param failPoint as FAILPOINT names it; null lets the gateway live */
  start(failPoint: string | null, given?: { readonly aheadMs?: number; readonly waits?: boolean }): GatewayProcess;
  facts(): Promise<StoredFacts>;
  /** The same, again and again, until the look gives something. */
  untilFacts<T>(what: string, look: (facts: StoredFacts) => T | null | Promise<T | null>): Promise<T>;
  /** What the vendors list, asked without a gateway, as `StoredFacts` names it; and the runs they tell of. */
  listed(): Promise<{ readonly catalog: readonly string[]; readonly runs: readonly string[] }>;
}

/** Whose runs the old history is about: nobody asks that vendor for anything any more. */
export const OLD_PROVIDER = "acme";
/** Several batches of retention. */
const OLD_RUNS = 400;
const OLD_DAYS = 3;
const SPEED = 10;
/** Soon enough for a case, and not so often that looking is all a busy machine does. */
const POLL = { fastMs: 250, slowMs: 1_000, discoverMs: 3_000 };
/** Until a gateway has made good what others left, on a machine that has other things to do. */
const RESTS_WITHIN_MS = 240_000;
/**
 * How often a gateway polls whose vendors send webhooks: seldom, so that the webhooks come first. A read that a webhook asked for and that
 * failed on a busy machine is repeated after this.
 */
const SELDOM_MS = 45_000;
const DAY_MS = 86_400_000;

/** With `webhooks` the vendors that have them alone, and they tell the gateway of its runs before any poll does. */
export async function makeWorld(
  program: string,
  database: DatabaseName,
  { webhooks: reporting = false, history = false }: Pick<CrashCase, "webhooks" | "history">,
): Promise<World> {
  const left: (() => Promise<unknown>)[] = [];
  const end = async (): Promise<void> => {
    for (const free of left.splice(0).toReversed()) await free();
  };
  try {
    const folder = await makeFolder();
    left.push(() => folder.remove());
    const { url: databaseUrl, drop } = await databases[database].create();
    left.push(drop);
    const relay = await startWebhookRelay();
    left.push(() => relay.close());
    const keys: readonly ProviderKey[] = reporting ? REPORTING : [...VENDORS, BLIND];
    const made = await Promise.all(keys.map((key) => makeSide(key, reporting ? relay : null, left)));
    if (history) await fillWithOldRuns(databaseUrl, OLD_RUNS, OLD_DAYS);
    const environment = await environmentOf(folder.path, {
      providers: made.map(({ entry }) => entry),
      databaseUrl,
      ...(history ? { retentionDays: OLD_DAYS - 1 } : {}),
    });
    return {
      vendors: made,
      relay,
      databaseUrl,
      start: (failPoint, { aheadMs = 0, waits = false } = {}) => {
        const asked = failPoint === null ? {} : { FAILPOINT: failPoint, ...(waits ? { FAILPOINT_WAITS: "yes" } : {}) };
        const gateway = startGatewayProcess(
          folder.path,
          { ...environment, CLOCK_AHEAD_MS: String(aheadMs), ...asked },
          { program: ["--enable-source-maps", program] },
        );
        left.push(async () => gateway[Symbol.asyncDispose]());
        return gateway;
      },
      facts: () => withFacts(databaseUrl, (read) => read()),
      untilFacts: (what, look) =>
        withFacts(databaseUrl, (read) => eventually(what, async () => look(await read()), RESTS_WITHIN_MS)),
      listed: () => listed(environment),
      [Symbol.asyncDispose]: end,
    };
  } catch (error) {
    await end();
    throw error;
  }
}

async function makeSide(
  key: ProviderKey,
  relay: WebhookRelay | null,
  left: (() => Promise<unknown>)[],
): Promise<VendorSide & { readonly entry: ProviderEntry }> {
  const kind: Vendor = key === BLIND ? "truto" : key;
  const vendor = await startVendor(kind, SPEED);
  left.push(() => vendor.stop());
  const truth = truthOf(vendor);
  left.push(() => truth.stop());
  const recorder = await recordRequests(vendor);
  left.push(() => recorder.close());
  const entry = { ...recorder.entry, key, poll: POLL };
  if (relay === null || kind === "stuut") return { key, kind, recorder, truth, entry };
  const registration: Registration = await REGISTER[kind](vendor);
  await registration.at(relay.urlOf(key));
  const poll = { fastMs: SELDOM_MS, slowMs: SELDOM_MS, discoverMs: SELDOM_MS };
  return { key, kind, recorder, truth, entry: { ...entry, poll, webhookSecret: registration.secret } };
}

async function listed(environment: Readonly<Record<string, string>>) {
  const specs = readConfig(environment).providers.map((config) => ({ config, sandbox: false }));
  const checked = await checkProviders(specs);
  const providers = checked.map((create) => create({ clock: systemClock, quotaOf: () => null }));
  const [catalog, runs]: [string[], string[]] = [[], []];
  const since = new Date(Date.now() - DAY_MS);
  try {
    for (const { info, provider } of providers) {
      const definitions = await allOf(provider.listDefinitions());
      const found = [...definitions, ...(await allOf(provider.listLinkedAccounts()))];
      catalog.push(...found.map(({ remoteId }) => `${info.key} ${remoteId}`));
      const seen = await allOf(provider.discover(since, definitions));
      runs.push(...seen.map(({ remoteId }) => `${info.key} ${remoteId}`));
    }
  } finally {
    await Promise.all(providers.map(({ provider }) => provider.close()));
  }
  return { catalog: [...new Set(catalog)], runs: [...new Set(runs)] };
}
