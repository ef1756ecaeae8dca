// A vendor's sandbox that takes another credential than all sandboxes do: what a rotated key is to the same organisation, and any key to
// another one.
import { createServer, request as forward } from "node:http";
import type { AddressInfo } from "node:net";
import { conformance as rootfi } from "../providers/rootfi/conformance.ts";
import { conformance as stuut } from "../providers/stuut/conformance.ts";
import { credentialHeaders, startVendor, type Vendor } from "./vendors.ts";

export interface OtherCredential extends AsyncDisposable {
  /** As the configuration names it. */
  readonly credentials: Readonly<Record<string, string>>;
  readonly url: string;
}

const SECRET = "credential-of-somebody-else-0123456789";

/** Sandboxes of these have the same objects whatever their seed is: another organisation of theirs has none. */
const EMPTY: Partial<Record<Vendor, unknown>> = { rootfi: rootfi.emptyList, stuut: stuut.emptyList };
const SEEDS = { "the same organisation": 7, "another organisation": 99 } as const;

export async function startWithOtherCredential(
  vendor: Vendor,
  port: number,
  whose: keyof typeof SEEDS,
): Promise<OtherCredential> {
  const behind = await startVendor(vendor, 0.01, SEEDS[whose]);
  const empty = whose === "another organisation" ? EMPTY[vendor] : undefined;
  const target = new URL(behind.url);
  const credentials = Object.fromEntries(Object.keys(behind.credentials).map((name) => [name, SECRET]));
  const own = credentialHeaders({ vendor, credentials });
  const server = createServer((incoming, answer) => {
    const { method, url, headers } = incoming;
    if (empty !== undefined && method === "GET")
      return void answer.setHeader("content-type", "application/json").end(JSON.stringify(empty));
    const isGenuine = Object.entries(own).every(([name, value]) => headers[name] === value);
    const sent = { ...headers, ...(isGenuine ? credentialHeaders(behind) : {}), host: target.host };
    const passed = forward({ host: target.hostname, port: target.port, method, path: url, headers: sent }, (reply) => {
      answer.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(answer);
    });
    passed.on("error", () => answer.destroy());
    incoming.pipe(passed);
  });
  await new Promise<void>((resolve) => {
    server.listen(port, "127.0.0.1", resolve);
  });
  const path = target.pathname === "/" ? "" : target.pathname;
  return {
    credentials,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
      await behind.stop();
    },
  };
}
