// The Stuut sandbox over HTTP: every answer is also checked against the vendor's OpenAPI document where that is at hand.
import { afterEach, describe, expect, it } from "vitest";
import { startSandbox } from "../../../src/providers/stuut/sandbox.ts";
import {
  contract,
  FAST,
  WATCHABLE,
  LIST,
  SYNC,
  sync,
  detail,
  sandbox,
  eventually,
  isOver,
  follow,
  story,
  closeAll,
  servers,
} from "./sandbox-client.ts";
import type { Sync } from "./sandbox-client.ts";

afterEach(closeAll);

// Each answer of the two is checked against the document by the client.
it.runIf(contract !== null)("the document's operations are the two that are served and asked for here", () => {
  expect(contract?.operations).toEqual([`GET ${LIST}`, `POST ${SYNC}`]);
});

describe("the token", () => {
  it.each([
    ["no header", {}, "Not authenticated"],
    ["another scheme", { authorization: "Basic c2FuZGJveA==" }, "Not authenticated"],
    ["another token", { authorization: "Bearer wrong" }, "Could not validate credentials"],
  ])("is asked for: %s is refused", async (_name, headers, message) => {
    const client = await sandbox();
    for (const reply of [
      await client.send("GET", LIST, headers),
      await client.send("POST", SYNC, headers, "conn_01HZX3ALD"),
    ]) {
      expect(reply.status).toBe(401);
      expect(reply.headers.get("www-authenticate")).toBe("Bearer");
      expect(detail.parse(reply.body).detail).toBe(message);
    }
  });

  it("is named by the server, and the address has no path", async () => {
    const server = await startSandbox({ port: 0, host: "127.0.0.1", speed: FAST, seed: 1 });
    servers.push(server);
    expect(server.credentials).toEqual({ token: "sandbox-stuut-token" });
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/u);
  });
});

describe("connections", () => {
  it("are a bare list in which each model shows its latest sync, ended in the last hours", async () => {
    const client = await sandbox(1);
    const models = await client.models();
    const lasts = [...models.values()].map((one) => one.last_sync).filter((last) => last !== null);
    expect(models.size).toBeGreaterThan(15);
    expect(lasts.length).toBeGreaterThan(12);
    for (const last of lasts) {
      const ageMs = Date.now() - Date.parse(last.created_at);
      expect(isOver(last)).toBe(true);
      expect(ageMs).toBeGreaterThan(10 * 60_000);
      expect(ageMs).toBeLessThan(24 * 3_600_000);
    }
    expect(models.get("model_ald_payment")?.last_sync).toBeNull();
  });

  it("say what is wrong with them", async () => {
    const client = await sandbox();
    const { body } = await client.send("GET", LIST);
    expect(body).toContainEqual(expect.objectContaining({ id: "conn_01HZX3FAI", is_sync_disabled: true }));
    expect(body).toContainEqual(expect.objectContaining({ id: "conn_01HZX3IVY", is_running_setup: true, models: [] }));
    const health = expect.objectContaining({
      authentication_required: true,
      healthy: false,
      status_code: "authentication_required",
    });
    expect(body).toContainEqual(expect.objectContaining({ id: "conn_01HZX3GRA", health }));
  });

  it("have the same ids for the same seed and others for another", async () => {
    const id = async (seed: number): Promise<string> => (await (await sandbox(1, seed)).last("model_ald_invoice")).id;
    expect(await id(3)).toBe(await id(3));
    expect(await id(4)).not.toBe(await id(3));
  });
});

describe("a start", () => {
  it("answers one sync for each model that is read-enabled and sync-able, in one batch", async () => {
    const started = await (await sandbox()).started("conn_01HZX3ALD");
    expect(started.map((one) => one.model_id)).toEqual([
      "model_ald_invoice",
      "model_ald_customer",
      "model_ald_payment",
    ]);
    expect(new Set(started.map((one) => one.batch_id)).size).toBe(1);
    expect(started[0]?.batch_id).toMatch(/^[0-9a-f-]{36}$/u);
    for (const one of started)
      expect(one).toMatchObject({ status: "queued", attempt: 0, modified_at: null, is_one_off: true });
    expect(started.map((one) => one.is_initial_sync)).toEqual([false, false, true]);
    expect(started.map((one) => one.timerange_start === null)).toEqual([false, false, true]);
  });

  it("leaves out models whose sync is still open", async () => {
    const client = await sandbox(1);
    expect(await client.started("conn_01HZX3COR")).toHaveLength(3);
    expect(await client.started("conn_01HZX3COR")).toEqual([]);
  });

  it("answers an empty list where nothing can be synced", async () => {
    expect(await (await sandbox()).started("conn_01HZX3JUN")).toEqual([]);
  });

  it.each([
    ["conn_01HZX3FAI", "Syncs are disabled for this connection"],
    ["conn_01HZX3GRA", "Connection requires authentication"],
    ["conn_01HZX3IVY", "Connection requires authentication"],
  ])("of %s is refused", async (id, message) => {
    const reply = await (await sandbox()).start(id);
    expect(reply.status).toBe(409);
    expect(detail.parse(reply.body).detail).toBe(message);
  });
});

