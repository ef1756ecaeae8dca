// Webhooks from the moment they are taken in until they have had their effect, on each database.
import { describe, expect, it, test } from "vitest";
import { ErrorCode, GatewayError } from "../../src/domain/errors.ts";
import { MissingReason } from "../../src/domain/provider-port.ts";
import { SyncStatus } from "../../src/domain/status.ts";
import type { Store } from "../../src/domain/store-port.ts";
import { describeOnEachDatabase } from "../support/databases.ts";
import { eventually } from "../support/eventually.ts";
import { fault, observed } from "../support/fake-provider.ts";
import { createWebhookProvider, signedRequest } from "../support/fake-webhooks.ts";
import { createGate } from "../support/gate.ts";
import { createTestInbox, type TestInbox } from "../support/inbox.ts";
import { observation } from "../support/store-values.ts";
import { TENANT, command, storeMaker } from "../support/tracking.ts";

const stateOf = async (store: Store) => store.providerStates.get(TENANT, "acme");
const path = async (made: TestInbox) => (await made.ledger()).map(({ to, observedVia }) => `${to} ${observedVia}`);
const unknownToVendor = (made: TestInbox): void => {
  made.fake.answers.observe = (refs) => ({
    observations: [],
    missing: refs.map(({ remoteId }) => ({ remoteId, reason: MissingReason.NotFound })),
  });
};

describeOnEachDatabase("webhooks", (open) => {
  const make = async () => createTestInbox((await open()).store);

  test("a signed state becomes a transition, and its delivery is done with", async () => {
    const made = await make();
    expect(await made.send({ type: "state", run: "r1", status: "RUNNING" })).toBe("ACCEPTED");
    expect(made.takePlanned()).toEqual(["INBOX"]);
    await made.process();
    expect(await path(made)).toEqual(["CREATED WEBHOOK", "RUNNING WEBHOOK"]);
    expect(await made.store.inbox.nextDueAt(TENANT, "acme")).toBeNull();
  });

  test("a delivery that comes twice has one effect and is accepted twice", async () => {
    const made = await make();
    const request = signedRequest({ type: "state", run: "r1", status: "SUCCESS" }, made.clock.now());
    const receipts = [
      await made.inbox.receive(TENANT, made.configured, request),
      await made.inbox.receive(TENANT, made.configured, request),
    ];
    await made.process();
    expect(await made.inbox.receive(TENANT, made.configured, request)).toBe("ACCEPTED");
    const before = await made.ledger();
    await made.process();
    expect([receipts, await made.ledger()]).toEqual([["ACCEPTED", "ACCEPTED"], before]);
    expect(before.length).toBeGreaterThan(0);
  });

  test("a genuine event under the id of another one has no effect, and is logged and counted", async () => {
    const made = await make();
    await made.send({ type: "state", run: "r1", status: "RUNNING" }, { id: "same" });
    expect(await made.send({ type: "state", run: "r1", status: "FAILED" }, { id: "same" })).toBe("CONFLICTING");
    await made.process();
    expect((await made.syncOf("r1")).status).toBe("RUNNING");
    expect(made.logged).toContainEqual(
      expect.objectContaining({ level: "warn", message: expect.stringContaining("the id of another") }),
    );
    await made.clock.advance(5_000);
    const counted = await eventually("the conflict is counted", async () => {
      const { webhookRefusals } = await stateOf(made.store);
      return webhookRefusals["CONFLICTING"];
    });
    expect(counted).toBe(1);
  });

  test("the end reported before the start stays the end", async () => {
    const made = await make();
    await made.send({ type: "state", run: "r1", status: "SUCCESS" });
    await made.send({ type: "state", run: "r1", status: "RUNNING" });
    await made.process();
    expect((await made.ledger()).map(({ to }) => to)).toEqual(["CREATED", "RUNNING", "SUCCESS"]);
  });

  test("a run reported before the answer to its start is one run, which belongs to the trigger", async () => {
    const made = await make();
    await made.stock();
    const answered = createGate();
    made.fake.answers.start = async () => {
      await answered.opened;
      return [observation("run-1", { status: SyncStatus.Running })];
    };
    const starting = made.operations.trigger(TENANT, command());
    await eventually("the vendor is asked to start", () => made.fake.callsOf("start")[0]);
    await made.send({ type: "run", run: "run-1" });
    await made.process();
    expect((await made.syncOf("run-1")).triggerId).toBeNull();
    answered.open();
    const { syncs, trigger } = await starting;
    expect(syncs.map(({ remoteId, triggerId }) => [remoteId, triggerId])).toEqual([["run-1", trigger?.id]]);
    expect(await made.store.ledger.countSyncs(TENANT, {})).toBe(1);
  });

  test("what was committed before a crash is processed by the next gateway", async () => {
    const { store } = await open();
    const crashed = createTestInbox(store);
    await crashed.send({ type: "state", run: "r1", status: "FAILED" });
    const next = createTestInbox(store, createWebhookProvider("acme"), { clock: crashed.clock, owner: "node-2" });
    await next.process();
    expect((await next.syncOf("r1")).status).toBe("FAILED");
  });

  test("a delivery is parked while nobody knows its run, looked at ever more rarely, and dropped after a quarter of an hour", async () => {
    const made = await make();
    unknownToVendor(made);
    await made.send({ type: "run", run: "ghost" });
    await made.process();
    const looksAt: number[] = [];
    for (
      let due = await made.store.inbox.nextDueAt(TENANT, "acme");
      due !== null;
      due = await made.store.inbox.nextDueAt(TENANT, "acme")
    ) {
      looksAt.push((due.getTime() - Date.parse("2026-01-01T00:00:00.000Z")) / 1_000);
      await made.processAfter(due.getTime() - made.clock.now().getTime());
    }
    expect(looksAt).toEqual([2, 6, 14, 30, 62, 126, 254, 510, 900]);
    expect(made.fake.callsOf("observe")).toHaveLength(10);
    expect(made.logged.filter(({ message }) => message.includes("dropped"))).toHaveLength(1);
    expect(await made.ledger()).toEqual([]);
  });

  test("a parked delivery has its effect when the run turns up", async () => {
    const made = await make();
    unknownToVendor(made);
    await made.send({ type: "run", run: "r1" });
    await made.process();
    await made.see(observation("r1"));
    made.takePlanned();
    await made.processAfter(2_000);
    expect(made.takePlanned()).toContain("POLL");
    expect(await made.store.inbox.nextDueAt(TENANT, "acme")).toBeNull();
  });

  test("deliveries are kept for a week, so that a repetition is known, and not for longer", async () => {
    const made = await make();
    await made.send({ type: "ping" }, { id: "old" });
    await made.processAfter(6 * 86_400_000);
    expect(await made.store.inbox.put({ ...(await delivered(made, "old")) })).toBe("REPEATED");
    await made.processAfter(86_400_000 + 1);
    expect(await made.store.inbox.put({ ...(await delivered(made, "old")) })).toBe("STORED");
  });
});

