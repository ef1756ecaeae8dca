// Gateways as processes of their own, any number of them on one PostgreSQL database, and vendors that write down what they are asked.
import { join } from "node:path";
import { mkdir } from "node:fs/promises";
import { afterEach } from "vitest";
import { takeAnyAddress } from "./any-address.ts";
import { databaseMaker } from "./databases.ts";
import { environmentOf, makeFolder, type ProviderEntry } from "./gateway.ts";
import { startGatewayProcess, type GatewayProcess, type ProcessOptions } from "./gateway-process.ts";
import { recordRequests, startVendor, type Recorder, type Vendor, type VendorServer } from "./vendors.ts";
import { expectVerified } from "./verified.ts";

export interface GatewayNode {
  readonly process: GatewayProcess;
  /** Where GraphQL is, over HTTP. */
  readonly url: string;
}

export interface GatewayNodes {
  readonly databaseUrl: string;
  /** The vendor of that name, as it sees the gateways. */
  vendor(name: Vendor): Recorder;
  /** The same vendor, for a test to stand between it and one of the gateways. */
  server(name: Vendor): VendorServer;
  /** Starts one more gateway and waits until it is up. */
  start(setting?: NodeSetting): Promise<GatewayNode>;
}

export interface NodeSetting extends ProcessOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** How this gateway reaches the vendors. Default: as all do. */
  readonly providers?: readonly ProviderEntry[];
}

export interface NodesSetting {
  readonly vendors: readonly Vendor[];
  /** How much faster than life the vendors' runs go. Default 20. */
  readonly speed?: number;
  /** Default: one of its own on the tests' server. */
  readonly databaseUrl?: string;
  readonly redisUrl?: string;
  /** Some of the gateways reach a vendor at another address than the others. */
  readonly anyAddress?: true;
}

/** Makes worlds for one test. After it the gateways are ended, however they are, and the store they leave must be right. */
export function nodesMaker(): (setting: NodesSetting) => Promise<GatewayNodes> {
  const makeDatabase = databaseMaker("postgres");
  const left: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const end of left.splice(0).toReversed()) await end();
  });
  return async ({ vendors, speed = 20, redisUrl, databaseUrl: given, anyAddress }) => {
    const databaseUrl = given ?? (await makeDatabase());
    const folder = await makeFolder();
    left.push(() => folder.remove());
    left.push(() => expectVerified(databaseUrl));
    if (anyAddress === true) await takeAnyAddress(databaseUrl);
    const known = new Map<Vendor, { readonly server: VendorServer; readonly recorder: Recorder }>();
    for (const name of vendors) {
      const vendor = await startVendor(name, speed);
      left.push(() => vendor.stop());
      const recorder = await recordRequests(vendor);
      left.push(() => recorder.close());
      known.set(name, { server: vendor, recorder });
    }
    const all = [...known.values()].map(({ recorder }) => recorder.entry);
    const find = (name: Vendor) => {
      const found = known.get(name);
      if (found === undefined) throw new Error(`${name} is not among this test's vendors`);
      return found;
    };
    let started = 0;
    return {
      databaseUrl,
      vendor: (name) => find(name).recorder,
      server: (name) => find(name).server,
      async start({ environment = {}, providers = all, ...options } = {}) {
        started += 1;
        const home = join(folder.path, `node-${started}`);
        await mkdir(home);
        const shared = await environmentOf(home, { providers, databaseUrl });
        const redis = redisUrl === undefined ? {} : { REDIS_URL: redisUrl };
        const process = startGatewayProcess(home, { ...shared, ...redis, ...environment }, options);
        left.push(async () => process[Symbol.asyncDispose]());
        return { process, url: await process.url() };
      },
    };
  };
}
