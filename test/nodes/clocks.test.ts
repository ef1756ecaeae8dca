// Two gateways on machines whose clocks are an hour ahead and an hour behind: they share work as if both were right.
import { afterEach, expect, test } from "vitest";
import { z } from "zod";
import { reachable } from "../support/databases.ts";
import { eventually, within } from "../support/eventually.ts";
import { createGate } from "../support/gate.ts";
import { ask, newestCursor, watchTransitions } from "../support/gateway-client.ts";
import { besideOthers, triggerSync, untilEnded } from "../support/gateway-operations.ts";
import { nodesMaker, type NodeSetting } from "../support/gateway-nodes.ts";
import { meddleWith } from "../support/meddler.ts";
import { describeWithRedisServer, startRedisServer } from "../support/redis.ts";
import { takeovers } from "../support/takeovers.ts";

const HOUR_MS = 3_600_000;
const STARTS = /\/sync-job-run$/u;
const ACCEPTED = { errors: [], data: { triggerSync: { userErrors: [], trigger: { state: "ACCEPTED" } } } };
/** What a gateway that died had in hand is taken up within twice a lease's length; the leases of polls may be two minutes long. */
const TAKEN_UP_WITHIN_MS = 150_000;
const required = process.env["CI"] === "true";

const off = (aheadMs: number): NodeSetting => ({
  environment: { CLOCK_AHEAD_MS: String(aheadMs) },
  first: [import.meta.resolve("../support/shifted-clock.ts")],
});

describeWithRedisServer("gateways whose clocks are wrong", () => {
  const makeNodes = nodesMaker();
  const left: (() => Promise<unknown>)[] = [];

  afterEach(async () => {
    for (const end of left.splice(0).toReversed()) await end();
  });

  test.runIf(reachable.postgres || required)(
    "leave each other what each works on, tell the same story in true time, and take up what one that died has left",
    async () => {
      const redis = await startRedisServer();
      left.push(async () => redis[Symbol.asyncDispose]());
      const nodes = await makeNodes({ vendors: ["truto"], speed: 3, redisUrl: redis.url, anyAddress: true });
      const slow = await meddleWith(nodes.server("truto"));
      left.push(() => slow.close());
      const behind = await nodes.start({ ...off(-HOUR_MS), providers: [slow.entry] });
      const input = await besideOthers(behind.url);
      const begin = await newestCursor(behind.url);

      // The vendor has not heard of it yet: whoever took it over would find nothing and send it away.
      const [asked, goOn] = [createGate(), createGate()];
      const before = (): Promise<void> => {
        asked.open();
        return goOn.opened;
      };
      void slow.once("POST", STARTS, { before });
      const held = triggerSync(behind.url, { ...input, idempotencyKey: "held" });
      await within("the start is under way", asked.opened);
      const ahead = await nodes.start(off(HOUR_MS));
      await eventually("the other has looked for what is left behind", async () =>
        (await discovered(ahead.url)) ? true : null,
      );
      goOn.open();
      expect(await held).toMatchObject(ACCEPTED);
      expect(await takeovers(nodes.databaseUrl)).toBe(0);

      const started = await Promise.all([
        triggerSync(ahead.url, { ...input, idempotencyKey: "one" }),
        triggerSync(behind.url, { ...input, idempotencyKey: "two" }),
      ]);
      const watches = [behind, ahead].map(({ url }) => watchTransitions(url, { after: begin }));
      for (const watch of watches) left.push(() => watch.close());
      const [ofBehind, ofAhead] = watches;
      if (ofBehind === undefined || ofAhead === undefined) throw new Error("expected two watches");
      const runs = [await held, ...started].map(({ data }) => data.triggerSync?.syncs[0]?.id ?? "");
      const ends = await Promise.all(runs.map((id) => untilEnded(ofBehind, id, 60_000)));
      expect(await Promise.all(runs.map((id) => untilEnded(ofAhead, id)))).toEqual(ends);
      const cursors = ofBehind.seen.map(({ cursor }) => cursor);
      expect(ofAhead.seen.slice(0, cursors.length).map(({ cursor }) => cursor)).toEqual(cursors);
      const times = await observedAt(behind.url);
      for (const time of times) expect(Math.abs(time.getTime() - Date.now())).toBeLessThan(HOUR_MS / 2);

      const last = await triggerSync(ahead.url, { ...input, idempotencyKey: "last" });
      expect(last).toMatchObject(ACCEPTED);
      await ahead.process.stop("SIGKILL");
      const end = await untilEnded(ofBehind, last.data.triggerSync?.syncs[0]?.id ?? "", TAKEN_UP_WITHIN_MS);
      expect(end).toMatch(/^CREATED RUNNING (?:SUCCESS|FAILED): /u);
      expect(slow.writes().length + nodes.vendor("truto").starts().length).toBe(runs.length + 1);
    },
    240_000,
  );
});

async function discovered(url: string): Promise<boolean> {
  const shape = z.object({ providers: z.array(z.object({ catalogObservedAt: z.string().nullable() })) });
  const { data } = await ask(url, shape, "{ providers { catalogObservedAt } }");
  return data.providers.every(({ catalogObservedAt }) => catalogObservedAt !== null);
}

/** When the newest runs were looked at, as the gateways have it. */
async function observedAt(url: string): Promise<readonly Date[]> {
  const shape = z.object({ syncs: z.object({ nodes: z.array(z.object({ observedAt: z.string() })) }) });
  const { data } = await ask(url, shape, "{ syncs(first: 3) { nodes { observedAt } } }");
  return data.syncs.nodes.map((node) => new Date(node.observedAt));
}
