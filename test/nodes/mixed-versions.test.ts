// An upgrade: the version before the newest migration works, this one comes beside it and migrates under its hands, both work, the older
// one goes.
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { reachable } from "../support/databases.ts";
import { ledgerCursor } from "../../src/graphql/cursors.ts";
import { eventually } from "../support/eventually.ts";
import { newestCursor } from "../support/gateway-client.ts";
import { besideOthers, isEnd, placeOf } from "../support/gateway-operations.ts";
import { nodesMaker } from "../support/gateway-nodes.ts";
import { decided } from "../support/one-start-each.ts";
import { readTransitions, subscribeSteadily } from "../support/steady-subscriber.ts";
import { describeWithHistory, newestMigration, takeVersionBefore } from "../support/version-before.ts";

const START_EVERY_MS = 200;
const ENDS_WITHIN_MS = 120_000;
const required = process.env["CI"] === "true";

describeWithHistory("an upgrade", () => {
  const makeNodes = nodesMaker();

  test.runIf(reachable.postgres || required)(
    "goes on under load, with both versions beside each other, and starts each run once",
    async () => {
      await using before = await takeVersionBefore();
      expect(before.newest < (await newestMigration())).toBe(true);
      const nodes = await makeNodes({ vendors: ["truto"], speed: 10 });
      const older = await nodes.start({ root: before.root });
      const input = await besideOthers(older.url);
      const begin = await newestCursor(older.url);
      await using ofOlder = subscribeSteadily(older.url, begin);
      const runs = new Set<string>();

      /** Asks these gateways for one and the same run, until it is decided: while another is at it, the older version says so at once. */
      async function start(key: string, ...urls: readonly string[]): Promise<void> {
        const asked = [{ ...input, idempotencyKey: key }];
        const ask = (url: string) => eventually(`${key} is decided`, () => decided(url, asked));
        for (const { data, errors } of (await Promise.all(urls.map(ask))).flat()) {
          expect({ errors, userErrors: data.triggerSync?.userErrors }).toEqual({ errors: [], userErrors: [] });
          for (const { id } of data.triggerSync?.syncs ?? []) runs.add(id);
        }
      }

      const migrated = new AbortController();
      const load = (async () => {
        for (let number = 0; !migrated.signal.aborted; number += 1) {
          await start(`load-${number}`, older.url);
          await pause(START_EVERY_MS, undefined, { signal: migrated.signal }).catch(() => undefined);
        }
        return true;
      })();
      // Seen when both are up.
      load.catch(() => undefined);
      const newer = await nodes.start().finally(() => migrated.abort());
      expect(await load).toBe(true);
      const whileMigrated = runs.size;
      expect(whileMigrated).toBeGreaterThan(3);

      await using ofNewer = subscribeSteadily(newer.url, begin);
      for (const number of [1, 2, 3]) {
        await start(`of the older ${number}`, older.url);
        await start(`of the newer ${number}`, newer.url);
        await start(`of both ${number}`, older.url, newer.url);
      }
      expect(runs.size).toBe(whileMigrated + 9);
      expect(nodes.vendor("truto").starts()).toHaveLength(runs.size);
      const seenEnds = () => ofNewer.seen.filter(({ syncId, to }) => runs.has(syncId) && isEnd(to));
      await eventually("all runs end", () => (seenEnds().length === runs.size ? true : null), ENDS_WITHIN_MS);
      const last = seenEnds().at(-1)?.cursor ?? "";
      // The older version's cursors name the place alone, and it goes on after the newer one's as if they did.
      const alone = ledgerCursor("local", placeOf(last));
      await ofOlder.until(alone);
      await using toOlder = subscribeSteadily(older.url, seenEnds()[0]?.cursor ?? "");
      await toOlder.until(alone);
      const ledger = places(await readTransitions(newer.url, begin, last));
      for (const { seen } of [ofOlder, ofNewer]) expect(places(seen).slice(0, ledger.length)).toEqual(ledger);
      expect(places(toOlder.seen)[0]?.cursor).toBe(placeOf(seenEnds()[0]?.cursor ?? "") + 1);

      expect(await older.process.stop("SIGTERM")).toEqual({ code: 0, signal: null });
      await start("after it has gone", newer.url);
      await eventually("the last run ends", () => (seenEnds().length === runs.size ? true : null), ENDS_WITHIN_MS);
    },
    400_000,
  );
});

/** The same transitions, whichever version gave them. */
const places = <Seen extends { readonly cursor: string }>(seen: readonly Seen[]) =>
  seen.map((one) => ({ ...one, cursor: placeOf(one.cursor) }));
