// Gives a vendor another clock, or another way to write times: stands before it and rewrites every time in its answers, their Date too, and
// what it is asked for about times.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { VendorServer } from "./vendors.ts";

export interface OtherClock {
  /** Milliseconds that it is ahead; negative is behind. */
  readonly aheadMs: number;
  /** How it writes a moment, which is one by its own clock. */
  write(moment: Date): string;
}

export interface VendorByOtherClock extends VendorServer {
  close(): Promise<void>;
}

const TIME = /\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d(?::?\d\d)?)?/gu;
/** What ends with it. */
const PER_CONNECTION: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "date",
  "host",
  "keep-alive",
  "transfer-encoding",
]);

export async function byOtherClock(vendor: VendorServer, { aheadMs, write }: OtherClock): Promise<VendorByOtherClock> {
  const told = (text: string) => text.replaceAll(TIME, (found) => write(new Date(momentOf(found) + aheadMs)));
  const asked = (text: string) => new Date(momentOf(text) - aheadMs).toISOString();
  const server = createServer((incoming, answer) => {
    const pass = async (): Promise<void> => {
      const chunks: Buffer[] = [];
      for await (const chunk of incoming) chunks.push(Buffer.from(chunk));
      const target = new URL(incoming.url ?? "/", vendor.url);
      for (const [name, value] of [...target.searchParams])
        if (value.match(TIME)?.[0] === value) target.searchParams.set(name, asked(value));
      const { method = "GET" } = incoming;
      const headers = Object.entries(incoming.headers).filter(([name]) => !PER_CONNECTION.has(name));
      const body = Buffer.concat(chunks).toString("utf8");
      const reply = await fetch(target, {
        method,
        headers: headers.map(([name, value]): [string, string] => [name, [value ?? ""].flat().join(", ")]),
        ...(body === "" ? {} : { body }),
      });
      const passed = [...reply.headers].filter(([name]) => !PER_CONNECTION.has(name) && name !== "content-encoding");
      const date = new Date(Date.now() + aheadMs).toUTCString();
      answer.writeHead(reply.status, { ...Object.fromEntries(passed), date }).end(told(await reply.text()));
    };
    // A vendor that cannot be reached is one whose connections break.
    pass().catch(() => answer.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { pathname } = new URL(vendor.url);
  const { port } = server.address() as AddressInfo;
  return {
    ...vendor,
    url: `http://127.0.0.1:${port}${pathname === "/" ? "" : pathname}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A time without a zone is UTC. */
const momentOf = (text: string): number => {
  const zone = /(?:Z|[+-]\d\d(?::?\d\d)?)$/u.exec(text.slice(10))?.[0];
  const full = zone === undefined ? `${text}Z` : zone.length === 3 ? `${text}:00` : text;
  return Date.parse(full.replace(" ", "T"));
};
