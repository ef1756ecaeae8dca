// The first run once more, in short, with the ledger on PostgreSQL: what users see is the same.
import { describe, expect } from "vitest";
import { databaseMaker, testOnPostgres } from "../support/databases.ts";
import { startTestGateway } from "../support/gateway.ts";
import { newestCursor, watchTransitions } from "../support/gateway-client.ts";
import {
  accountOf,
  definitionNamed,
  expectLegalPaths,
  listDefinitions,
  pathOf,
  placeOf,
  startRuns,
  untilEnded,
} from "../support/gateway-operations.ts";

const RUNS = [
  ["rootfi", "Harbour Lane Coffee Roasters / XERO", null, {}, "CREATED RUNNING SUCCESS: COMPLETE"],
  ["stuut", "Bright & Sons Electrical (QuickBooks)", null, {}, "CREATED RUNNING FAILED: ERROR"],
  ["polytomic", "Orders to HubSpot deals", null, {}, "CREATED RUNNING SUCCESS: PARTIAL"],
  ["truto", "Zendesk tickets", "zendesk", { args: { start_date: "2026-01-01" } }, "CREATED RUNNING SUCCESS: COMPLETE"],
] as const;

describe("a gateway on PostgreSQL", () => {
  const makeDatabase = databaseMaker("postgres");

  testOnPostgres(
    "shows every transition of a run at each vendor, resumable from any of them",
    async () => {
      await using gateway = await startTestGateway({ databaseUrl: await makeDatabase(), sandboxSpeed: 20 });
      const definitions = await listDefinitions(gateway.url);
      await using watch = watchTransitions(gateway.url, { after: await newestCursor(gateway.url) });
      await Promise.all(
        RUNS.map(async ([provider, name, product, options, expected]) => {
          const account =
            product === null ? {} : { linkedAccountId: (await accountOf(gateway.url, provider, product)).id };
          const runs = await startRuns(gateway.url, {
            definitionId: definitionNamed(definitions, provider, name).id,
            ...account,
            ...options,
          });
          expect(runs.length).toBeGreaterThan(0);
          for (const { id } of runs) {
            expect(await untilEnded(watch, id)).toBe(expected);
            expect(pathOf(watch.seen, id).map(({ sync }) => sync.origin)).not.toContain("UNKNOWN");
          }
        }),
      );
      const places = watch.seen.map(({ cursor }) => placeOf(cursor));
      const [first = 0] = places;
      expect(places).toEqual(places.map((_, index) => first + index));
      expectLegalPaths(watch.seen);

      const middle = Math.floor(watch.seen.length / 2);
      const rest = watch.seen.slice(middle + 1).map(({ cursor }) => cursor);
      await using resumed = watchTransitions(gateway.url, { after: watch.seen[middle]?.cursor ?? "" });
      const again = await resumed.until("the rest", (seen) => (seen.length >= rest.length ? seen : null));
      expect(again.slice(0, rest.length).map(({ cursor }) => cursor)).toEqual(rest);
    },
    60_000,
  );
});