/** A stored delivery as another gateway would put it again. */
async function delivered(made: TestInbox, id: string) {
  const verdict = made.fake.provider.verifyWebhook?.(signedRequest({ type: "ping" }, made.clock.now(), { id }));
  if (verdict?.genuine !== true) throw new Error("the test's own delivery is not genuine");
  const now = made.clock.now();
  return {
    tenantId: TENANT,
    providerKey: "acme",
    event: verdict.event,
    receivedAt: now,
    state: "RECEIVED",
    dueAt: now,
  } as const;
}

describe("a hint", () => {
  const openStore = storeMaker();
  const make = async () => createTestInbox(await openStore());

  it("about a known run makes it due now and takes no state from the payload", async () => {
    const made = await make();
    await made.see(observation("r1"));
    made.takePlanned();
    await made.send({ type: "run", run: "r1", status: "SUCCESS" });
    await made.process();
    expect(made.takePlanned()).toEqual(["INBOX", "POLL"]);
    expect(await made.store.polling.nextDueAt(TENANT, "acme")).toEqual(made.clock.now());
    expect((await made.syncOf("r1")).status).toBe("RUNNING");
    expect(made.fake.callsOf("observe")).toEqual([]);
  });

  it("about an unknown run has the vendor asked, whose word counts and not the payload's", async () => {
    const made = await make();
    made.fake.answers.observe = (refs) => ({
      observations: refs.map((ref) => observed(ref, { status: SyncStatus.Running })),
      missing: [],
    });
    await made.send({ type: "run", run: "r1", status: "SUCCESS" });
    await made.process();
    expect(await path(made)).toEqual(["CREATED WEBHOOK", "RUNNING WEBHOOK"]);
  });

  it("about an unknown run names all that the payload told of it", async () => {
    const made = await make();
    await made.send({ type: "run", run: "r1" });
    await made.process();
    const [call] = made.fake.callsOf("observe");
    expect(call?.refs).toMatchObject([
      { remoteId: "r1", definitionRemoteId: "job-1", linkedAccountRemoteId: "account-1" },
    ]);
  });

  it("about runs in general has discovery look at once, and a burst of them twice", async () => {
    const made = await make();
    for (let turn = 0; turn < 2; turn += 1) {
      for (let count = 0; count < 5; count += 1) await made.send({ type: "runs" });
      await made.process();
    }
    const looks = made.planned
      .filter(({ item }) => item.kind === "DISCOVER")
      .map(({ dueAt }) => dueAt.getTime() - made.clock.now().getTime());
    expect(looks).toEqual([0, 5_000]);
  });

  it("about the catalog has it read again although it was read a moment ago", async () => {
    const made = await make();
    await made.catalog.refresh(TENANT, made.configured);
    await made.catalog.refresh(TENANT, made.configured);
    expect(made.fake.callsOf("listDefinitions")).toHaveLength(1);
    await made.send({ type: "catalog" });
    await made.process();
    expect(made.takePlanned()).toContain("CATALOG");
    await made.catalog.refresh(TENANT, made.configured);
    expect(made.fake.callsOf("listDefinitions")).toHaveLength(2);
  });

  it("that means nothing, as a test ping, is done with and has no effect", async () => {
    const made = await make();
    expect(await made.send({ type: "ping" })).toBe("ACCEPTED");
    await made.process();
    expect([made.fake.calls, await made.ledger(), await made.store.inbox.nextDueAt(TENANT, "acme")]).toEqual([
      [],
      [],
      null,
    ]);
  });
});

