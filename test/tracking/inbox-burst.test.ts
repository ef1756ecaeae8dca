// Deliveries by the thousand: what each of them asks for is done once, what many ask for is done together, and one that cannot be done holds
// no other up. That a gateway goes on meanwhile is in `test/acceptance/webhook-burst.test.ts`.
import { describe, expect, it, test } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import type { JsonObject } from "../../src/domain/json.ts";
import { SyncStatus } from "../../src/domain/status.ts";
import type { Store } from "../../src/domain/store-port.ts";
import { createCountingStore } from "../support/counting-store.ts";
import { describeOnEachDatabase } from "../support/databases.ts";
import { fault, observed } from "../support/fake-provider.ts";
import { SECRET, createWebhookProvider } from "../support/fake-webhooks.ts";
import { createTestInbox, type TestInbox } from "../support/inbox.ts";
import { observation } from "../support/store-values.ts";
import { TENANT, idOf, storeMaker } from "../support/tracking.ts";
import { expectVerified } from "../support/verified.ts";

const RUNS = 250;
const STATES = ["CREATED", "RUNNING", "RUNNING", "SUCCESS"] as const;
/** A thousand commits of the intake, each of which SQLite carries to the disk. */
const MANY = { timeout: 120_000 };

const nothingIsDue = async ({ store }: TestInbox) => (await store.inbox.nextDueAt(TENANT, "acme")) === null;

describeOnEachDatabase("a burst of webhooks", (open) => {
  test("about many runs has each effect once and in order, and leaves nothing due", MANY, async () => {
    const { store, url } = await open();
    const made = createTestInbox(store);
    for (let run = 0; run < RUNS; run += 10) {
      const sent = STATES.flatMap((status, step) =>
        Array.from({ length: 10 }, (_, index) => ({ run: `r${run + index}`, status, step })),
      );
      const receipts = await Promise.all(
        // Every fifth run's come twice.
        sent.flatMap(({ run: id, status, step }) =>
          Array.from({ length: Number(id.slice(1)) % 5 === 0 ? 2 : 1 }, () =>
            made.send({ type: "state", run: id, status }, { id: `${id}/${step}` }),
          ),
        ),
      );
      expect(new Set(receipts)).toEqual(new Set(["ACCEPTED"]));
    }
    await made.process();
    const ledger = await made.ledger();
    const paths = new Map<string, string[]>();
    for (const { syncId, to } of ledger) paths.set(syncId, [...(paths.get(syncId) ?? []), to]);
    expect(paths.size).toBe(RUNS);
    expect(new Set([...paths.values()].map(String))).toEqual(new Set(["CREATED,RUNNING,SUCCESS"]));
    expect(await nothingIsDue(made)).toBe(true);
    await expectVerified(url);
  });
});

