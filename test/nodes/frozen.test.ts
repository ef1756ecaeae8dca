// A gateway that freezes in the middle of its work, or whose event loop stands still: beyond its leases another one goes on, and the frozen
// one decides nothing when it comes back; within them its work stays its own.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { reachable } from "../support/databases.ts";
import { eventually, within } from "../support/eventually.ts";
import { ask, newestCursor } from "../support/gateway-client.ts";
import { definitionNamed, listDefinitions, triggerSync } from "../support/gateway-operations.ts";
import { nodesMaker, type GatewayNode, type GatewayNodes, type NodeSetting } from "../support/gateway-nodes.ts";
import { createGate } from "../support/gate.ts";
import { linkTo } from "../support/link.ts";
import { meddleWith, type Meddler } from "../support/meddler.ts";
import { takeovers } from "../support/takeovers.ts";
import { makeFolder, type ProviderEntry } from "../support/gateway.ts";

/** Of a poll or a start; whichever is longer, and a busy machine. Found out by waiting, so that it may change. */
const LEASE_ENDS_WITHIN_MS = 180_000;
const STARTS = /\/core\/syncs$/u;
/** What it asks for at the end of a poll. */
const NEXT_POLL = /with free as materialized[^]*polytomic/u;
const RECORDS = /begin isolation/u;
const COMPANY = "Harbour Lane Coffee Roasters / XERO";
const SNAPSHOT = "Audience snapshot to spreadsheet";
/** Runs outlast the test, and nothing but polls tells about them. */
const SLOW = { vendors: ["rootfi", "polytomic"], speed: 0.02, anyAddress: true } as const;
/** A lease is of ten seconds and renewed every three, so that at least six are left of it. */
const WITHIN_A_LEASE_MS = 4_000;
const required = process.env["CI"] === "true";

/** A way for a process to do nothing for a while. */
interface Standstill {
  /** How such a process is started. */
  readonly setting: Pick<NodeSetting, "environment" | "first">;
  /** Resolves when it does nothing any more. */
  begin(node: GatewayNode): Promise<void>;
  end(node: GatewayNode): Promise<void>;
}

const STANDSTILLS: Readonly<Record<"frozen" | "busy", (folder: string) => Standstill>> = {
  frozen: () => ({
    setting: {},
    begin: async ({ process: { signal } }) => signal("SIGSTOP"),
    end: async ({ process: { signal } }) => signal("SIGCONT"),
  }),
  /** Its event loop alone stands still: it is not stopped, and all its timers are late when it goes on. */
  busy: (folder) => {
    const file = join(folder, "goes-on");
    return {
      setting: {
        environment: { STANDS_STILL_UNTIL: file },
        first: [import.meta.resolve("../support/stands-still.ts")],
      },
      begin: async ({ process: { signal, errorOutput } }) => {
        signal("SIGALRM");
        await eventually("it stands still", () => (errorOutput().includes("stands still") ? true : null));
      },
      end: () => writeFile(file, ""),
    };
  },
};

