// What a provider shows of its webhooks.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openGraphqlGateway, providerInfo, TENANT, type GraphqlGateway } from "../support/graphql.ts";
import { at } from "../support/store-values.ts";

const QUERY = `query ($key: String!) {
  provider(key: $key) { webhooks { path configured lastReceivedAt silent refusals { reason count } } }
}`;

describe("a provider's webhooks", () => {
  let gateway: GraphqlGateway;

  beforeEach(async () => {
    gateway = await openGraphqlGateway([providerInfo("acme-eu", {}, { webhooks: true }), providerInfo("mute")]);
  });

  afterEach(async () => {
    await gateway.close();
  });

  const webhooks = (key: string) => gateway.ask(QUERY, { key });

  it("are null where the vendor has none", async () => {
    expect(await webhooks("mute")).toEqual({ data: { provider: { webhooks: null } }, errors: [] });
  });

  it("say where they come in before the first one has", async () => {
    const expected = {
      path: "/webhooks/acme-eu",
      configured: false,
      lastReceivedAt: null,
      silent: false,
      refusals: [],
    };
    expect(await webhooks("acme-eu")).toEqual({ data: { provider: { webhooks: expected } }, errors: [] });
  });

  it("say what came, what was refused, and what tracking makes of it", async () => {
    const webhookRefusals = { BAD_SIGNATURE: 3_000_000_000, STALE: 1 };
    await gateway.store.providerStates.patch(TENANT, "acme-eu", { lastWebhookAt: at(5), webhookRefusals });
    const asked: unknown[] = [];
    gateway.script.report = (tenantId, key, { lastWebhookAt }) => {
      asked.push([tenantId, key, lastWebhookAt]);
      return { configured: true, silent: true };
    };
    const refusals = [
      { reason: "BAD_SIGNATURE", count: 3_000_000_000 },
      { reason: "STALE", count: 1 },
    ];
    const expected = {
      path: "/webhooks/acme-eu",
      configured: true,
      lastReceivedAt: at(5).toISOString(),
      silent: true,
      refusals,
    };
    expect(await webhooks("acme-eu")).toEqual({ data: { provider: { webhooks: expected } }, errors: [] });
    expect(asked).toEqual([[TENANT, "acme-eu", at(5)]]);
  });
});
