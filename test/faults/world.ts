// A whole gateway in front of four vendors, each behind a proxy that can break it.
import { z } from "zod";
import type { PollIntervals } from "../../src/domain/provider-port.ts";
import { eventually } from "../support/eventually.ts";
import { startFaultProxy, type FaultProxy } from "../support/fault-proxy.ts";
import { startTestGateway } from "../support/gateway.ts";
import { ask } from "../support/gateway-client.ts";
import { createJumpingClock, type JumpingClock } from "../support/jumping-clock.ts";
import { VENDORS, entryOf, startVendor, type Vendor } from "../support/vendors.ts";

export interface World {
  readonly url: string;
  /** The gateway's. */
  readonly clock: JumpingClock;
  proxyOf(vendor: Vendor): FaultProxy;
  close(): Promise<void>;
}

const discoveryShape = z.object({ providers: z.array(z.object({ discoveryLagMs: z.number().nullable() })) });

export interface WorldOptions {
  /** How much faster than life the vendors' runs go, and their quotas come back. */
  readonly speed: number;
  /** How often the gateway looks by itself; default as impatient as acceptance tests are. */
  readonly poll?: PollIntervals;
}

/** Started and settled: every catalog read, every vendor's history discovered. */
export async function startWorld({ speed, poll }: WorldOptions): Promise<World> {
  const clock = createJumpingClock();
  const vendors = await Promise.all(VENDORS.map((vendor) => startVendor(vendor, speed)));
  const proxies = new Map<Vendor, FaultProxy>();
  // A pause is waited for, or jumped over.
  for (const vendor of vendors) proxies.set(vendor.vendor, await startFaultProxy(vendor.url, clock.sleep));
  const proxyOf = (vendor: Vendor): FaultProxy => {
    const proxy = proxies.get(vendor);
    if (proxy === undefined) throw new Error(`no ${vendor}`);
    return proxy;
  };
  const providers = vendors.map((vendor) => {
    const entry = entryOf({ ...vendor, url: proxyOf(vendor.vendor).url });
    return poll === undefined ? entry : { ...entry, poll: { ...poll } };
  });
  const gateway = await startTestGateway({ providers, clock });
  await eventually("the first look at every vendor", async () => {
    const { data } = await ask(gateway.url, discoveryShape, "{ providers { discoveryLagMs } }");
    return data.providers.every(({ discoveryLagMs }) => discoveryLagMs !== null) ? true : null;
  });
  return {
    url: gateway.url,
    clock,
    proxyOf,
    close: async () => {
      await gateway.close();
      await Promise.all([...proxies.values()].map((proxy) => proxy.close()));
      await Promise.all(vendors.map((vendor) => vendor.stop()));
    },
  };
}
