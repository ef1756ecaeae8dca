// The clock that a gateway goes by is set back by an hour while it runs, or while nobody does: runs are polled at once again, a start that was
// left is decided within its lease, and runs begun elsewhere are found.
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import type { Clock } from "../../src/domain/clock.ts";
import { openStore } from "../../src/store/open-store.ts";
import { databases, reachable, type DatabaseName } from "../support/databases.ts";
import { eventually } from "../support/eventually.ts";
import { makeFolder, startTestGateway, type TestGateway } from "../support/gateway.ts";
import { newestCursor, watchTransitions } from "../support/gateway-client.ts";
import { besideOthers, triggerSync, untilEnded } from "../support/gateway-operations.ts";
import { createJumpingClock } from "../support/jumping-clock.ts";
import { NEEDS_SERVERS } from "../support/needs.ts";
import { IMPATIENT, recordRequests, startVendor } from "../support/vendors.ts";

// Longer than what is waited for, and far shorter than an hour.
vi.setConfig({ testTimeout: 240_000 });

const HOUR_MS = 3_600_000;
const LOCAL = "local";

async function world(database: DatabaseName) {
  const folder = await makeFolder();
  const made = database === "postgres" ? await databases.postgres.create() : null;
  const databaseUrl = made?.url ?? `sqlite:${join(folder.path, "gateway.sqlite")}`;
  const vendor = await startVendor("truto", 4);
  const recorder = await recordRequests(vendor);
  // What is begun elsewhere is looked for once an hour.
  const entry = { ...recorder.entry, poll: { ...IMPATIENT.poll, discoverMs: HOUR_MS } };
  const clock = createJumpingClock();
  // PostgreSQL's clock is the one that all gateways go by.
  const start = (given: Clock): Promise<TestGateway> =>
    startTestGateway({
      ...{ providers: [entry], databaseUrl, clock: given },
      around: (parts) => ({
        ...parts,
        store: { ...parts.store, now: () => Promise.resolve(database === "postgres" ? given.now() : null) },
      }),
    });
  return {
    ...{ clock, recorder, vendor, databaseUrl, start },
    [Symbol.asyncDispose]: async () => {
      await recorder.close();
      await vendor.stop();
      await folder.remove();
      await made?.drop();
    },
  };
}

async function begun(url: string, input: Readonly<Record<string, unknown>>): Promise<string> {
  const { data } = await triggerSync(url, { ...input, idempotencyKey: "open" });
  const id = data.triggerSync?.syncs[0]?.id;
  if (id === undefined) throw new Error("nothing was started");
  return id;
}

const each: readonly DatabaseName[] = ["sqlite", "postgres"];

for (const database of each) {
  const options = database === "postgres" ? NEEDS_SERVERS : {};
  test.runIf(reachable[database])(`while it runs, on ${database}`, options, async () => {
    await using here = await world(database);
    const { clock, recorder, vendor } = here;
    const gateway = await here.start(clock);
    await using _gateway = gateway;
    const input = await besideOthers(gateway.url);
    const watch = watchTransitions(gateway.url, { after: await newestCursor(gateway.url) });
    await using _watch = watch;
    const id = await begun(gateway.url, input);
    // Somebody begins the same elsewhere.
    const [start] = recorder.starts();
    const headers = { authorization: String(start?.headers["authorization"]), "content-type": "application/json" };
    const elsewhere = new URL(start?.path ?? "", vendor.url);
    expect((await fetch(elsewhere, { method: "POST", headers, body: start?.body ?? "" })).ok).toBe(true);
    clock.setBack(HOUR_MS);
    expect(await untilEnded(watch, id, 120_000)).toMatch(/^CREATED RUNNING (?:SUCCESS|FAILED)/u);
    await eventually(
      "a run begun elsewhere is found",
      () => watch.seen.some(({ sync }) => sync.id !== id) || null,
      120_000,
    );
  });

  test.runIf(reachable[database])(`while nobody runs, on ${database}`, options, async () => {
    await using here = await world(database);
    const { clock, recorder, databaseUrl } = here;
    const first = await here.start(clock);
    const input = await besideOthers(first.url);
    const begin = await newestCursor(first.url);
    const id = await begun(first.url, input);
    // As a gateway leaves it that is killed while the vendor answers.
    const lost = recorder.loseNextStartAnswer();
    const left = triggerSync(first.url, { ...input, idempotencyKey: "left", ifRunning: "START_ANOTHER" });
    await lost;
    await first.close();
    await left.catch(() => undefined);
    const store = await openStore(databaseUrl);
    await store.timekeeping.tell(clock.now());
    await store.close();

    clock.setBack(HOUR_MS);
    await using second = await here.start(clock);
    const watch = watchTransitions(second.url, { after: begin });
    await using _watch = watch;
    expect(await untilEnded(watch, id, 120_000)).toMatch(/(?:SUCCESS|FAILED)/u);
    const again = await openStore(databaseUrl);
    await eventually("the start that was left is decided", async () => {
      const unresolved = await again.triggers.unresolved(LOCAL, new Date(Date.now() + 10 * HOUR_MS));
      return unresolved.length === 0 || null;
    });
    await again.close();
    expect(second.log()).toContain("the clock was set back");
  });
}
