// The fake vendor must fail tests that send what they should not.
import { describe, expect, it } from "vitest";
import { repliesInOrder, startFakeVendor } from "./fake-vendor.ts";

describe("a fake vendor", () => {
  it("records what it is asked and answers what it is told", async () => {
    await using vendor = await startFakeVendor(
      repliesInOrder({ status: 201, json: { id: 1 }, headers: { "x-one": "1" } }),
    );
    const response = await fetch(`${vendor.url}/a%2Fb?x=1`, { method: "POST", body: '{"y":2}' });
    expect([response.status, response.headers.get("x-one"), await response.json()]).toEqual([201, "1", { id: 1 }]);
    expect(vendor.requests).toMatchObject([{ method: "POST", path: "/a%2Fb", body: '{"y":2}' }]);
    expect(vendor.requests[0]?.query.get("x")).toBe("1");
    expect(vendor.requests[0]?.json()).toEqual({ y: 2 });
  });

  it("fails when it is closed after a request that nobody expected", async () => {
    const vendor = await startFakeVendor(repliesInOrder({}));
    await fetch(`${vendor.url}/expected`);
    expect((await fetch(`${vendor.url}/surprise`)).status).toBe(501);
    await expect(vendor.close()).rejects.toThrow("GET /surprise");
  });

  it("fails when its handler throws, with the handler's words", async () => {
    const vendor = await startFakeVendor(() => {
      throw new Error("expected a body");
    });
    await fetch(`${vendor.url}/x`);
    await expect(vendor.close()).rejects.toThrow("expected a body");
  });
});
