// Who shares a quota with whom: all gateways of one PostgreSQL database, provider by provider and tenant by tenant, and nobody else.
import { afterEach, expect, test } from "vitest";
import { ErrorCode, ProviderError } from "../../src/domain/errors.ts";
import type { RateLimit } from "../../src/domain/provider-port.ts";
import { createQuotas } from "../../src/server/quotas.ts";
import { openStore } from "../../src/store/open-store.ts";
import type { HttpClient } from "../../src/wire/http-client.ts";
import { databaseMaker, testOnPostgres } from "../support/databases.ts";
import { eventually } from "../support/eventually.ts";
import { startFakeVendor } from "../support/fake-vendor.ts";
import { clientAt, get, post } from "../wire/client-at.ts";

const makeSqlite = databaseMaker("sqlite");
const makePostgres = databaseMaker("postgres");
const left: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of left.splice(0).toReversed()) await end();
});

async function openQuotas(databaseUrl: string, tenantId: string) {
  const store = await openStore(databaseUrl);
  left.push(() => store.close());
  return createQuotas(databaseUrl, store.quotas, tenantId);
}

test("the only gateway of an SQLite file has the quota to itself", async () => {
  const quotaOf = await openQuotas(await makeSqlite(), "t1");
  expect(quotaOf("acme", { requests: 1, perMs: 1_000 })).toBeNull();
});

testOnPostgres("gateways of one PostgreSQL database share the turns and the quiet of a tenant's provider", async () => {
  const url = await makePostgres();
  const limit = { requests: 1, perMs: 60_000 };
  const wish = { withinMs: 0, lastsMs: 0 };
  const [one, other, elsewhere] = [
    await openQuotas(url, "t1"),
    await openQuotas(url, "t1"),
    await openQuotas(url, "t2"),
  ];
  expect(await one("acme", limit)?.take(wish)).toMatchObject({ taken: true });
  expect(await other("acme", limit)?.take(wish)).toMatchObject({ taken: false });
  for (const free of [other("globex", limit), elsewhere("acme", limit)])
    expect(await free?.take(wish)).toMatchObject({ taken: true });
  await one("acme", limit)?.pause(60_000);
  expect(await other("acme", limit)?.pausedForMs()).toBeGreaterThan(30_000);
  expect(await elsewhere("acme", limit)?.pausedForMs()).toBe(0);
});

testOnPostgres("a 429 keeps every gateway quiet for as long as the vendor asks", async () => {
  const url = await makePostgres();
  const limit = { requests: 100, perMs: 1_000 };
  const vendor = await startFakeVendor(() => ({ status: 429, headers: { "retry-after": "300" } }));
  left.push(() => vendor.close());
  const [one, other] = [await openQuotas(url, "t1"), await openQuotas(url, "t1")].map((quotaOf) => {
    const http = clientAt(vendor.url, { rateLimit: limit, sharedQuota: quotaOf("acme", limit) });
    left.push(() => http.close());
    return { http, quota: quotaOf("acme", limit) };
  });
  expect(await one?.http.request(post("/starts")).catch(codeOf)).toBe(ErrorCode.ProviderRateLimited);
  const quietForMs = await eventually("the other one knows", async () => (await other?.quota?.pausedForMs()) || null);
  expect(quietForMs).toBeGreaterThan(200_000);
  expect(quietForMs).toBeLessThanOrEqual(300_000);
  const refusal = await other?.http.request(get("/soon")).catch((error: unknown) => error);
  expect(refusal).toMatchObject({ code: ErrorCode.ProviderRateLimited, sent: false });
  expect(vendor.requests).toHaveLength(1);
});

/** Of each quiet tenant, beside one whose crowd waits. */
const SERVED = 60;

const codeOf = (error: unknown): unknown => (error instanceof ProviderError ? error.code : error);

/** 1 when all have the same, 1 / n when one has everything. */
function jainIndex(shares: readonly number[]): number {
  const sum = shares.reduce((total, share) => total + share, 0);
  return sum ** 2 / (shares.length * shares.reduce((total, share) => total + share ** 2, 0));
}

testOnPostgres(
  "a provider that has used its quota up takes nothing from those of two other tenants, who get the same",
  async () => {
    const url = await makePostgres();
    // Of its crowd one waits at a time, for ten seconds: in one queue with it the others would be served six times a minute.
    const small = { requests: 1, perMs: 10_000 };
    const large = { requests: 40, perMs: 500 };
    let isOver = false;
    /** A tenant's provider at a vendor of its own, through two gateways. */
    const open = async (tenantId: string, limit: RateLimit) => {
      const vendor = await startFakeVendor(() => ({ json: {} }));
      left.push(() => vendor.close());
      const gateways: HttpClient[] = [];
      for (let gateway = 0; gateway < 2; gateway += 1) {
        const sharedQuota = (await openQuotas(url, tenantId))("acme", limit);
        const http = clientAt(vendor.url, { rateLimit: limit, sharedQuota });
        left.push(() => http.close());
        gateways.push(http);
      }
      return { vendor, gateways };
    };
    const [noisy, ...quiet] = [await open("noisy", small), await open("quiet-1", large), await open("quiet-2", large)];
    const call = (http: HttpClient, path: string) => http.request(get(path)).catch(() => null);
    const crowd = Array.from(
      { length: 50 },
      (_, index) => noisy?.gateways.map((http) => call(http, `/${index}`)) ?? [],
    );
    /** One call after the other. */
    const goOn = async (http: HttpClient, name: string) => {
      for (let index = 0; !isOver; index += 1) await call(http, `/${name}/${index}`);
    };
    const callers = quiet.flatMap(({ gateways }) =>
      gateways.flatMap((http) => ["a", "b", "c"].map((name) => goOn(http, name))),
    );
    await noisy?.vendor.untilRequests(1);
    await Promise.all(quiet.map(({ vendor }) => vendor.untilRequests(SERVED)));
    const served = quiet.map(({ vendor }) => vendor.requests.length);
    isOver = true;
    await Promise.all([noisy, ...quiet].flatMap((one) => one?.gateways.map((http) => http.close()) ?? []));
    await Promise.all([...crowd.flat(), ...callers]);
    expect(jainIndex(served)).toBeGreaterThanOrEqual(0.9);
  },
);