describe("a gateway that freezes", () => {
  const makeNodes = nodesMaker();
  const left: (() => Promise<unknown>)[] = [];

  afterEach(async () => {
    for (const end of left.splice(0).toReversed()) await end();
  });

  async function between(nodes: GatewayNodes): Promise<{ readonly rootfi: Meddler; readonly polytomic: Meddler }> {
    const [rootfi, polytomic] = [await meddleWith(nodes.server("rootfi")), await meddleWith(nodes.server("polytomic"))];
    for (const meddler of [rootfi, polytomic]) left.push(() => meddler.close());
    return { rootfi, polytomic };
  }

  const entriesOf = (meddlers: Awaited<ReturnType<typeof between>>): readonly ProviderEntry[] =>
    [meddlers.rootfi, meddlers.polytomic].map(({ entry }) => ({
      ...entry,
      poll: { ...entry.poll, discoverMs: 3_600_000 },
    }));

  async function standstill(how: keyof typeof STANDSTILLS): Promise<Standstill> {
    const folder = await makeFolder();
    left.push(() => folder.remove());
    return STANDSTILLS[how](folder.path);
  }

  describe.runIf(reachable.postgres || required).each(["frozen", "busy"] as const)("%s", (how) => {
    test("in the middle of a poll and of a start cannot record the one nor decide the other, and nothing is sent twice", async () => {
      const still = await standstill(how);
      const nodes = await makeNodes(SLOW);
      const [ofFrozen, ofOther] = [await between(nodes), await between(nodes)];
      const link = await linkTo(nodes.databaseUrl);
      left.push(async () => link[Symbol.asyncDispose]());
      const frozen = await nodes.start({
        providers: entriesOf(ofFrozen),
        ...still.setting,
        environment: { ...still.setting.environment, DATABASE_URL: link.url },
      });
      const definitions = await listDefinitions(frozen.url);
      await untilDiscovered(frozen.url);
      const snapshot = definitionNamed(definitions, "polytomic", SNAPSHOT).id;
      const start = { definitionId: definitionNamed(definitions, "rootfi", COMPANY).id, idempotencyKey: "k1" };

      const [polled, sent, goOn] = [createGate(), createGate(), createGate()];
      const holding = (gate: typeof polled) => (): Promise<void> => {
        gate.open();
        return goOn.opened;
      };
      // What the vendor did not say: were it recorded, the run would have ended.
      const failed = (body: string) => body.replaceAll(/"status":\s*"[a-z]+"/gu, '"status":"failed"');
      const { data } = await triggerSync(frozen.url, { definitionId: snapshot });
      const run = z.object({ id: z.string(), remoteId: z.string() }).parse(data.triggerSync?.syncs[0]);
      const polls = new RegExp(`/executions/${run.remoteId}$`, "u");
      void ofFrozen.polytomic.once("GET", polls, { after: holding(polled), rewrite: failed });
      void ofFrozen.rootfi.once("POST", STARTS, { after: holding(sent) });
      const unheard = triggerSync(frozen.url, start).catch(() => null);
      await within("a poll and a start are under way", Promise.all([polled.opened, sent.opened]));
      // It hears of both answers, and freezes before it has written anything down.
      await openConnections(frozen.url);
      link.blockFrom(RECORDS);
      goOn.open();
      await eventually("an answer is being recorded", () => (RECORDS.test(link.held()) ? true : null));
      await still.begin(frozen);

      const other = await nodes.start({ providers: entriesOf(ofOther) });
      await eventually(
        "the other polls the run",
        () => (ofOther.polytomic.requests.some(({ path }) => polls.test(path)) ? true : null),
        LEASE_ENDS_WITHIN_MS,
      );
      const decided = await eventually(
        "the other decides the start",
        async () => {
          const answer = await triggerSync(other.url, start);
          return answer.data.triggerSync?.trigger?.state === "ACCEPTED" ? answer : null;
        },
        LEASE_ENDS_WITHIN_MS,
      );
      expect(decided.data.triggerSync?.syncs).toHaveLength(1);

      const recorded = link.heard(NEXT_POLL);
      await still.end(frozen);
      link.unblock();
      await within("the frozen one ends what it was doing", unheard, 60_000);
      expect(await triggerSync(frozen.url, start)).toEqual(decided);
      await within("the frozen one has done with its poll", recorded);
      // Its poll did not fail: what it brought was refused.
      expect(frozen.process.output()).not.toContain('"kind":"POLL"');
      expect(await pathOf(other.url, run.id)).not.toContain("FAILED");
      for (const { rootfi } of [ofFrozen, ofOther])
        expect(rootfi.writes().length).toBe(rootfi === ofFrozen.rootfi ? 1 : 0);
      for (const { id } of decided.data.triggerSync?.syncs ?? [])
        expect(await pathOf(other.url, id)).toEqual([...new Set(await pathOf(other.url, id))]);
      // It works as before.
      const next = { definitionId: snapshot, idempotencyKey: "k2", ifRunning: "ATTACH" };
      expect((await triggerSync(frozen.url, next)).data.triggerSync?.syncs.map(({ id }) => id)).toEqual([run.id]);
    }, 400_000);

    test("for less than a lease in the middle of a start decides it itself, and no other takes it", async () => {
      const still = await standstill(how);
      const nodes = await makeNodes(SLOW);
      const [ofFrozen, ofOther] = [await between(nodes), await between(nodes)];
      const frozen = await nodes.start({ ...still.setting, providers: entriesOf(ofFrozen) });
      const other = await nodes.start({ providers: entriesOf(ofOther) });
      const definitions = await listDefinitions(frozen.url);
      const start = { definitionId: definitionNamed(definitions, "rootfi", COMPANY).id, idempotencyKey: "k1" };
      const [sent, goOn] = [createGate(), createGate()];
      const after = (): Promise<void> => {
        sent.open();
        return goOn.opened;
      };
      void ofFrozen.rootfi.once("POST", STARTS, { after });
      const heard = triggerSync(frozen.url, start);
      await within("the start is under way", sent.opened);

      await still.begin(frozen);
      goOn.open();
      const waiting = triggerSync(other.url, { ...start, idempotencyKey: "k2", ifRunning: "ATTACH" });
      await pause(WITHIN_A_LEASE_MS);
      await still.end(frozen);

      const answer = await within("the start is answered", heard);
      expect(answer.data.triggerSync?.trigger?.state).toBe("ACCEPTED");
      expect(await triggerSync(other.url, start)).toEqual(answer);
      expect((await waiting).data.triggerSync?.syncs).toEqual(answer.data.triggerSync?.syncs);
      expect(await takeovers(nodes.databaseUrl)).toBe(0);
      expect([ofFrozen.rootfi.writes().length, ofOther.rootfi.writes().length]).toEqual([1, 0]);
    }, 120_000);
  });
});

/** What began before the gateway was there has been recorded. */
async function untilDiscovered(url: string): Promise<void> {
  const shape = z.object({ providers: z.array(z.object({ discoveryLagMs: z.number().nullable() })) });
  await eventually("the past is discovered", async () => {
    const { data } = await ask(url, shape, "{ providers { discoveryLagMs } }");
    return data.providers.every(({ discoveryLagMs }) => discoveryLagMs !== null) ? true : null;
  });
}

/** Enough that nothing the gateway wants to ask its database must wait for a new one. */
async function openConnections(url: string): Promise<void> {
  await Promise.all(Array.from({ length: 8 }, () => newestCursor(url)));
}

/** The statuses a run has gone through, in order. */
async function pathOf(url: string, id: string): Promise<readonly string[]> {
  const shape = z.object({
    sync: z.object({ transitions: z.object({ nodes: z.array(z.object({ to: z.string() })) }) }),
  });
  const query = "query ($id: ID!) { sync(id: $id) { transitions(first: 10) { nodes { to } } } }";
  return (await ask(url, shape, query, { id })).data.sync.transitions.nodes.map(({ to }) => to);
}
