// Idempotency keys on each database: one key and one input are one start and one answer, however often they come.
import { expect, test } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import { IfRunning, TriggerState } from "../../src/domain/sync.ts";
import { createTestTracking, command, idOf, TENANT, waiting } from "../support/tracking.ts";
import { describeOnEachDatabase } from "../support/databases.ts";
import { createFakeProvider, fault } from "../support/fake-provider.ts";
import type { FakeAnswers } from "../support/fake-provider.ts";
import { at, observation, syncJob, trigger } from "../support/store-values.ts";
import { fingerprintOf, triggerIdOf } from "../../src/tracking/idempotency.ts";

const another = (key: string) => command({ idempotencyKey: key, ifRunning: IfRunning.StartAnother });

describeOnEachDatabase("an idempotency key", (open) => {
  async function tracking(answers: Partial<FakeAnswers> = {}) {
    const { store, url } = await open();
    const made = createTestTracking(store, [createFakeProvider("acme", {}, answers)]);
    await made.stock();
    return { ...made, url };
  }

  test("that comes fifty times at once starts once and gets fifty equal answers", async () => {
    const { triggers, fake } = await tracking();
    const results = await Promise.all(Array.from({ length: 50 }, () => triggers.trigger(TENANT, another("k1"))));
    expect(fake.callsOf("start")).toHaveLength(1);
    expect(results[0]).toMatchObject({ syncs: [{ remoteId: "run-1" }], attached: false, problems: [] });
    for (const result of results) expect(result).toEqual(results[0]);
  });

  test("with another input is refused without a call, whatever differs", async () => {
    const { triggers, fake, stock } = await tracking();
    await stock([syncJob("job-1"), syncJob("job-2")]);
    await triggers.trigger(TENANT, command({ idempotencyKey: "k1", models: ["a", "b"], args: { since: 1, until: 2 } }));
    const given = { idempotencyKey: "k1", models: ["a", "b"], args: { since: 1, until: 2 } };
    const others = [
      command({ ...given, models: ["b", "a"] }),
      command({ ...given, args: { since: 2, until: 2 } }),
      command({ ...given, fullRefresh: false }),
      command({ ...given, ifRunning: IfRunning.Reject }),
      command({ ...given, definitionId: idOf("definition", "job-2") }),
    ];
    for (const other of others) {
      const result = await triggers.trigger(TENANT, other);
      expect(result).toMatchObject({
        syncs: [],
        trigger: null,
        problems: [{ code: ErrorCode.IdempotencyKeyReused, field: ["idempotencyKey"] }],
      });
    }
    const sameInAnotherOrder = command({ args: { until: 2, since: 1 }, models: ["a", "b"], idempotencyKey: "k1" });
    expect((await triggers.trigger(TENANT, sameInAnotherOrder)).problems).toEqual([]);
    expect(fake.callsOf("start")).toHaveLength(1);
  });

  test("of a start that a run was in the way of gives the same refusal again, also when that run has ended", async () => {
    const { triggers, fake, see, store } = await tracking();
    await see(observation("open"));
    const reject = command({ idempotencyKey: "k1", ifRunning: IfRunning.Reject });
    const first = await triggers.trigger(TENANT, reject);
    expect(first).toMatchObject({
      syncs: [],
      trigger: { state: TriggerState.Rejected, sentAt: null, options: null, error: { code: ErrorCode.AlreadyRunning } },
      problems: [{ code: ErrorCode.AlreadyRunning, field: ["ifRunning"] }],
    });
    await see(observation("open", { status: "SUCCESS", observedAt: at(1) }));
    expect(await triggers.trigger(TENANT, reject)).toEqual(first);
    expect(fake.callsOf("start")).toEqual([]);
    const unkeyed = await triggers.trigger(TENANT, command({ ifRunning: IfRunning.Reject }));
    expect(unkeyed.syncs).toMatchObject([{ remoteId: "run-1" }]);
    expect((await store.triggers.unresolved(TENANT, at(60_000))).length).toBe(0);
  });

  test("of a start the vendor refused gives the same error again without a call", async () => {
    const { triggers, fake } = await tracking({
      start: () => Promise.reject(fault(ErrorCode.ProviderRejected, { retryable: false })),
    });
    const first = await triggers.trigger(TENANT, another("k1")).catch((error: unknown) => error);
    const second = await triggers.trigger(TENANT, another("k1")).catch((error: unknown) => error);
    expect(first).toMatchObject({
      code: ErrorCode.ProviderRejected,
      message: "acme: provider_rejected",
      provider: "acme",
    });
    expect(second).toMatchObject({
      code: ErrorCode.ProviderRejected,
      message: "acme: provider_rejected",
      provider: "acme",
    });
    expect(fake.callsOf("start")).toHaveLength(1);
  });

  test("of a start that scheduled nothing says so again without a call", async () => {
    const { triggers, fake } = await tracking({ start: () => [] });
    const first = await triggers.trigger(TENANT, another("k1"));
    expect(first.problems).toHaveLength(1);
    expect(await triggers.trigger(TENANT, another("k1"))).toEqual(first);
    expect(fake.callsOf("start")).toHaveLength(1);
  });

  test.each([TriggerState.Pending, TriggerState.Sent])(
    "whose first request stays %s elsewhere is waited for, and then said to be in progress",
    async (state) => {
      const { triggers, store, fake, clock } = await tracking();
      await store.triggers.create(
        trigger(triggerIdOf(TENANT, "k1"), {
          idempotencyKey: "k1",
          state,
          fingerprint: fingerprintOf(another("k1"), null),
          createdAt: at(-1),
        }),
      );
      const result = await waiting(clock, triggers.trigger(TENANT, another("k1")));
      expect(clock.now()).toEqual(at(20_000));
      expect(result).toMatchObject({
        syncs: [],
        trigger: { state },
        problems: [{ code: ErrorCode.IdempotencyInProgress, field: ["idempotencyKey"] }],
      });
      expect(fake.calls).toEqual([]);
    },
  );

  test("that two gateways use for different requests at once is one request's alone, also when both would attach", async () => {
    const { triggers, store, see, url, fake } = await tracking();
    await see(observation("open"));
    const { store: other } = await open(url);
    const second = createTestTracking(other, [fake]);
    const earlier = trigger(triggerIdOf(TENANT, "k1"), {
      idempotencyKey: "k1",
      state: TriggerState.Accepted,
      fingerprint: "another request's",
    });
    // The other gateway commits between this one's look for the key and its own commit.
    const byIds = store.triggers.byIds.bind(store.triggers);
    let looked = false;
    const late: typeof byIds = async (tenantId, ids) => {
      const found = await byIds(tenantId, ids);
      if (!looked) await other.triggers.create(earlier);
      looked = true;
      return found;
    };
    const between = createTestTracking({ ...store, triggers: { ...store.triggers, byIds: late } }, [fake]);
    const result = await between.triggers.trigger(TENANT, command({ idempotencyKey: "k1" }));
    expect(result).toMatchObject({ syncs: [], trigger: null, problems: [{ code: ErrorCode.IdempotencyKeyReused }] });
    for (const one of [triggers, second.triggers]) {
      expect((await one.trigger(TENANT, command({ idempotencyKey: "k1" }))).problems).toMatchObject([
        { code: ErrorCode.IdempotencyKeyReused },
      ]);
    }
  });

  test("is a tenant's own, and another key is another start", async () => {
    const { triggers, fake } = await tracking();
    await triggers.trigger(TENANT, another("k1"));
    await triggers.trigger(TENANT, another("k2"));
    expect(fake.callsOf("start")).toHaveLength(2);
    expect(triggerIdOf("t1", "k1")).not.toBe(triggerIdOf("t2", "k1"));
    expect(triggerIdOf("t1", null)).not.toBe(triggerIdOf("t1", null));
  });

  test.each([
    ["no character", ""],
    ["256 characters", "k".repeat(256)],
  ])("of %s is refused before anything is read", async (_name, idempotencyKey) => {
    const { triggers, fake } = await tracking();
    const result = await triggers.trigger(TENANT, command({ idempotencyKey, definitionId: "unknown" }));
    expect(result.problems).toMatchObject([{ code: ErrorCode.BadUserInput, field: ["idempotencyKey"] }]);
    expect(fake.calls).toEqual([]);
  });

  test("of 255 characters fits", async () => {
    const { triggers } = await tracking();
    expect((await triggers.trigger(TENANT, another("k".repeat(255)))).problems).toEqual([]);
  });
});
