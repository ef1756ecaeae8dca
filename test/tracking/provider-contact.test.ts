// What the gateway knows of a provider's health: written when it changes, told as the error it ended with.
import { expect, test } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import { ProviderHealth } from "../../src/domain/provider-state.ts";
import { fault } from "../support/fake-provider.ts";
import { at } from "../support/store-values.ts";
import { TENANT, createTestTracking, storeMaker } from "../support/tracking.ts";

const openStore = storeMaker();

async function tracking() {
  const made = createTestTracking(await openStore());
  const { contact, configured, store } = made;
  return {
    ...made,
    succeed: () => contact.through(TENANT, configured, () => Promise.resolve("answer")),
    fail: (error: Error) =>
      contact.through(TENANT, configured, () => Promise.reject(error)).catch((caught: unknown) => caught),
    state: () => store.providerStates.get(TENANT, "acme"),
    outage: () => contact.outage(TENANT, configured),
  };
}

const { ProviderUnavailable, ProviderTimeout, ProviderBadResponse, ProviderAuthFailed } = ErrorCode;
const { ProviderNotFound, ProviderConflict, ProviderRateLimited, ProviderRejected } = ErrorCode;

test("a result and an error pass through as they are", async () => {
  const { succeed, fail } = await tracking();
  const error = fault(ProviderTimeout);
  expect([await succeed(), await fail(error)]).toEqual(["answer", error]);
});

test.each([
  [ProviderUnavailable, ProviderHealth.Down],
  [ProviderTimeout, ProviderHealth.Down],
  [ProviderBadResponse, ProviderHealth.Down],
  [ProviderAuthFailed, ProviderHealth.AuthFailed],
  [ProviderNotFound, ProviderHealth.Up],
  [ProviderConflict, ProviderHealth.Up],
  [ProviderRateLimited, ProviderHealth.Up],
  [ProviderRejected, ProviderHealth.Up],
] as const)("after %s a provider is %s", async (code, health) => {
  const { fail, state, outage } = await tracking();
  await fail(fault(code, { httpStatus: 500, retryAfterMs: 7 }));
  expect((await state()).health).toBe(health);
  expect((await outage())?.code ?? null).toBe(health === ProviderHealth.Up ? null : code);
});

test("an outage is told with the facts of the failure, until the provider answers", async () => {
  const { succeed, fail, state, outage, clock, logged } = await tracking();
  expect(await outage()).toBeNull();
  await fail(fault(ProviderUnavailable, { httpStatus: 503, retryAfterMs: 7_000 }));
  expect(await state()).toMatchObject({
    lastFailureAt: at(0),
    lastSuccessAt: null,
    lastError: { code: ProviderUnavailable, httpStatus: 503, retryAfterMs: 7_000 },
  });
  expect(await outage()).toMatchObject({
    code: ProviderUnavailable,
    provider: "acme",
    httpStatus: 503,
    retryAfterMs: 7_000,
    message: "acme: provider_unavailable",
  });
  await clock.advance(10);
  await succeed();
  expect(await outage()).toBeNull();
  expect(await state()).toMatchObject({ health: ProviderHealth.Up, lastSuccessAt: at(10), lastFailureAt: at(0) });
  expect(logged.map(({ level, facts }) => [level, facts["from"], facts["to"]])).toEqual([
    ["warn", "UNKNOWN", "DOWN"],
    ["info", "DOWN", "UP"],
  ]);
});

test("a failure keeps the time at which the first of them came, until the provider answers", async () => {
  const { succeed, fail, state, clock } = await tracking();
  const since = async () => (await state()).lastError?.sinceMs;
  await fail(fault(ProviderUnavailable));
  expect(await since()).toBe(at(0).getTime());
  await clock.advance(5_000);
  await fail(fault(ProviderTimeout));
  expect(await since()).toBe(at(0).getTime());
  await succeed();
  await clock.advance(5_000);
  await fail(fault(ProviderTimeout));
  expect(await since()).toBe(at(10_000).getTime());
});

test("a success is written down again after ten seconds and not with every call", async () => {
  const { succeed, state, clock } = await tracking();
  await succeed();
  await clock.advance(9_999);
  await succeed();
  expect((await state()).lastSuccessAt).toEqual(at(0));
  await clock.advance(1);
  await succeed();
  expect((await state()).lastSuccessAt).toEqual(at(10_000));
});

test("what another gateway met is known two seconds later", async () => {
  const { outage, clock, store } = await tracking();
  expect(await outage()).toBeNull();
  const other = createTestTracking(store, undefined, { clock });
  await other.contact
    .through(TENANT, other.configured, () => Promise.reject(fault(ProviderAuthFailed)))
    .catch(() => undefined);
  await clock.advance(2_000);
  expect((await outage())?.code).toBe(ProviderAuthFailed);
});

test("a call that was not made because the gateway's own database was silent says nothing about the provider", async () => {
  const { succeed, fail, state } = await tracking();
  const before = await state();
  await fail(fault(ErrorCode.ServiceUnavailable, { sent: false }));
  expect(await state()).toEqual(before);
  await succeed();
  await fail(fault(ErrorCode.ServiceUnavailable, { sent: false }));
  expect(await state()).toMatchObject({ health: ProviderHealth.Up, lastFailureAt: null });
});

test("a defect of the gateway says nothing about the provider", async () => {
  const { fail, state } = await tracking();
  await fail(new TypeError("a defect"));
  expect((await state()).health).toBe(ProviderHealth.Unknown);
});
