// Stands between tracking and its ports, where the fail-points are: the product itself knows of none.
import { subscribe } from "node:diagnostics_channel";
import { DataSource } from "typeorm";
import type { QueryRunner } from "typeorm";
import type { SyncProvider } from "../../src/domain/provider-port.ts";
import type { Store } from "../../src/domain/store-port.ts";
import type { GatewayParts } from "../../src/server/gateway.ts";
import type { ConfiguredProvider } from "../../src/tracking/provider-directory.ts";
import type { FailPoint, Reach } from "./fail-points.ts";
import { isStartPath } from "./vendors.ts";

/** Key of a provider that is made to have neither an idempotency key nor a way to look a start up. */
export const BLIND = "blind";

export function standBetween({ store, bus, queue, providers }: GatewayParts, reach: Reach): GatewayParts {
  return {
    store: storeOf(store, reach),
    bus: {
      ...bus,
      ring: (...given) => {
        bus.ring(...given);
        reach.now("F6");
      },
    },
    queue: {
      ...queue,
      close: async () => {
        reach.now("F13");
        await queue.close();
        reach.now("F13");
      },
    },
    providers: providers.map((configured) => {
      const able = configured.info.key === BLIND ? blinded(configured) : configured;
      return { ...able, provider: providerOf(able.provider, reach) };
    }),
  };
}

function storeOf(store: Store, reach: Reach): Store {
  const { ledger, polling, triggers, inbox, retention } = store;
  return {
    ...store,
    triggers: {
      ...triggers,
      intend: async (...given) => {
        await reach.at("F1");
        const intended = await triggers.intend(...given);
        if (intended.outcome === "CREATED") await reach.at("F2");
        return intended;
      },
      takeOver: async (...given) => {
        const taken = await triggers.takeOver(...given);
        if (taken.length > 0) await reach.at("F11-trigger");
        return taken;
      },
    },
    ledger: {
      ...ledger,
      record: async (...given) => {
        const recorded = await ledger.record(...given);
        if (recorded.some(({ transitions }) => transitions.length > 0)) await reach.at("F5");
        return recorded;
      },
    },
    polling: {
      ...polling,
      claimDue: async (...given) => {
        const claims = await polling.claimDue(...given);
        if (claims.length > 0) await reach.at("F11-poll");
        return claims;
      },
    },
    retention: {
      prune: async (...given) => {
        const pruned = await retention.prune(...given);
        if (pruned !== null && pruned.transitions > 0) reach.now("F12-pruning");
        return pruned;
      },
    },
    inbox: {
      ...inbox,
      put: async (...given) => {
        await reach.at("F7");
        const stored = await inbox.put(...given);
        await reach.at("F8");
        return stored;
      },
      due: async (...given) => {
        const due = await inbox.due(...given);
        if (due.length > 0) await reach.at("F9");
        return due;
      },
    },
  };
}

function providerOf(provider: SyncProvider, reach: Reach): SyncProvider {
  return {
    ...provider,
    start: async (...given) => {
      await reach.at("F2-marked");
      const begun = await provider.start(...given);
      // Whoever read its answer already waits for the one who dies.
      await reach.stay("F3");
      await reach.at("F4");
      return begun;
    },
    observe: async (...given) => {
      const result = await provider.observe(...given);
      await reach.at("F10");
      return result;
    },
    listLinkedAccounts: (...given) => inPieces(provider.listLinkedAccounts(...given), "F14-catalog", reach),
    listDefinitions: (...given) => inPieces(provider.listDefinitions(...given), "F14-catalog", reach),
    discover: (...given) => inPieces(provider.discover(...given), "F14-discovery", reach),
  };
}

/** Small enough that every list has several. */
const ITEMS_OF_A_PIECE = 2;

/** The sandboxes' lists fit into few pages: cut up, they can break in the middle. */
async function* inPieces<Item>(
  pages: AsyncIterable<readonly Item[]>,
  point: FailPoint,
  reach: Reach,
): AsyncIterable<readonly Item[]> {
  for await (const page of pages) {
    for (let from = 0; from < page.length; from += ITEMS_OF_A_PIECE) {
      yield page.slice(from, from + ITEMS_OF_A_PIECE);
      reach.now(point);
    }
  }
}

function blinded({ info, provider, ...rest }: ConfiguredProvider): ConfiguredProvider {
  const capabilities = { ...info.capabilities, idempotentStart: false, lookupByTime: false };
  const { findStarted: _taken, ...left } = provider;
  return { ...rest, info: { ...info, capabilities }, provider: { ...left, capabilities } };
}

/** Reaches F3 when a start's last byte was handed to the system, which sends it whatever becomes of the process. */
export function watchStarts(reach: Reach): void {
  subscribe("undici:request:bodySent", (message) => {
    if (typeof message !== "object" || message === null || !("request" in message)) return;
    const { request } = message;
    if (typeof request !== "object" || request === null || !("method" in request && "path" in request)) return;
    if (request.method === "POST" && isStartPath(String(request.path))) reach.now("F3");
  });
}

/** Reaches F12-migration before each statement that changes the schema; nothing but migrations sends any. */
export function watchMigrations(reach: Reach): void {
  const make = Reflect.get(DataSource.prototype, "createQueryRunner");
  DataSource.prototype.createQueryRunner = function createQueryRunner(...given): QueryRunner {
    const runner: QueryRunner = Reflect.apply(make, this, given);
    const query = runner.query.bind(runner);
    const watched: QueryRunner["query"] = (text: string, ...rest: readonly []) => {
      if (/^\s*(?:create|alter)\b/iu.test(text)) reach.now("F12-migration");
      return query(text, ...rest);
    };
    runner.query = watched;
    return runner;
  };
}
