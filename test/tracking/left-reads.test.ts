// Reads whose caller goes away: the vendor is not asked on for nobody, others who wait get their answer, and nothing is held against it.
import { expect, test } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import type { ObserveResult } from "../../src/domain/provider-port.ts";
import { ProviderHealth } from "../../src/domain/provider-state.ts";
import { createFakeProvider, fault, observed } from "../support/fake-provider.ts";
import type { FakeAnswers } from "../support/fake-provider.ts";
import { createGate } from "../support/gate.ts";
import { observation, syncJob } from "../support/store-values.ts";
import { TENANT, createTestTracking, idOf, storeMaker } from "../support/tracking.ts";

const openStore = storeMaker();
const LEFT = { code: ErrorCode.ProviderTimeout, provider: "acme" };

async function tracking(answers: Partial<FakeAnswers> = {}) {
  const made = createTestTracking(await openStore(), [createFakeProvider("acme", {}, answers)]);
  const health = async () => (await made.store.providerStates.get(TENANT, "acme")).health;
  return { ...made, health };
}

/** A vendor that does not answer before the gate opens, and whose calls end as the wire's do. */
function hanging<Answer>(answer: () => Answer) {
  const gate = createGate();
  const calls: (AbortSignal | undefined)[] = [];
  let begun = (): void => undefined;
  const first = new Promise<void>((resolve) => (begun = resolve));
  const ask = async (signal: AbortSignal | undefined): Promise<Answer> => {
    calls.push(signal);
    begun();
    const ended = new Promise<never>((_resolve, reject) => {
      signal?.addEventListener("abort", () => reject(fault(ErrorCode.ProviderTimeout)), { once: true });
    });
    await Promise.race([gate.opened, ended]);
    return answer();
  };
  return { ask, first, open: gate.open, ended: () => calls.map((signal) => signal?.aborted ?? false) };
}

test("a live read ends with its only caller, is no sign of an outage, and the next caller gets one of their own", async () => {
  const vendor = hanging((): ObserveResult => ({ observations: [], missing: [] }));
  const { operations, see, clock, logged } = await tracking({ observe: (_refs, _tasks, signal) => vendor.ask(signal) });
  await see(observation("a"));
  await clock.advance(1);
  const caller = new AbortController();
  const left = operations.refresh(TENANT, idOf("sync", "a"), 0, { signal: caller.signal });
  const hears = expect(left).rejects.toMatchObject(LEFT);
  await vendor.first;
  caller.abort();
  const next = operations.refresh(TENANT, idOf("sync", "a"), 0);
  await hears;
  vendor.open();
  expect(await next).toMatchObject({ remoteId: "a" });
  expect(vendor.ended()).toEqual([true, false]);
  expect(logged.filter(({ level }) => level !== "info")).toEqual([]);
});

test("a live read that two wait for goes on when one of them leaves", async () => {
  const vendor = hanging(() => undefined);
  const { operations, see, clock } = await tracking({
    observe: async (refs, _tasks, signal) => {
      await vendor.ask(signal);
      return { observations: refs.map((ref) => observed(ref, { facts: { attempt: 7 } })), missing: [] };
    },
  });
  await see(observation("a"));
  await clock.advance(1);
  const stays = operations.refresh(TENANT, idOf("sync", "a"), 0);
  await vendor.first;
  const caller = new AbortController();
  const left = operations.refresh(TENANT, idOf("sync", "a"), 0, { signal: caller.signal });
  const hears = expect(left).rejects.toMatchObject(LEFT);
  caller.abort();
  await hears;
  vendor.open();
  expect(await stays).toMatchObject({ attempt: 7 });
  expect(vendor.ended()).toEqual([false]);
});

test("lists end with the only one who wants them, and whoever comes then reads them anew", async () => {
  const vendor = hanging(() => [[syncJob("j1")]]);
  const { catalog, logged, store } = await tracking({ definitions: (signal) => vendor.ask(signal) });
  const caller = new AbortController();
  const left = catalog.ensureFresh(TENANT, ["acme"], { signal: caller.signal });
  await vendor.first;
  caller.abort();
  expect(await left).toMatchObject([LEFT]);
  vendor.open();
  expect(await catalog.ensureFresh(TENANT, ["acme"])).toEqual([]);
  expect(vendor.ended()).toEqual([true, false]);
  expect(await store.catalog.definitionsOfProvider(TENANT, "acme")).toMatchObject([{ remoteId: "j1" }]);
  expect(logged.filter(({ level }) => level !== "info")).toEqual([]);
});

test("lists that the gateway itself reads go on whoever leaves", async () => {
  const vendor = hanging(() => [[syncJob("j1")]]);
  const { catalog, configured } = await tracking({ definitions: (signal) => vendor.ask(signal) });
  const own = catalog.refresh(TENANT, configured);
  const caller = new AbortController();
  const left = catalog.ensureFresh(TENANT, ["acme"], { signal: caller.signal });
  await vendor.first;
  caller.abort();
  expect(await left).toMatchObject([LEFT]);
  vendor.open();
  await own;
  expect(vendor.ended()).toEqual([false]);
});

test("lists that took too long for one who then goes away are read to their end for whoever asks next", async () => {
  const vendor = hanging(() => [[syncJob("j1")]]);
  const { catalog, clock } = await tracking({ definitions: (signal) => vendor.ask(signal) });
  const caller = new AbortController();
  const late = catalog.ensureFresh(TENANT, ["acme"], { signal: caller.signal });
  await vendor.first;
  await clock.advance(12_000);
  expect(await late).toMatchObject([LEFT]);
  caller.abort();
  vendor.open();
  expect(await catalog.ensureFresh(TENANT, ["acme"])).toEqual([]);
  expect(vendor.ended()).toEqual([false]);
});

test("a definition that is read before a start is waited for twelve seconds and no longer", async () => {
  const vendor = hanging(() => syncJob("job-1"));
  const { triggers, stock, clock, health, fake } = await tracking({
    definition: (_remoteId, _kind, signal) => vendor.ask(signal),
  });
  await stock();
  await clock.advance(30_001);
  const command = { definitionId: idOf("definition", "job-1"), idempotencyKey: null, ifRunning: "ATTACH" } as const;
  const refused = expect(triggers.trigger(TENANT, command)).rejects.toMatchObject(LEFT);
  await vendor.first;
  await clock.advance(12_000);
  await refused;
  expect(fake.callsOf("start")).toEqual([]);
  // This deadline is the gateway's own: the vendor has missed it.
  expect(await health()).toBe(ProviderHealth.Down);
});
