// What vendors tell about linked accounts: asked live each time, and each call noted in the provider's health.
import { expect, test } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import type { SchemaDiscovery, SourceModel } from "../../src/domain/schema-discovery.ts";
import { ProviderHealth } from "../../src/domain/provider-state.ts";
import { createFakeProvider, fault } from "../support/fake-provider.ts";
import type { FakeAnswers } from "../support/fake-provider.ts";
import { TENANT, createTestTracking, storeMaker } from "../support/tracking.ts";

const openStore = storeMaker();

async function tracking(answers: Partial<FakeAnswers> = {}) {
  const fakes = [createFakeProvider("acme", { schemaDiscovery: true }, answers), createFakeProvider("globex")];
  const made = createTestTracking(await openStore(), fakes);
  const discovery = made.schemas.discovery(TENANT, "acme");
  if (discovery === null) throw new Error("acme tells of schemas");
  return { ...made, discovery };
}

const options = { signal: new AbortController().signal };
const parameters = { table: ["public.users"] };
/** A question that is added to the port does not compile until it is here. */
const QUESTIONS: { readonly [Name in keyof SchemaDiscovery]: Parameters<SchemaDiscovery[Name]> } = {
  source: ["account-1", parameters, options],
  sourceFields: ["account-1", parameters, options],
  models: ["account-1", options],
  targetObjects: ["account-1", options],
  targetObject: ["account-1", "Contact", true, options],
  creationValues: ["account-1", "type", options],
  scheduleOptions: [options],
};

const ask: { readonly [Name in keyof SchemaDiscovery]: (discovery: SchemaDiscovery) => Promise<unknown> } = {
  source: (discovery) => discovery.source(...QUESTIONS.source),
  sourceFields: (discovery) => discovery.sourceFields(...QUESTIONS.sourceFields),
  models: (discovery) => discovery.models(...QUESTIONS.models),
  targetObjects: (discovery) => discovery.targetObjects(...QUESTIONS.targetObjects),
  targetObject: (discovery) => discovery.targetObject(...QUESTIONS.targetObject),
  creationValues: (discovery) => discovery.creationValues(...QUESTIONS.creationValues),
  scheduleOptions: (discovery) => discovery.scheduleOptions(...QUESTIONS.scheduleOptions),
};

test.each(Object.entries(ask))(
  "%s asks the vendor each time, with what it was given, and notes how it went",
  async (name, call) => {
    const { discovery, fake, store } = await tracking();
    await call(discovery);
    await call(discovery);
    const given = Object.entries(QUESTIONS).find(([one]) => one === name)?.[1];
    expect(fake.calls).toEqual([1, 2].map(() => ({ method: "schema", asked: name, given })));
    expect((await store.providerStates.get(TENANT, "acme")).health).toBe(ProviderHealth.Up);
  },
);

test("the vendor's answer is given on, and its failure is thrown and noted", async () => {
  const models: readonly SourceModel[] = [{ remoteId: "m1", name: "Users", type: "sql", fields: [] }];
  const error = fault(ErrorCode.ProviderTimeout);
  const { discovery, store } = await tracking({
    schema: { models: () => Promise.resolve(models), targetObjects: () => Promise.reject(error) },
  });
  expect(await discovery.models("account-1")).toBe(models);
  await expect(discovery.targetObjects("account-1")).rejects.toBe(error);
  expect((await store.providerStates.get(TENANT, "acme")).health).toBe(ProviderHealth.Down);
});

test("a provider that does not tell, one that is not configured, and another tenant's have nothing to ask", async () => {
  const { schemas } = await tracking();
  expect(schemas.discovery(TENANT, "globex")).toBeNull();
  expect(schemas.discovery(TENANT, "initech")).toBeNull();
  expect(schemas.discovery("t2", "acme")).toBeNull();
});
