// Recorded intentions and their idempotency keys, and provider states, on each database.
import { expect, test } from "vitest";
import { TriggerState } from "../../src/domain/sync.ts";
import { describeOnEachDatabase } from "../support/databases.ts";
import { at, trigger } from "../support/store-values.ts";

describeOnEachDatabase("triggers", (open) => {
  test("a trigger comes back as it was created", async () => {
    const { store } = await open();
    const created = trigger("g1", {
      idempotencyKey: "k",
      retryOfId: "s",
      error: { code: "PROVIDER_TIMEOUT", message: "m" },
      sentAt: at(1),
    });
    expect(await store.triggers.create(created)).toEqual(created);
    expect(await store.triggers.byIds("t1", ["g1", "g2"])).toEqual([created]);
  });

  test("of fifty triggers created at once under one key, one is stored and everybody gets it", async () => {
    const { store: first, url } = await open();
    const { store: second } = open.database === "postgres" ? await open(url) : { store: first };
    const created = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        (index % 2 === 0 ? first : second).triggers.create(trigger(`g${index}`, { idempotencyKey: "same" })),
      ),
    );
    expect(new Set(created.map(({ id }) => id)).size).toBe(1);
    expect(await first.triggers.unresolved("t1", at(1))).toEqual([created[0]]);
  });

  test("without a key, or under another tenant's, nothing is shared; the same id again gives the stored one", async () => {
    const { store } = await open();
    await store.triggers.create(trigger("g1"));
    expect((await store.triggers.create(trigger("g2"))).id).toBe("g2");
    expect((await store.triggers.create(trigger("g3", { idempotencyKey: "k" }))).id).toBe("g3");
    expect((await store.triggers.create(trigger("g4", { idempotencyKey: "k", tenantId: "t2" }))).id).toBe("g4");
    expect((await store.triggers.create(trigger("g1", { fingerprint: "other" }))).fingerprint).toBe("hash");
    await expect(store.triggers.create(trigger("g1", { idempotencyKey: "new" }))).rejects.toThrow("g1 exists already");
  });

  test("an update happens only from the expected state, and changes only what it names", async () => {
    const { store } = await open();
    const created = await store.triggers.create(trigger("g1"));
    expect(await store.triggers.update("t1", "g1", TriggerState.Sent, { state: TriggerState.Accepted })).toBe(false);
    expect(
      await store.triggers.update("t1", "g1", TriggerState.Pending, { state: TriggerState.Sent, sentAt: at(5) }),
    ).toBe(true);
    expect(await store.triggers.update("t1", "g1", TriggerState.Pending, {})).toBe(false);
    expect(await store.triggers.update("t1", "g1", TriggerState.Sent, {})).toBe(true);
    expect(await store.triggers.update("t1", "none", TriggerState.Sent, {})).toBe(false);
    expect(await store.triggers.byIds("t1", ["g1"])).toEqual([{ ...created, state: "SENT", sentAt: at(5) }]);
    const end = {
      state: TriggerState.Accepted,
      options: null,
      attached: true,
      syncIds: ["s1", "s2"],
      error: null,
      resolvedAt: at(9),
    };
    expect(await store.triggers.update("t1", "g1", TriggerState.Sent, end)).toBe(true);
    expect(await store.triggers.byIds("t1", ["g1"])).toEqual([{ ...created, ...end, sentAt: at(5) }]);
  });

  test("of many updates from one state exactly one happens", async () => {
    const { store } = await open();
    await store.triggers.create(trigger("g1"));
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        store.triggers.update("t1", "g1", TriggerState.Pending, { state: TriggerState.Sent, sentAt: at(index) }),
      ),
    );
    expect(answers.filter(Boolean)).toHaveLength(1);
  });

  test("unresolved are those pending or sent that were created before then, oldest first", async () => {
    const { store } = await open();
    const states = [
      TriggerState.Sent,
      TriggerState.Accepted,
      TriggerState.Pending,
      TriggerState.Uncertain,
      TriggerState.Rejected,
      TriggerState.Pending,
    ];
    for (const [index, state] of states.entries())
      await store.triggers.create(trigger(`g${index}`, { state, createdAt: at(10 - index) }));
    expect((await store.triggers.unresolved("t1", at(10))).map(({ id }) => id)).toEqual(["g5", "g2"]);
    expect((await store.triggers.unresolved("t1", at(11))).map(({ id }) => id)).toEqual(["g5", "g2", "g0"]);
  });
});

describeOnEachDatabase("provider states", (open) => {
  test("an unknown provider has a state that says so; a patch changes only the fields it names", async () => {
    const { store } = await open();
    const unknown = {
      health: "UNKNOWN",
      lastSuccessAt: null,
      lastFailureAt: null,
      lastError: null,
      catalogAt: null,
      discoveredUntil: null,
      discovery: null,
      unknownStatuses: {},
      lastWebhookAt: null,
      webhookRefusals: {},
    };
    expect(await store.providerStates.get("t1", "acme")).toEqual(unknown);
    await store.providerStates.patch("t1", "acme", {});
    expect(await store.providerStates.get("t1", "acme")).toEqual(unknown);
    const lastError = {
      code: "PROVIDER_RATE_LIMITED",
      message: "m",
      retryable: true,
      retryAfterMs: 1_500,
      httpStatus: 429,
    } as const;
    await store.providerStates.patch("t1", "acme", {
      health: "DOWN",
      lastFailureAt: at(3),
      lastError,
      unknownStatuses: { odd: 2 },
    });
    await store.providerStates.patch("t1", "acme", { catalogAt: at(4), discoveredUntil: at(5) });
    const known = {
      ...unknown,
      health: "DOWN",
      lastFailureAt: at(3),
      lastError,
      unknownStatuses: { odd: 2 },
      catalogAt: at(4),
      discoveredUntil: at(5),
    };
    expect(await store.providerStates.get("t1", "acme")).toEqual(known);
    await store.providerStates.patch("t1", "acme", { health: "UP", lastError: null });
    expect(await store.providerStates.get("t1", "acme")).toEqual({ ...known, health: "UP", lastError: null });
  });
});
