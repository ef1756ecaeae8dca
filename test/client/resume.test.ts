// Resuming on real gateways: whatever is cut, wherever the next connection goes, the stream is the ledger's slice, each transition once.
import fc from "fast-check";
import { createClient } from "graphql-ws";
import { WebSocket } from "ws";
import { expect, test } from "vitest";
import { z } from "zod";
import { followTransitions } from "../../src/client/index.ts";
import { describeOnEachDatabase } from "../support/databases.ts";
import { within } from "../support/eventually.ts";
import { createGate } from "../support/gate.ts";
import {
  createCuttableSockets,
  startLedgerGateways,
  type LedgerGateways,
  type Told,
} from "../support/ledger-gateways.ts";

/** What happens while a client reads: runs are committed, transitions are read, sockets are cut. */
const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ commit: fc.integer({ min: 1, max: 12 }) }) },
    { weight: 3, arbitrary: fc.record({ read: fc.integer({ min: 1, max: 30 }) }) },
    { weight: 2, arbitrary: fc.constant("cut" as const) },
  ),
  { minLength: 4, maxLength: 16 },
);
const plans = fc.record({
  steps,
  /** Which gateway each connection goes to. */
  nodes: fc.array(fc.nat(1), { minLength: 1, maxLength: 8 }),
  mostQueued: fc.integer({ min: 1, max: 20 }),
  /** Whether the client says where to begin, or begins where the ledger ends. */
  placed: fc.boolean(),
});

const transitionShape = z.object({ syncStatusChanged: z.object({ cursor: z.string(), to: z.string() }) });

const nodeOf = (gateways: LedgerGateways, nodes: readonly number[], tries: number): string => {
  const urls = gateways.urls();
  return urls[(nodes[tries % nodes.length] ?? 0) % urls.length] ?? "";
};

describeOnEachDatabase("a client", (open) => {
  const count = open.database === "sqlite" ? 1 : 2;

  test("of this package gets exactly the ledger's slice, whatever is cut and wherever it goes on", async () => {
    await using gateways = await startLedgerGateways(await open(), count);
    await fc.assert(
      fc.asyncProperty(plans, async ({ steps: todo, nodes, mostQueued, placed }) => {
        const beginning = await gateways.head();
        const sockets = createCuttableSockets();
        const following = createGate();
        const stream = followTransitions({
          url: (tries) => nodeOf(gateways, nodes, tries),
          webSocketImpl: sockets.WebSocket,
          mostQueued,
          retryDelayMs: () => 0,
          ...(placed ? { after: beginning } : {}),
          onState: ({ state }) => state === "FOLLOWING" && following.open(),
          fields: "to",
          read: ({ to }) => String(to),
        });
        const seen: Told[] = [];
        const read = async (number: number): Promise<void> => {
          for (let left = number; left > 0; left -= 1) {
            const { value } = await within("a transition", stream.next());
            seen.push({ cursor: value.cursor, to: value.transition });
          }
        };
        // What is committed before the first connection knows where the ledger ends is not its to tell.
        const first = stream.next();
        await within("the beginning", following.opened);
        let owed = 3;
        await gateways.commit(1);
        const { value } = await within("the first transition", first);
        seen.push({ cursor: value.cursor, to: value.transition });
        for (const step of todo) {
          if (step === "cut") sockets.cut();
          else if ("commit" in step) {
            await gateways.commit(step.commit);
            owed += step.commit * 3;
          } else await read(Math.min(step.read, owed - seen.length));
        }
        await read(owed - seen.length);
        await stream.return?.();
        expect(seen).toEqual(await gateways.ledgerAfter(beginning));
      }),
      { numRuns: 12 },
    );
  });

  test("of graphql-ws alone, which begins again where it began, gets all of it, and what comes twice has the same cursor", async () => {
    await using gateways = await startLedgerGateways(await open(), count);
    await fc.assert(
      fc.asyncProperty(steps, fc.array(fc.nat(1), { minLength: 1, maxLength: 8 }), async (todo, nodes) => {
        const beginning = await gateways.head();
        const sockets = createCuttableSockets();
        let tries = 0;
        const client = createClient({
          url: () => nodeOf(gateways, nodes, (tries += 1)).replace(/^http/, "ws"),
          webSocketImpl: sockets.WebSocket,
          retryAttempts: 1_000,
          retryWait: () => Promise.resolve(),
          shouldRetry: () => true,
        });
        const query = "subscription ($after: String) { syncStatusChanged(after: $after) { cursor to } }";
        const frames = client.iterate({ query, variables: { after: beginning } });
        const told = new Map<string, string>();
        const readUntil = async (owed: number): Promise<void> => {
          while (told.size < owed) {
            const { value } = await within("a transition", frames.next());
            const { cursor, to } = transitionShape.parse(value?.data).syncStatusChanged;
            expect(told.get(cursor) ?? to).toBe(to);
            told.set(cursor, to);
          }
        };
        let owed = 0;
        for (const step of todo) {
          if (step === "cut") sockets.cut();
          else if ("commit" in step) {
            await gateways.commit(step.commit);
            owed += step.commit * 3;
          } else await readUntil(Math.min(told.size + step.read, owed));
        }
        await readUntil(owed);
        await frames.return?.();
        // A map keeps the order in which each came first.
        expect([...told].map(([cursor, to]) => ({ cursor, to }))).toEqual(await gateways.ledgerAfter(beginning));
      }),
      { numRuns: 8 },
    );
  });

  test("outlives gateways that are replaced one after the other", async () => {
    await using gateways = await startLedgerGateways(await open(), count);
    const beginning = await gateways.head();
    const stream = followTransitions({
      url: () => gateways.urls().at(-1) ?? "",
      webSocketImpl: WebSocket,
      after: beginning,
      retryDelayMs: () => 20,
    });
    const seen: Told[] = [];
    for (let replaced = 0; replaced < 3; replaced += 1) {
      await gateways.commit(5);
      await within("replacing", Promise.all([gateways.replaceFirst(), gateways.commit(5)]));
      while (seen.length < (replaced + 1) * 30) {
        const { value } = await within("a transition", stream.next());
        seen.push({ cursor: value.cursor, to: value.transition.to });
      }
    }
    await stream.return?.();
    expect(seen).toEqual(await gateways.ledgerAfter(beginning));
  });

  test.each([0, 0.5, 1])("hears of everything, with %d of all rings lost", async (lost) => {
    let ring = 0;
    // Evenly, and not by chance: of two one, of one none.
    const hears = (): boolean => Math.floor((ring += 1) * (1 - lost)) > Math.floor((ring - 1) * (1 - lost));
    await using gateways = await startLedgerGateways(await open(), count, hears);
    const beginning = await gateways.head();
    const streams = gateways
      .urls()
      .map((url) => followTransitions({ url, webSocketImpl: WebSocket, after: beginning }));
    for (let run = 0; run < 4; run += 1) {
      const reads = streams.map(async (stream) => {
        const told: Told[] = [];
        while (told.length < 3) {
          const { value } = await stream.next();
          told.push({ cursor: value.cursor, to: value.transition.to });
        }
        return told;
      });
      await gateways.commit(1);
      const told = await within("the run's transitions", Promise.all(reads));
      const expected = (await gateways.ledgerAfter(beginning)).slice(run * 3);
      expect(told).toEqual(streams.map(() => expected));
    }
    for (const stream of streams) await stream.return?.();
  });
});
