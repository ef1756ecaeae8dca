// Gateways without providers on one database, whose ledger a test writes itself: what they push is known to the last transition.
import { pino } from "pino";
import { WebSocket } from "ws";
import type { WebSocketClass } from "../../src/client/index.ts";
import { BusNews, type EventBus } from "../../src/domain/runtime-ports.ts";
import type { Store } from "../../src/domain/store-port.ts";
import { cursorAt, cursorsIn } from "./ledger-cursors.ts";
import { readConfig } from "../../src/server/config.ts";
import { startGateway, type Gateway } from "../../src/server/gateway.ts";
import { createInProcessBus } from "../../src/server/in-process-bus.ts";
import { ended } from "./feed.ts";
import { entry, rules } from "./store-values.ts";

const LOCAL_TENANT = "local";

/** More than any test commits. */
const MOST = 100_000;

export interface LedgerGateways extends AsyncDisposable {
  /** Where the gateways are now, in the order in which they were started. */
  urls(): readonly string[];
  /** Commits so many runs at once, three transitions each, and rings. */
  commit(runs: number): Promise<void>;
  /** Cursor of the newest transition. */
  head(): Promise<string>;
  /** Cursor and status of everything after that cursor's place, oldest first. */
  ledgerAfter(cursor: string): Promise<readonly Told[]>;
  /** Stops the first gateway as a deployment does, after another was started; an SQLite file is one gateway's, so there it goes first. */
  replaceFirst(): Promise<void>;
}

export interface Told {
  readonly cursor: string;
  readonly to: string;
}

/**
 * @param store on the same database
 * @param hears whether a ring reaches the gateways; default: each does
 */
export async function startLedgerGateways(
  { store, url }: { readonly store: Store; readonly url: string },
  count: number,
  hears: () => boolean = () => true,
): Promise<LedgerGateways> {
  const inner = createInProcessBus();
  const bus: EventBus = {
    ...inner,
    ring: (...given) => {
      if (hears()) inner.ring(...given);
    },
  };
  const isAlone = url.startsWith("sqlite:");
  const config = readConfig({ PORT: "0", DATABASE_URL: url, SYNCGRAPH_SANDBOX: "off" });
  const start = (): Promise<Gateway> =>
    startGateway(config, { log: pino({ level: "silent" }), around: (parts) => ({ ...parts, bus }) });
  const gateways: Gateway[] = [];
  for (let started = 0; started < count; started += 1) gateways.push(await start());
  let runs = 0;

  return {
    urls: () => gateways.map((gateway) => gateway.url),
    commit: async (number) => {
      const entries = Array.from({ length: number }, () => entry(`run-${(runs += 1)}`, ended));
      await store.ledger.record(LOCAL_TENANT, entries, rules);
      bus.ring(LOCAL_TENANT, BusNews.Transitions);
    },
    head: async () => cursorAt(store, LOCAL_TENANT, await store.ledger.head(LOCAL_TENANT)),
    ledgerAfter: async (cursor) => {
      const transitions = await store.ledger.transitionsAfter(LOCAL_TENANT, 0, MOST);
      const cursors = await cursorsIn(store, LOCAL_TENANT);
      const all = transitions.map(({ to }, index): Told => ({ cursor: cursors[index] ?? "none", to }));
      return all.slice(all.findIndex((one) => one.cursor === cursor) + 1);
    },
    replaceFirst: async () => {
      const [first] = gateways;
      if (isAlone) await first?.close();
      gateways.push(await start());
      gateways.shift();
      if (!isAlone) await first?.close();
    },
    [Symbol.asyncDispose]: async () => {
      for (const gateway of gateways.splice(0)) await gateway.close();
      await bus.close();
    },
  };
}

export interface CuttableSockets {
  /** A WebSocket class for clients, whose sockets can be cut. */
  readonly WebSocket: WebSocketClass;
  /** Cuts all that are open, as a network does. */
  cut(): void;
}

export function createCuttableSockets(): CuttableSockets {
  const open = new Set<WebSocket>();
  class Cuttable extends WebSocket {
    constructor(url: string, protocol?: string) {
      super(url, protocol);
      open.add(this);
      this.once("close", () => open.delete(this));
    }
  }
  return {
    WebSocket: Cuttable,
    cut: () => {
      for (const socket of open) socket.terminate();
    },
  };
}