describe("processing that fails", () => {
  const openStore = storeMaker();

  it("at the vendor is tried again after the time the vendor asks for, and asks it once in a turn", async () => {
    const made = createTestInbox(await openStore());
    const answer = made.fake.answers.observe;
    made.fake.answers.observe = () => {
      throw fault(ErrorCode.ProviderRateLimited, { retryAfterMs: 7_000 });
    };
    for (const run of ["r1", "r2", "r3"]) await made.send({ type: "run", run });
    await made.send({ type: "state", run: "r4", status: "RUNNING" });
    await made.process();
    expect(made.fake.callsOf("observe")).toHaveLength(1);
    expect((await made.syncOf("r4")).status).toBe("RUNNING");
    made.fake.answers.observe = answer;
    await made.processAfter(6_999);
    expect(made.fake.callsOf("observe")).toHaveLength(1);
    await made.processAfter(1);
    expect((await made.ledger()).filter(({ to }) => to === "CREATED")).toHaveLength(4);
  });

  it("for a defect of the adapter's holds nobody else up, and is logged as one", async () => {
    const made = createTestInbox(await openStore());
    await made.send({ type: "broken" });
    await made.send({ type: "state", run: "r1", status: "RUNNING" });
    await made.process();
    expect((await made.syncOf("r1")).status).toBe("RUNNING");
    expect(made.logged).toContainEqual(expect.objectContaining({ level: "error", message: "webhook not processed" }));
    await made.processAfter(86_400_000);
    expect(await made.store.inbox.nextDueAt(TENANT, "acme")).toBeNull();
  });

  it("because the store is away leaves everything due", async () => {
    const store = await openStore();
    const away = new GatewayError(ErrorCode.ServiceUnavailable, "away");
    const made = createTestInbox({ ...store, ledger: { ...store.ledger, record: () => Promise.reject(away) } });
    await made.send({ type: "state", run: "r1", status: "RUNNING" });
    await expect(made.process()).rejects.toBe(away);
    expect(await store.inbox.nextDueAt(TENANT, "acme")).toEqual(made.clock.now());
  });
});
