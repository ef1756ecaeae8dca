// A vendor's list of runs with something in it that nobody can read, over HTTP: what can be read is recorded, and looks go on.
import { expect, test } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import { ProviderHealth } from "../../src/domain/provider-state.ts";
import { identityOf } from "../../src/domain/identity.ts";
import { adapterAt } from "../support/adapter-at-fake-vendor.ts";
import type { VendorUnderTest } from "../support/adapter-at-fake-vendor.ts";
import type { FakeHandler, FakeReply } from "../support/fake-vendor.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { syncJob } from "../support/store-values.ts";
import { TENANT, createTestTracking, storeMaker } from "../support/tracking.ts";
import { conformance as rootfi } from "./rootfi/conformance.ts";
import { conformance as truto } from "./truto/conformance.ts";

const openStore = storeMaker();
const AT = "2026-06-01T00:00:00.000Z";
const NOW = new Date("2026-06-01T01:00:00.000Z");
const BAD_RESPONSE = { code: ErrorCode.ProviderBadResponse };

async function looksAt(vendor: VendorUnderTest, handler: FakeHandler, companies: readonly string[] = ["company-1"]) {
  const clock = createManualClock(NOW);
  const at = await adapterAt(vendor, handler, { clock });
  const store = await openStore();
  const { configured, discoverer, stock } = createTestTracking(store, [{ provider: at.provider, calls: [] }], {
    clock,
  });
  await stock(companies.map((id) => syncJob(`${id}:XERO`, { linkedAccountRemoteId: id })));
  const { key } = configured.info;
  const known = async (...remoteIds: readonly string[]) => {
    const ids = remoteIds.map((id) => identityOf(TENANT, key, "sync", id));
    return (await store.ledger.syncsByIds(TENANT, ids)).map(({ remoteId }) => remoteId).toSorted();
  };
  return {
    [Symbol.asyncDispose]: () => at[Symbol.asyncDispose](),
    clock,
    look: () => discoverer.discover(TENANT, configured),
    state: () => store.providerStates.get(TENANT, key),
    known,
  };
}

const trutoRun = (id: string) => ({
  ...{ id, status: "completed", created_at: AT, sync_job_id: "job", integrated_account_id: "account" },
});

test("a run of Truto's without a status and with a number for its id is passed over, told once", async () => {
  const pages: Readonly<Record<string, FakeReply>> = {
    first: { json: { result: [trutoRun("run-1"), { id: 7 }], next_cursor: "second" } },
    second: { json: { result: [trutoRun("run-2")], next_cursor: null } },
  };
  await using looks = await looksAt(
    truto,
    ({ query }) => pages[query.get("next_cursor") ?? "first"] ?? { status: 404 },
  );
  await expect(looks.look()).rejects.toMatchObject(BAD_RESPONSE);
  expect(await looks.known("run-1", "run-2")).toEqual(["run-1", "run-2"]);
  expect(await looks.state()).toMatchObject({ health: ProviderHealth.Down, discoveredUntil: NOW });
  await looks.clock.advance(20_000);
  await looks.look();
  expect(await looks.state()).toMatchObject({ health: ProviderHealth.Up, discoveredUntil: looks.clock.now() });
});

test("a company of RootFi's whose list is no JSON does not hide the runs of those after it", async () => {
  const list = (id: string): FakeReply => ({
    json: { data: [{ sync_id: id, status: "SUCCESS", rootfi_created_at: AT }], next: null },
  });
  const answers: FakeHandler = ({ path, query }) => {
    const asked = `${path}?${query.toString()}`;
    return asked.includes("company-2") ? { text: "<html>" } : list(asked.includes("company-1") ? "run-1" : "run-3");
  };
  await using looks = await looksAt(rootfi, answers, ["company-1", "company-2", "company-3"]);
  await expect(looks.look()).rejects.toMatchObject(BAD_RESPONSE);
  expect(await looks.known("run-1", "run-3")).toEqual(["run-1", "run-3"]);
  for (let count = 0; count < 15; count += 1) {
    await looks.clock.advance(20_000);
    await looks.look();
  }
  // Each stretch is tried by three looks before that company's part of it is passed over.
  const { health, discoveredUntil } = await looks.state();
  expect(health).toBe(ProviderHealth.Up);
  expect(discoveredUntil?.getTime()).toBeGreaterThan(NOW.getTime());
});
