// Several gateways as one: equal requests at all of them do one thing, news passes between them without Redis, and what one has answered
// the others know.
import { afterEach, expect, test } from "vitest";
import { z } from "zod";
import { reachable } from "../support/databases.ts";
import { eventually, within } from "../support/eventually.ts";
import { createGate } from "../support/gate.ts";
import {
  accountOf,
  besideOthers,
  definitionNamed,
  listDefinitions,
  triggerSync,
} from "../support/gateway-operations.ts";
import { ask, newestCursor } from "../support/gateway-client.ts";
import { nodesMaker } from "../support/gateway-nodes.ts";
import { meddleWith } from "../support/meddler.ts";
import { modelSyncClient } from "../support/model-sync-client.ts";
import { smallInput } from "../support/polytomic-syncs.ts";
import { describeWithRedisServer, startRedisServer } from "../support/redis.ts";
import { subscribeSteadily } from "../support/steady-subscriber.ts";

const HUNDRED = Array.from({ length: 100 }, (_, index) => index);
const ACCEPTED = { errors: [], data: { triggerSync: { userErrors: [], trigger: { state: "ACCEPTED" } } } };
const LISTS = /\/api\/syncs$/u;
const required = process.env["CI"] === "true";

describeWithRedisServer("several gateways", () => {
  const makeNodes = nodesMaker();
  const left: (() => Promise<unknown>)[] = [];

  afterEach(async () => {
    for (const end of left.splice(0).toReversed()) await end();
  });

  test.runIf(reachable.postgres || required)(
    "start one run for a hundred equal requests at three of them, and tell each other without Redis",
    async () => {
      const redis = await startRedisServer();
      left.push(async () => redis[Symbol.asyncDispose]());
      const nodes = await makeNodes({ vendors: ["truto"], redisUrl: redis.url });
      const three = await Promise.all([nodes.start(), nodes.start(), nodes.start()]);
      const [one, other] = three;
      const { starts } = nodes.vendor("truto");
      const input = await besideOthers(one.url);

      const keyed = { ...input, idempotencyKey: "the same" };
      const answers = await Promise.all(HUNDRED.map((index) => triggerSync((three[index % 3] ?? one).url, keyed)));
      expect(answers[0]).toMatchObject(ACCEPTED);
      expect(answers).toEqual(HUNDRED.map(() => answers[0]));
      expect(starts()).toHaveLength(1);

      const messages = definitionNamed(await listDefinitions(one.url), "truto", "Slack messages").id;
      const unkeyed = { definitionId: messages, linkedAccountId: (await accountOf(one.url, "truto", "slack")).id };
      const attached = await Promise.all(three.map(({ url }) => triggerSync(url, unkeyed)));
      expect(new Set(attached.flatMap(({ data }) => data.triggerSync?.syncs.map(({ id }) => id))).size).toBe(1);
      expect(starts()).toHaveLength(2);

      await using subscriber = subscribeSteadily(other.url, await newestCursor(other.url));
      await redis.kill();
      for (const number of [1, 2, 3, 4, 5]) {
        const answer = await triggerSync(one.url, { ...input, idempotencyKey: `alone-${number}` });
        const [run] = answer.data.triggerSync?.syncs ?? [];
        await eventually("the other's subscriber is told", () =>
          subscriber.seen.some(({ syncId }) => syncId === run?.id) ? true : null,
        );
      }
      expect(subscriber.connections()).toBe(1);
    },
    120_000,
  );

  test.runIf(reachable.postgres || required)(
    "show at one what another has just answered, whatever the one was reading meanwhile",
    async () => {
      const nodes = await makeNodes({ vendors: ["polytomic"], anyAddress: true });
      const between = await meddleWith(nodes.server("polytomic"));
      left.push(() => between.close());
      const [one, other] = await Promise.all([nodes.start(), nodes.start({ providers: [between.entry] })]);
      const [writer, reader] = [modelSyncClient(one.url), modelSyncClient(other.url)];
      const account = await accountOf(one.url, "polytomic", "salesforce");

      for (const round of [1, 2, 3]) {
        const made = await writer.done("Create", smallInput(`Round ${round}`, account.id));
        expect(await reader.node(made.id)).toEqual(made);
        const named = await writer.done("Update", { modelSyncId: made.id, name: `Renamed ${round}` });
        expect((await reader.list()).find(({ id }) => id === made.id)).toEqual(named);
        const active = await writer.done("SetActive", { modelSyncId: made.id, active: true });
        expect(await reader.node(made.id)).toEqual(active);
        const { data } = await triggerSync(one.url, { definitionId: made.id });
        expect(await latestOf(other.url, made.id)).toBe(data.triggerSync?.syncs[0]?.id);
        await writer.done("Delete", { modelSyncId: made.id });
        expect((await reader.list()).map(({ id }) => id)).not.toContain(made.id);
      }

      const [kept, removed] = [
        await writer.done("Create", smallInput("Kept", account.id)),
        await writer.done("Create", smallInput("Removed", account.id)),
      ];
      // The vendor tells the reader its list as it is now, and the reader hears of it only after the changes.
      const [told, goOn] = [createGate(), createGate()];
      const after = (): Promise<void> => {
        told.open();
        return goOn.opened;
      };
      const passed = between.once("GET", LISTS, { after });
      const reading = readUntil(told.opened, reader.list);
      await within("the vendor has told its list", told.opened);
      await writer.done("Update", { modelSyncId: kept.id, name: "Kept and renamed" });
      await writer.done("Delete", { modelSyncId: removed.id });
      goOn.open();
      await Promise.all([passed, reading]);
      const names = (await reader.list()).map(({ name }) => name);
      expect(names).toContain("Kept and renamed");
      expect(names).not.toContain("Removed");
    },
    120_000,
  );
});

async function latestOf(url: string, definitionId: string): Promise<string | undefined> {
  const run = z.object({ id: z.string() }).nullable();
  const shape = z.object({ modelSync: z.object({ latestSync: run }) });
  const query = "query ($id: ID!) { modelSync(id: $id) { latestSync { id } } }";
  return (await ask(url, shape, query, { id: definitionId })).data.modelSync.latestSync?.id;
}

/** Reads again and again; the read that goes on when that happens is waited for. */
async function readUntil(happens: Promise<void>, read: () => Promise<unknown>): Promise<void> {
  let happened = false;
  void happens.then(() => (happened = true));
  while (!happened) await read();
}
