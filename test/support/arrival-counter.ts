// Stands in front of a vendor and tells when each request arrived. It is a process of its own: what keeps a test's own process busy,
// the gateways among it, must not look like a request that came later than it did.
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { ProviderEntry } from "./gateway.ts";
import { entryOf, type VendorServer } from "./vendors.ts";

export interface ArrivalCounter {
  /** The vendor, reached through the counter. */
  readonly entry: ProviderEntry;
  /** When the requests so far arrived, in milliseconds from some moment, in order. */
  arrivals(): Promise<readonly number[]>;
  close(): Promise<void>;
}

const PROGRAM = fileURLToPath(new URL("arrival-counter-program.ts", import.meta.url));

export async function countArrivals(vendor: VendorServer): Promise<ArrivalCounter> {
  const child = fork(PROGRAM, [vendor.url], { execArgv: ["--import", import.meta.resolve("tsx")] });
  const told = async <Shape extends z.ZodType>(shape: Shape): Promise<z.output<Shape>> =>
    shape.parse((await once(child, "message"))[0]);
  const { port } = await told(z.object({ port: z.number() }));
  const path = new URL(vendor.url).pathname;
  return {
    entry: entryOf({ ...vendor, url: `http://127.0.0.1:${port}${path === "/" ? "" : path}` }),
    arrivals: async () => {
      const answer = told(z.object({ arrivals: z.array(z.number()) }));
      child.send("how many");
      return (await answer).arrivals;
    },
    close: async () => {
      const ended = once(child, "exit");
      child.disconnect();
      await ended;
    },
  };
}

/**
 * The shortest time in which more requests arrived than allowed, in milliseconds: from one to the one that is `requests` later. Infinite
 * when there were not so many.
 */
export function shortestOverrun(arrivals: readonly number[], requests: number): number {
  const overruns = arrivals.slice(requests).map((atMs, index) => atMs - (arrivals[index] ?? atMs));
  return Math.min(...overruns, Number.POSITIVE_INFINITY);
}
