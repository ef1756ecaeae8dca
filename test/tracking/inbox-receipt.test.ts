// What the inbox takes in and what it refuses, and what is written down about both.
import { describe, expect, it } from "vitest";
import { ErrorCode, GatewayError } from "../../src/domain/errors.ts";
import type { Store } from "../../src/domain/store-port.ts";
import { eventually } from "../support/eventually.ts";
import { createWebhookProvider, SECRET } from "../support/fake-webhooks.ts";
import { createTestInbox } from "../support/inbox.ts";
import { TENANT, storeMaker } from "../support/tracking.ts";

const stateOf = async (store: Store) => store.providerStates.get(TENANT, "acme");

describe("what is refused", () => {
  const openStore = storeMaker();

  it("is counted by reason, and a flood of it costs a few writes", async () => {
    const store = await openStore();
    let writes = 0;
    const providerStates = {
      ...store.providerStates,
      patch: (...given: Parameters<typeof store.providerStates.patch>) => (
        (writes += 1),
        store.providerStates.patch(...given)
      ),
    };
    const made = createTestInbox({ ...store, providerStates });
    for (let count = 0; count < 1_000; count += 1) await made.send({ type: "run", run: "r1" }, { secret: "forged" });
    await made.inbox.close();
    expect(await stateOf(store)).toMatchObject({ webhookRefusals: { BAD_SIGNATURE: 1_000 }, lastWebhookAt: null });
    expect(writes).toBeLessThanOrEqual(2);
    expect(made.planned).toEqual([]);
    expect(await store.inbox.due(TENANT, "acme", made.clock.now(), 10)).toEqual([]);
  });

  it("is not lost while the store is away", async () => {
    const store = await openStore();
    let away = true;
    const patch: typeof store.providerStates.patch = (...given) =>
      away ? Promise.reject(new Error("away")) : store.providerStates.patch(...given);
    const made = createTestInbox({ ...store, providerStates: { ...store.providerStates, patch } });
    await made.send({ type: "run", run: "r1" }, { secret: "forged" });
    await made.clock.untilSleeping();
    away = false;
    await made.clock.advance(5_000);
    const counted = await eventually(
      "the refusal is written",
      async () => (await stateOf(store)).webhookRefusals["BAD_SIGNATURE"],
    );
    expect(counted).toBe(1);
  });

  it("as too old or without sense is genuine all the same: taken, counted, not stored", async () => {
    const made = createTestInbox(await openStore());
    const old = String(made.clock.now().getTime() / 1_000 - 360);
    expect(await made.send({ type: "run", run: "r1" }, { timestamp: old })).toBe("UNUSABLE");
    expect(await made.send({ note: "no type" })).toBe("UNUSABLE");
    expect(await made.send({ type: "run", run: "r1" }, { id: "x".repeat(256) })).toBe("UNUSABLE");
    await made.inbox.close();
    expect((await stateOf(made.store)).webhookRefusals).toEqual({ STALE: 1, MALFORMED: 2 });
    expect(await made.store.inbox.nextDueAt(TENANT, "acme")).toBeNull();
  });

  it("for want of a secret is forged for all anybody knows", async () => {
    const made = createTestInbox(await openStore(), createWebhookProvider("acme", { secrets: [] }));
    expect(await made.send({ type: "run", run: "r1" })).toBe("FORGED");
  });
});

describe("a genuine delivery", () => {
  const openStore = storeMaker();

  it("is proven by either secret during a rotation, and by the old one no more after it", async () => {
    const webhooks = { secrets: ["new", SECRET] };
    const made = createTestInbox(await openStore(), createWebhookProvider("acme", webhooks));
    expect(await made.send({ type: "ping" }, { secret: "new" })).toBe("ACCEPTED");
    expect(await made.send({ type: "ping" }, { secret: SECRET })).toBe("ACCEPTED");
    webhooks.secrets = ["new"];
    expect(await made.send({ type: "ping" }, { secret: SECRET })).toBe("FORGED");
  });

  it("says when the provider was last heard of", async () => {
    const made = createTestInbox(await openStore());
    await made.send({ type: "ping" });
    await made.inbox.close();
    expect((await stateOf(made.store)).lastWebhookAt).toEqual(made.clock.now());
  });

  it("that cannot be stored is not accepted", async () => {
    const store = await openStore();
    const put = () => Promise.reject(new GatewayError(ErrorCode.ServiceUnavailable, "away"));
    const made = createTestInbox({ ...store, inbox: { ...store.inbox, put } });
    await expect(made.send({ type: "ping" })).rejects.toMatchObject({ code: "SERVICE_UNAVAILABLE" });
    expect(made.planned).toEqual([]);
  });
});
