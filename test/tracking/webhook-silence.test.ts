// When a provider whose webhooks are configured counts as silent.
import { describe, expect, it } from "vitest";
import { ObservationSource, SyncStatus } from "../../src/domain/status.ts";
import { createRecorder } from "../../src/tracking/recorder.ts";
import { createWebhookSilence, isSilent, noteChanges } from "../../src/tracking/webhook-silence.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { at, observation } from "../support/store-values.ts";
import { TENANT, createTestTracking, storeMaker } from "../support/tracking.ts";

const minutes = (count: number): Date => at(count * 60_000);

describe("a provider", () => {
  it.each([
    ["without changes", [], null, 60, false],
    ["with two changes, however long ago", [0, 1], null, 600, false],
    ["with three changes, the first ten minutes ago", [0, 1, 2], null, 10, false],
    ["with three changes, the first more than ten minutes ago", [0, 1, 2], null, 10.1, true],
    ["with three changes all told of by a webhook soon before", [1, 1.5, 2], 0.5, 60, false],
    ["with three changes long after its last webhook", [10, 11, 12], 0.5, 21, true],
    ["with three changes of which a later webhook may have told", [0, 1, 2], 5, 60, false],
    ["with one of three changes told of", [0, 10, 11], 0, 60, false],
  ])("%s", (_case, changes, lastWebhook, now, expected) => {
    const lastWebhookAt = lastWebhook === null ? null : minutes(lastWebhook);
    expect(isSilent({ lastWebhookAt, changesSeenAt: changes.map(minutes), now: minutes(now) })).toBe(expected);
  });

  it("that changes one run many times is not silent: three runs are needed", async () => {
    const clock = createManualClock();
    const silence = createWebhookSilence(clock);
    for (let count = 0; count < 5; count += 1) silence.changed("t1", "acme", "run-1");
    await clock.advance(3_600_000);
    expect(silence.isSilent("t1", "acme", null)).toBe(false);
  });

  it("is heard again with its next webhook, and falls silent again after that", async () => {
    const clock = createManualClock();
    const silence = createWebhookSilence(clock);
    for (const run of ["a", "b", "c"]) silence.changed("t1", "acme", run);
    await clock.advance(600_001);
    expect([silence.isSilent("t1", "acme", null), silence.isSilent("t2", "acme", null)]).toEqual([true, false]);
    const heardAt = clock.now();
    expect(silence.isSilent("t1", "acme", heardAt)).toBe(false);
    await clock.advance(300_000);
    for (const run of ["d", "e", "f"]) silence.changed("t1", "acme", run);
    await clock.advance(600_001);
    expect(silence.isSilent("t1", "acme", heardAt)).toBe(true);
  });
});

describe("what counts as a change that was found by looking", () => {
  const openStore = storeMaker();
  const silentAfter = async (source: ObservationSource, ageMs: number): Promise<boolean> => {
    const { tools, clock, load, configured } = createTestTracking(await openStore());
    const silence = createWebhookSilence(clock);
    const recorder = createRecorder(tools, load, noteChanges(silence));
    const startedAt = new Date(clock.now().getTime() - ageMs);
    const observations = ["a", "b", "c"].map((run) =>
      observation(run, {
        status: SyncStatus.Running,
        observedAt: clock.now(),
        facts: { createdAt: startedAt, startedAt },
      }),
    );
    await recorder.record({ tenantId: TENANT, configured, source, observations });
    await clock.advance(600_001);
    return silence.isSilent(TENANT, configured.info.key, null);
  };

  it.each([
    ["a poll's", ObservationSource.Poll, 1_000, true],
    ["discovery's", ObservationSource.Discovery, 1_000, true],
    ["discovery's of runs that changed long before", ObservationSource.Discovery, 3_600_000, false],
    ["a webhook's own", ObservationSource.Webhook, 1_000, false],
    ["the answer to a start", ObservationSource.Trigger, 1_000, false],
  ])("%s", async (_case, source, ageMs, expected) => {
    expect(await silentAfter(source, ageMs)).toBe(expected);
  });
});
