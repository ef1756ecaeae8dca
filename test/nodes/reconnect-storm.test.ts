// Hundreds of subscribers that lose their sockets in the same instant and come back for what they missed: a proxy that cuts them all, and a
// gateway that is killed and started again. What one subscriber is given is in `test/client/resume.test.ts`.
import { WebSocket } from "ws";
import { afterEach, expect, test } from "vitest";
import { z } from "zod";
import { followTransitions, type FollowOptions } from "../../src/client/index.ts";
import type { Store } from "../../src/domain/store-port.ts";
import { ledgerCursor } from "../../src/graphql/cursors.ts";
import { cursorsIn } from "../support/ledger-cursors.ts";
import { describeOnEachDatabase } from "../support/databases.ts";
import { eventually, factsOf } from "../support/eventually.ts";
import { ended } from "../support/feed.ts";
import { makeFolder } from "../support/gateway.ts";
import { ask } from "../support/gateway-client.ts";
import { startGatewayProcess, type GatewayProcess } from "../support/gateway-process.ts";
import { createCuttableSockets } from "../support/ledger-gateways.ts";
import { INSPECTED, liveMbOf } from "../support/soak/live-heap.ts";
import { entry, rules } from "../support/store-values.ts";
import { expectVerified } from "../support/verified.ts";

const SUBSCRIBERS = 300;
const STORMS = 2;
const TENANT = "local";
/** Where nobody listens. The port of a gateway that is gone may soon be somebody else's. */
const NOWHERE = "http://127.0.0.1:1/graphql";
/** Runs that end between a storm and the next, three transitions each. */
const RUNS = 8;
/** Two storms that left their sockets behind would leave several times as much. */
const MOST_LEFT_MB = 8;
/** Longer than anything takes on a busy machine. */
const PATIENCE_MS = 60_000;
const LONG = { timeout: 150_000 };

interface Subscriber {
  readonly cursors: readonly string[];
  /** How long it was told to wait, for each time it lost its gateway after it had one. */
  readonly firstWaitsMs: readonly number[];
  following(): boolean;
  leave(): Promise<void>;
}

function subscribe(options: Pick<FollowOptions, "url" | "webSocketImpl" | "after" | "retryDelayMs">): Subscriber {
  const [cursors, firstWaitsMs]: [string[], number[]] = [[], []];
  let following = false;
  const stream = followTransitions({
    ...options,
    fields: "to",
    read: ({ to }) => String(to),
    onState: (state) => {
      following = state.state === "FOLLOWING";
      if (state.state === "WAITING" && state.failures === 1) firstWaitsMs.push(state.delayMs);
    },
  });
  const reading = (async () => {
    for await (const { cursor } of stream) cursors.push(cursor);
  })();
  return {
    ...{ cursors, firstWaitsMs },
    following: () => following,
    leave: async () => {
      await stream.return?.();
      await reading;
    },
  };
}