describe("syncs", () => {
  it("go from queued over running to complete", async () => {
    const client = await sandbox(WATCHABLE);
    const [first] = await client.started("conn_01HZX3ALD");
    const seen = await follow(client, sync.parse(first));
    expect(story(seen)).toEqual(["queued 0", "running 1", "complete 1"]);
    expect(seen[0]).toMatchObject({ started_at: null, completed_at: null });
    expect(seen[1]).toMatchObject({
      completed_at: null,
      started_at: expect.any(String),
      pagination_state: { page: expect.any(Number) },
    });
    expect(seen[2]).toMatchObject({ completed_at: expect.any(String), error: null, pagination_state: {} });
  });

  it("fail with the source's message", async () => {
    const client = await sandbox(WATCHABLE);
    const started = await client.started("conn_01HZX3BRI");
    const [invoices, customers] = await Promise.all(started.map((one) => follow(client, one)));
    expect(story(invoices ?? [])).toEqual(["queued 0", "running 1", "failed 1"]);
    expect(invoices?.at(-1)?.error).toContain("401");
    expect(customers?.at(-1)?.status).toBe("failed");
  });

  it("end differently within one batch: the vendor's way of a partial end", async () => {
    const client = await sandbox();
    const ends = await Promise.all(
      (await client.started("conn_01HZX3COR")).map(async (one) => (await follow(client, one)).at(-1)),
    );
    expect(ends.map((end) => end?.status)).toEqual(["complete", "complete", "failed"]);
    expect(new Set(ends.map((end) => end?.batch_id)).size).toBe(1);
  });

  it("wait for a retry with the error in hand, and complete at the second attempt", async () => {
    const client = await sandbox(WATCHABLE);
    const started = await client.started("conn_01HZX3DUN");
    const [invoices, customers] = await Promise.all(started.map((one) => follow(client, one)));
    expect(story(invoices ?? [])).toEqual([
      "queued 0",
      "running 1",
      "pending_retry 1",
      "queued 1",
      "running 2",
      "complete 2",
    ]);
    expect(invoices?.map(({ error }) => error !== null)).toEqual([false, false, true, true, true, false]);
    expect(story(customers ?? [])).toEqual(["running 1", "complete 1"]);
  });

  it("are cancelled by the vendor, running or not, without a batch", async () => {
    const client = await sandbox(WATCHABLE);
    const started = await client.started("conn_01HZX3ELM");
    expect(started.map((one) => one.batch_id)).toEqual([null, null]);
    const [invoices, customers] = await Promise.all(started.map((one) => follow(client, one)));
    expect(story(invoices ?? [])).toEqual(["queued 0", "running 1", "cancelled 1"]);
    expect(story(customers ?? [])).toEqual(["queued 0", "cancelled 0"]);
    expect(customers?.at(-1)?.started_at).toBeNull();
  });

  it("lose their place to a newer scheduled one before their end was shown", async () => {
    const client = await sandbox(WATCHABLE);
    const mine = (await client.started("conn_01HZX3HOL")).find((one) => one.model_id === "model_hol_customer");
    const sights: Sync[] = [];
    const newer = await eventually("the replacement", async () => {
      const last = await client.last("model_hol_customer");
      if (last.id !== mine?.id) return last;
      sights.push(last);
      return undefined;
    });
    expect(sights.some(isOver)).toBe(false);
    expect(newer).toMatchObject({ is_one_off: false, batch_id: null });
    expect(Date.parse(newer.created_at)).toBeGreaterThan(Date.parse(mine?.created_at ?? ""));
    expect((await follow(client, newer)).at(-1)?.status).toBe("complete");
  });

  it("start by themselves where a model has a schedule", async () => {
    const client = await sandbox();
    const before = (await client.models()).get("model_hol_invoice");
    const scheduled = await eventually("a scheduled sync", async () => {
      const last = await client.last("model_hol_invoice");
      return last.id === before?.last_sync?.id ? undefined : last;
    });
    expect(scheduled).toMatchObject({ is_one_off: false, is_initial_sync: false });
    // Written with milliseconds: the two may differ by a rounded one.
    expect(Math.abs(Date.parse(scheduled.created_at) - Date.parse(before?.next_sync_at ?? ""))).toBeLessThanOrEqual(1);
  });
});
