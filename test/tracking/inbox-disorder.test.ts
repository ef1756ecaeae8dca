// Deliveries as vendors really send them: many times, backwards, days late, about what is not theirs. What is stored of them and when it is
// worked off is in `inbox.test.ts`; that a delivery is genuine, in `inbox-receipt.test.ts`.
import { expect, test } from "vitest";
import { identityOf } from "../../src/domain/identity.ts";
import { describeOnEachDatabase } from "../support/databases.ts";
import { createWebhookProvider, signedRequest } from "../support/fake-webhooks.ts";
import { createTestInbox, type TestInbox } from "../support/inbox.ts";
import { at, entry, observation, rules } from "../support/store-values.ts";
import { TENANT } from "../support/tracking.ts";
import { expectVerified } from "../support/verified.ts";

const TIMES = 1_000;
const THREE_DAYS_MS = 3 * 86_400_000;
const WHOLE = ["CREATED", "RUNNING", "SUCCESS"];
/** A thousand commits, each of which SQLite carries to the disk. */
const MANY = { timeout: 120_000 };

const statuses = async (made: TestInbox) => (await made.ledger()).map(({ to }) => to);

describeOnEachDatabase("webhooks that come", (open) => {
  const make = async () => {
    const { store, url } = await open();
    return { made: createTestInbox(store), url };
  };

  test("a thousand times, most of them at once, have one effect and are each accepted", MANY, async () => {
    const { made, url } = await make();
    const request = signedRequest({ type: "state", run: "r1", status: "SUCCESS" }, made.clock.now());
    const receive = () => made.inbox.receive(TENANT, made.configured, request);
    const receipts = [await receive(), ...(await Promise.all(Array.from({ length: TIMES - 1 }, receive)))];
    await made.process();
    expect([receipts.length, ...new Set(receipts)]).toEqual([TIMES, "ACCEPTED"]);
    expect(await statuses(made)).toEqual(WHOLE);
    await expectVerified(url);
  });

  test("a thousand times under ids of their own, have one effect too", MANY, async () => {
    const { made, url } = await make();
    for (let sent = 0; sent < TIMES; sent += 1) await made.send({ type: "state", run: "r1", status: "FAILED" });
    await made.process();
    expect(await statuses(made)).toEqual(["CREATED", "FAILED"]);
    expect(await made.store.inbox.nextDueAt(TENANT, "acme")).toBeNull();
    await expectVerified(url);
  });

  test("backwards, each run's whole life of them, leave every run at its end by a legal path", async () => {
    const { made, url } = await make();
    const runs = ["r1", "r2", "r3"];
    for (const status of WHOLE.toReversed())
      for (const run of runs.toReversed()) {
        await made.send({ type: "state", run, status });
        await made.process();
      }
    for (const run of runs) {
      const { id, status } = await made.syncOf(run);
      const path = (await made.ledger()).filter(({ syncId }) => syncId === id).map(({ to }) => to);
      expect({ run, status, path }).toEqual({ run, status: "SUCCESS", path: WHOLE });
    }
    await expectVerified(url);
  });

  test("three days late, about a run that has ended, are taken and change nothing", async () => {
    const { made, url } = await make();
    const sentAt = made.clock.now();
    await made.see(observation("r1", { status: "FAILED", observedAt: at(10) }));
    const before = await made.ledger();
    await made.clock.advance(THREE_DAYS_MS);
    expect(await made.send({ type: "state", run: "r1", status: "RUNNING" })).toBe("ACCEPTED");
    // Signed then, and held up on its way: a repetition by somebody who has listened cannot be told from it.
    const old = signedRequest({ type: "state", run: "r1", status: "SUCCESS" }, sentAt, { id: "old" });
    expect(await made.inbox.receive(TENANT, made.configured, { ...old, receivedAt: made.clock.now() })).toBe(
      "UNUSABLE",
    );
    await made.process();
    expect(await made.ledger()).toEqual(before);
    await expectVerified(url);
  });

  test("three days late, about a run whose end nobody saw, bring its end", async () => {
    const { made, url } = await make();
    await made.see(observation("r1", { observedAt: at(10) }));
    await made.clock.advance(THREE_DAYS_MS);
    await made.send({ type: "state", run: "r1", status: "SUCCESS" });
    await made.process();
    expect(await statuses(made)).toEqual(WHOLE);
    await expectVerified(url);
  });

  test("about another tenant's run, or another provider's, of the same id, leave those alone", async () => {
    const { made, url } = await make();
    const beside = createTestInbox(made.store, createWebhookProvider("beside"), { clock: made.clock });
    await made.see(observation("r1"));
    await beside.see(observation("r1"));
    await made.store.ledger.record("t2", [entry("r1")], rules);
    await made.send({ type: "state", run: "r1", status: "FAILED" });
    await made.process();
    const statusOf = async (tenantId: string, providerKey: string) => {
      const id = identityOf(tenantId, providerKey, "sync", "r1");
      return (await made.store.ledger.syncsByIds(tenantId, [id]))[0]?.status;
    };
    expect(await statusOf(TENANT, "acme")).toBe("FAILED");
    expect(await statusOf(TENANT, "beside")).toBe("RUNNING");
    expect(await statusOf("t2", "acme")).toBe("RUNNING");
    await expectVerified(url);
  });
});