describeOnEachDatabase("a reconnect storm", (open) => {
  const left: (() => Promise<unknown>)[] = [];
  let [store, url]: [Store | null, string] = [null, NOWHERE];
  let start: () => Promise<GatewayProcess>;
  let runs = 0;

  afterEach(async () => {
    for (const end of left.splice(0).toReversed()) await end();
  });

  /** A gateway without providers, and all its subscribers. */
  async function make(given: Pick<FollowOptions, "webSocketImpl" | "retryDelayMs">) {
    const opened = await open();
    store = opened.store;
    left.push(() => expectVerified(opened.url));
    const folder = await makeFolder();
    left.push(() => folder.remove());
    start = async () => {
      const environment = { PORT: "0", DATABASE_URL: opened.url, SYNCGRAPH_SANDBOX: "off", ...INSPECTED };
      const process = startGatewayProcess(folder.path, environment);
      left.push(async () => process[Symbol.asyncDispose]());
      url = await process.url();
      return process;
    };
    const gateway = await start();
    const after = ledgerCursor(TENANT, 0);
    const subscribers = Array.from({ length: SUBSCRIBERS }, () => subscribe({ url: () => url, after, ...given }));
    left.push(() => Promise.all(subscribers.map((one) => one.leave())));
    await eventually("all follow", () => subscribers.every((one) => one.following()) || null, PATIENCE_MS);
    return { gateway, subscribers };
  }

  /** Nobody rings: the gateway finds what another has committed within a second. */
  async function commit(): Promise<void> {
    const entries = Array.from({ length: RUNS }, () => entry(`run-${(runs += 1)}`, ended));
    await store?.ledger.record(TENANT, entries, rules);
  }

  /** Waits until everybody has been given everything, and nothing else. */
  async function expectWhole(subscribers: readonly Subscriber[]): Promise<void> {
    const cursors = store === null ? [] : await cursorsIn(store, TENANT);
    await eventually(
      "everything is with everybody",
      () => subscribers.every((one) => one.cursors.length >= cursors.length) || null,
      PATIENCE_MS,
    );
    expect(new Set(subscribers.map((one) => one.cursors.join()))).toEqual(new Set([cursors.join()]));
  }

  test(
    "of sockets that a proxy cuts, all back at once, loses and doubles nothing, answers others, and leaves nothing behind",
    LONG,
    async () => {
      const sockets = createCuttableSockets();
      // The worst there is: nobody waits.
      const { gateway, subscribers } = await make({ webSocketImpl: sockets.WebSocket, retryDelayMs: () => 0 });
      await commit();
      await expectWhole(subscribers);
      const before = await eventually("its memory is known", () => liveMbOf(gateway.errorOutput()), PATIENCE_MS);
      const others = keepAsking(url);
      for (let storm = 0; storm < STORMS; storm += 1) {
        sockets.cut();
        await commit();
        await expectWhole(subscribers);
      }
      expect(await others.stop()).toEqual([]);
      expect(others.answered()).toBeGreaterThan(0);
      const isBack = async (): Promise<true | null> => {
        const now = await liveMbOf(gateway.errorOutput());
        return now !== null && now - before < MOST_LEFT_MB ? true : null;
      };
      await eventually(`no more than ${before} MB and a little are held`, isBack, PATIENCE_MS);
    },
  );

  test(
    "after a gateway was killed loses and doubles nothing, and the shipped client comes back spread over time",
    LONG,
    async () => {
      const { gateway, subscribers } = await make({ webSocketImpl: WebSocket });
      await commit();
      await expectWhole(subscribers);
      url = NOWHERE;
      await gateway.stop("SIGKILL");
      await commit();
      await start();
      const others = keepAsking(url);
      await expectWhole(subscribers);
      expect(await others.stop()).toEqual([]);
      // Of so many waits, evenly drawn from half a second, every twentieth of it has some.
      const twentieths = new Set(subscribers.flatMap((one) => one.firstWaitsMs.map((ms) => Math.floor(ms / 25))));
      expect(twentieths.size).toBe(20);
    },
  );
});

interface Asking {
  answered(): number;
  /** @returns what went wrong, in words */
  stop(): Promise<readonly string[]>;
}

/** Asks whether the gateway is ready, and a query, again and again. */
function keepAsking(url: string): Asking {
  const ending = new AbortController();
  const failures: string[] = [];
  let answered = 0;
  const shape = z.object({ syncs: z.object({ nodes: z.array(z.object({ id: z.string() })) }) });
  const asking = (async () => {
    while (!ending.signal.aborted) {
      const ready = await fetch(new URL("/readyz", url));
      if (!ready.ok) failures.push(`not ready: ${await ready.text()}`);
      const { errors } = await ask(url, shape, "{ syncs(first: 20) { nodes { id } } }");
      failures.push(...errors.map(({ message }) => message));
      answered += 1;
    }
  })().catch((error: unknown) => void failures.push(factsOf(error)));
  return {
    answered: () => answered,
    stop: async () => {
      ending.abort();
      await asking;
      return failures;
    },
  };
}