describe("of a burst", () => {
  const openStore = storeMaker();

  async function make(runs: number, wrap: (store: Store) => Store = (store) => store) {
    const counting = createCountingStore(wrap(await openStore()));
    const made = createTestInbox(counting.store);
    if (runs > 0) await made.see(...Array.from({ length: runs }, (_, index) => observation(`r${index}`)));
    return { made, counting };
  }
  const sendTo = async (made: TestInbox, runs: number, payload: JsonObject): Promise<void> => {
    for (let run = 0; run < runs; run += 1) await made.send({ ...payload, run: `r${run}` });
  };

  it("states of different runs are committed together", async () => {
    const { made, counting } = await make(0);
    await sendTo(made, 60, { type: "state", status: "RUNNING" });
    counting.reset();
    await made.process();
    expect(counting.calls()).toMatchObject({ "ledger.record": 1, "inbox.settle": 1 });
  });

  it("hints about known runs make one poll due, of all of them", async () => {
    const { made, counting } = await make(20);
    made.takePlanned();
    await sendTo(made, 20, { type: "run" });
    await sendTo(made, 20, { type: "run" });
    counting.reset();
    const before = made.planned.length;
    await made.process();
    expect(counting.calls()).toMatchObject({ "polling.makeDue": 1, "inbox.settle": 1 });
    expect(made.planned.slice(before).filter(({ item }) => item.kind === "POLL")).toHaveLength(1);
    await made.poller.poll(TENANT, made.configured);
    expect(made.fake.callsOf("observe").map(({ refs }) => refs?.length)).toEqual([20]);
  });

  it("unknown runs are asked about together, each once", async () => {
    const { made } = await make(0);
    made.fake.answers.observe = (refs) => ({ observations: refs.map((ref) => observed(ref)), missing: [] });
    await sendTo(made, 20, { type: "run" });
    await sendTo(made, 20, { type: "run" });
    await made.process();
    expect(made.fake.callsOf("observe").map(({ refs }) => refs?.length)).toEqual([20]);
    expect(await made.store.ledger.countSyncs(TENANT, {})).toBe(20);
    expect(await nothingIsDue(made)).toBe(true);
  });

  it("a run the vendor refuses to be asked about waits alone", async () => {
    const { made } = await make(0);
    made.fake.answers.observe = (refs) => {
      if (refs.some(({ remoteId }) => remoteId === "r7")) throw fault(ErrorCode.ProviderRejected, { retryable: false });
      return { observations: refs.map((ref) => observed(ref)), missing: [] };
    };
    await sendTo(made, 20, { type: "run" });
    await made.process();
    expect(await made.store.ledger.countSyncs(TENANT, {})).toBe(19);
    const waiting = await made.store.inbox.due(TENANT, "acme", new Date(made.clock.now().getTime() + 60_000), 100);
    expect(waiting.map(({ event }) => event.payload["run"])).toEqual(["r7"]);
  });

  it("a hint about a run that cannot be made due waits alone", async () => {
    const { made } = await make(20, (store) => ({
      ...store,
      polling: {
        ...store.polling,
        makeDue: (tenantId, syncIds, now) =>
          syncIds.includes(idOf("sync", "r7"))
            ? Promise.reject(new Error("a defect of the store"))
            : store.polling.makeDue(tenantId, syncIds, now),
      },
    }));
    await sendTo(made, 20, { type: "run" });
    await made.process();
    const waiting = await made.store.inbox.due(TENANT, "acme", new Date(made.clock.now().getTime() + 60_000), 100);
    expect(waiting.map(({ event }) => event.payload["run"])).toEqual(["r7"]);
  });

  it("a state that cannot be stored waits alone", async () => {
    const { made } = await make(0, (store) => ({
      ...store,
      ledger: {
        ...store.ledger,
        record: (tenantId, entries, rules) =>
          entries.some((one) => one.observation.remoteId === "r7")
            ? Promise.reject(new Error("a defect of the store"))
            : store.ledger.record(tenantId, entries, rules),
      },
    }));
    await sendTo(made, 100, { type: "state", status: "RUNNING" });
    await made.process();
    expect(await made.store.ledger.countSyncs(TENANT, { statuses: [SyncStatus.Running] })).toBe(99);
    const waiting = await made.store.inbox.due(TENANT, "acme", new Date(made.clock.now().getTime() + 60_000), 100);
    expect(waiting.map(({ event }) => event.payload["run"])).toEqual(["r7"]);
  });

  it("an end without its reason has the run read, although a state before it, worked off at once, told all there was", async () => {
    const fake = createWebhookProvider("acme", { secrets: [SECRET] }, {}, { separateTasks: true });
    const made = createTestInbox(await openStore(), fake);
    await made.send({ type: "state", run: "r0", status: "RUNNING", tasks: true });
    await made.send({ type: "state", run: "r0", status: "FAILED" });
    await made.process();
    expect((await made.syncOf("r0")).status).toBe("FAILED");
    expect(await made.store.polling.nextDueAt(TENANT, "acme")).toEqual(made.clock.now());
  });
});
