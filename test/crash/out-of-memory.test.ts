// A gateway whose heap is full: V8 ends the process wherever it is, in the middle of starts and polls. The next one keeps every promise.
import { afterEach, describe, expect, test } from "vitest";
import { databases, reachable } from "../support/databases.ts";
import { eventually, within } from "../support/eventually.ts";
import { environmentOf, makeFolder } from "../support/gateway.ts";
import { newestCursor, watchTransitions } from "../support/gateway-client.ts";
import { startGatewayProcess } from "../support/gateway-process.ts";
import { expectLegalPaths, triggerSync, untilEnded, type TriggerAnswer } from "../support/gateway-operations.ts";
import { decided, inputs, runsOf } from "../support/one-start-each.ts";
import { expectVerified } from "../support/verified.ts";
import { VENDORS, recordRequests, startVendor, type Recorder } from "../support/vendors.ts";

/** Runs take two to four seconds. */
const SPEED = 3;
/** Enough for a gateway that is well, as the soak shows. */
const HEAP_MB = 128;
const LATER = 6;
/** Its small heap makes it slow. */
const LISTED_WITHIN_MS = 60_000;
const DIES_WITHIN_MS = 60_000;
const DECIDED_WITHIN_MS = 60_000;
const required = process.env["CI"] === "true";

describe.each(["sqlite", "postgres"] as const)("a gateway on %s", (database) => {
  const left: (() => Promise<unknown>)[] = [];

  afterEach(async () => {
    for (const end of left.splice(0).toReversed()) await end();
  });

  async function world() {
    const { url: databaseUrl, drop } = await databases[database].create();
    left.push(drop);
    left.push(() => expectVerified(databaseUrl));
    const folder = await makeFolder();
    left.push(() => folder.remove());
    const recorders: Recorder[] = [];
    for (const kind of VENDORS) {
      const vendor = await startVendor(kind, SPEED);
      left.push(() => vendor.stop());
      const recorder = await recordRequests(vendor);
      left.push(() => recorder.close());
      recorders.push(recorder);
    }
    const environment = await environmentOf(folder.path, {
      providers: recorders.map(({ entry }) => entry),
      databaseUrl,
    });
    const start = (given: Readonly<Record<string, string>> = {}, first: readonly string[] = []) => {
      const gateway = startGatewayProcess(folder.path, { ...environment, ...given }, { first });
      left.push(async () => gateway[Symbol.asyncDispose]());
      return gateway;
    };
    return { databaseUrl, recorders, start };
  }

  test.runIf(reachable[database] || required)(
    "that runs out of memory leaves a sound store, and the next loses nothing and starts nothing twice",
    async () => {
      const { databaseUrl, recorders, start } = await world();
      const dying = start({ NODE_OPTIONS: `--max-old-space-size=${HEAP_MB}` }, [
        import.meta.resolve("../support/runs-out-of-memory.ts"),
      ]);
      const url = await dying.url();
      const cursor = await newestCursor(url);
      const [rootfi = {}, stuut = {}, polytomic = {}, truto = {}] = await eventually(
        "its lists",
        () => inputs(url, "first").catch(() => null),
        LISTED_WITHIN_MS,
      );
      const first = [rootfi, stuut, truto];
      const acknowledged = await Promise.all(first.map((input) => triggerSync(url, input)));
      expect(acknowledged.map(({ data }) => data.triggerSync?.trigger?.state)).toEqual(first.map(() => "ACCEPTED"));

      // Runs are polled, two starts wait for their vendors, and others come and go until it is gone.
      const unanswered = [polytomic, { ...truto, idempotencyKey: "unanswered" }];
      const begun = recorders
        .filter(({ entry }) => entry.kind === "polytomic" || entry.kind === "truto")
        .map((recorder) => recorder.loseNextStartAnswer());
      const unheard = Promise.allSettled(unanswered.map((input) => triggerSync(url, input)));
      await within("the vendors have begun their runs", Promise.all(begun));
      dying.signal("SIGALRM");
      const later = Array.from({ length: LATER }, (_, index) => ({ ...truto, idempotencyKey: `later ${index}` }));
      const heard = await Promise.all(later.map((input) => triggerSync(url, input).catch(() => null)));
      expect(await dying.ended(DIES_WITHIN_MS)).toEqual({ code: null, signal: "SIGABRT" });
      expect(dying.errorOutput()).toContain("heap out of memory");
      await unheard;
      await expectVerified(databaseUrl);

      const next = await start().url();
      await using watch = watchTransitions(next, { after: cursor });
      const asked: readonly Readonly<Record<string, unknown>>[] = [...first, ...later, ...unanswered];
      const answers = await eventually("every start is decided", () => decided(next, asked), DECIDED_WITHIN_MS);
      const wasAccepted = (answer: TriggerAnswer | null) => answer?.data.triggerSync?.trigger?.state === "ACCEPTED";
      const told = [...acknowledged, ...heard];
      expect(answers.filter((_, index) => wasAccepted(told[index] ?? null))).toEqual(told.filter(wasAccepted));
      const runs = answers.flatMap(runsOf);
      for (const id of runs) expect(await untilEnded(watch, id)).toMatch(/^CREATED RUNNING (?:SUCCESS|FAILED)/u);
      expectLegalPaths(watch.seen);
      const inputOf: Readonly<Record<string, Readonly<Record<string, unknown>>>> = { rootfi, stuut, polytomic, truto };
      for (const { entry, starts } of recorders) {
        const keys = new Set(starts().map(({ headers }) => headers["idempotency-key"]));
        const sent = entry.kind === "polytomic" ? keys.size : starts().length;
        const its = answers.filter(
          (_, index) => asked[index]?.["definitionId"] === inputOf[entry.kind]?.["definitionId"],
        );
        const accepted = its.filter((answer) => runsOf(answer).length > 0).length;
        // Several that are alike and in doubt cannot be told apart: nobody is given their runs.
        const uncertain = its.filter(({ data }) => data.triggerSync?.trigger?.state === "UNCERTAIN").length;
        expect(sent, `${entry.kind}: ${accepted} accepted, ${uncertain} uncertain`).toBeGreaterThanOrEqual(accepted);
        expect(sent, `${entry.kind}: ${accepted} accepted, ${uncertain} uncertain`).toBeLessThanOrEqual(
          accepted + uncertain,
        );
      }
    },
    150_000,
  );
});
