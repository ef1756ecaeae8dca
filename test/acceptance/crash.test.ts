// A gateway that is killed in the middle of runs and started again on the same data: nothing is started twice, nothing accepted is lost.
import { expect, test } from "vitest";
import { eventually, within } from "../support/eventually.ts";
import { environmentOf, makeFolder } from "../support/gateway.ts";
import { startGatewayProcess, type GatewayProcess } from "../support/gateway-process.ts";
import { newestCursor, watchTransitions, type SeenTransition, type Watch } from "../support/gateway-client.ts";
import { expectLegalPaths, isEnd, placeOf, startRuns, triggerSync, untilEnded } from "../support/gateway-operations.ts";
import { decided, inputs, runsOf } from "../support/one-start-each.ts";
import { VENDORS, recordRequests, startVendor, type Recorder, type VendorServer } from "../support/vendors.ts";

/** Runs take two to four seconds: long enough to be killed in. */
const SPEED = 3;
const KILLS = 2;
/** Characters of the log that a failure shows. */
const LOG_TOLD = 4_000;
/** A start is left alone for a minute, in case the request that sent it is still going on elsewhere; then it is looked after. */
const RECOVERED_WITHIN_MS = 100_000;

interface World extends AsyncDisposable {
  readonly recorders: readonly Recorder[];
  startCount(): number;
  start(): GatewayProcess;
}

/** Vendors that outlive the gateway, and a folder from which it is started again and again. */
async function makeWorld(): Promise<World> {
  const folder = await makeFolder();
  const vendors: VendorServer[] = [];
  const recorders: Recorder[] = [];
  for (const kind of VENDORS) {
    const vendor = await startVendor(kind, SPEED);
    vendors.push(vendor);
    recorders.push(await recordRequests(vendor));
  }
  const environment = await environmentOf(folder.path, { providers: recorders.map(({ entry }) => entry) });
  return {
    recorders,
    startCount: () => recorders.reduce((sum, recorder) => sum + recorder.starts().length, 0),
    start: () => startGatewayProcess(folder.path, environment),
    [Symbol.asyncDispose]: async () => {
      for (const recorder of recorders) await recorder.close();
      for (const vendor of vendors) await vendor.stop();
      await folder.remove();
    },
  };
}

test.concurrent("every run ends once, each start was sent once, and a client that resumes misses nothing", async ({
  onTestFailed,
}) => {
  await using world = await makeWorld();
  const seen: SeenTransition[] = [];
  let gateway = world.start();
  onTestFailed(() => tell(gateway));
  try {
    let url = await gateway.url();
    let cursor = await newestCursor(url);
    const asked = await inputs(url, "killed while running");
    let watch: Watch = watchTransitions(url, { after: cursor });
    const runs = (await Promise.all(asked.map((input) => startRuns(url, input)))).flat();
    expect(runs).toHaveLength(6);
    expect(world.startCount()).toBe(asked.length);

    for (let kill = 0; kill < KILLS; kill += 1) {
      await watch.until("a transition", ([first]) => first);
      await gateway.stop("SIGKILL");
      await watch.ended;
      seen.push(...watch.seen);
      cursor = seen.at(-1)?.cursor ?? cursor;
      gateway = world.start();
      url = await gateway.url();
      watch = watchTransitions(url, { after: cursor });
    }

    const ours = runs.map(({ id }) => id).toSorted();
    const ends = await watch.until("the end of every run", (later) => {
      const ended = [...seen, ...later].filter(({ sync, to }) => ours.includes(sync.id) && isEnd(to));
      return ended.length >= ours.length ? ended : null;
    });
    expect(ends.map(({ sync }) => sync.id).toSorted()).toEqual(ours);

    // The same requests again, as a client that never heard the answers would send them.
    const repeated = await Promise.all(asked.map((input) => triggerSync(url, input)));
    expect(repeated.flatMap(runsOf).toSorted()).toEqual(ours);
    expect(world.startCount()).toBe(asked.length);

    seen.push(...watch.seen);
    const places = seen.map((one) => placeOf(one.cursor));
    const [first = 0] = places;
    expect(places).toEqual(places.map((_, index) => first + index));
    expectLegalPaths(seen.filter(({ sync }) => ours.includes(sync.id)));
    await watch.close();
  } finally {
    await gateway[Symbol.asyncDispose]();
  }
}, 120_000);

test.concurrent("starts that were sent and never answered are found again, and are not sent a second time", async ({
  onTestFailed,
}) => {
  await using world = await makeWorld();
  let gateway = world.start();
  onTestFailed(() => tell(gateway));
  try {
    let url = await gateway.url();
    const cursor = await newestCursor(url);
    const asked = await inputs(url, "killed while starting");
    const begun = world.recorders.map((recorder) => recorder.loseNextStartAnswer());
    const unheard = Promise.allSettled(asked.map((input) => triggerSync(url, input)));
    await within("every vendor has begun a run", Promise.all(begun));
    await gateway.stop("SIGKILL");
    expect((await unheard).map(({ status }) => status)).toEqual(asked.map(() => "rejected"));

    gateway = world.start();
    url = await gateway.url();
    await using watch = watchTransitions(url, { after: cursor });
    const answers = await eventually("every start is decided", () => decided(url, asked), RECOVERED_WITHIN_MS);
    expect(answers.map(({ data }) => data.triggerSync?.trigger?.state)).toEqual(asked.map(() => "ACCEPTED"));
    expect(answers.map((answer) => runsOf(answer).length)).toEqual([1, 3, 1, 1]);
    for (const id of answers.flatMap(runsOf)) {
      expect(await untilEnded(watch, id)).toMatch(/^CREATED RUNNING (?:SUCCESS|FAILED)/u);
    }
    // Polytomic promises to begin nothing twice under one key, so it alone may be asked again.
    for (const recorder of world.recorders) {
      const keys = new Set(recorder.starts().map(({ headers }) => headers["idempotency-key"]));
      const requests = recorder.entry.kind === "polytomic" ? keys.size : recorder.starts().length;
      expect({ kind: recorder.entry.kind, requests }).toEqual({ kind: recorder.entry.kind, requests: 1 });
    }
  } finally {
    await gateway[Symbol.asyncDispose]();
  }
}, 150_000);

/** What a process that is gone wrote is the only trace of why a test failed. */
function tell(gateway: GatewayProcess): void {
  process.stderr.write(`${gateway.output().slice(-LOG_TOLD)}\n${gateway.errorOutput()}\n`);
}
