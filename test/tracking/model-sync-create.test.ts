// Making a model sync, on each database: the gateway's ids become the vendor's, bad ones are told by their field, and a key makes one.
import { expect, test } from "vitest";
import { ErrorCode, ProviderError } from "../../src/domain/errors.ts";
import type { ModelSyncCommand } from "../../src/domain/gateway-port.ts";
import type { Capabilities } from "../../src/domain/provider-port.ts";
import { describeOnEachDatabase } from "../support/databases.ts";
import { ABLE, modelSyncCommand, scheduleCommand, targetCommand } from "../support/definition-commands.ts";
import { createFakeProvider, fault } from "../support/fake-provider.ts";
import type { FakeAnswers } from "../support/fake-provider.ts";
import { createGate } from "../support/gate.ts";
import { at, linkedAccount, modelSync, syncJob } from "../support/store-values.ts";
import { TENANT, createTestTracking, idOf } from "../support/tracking.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

describeOnEachDatabase("making a model sync", (open) => {
  async function tracking(answers: Partial<FakeAnswers> = {}, capabilities: Partial<Capabilities> = {}) {
    const { store } = await open();
    const made = createTestTracking(store, [
      createFakeProvider("acme", { ...ABLE, ...capabilities }, answers),
      createFakeProvider("globex", ABLE),
    ]);
    await made.stock([syncJob("job-1"), modelSync("push-1")]);
    await store.catalog.putDefinitions(TENANT, "globex", [syncJob("theirs")], at(0));
    const create = (given: Partial<ModelSyncCommand> = {}, key: string | null = null) =>
      made.definitions.createModelSync(TENANT, modelSyncCommand(given), key);
    return { ...made, create };
  }

  test("sends the draft in the vendor's ids, and what comes back is in the catalog when it returns", async () => {
    const { create, fake, store, clock } = await tracking();
    await clock.advance(10);
    const runAfterDefinitionIds = [idOf("definition", "push-1"), idOf("definition", "job-1")];
    const result = await create({
      target: targetCommand({ object: "Lead" }),
      schedule: scheduleCommand({ frequency: "AFTER_RUN", runAfterDefinitionIds, runAfterSuccessOnly: true }),
      encryptionPassphrase: "word",
    });
    expect(result).toMatchObject({ problems: [], definition: { remoteId: "made-1", name: "Contacts", goneAt: null } });
    expect(await store.catalog.definitionsByIds(TENANT, [idOf("definition", "made-1")])).toEqual([result.definition]);
    const { linkedAccountId: _account, ...target } = targetCommand({ object: "Lead" });
    const { runAfterDefinitionIds: _ids, ...schedule } = scheduleCommand({ frequency: "AFTER_RUN" });
    expect(fake.callsOf("createModelSync")).toEqual([
      {
        method: "createModelSync",
        key: expect.stringMatching(UUID),
        draft: {
          ...modelSyncCommand(),
          target: { ...target, linkedAccountRemoteId: "account-1" },
          schedule: { ...schedule, runAfterRemoteIds: ["push-1", "job-1"], runAfterSuccessOnly: true },
          encryptionPassphrase: "word",
        },
      },
    ]);
  });

  test("under a key gives the same model sync again, to the same provider under the same key of the vendor's", async () => {
    const { create, fake } = await tracking({ definition: (remoteId) => modelSync(remoteId, { name: "Contacts" }) });
    const first = await create({}, "k".repeat(255));
    expect(await create({}, "k".repeat(255))).toEqual(first);
    await create({}, "another");
    await create();
    await create();
    const keys = fake.callsOf("createModelSync").map(({ key }) => key);
    for (const key of keys) expect(key).toMatch(UUID);
    expect(keys[1]).toBe(keys[0]);
    expect(new Set(keys).size).toBe(4);
  });

  test("under a key that was used before gives what was made then as it stands at the vendor now", async () => {
    const { create, store } = await tracking({
      definition: () => modelSync("made-1", { name: "Renamed", active: false, updatedAt: at(20) }),
    });
    await create({}, "k1");
    const again = await create({}, "k1");
    expect(again).toMatchObject({ problems: [], definition: { remoteId: "made-1", name: "Renamed", active: false } });
    expect(await store.catalog.definitionsByIds(TENANT, [idOf("definition", "made-1")])).toEqual([again.definition]);
  });

  test("under the key of one that is deleted at the vendor by now makes none, and the list does not get it back", async () => {
    const { create, store } = await tracking({
      definition: () => Promise.reject(fault(ErrorCode.ProviderNotFound, { httpStatus: 404 })),
    });
    await create({}, "k1");
    expect(await create({}, "k1")).toEqual({
      definition: null,
      problems: [
        {
          code: ErrorCode.NotFound,
          message: '"Contacts" no longer exists at acme. Use a new key to make another.',
          field: ["idempotencyKey"],
        },
      ],
    });
    const [made] = await store.catalog.definitionsByIds(TENANT, [idOf("definition", "made-1")]);
    expect(made?.goneAt).not.toBeNull();
  });

  test.each([
    ["name", { name: "Others" }],
    ["mode", { mode: "create" }],
  ])("of another %s under a key that was used before is refused, and nothing is made of it", async (_what, given) => {
    const { create } = await tracking();
    await create({}, "k1");
    expect(await create(given, "k1")).toMatchObject({
      definition: null,
      problems: [{ code: ErrorCode.IdempotencyKeyReused, field: ["idempotencyKey"] }],
    });
  });

  test("under a key that is being worked on waits for the first", async () => {
    const [called, answer] = [createGate(), createGate()];
    const { create, fake, store } = await tracking({
      createModelSync: async () => {
        called.open();
        await answer.opened;
        return modelSync("made-1", { name: "Contacts" });
      },
    });
    const both = [create({}, "k1"), create({}, "k1")];
    await called.opened;
    // Time enough for a second one that does not wait its turn.
    for (let round = 0; round < 20; round += 1) await store.catalog.definitionsOfProvider(TENANT, "acme");
    expect(fake.callsOf("createModelSync")).toHaveLength(1);
    answer.open();
    expect((await Promise.all(both)).map(({ definition }) => definition?.remoteId)).toEqual(["made-1", "made-1"]);
  });

  test.each(["", "k".repeat(256)])("with a key of a wrong length is refused (%#)", async (key) => {
    const { create, fake } = await tracking();
    expect(await create({}, key)).toMatchObject({
      definition: null,
      problems: [{ code: ErrorCode.BadUserInput, field: ["idempotencyKey"] }],
    });
    expect(fake.calls).toEqual([]);
  });

  const ACCOUNT = ["target", "linkedAccountId"];
  const RUN_AFTER = ["schedule", "runAfterDefinitionIds"];
  const after = (id: string) => ({
    schedule: scheduleCommand({ runAfterDefinitionIds: [idOf("definition", "job-1"), id] }),
  });
  const to = (remoteId: string) => ({ target: targetCommand({ linkedAccountId: idOf("linkedAccount", remoteId) }) });
  test.each([
    ["a target that nobody knows", to("account-9"), ACCOUNT],
    ["a target that is gone", to("account-gone"), ACCOUNT],
    ["a definition to run after that nobody knows", after(idOf("definition", "job-9")), RUN_AFTER],
    ["a definition to run after that is gone", after(idOf("definition", "job-gone")), RUN_AFTER],
  ])("with %s is not found, and nothing is sent", async (_name, given, field) => {
    const { create, fake, store, clock } = await tracking();
    await store.catalog.putLinkedAccounts(TENANT, "acme", [linkedAccount("account-gone")], at(-9));
    await store.catalog.markGone(TENANT, "acme", "linkedAccount", at(0), clock.now());
    await store.catalog.putDefinitions(TENANT, "acme", [syncJob("job-gone")], at(-9));
    await store.catalog.markGone(TENANT, "acme", "definition", at(0), clock.now());
    expect(await create(given)).toMatchObject({ definition: null, problems: [{ code: ErrorCode.NotFound, field }] });
    expect(fake.calls).toEqual([]);
  });

  test("after a definition of another provider is not found", async () => {
    const { create, fake, store } = await tracking();
    const [theirs] = await store.catalog.definitionsOfProvider(TENANT, "globex");
    expect((await create(after(theirs?.id ?? ""))).problems).toMatchObject([
      { code: ErrorCode.NotFound, field: RUN_AFTER },
    ]);
    expect(fake.calls).toEqual([]);
  });

  test("at a provider that is not configured any more is not found", async () => {
    const { create, store } = await tracking();
    await store.catalog.putLinkedAccounts(TENANT, "removed", [linkedAccount("a")], at(0));
    const { items } = await store.catalog.listLinkedAccounts(
      TENANT,
      { providerKeys: ["removed"] },
      { limit: 1, direction: "forward", from: null },
    );
    const target = targetCommand({ linkedAccountId: items[0]?.id ?? "" });
    expect((await create({ target })).problems).toMatchObject([{ code: ErrorCode.NotFound, field: ACCOUNT }]);
  });

  test("at a provider that cannot is refused with what it can", async () => {
    const { create, fake } = await tracking({}, { modelSyncCrud: false });
    const { problems } = await create();
    expect(problems).toMatchObject([{ code: ErrorCode.CapabilityNotSupported, field: ACCOUNT }]);
    expect(problems[0]?.message).toBe(
      "acme: Acme cannot create model syncs through its API; there the gateway can create sync jobs, change sync jobs, delete sync jobs, schedule and unschedule sync jobs.",
    );
    const none = await tracking(
      {},
      { modelSyncCrud: false, syncJobUpdate: false, syncJobCrud: false, schedules: false },
    );
    expect((await none.create()).problems[0]?.message).toContain("the gateway can change nothing");
    expect([...fake.calls, ...none.fake.calls]).toEqual([]);
  });

  test("that the provider objects to is refused before anything is sent", async () => {
    const problem = { code: ErrorCode.BadUserInput, message: "no such mode", field: ["mode"] };
    const { create, fake } = await tracking({ checkModelSync: () => [problem] });
    expect(await create()).toEqual({ definition: null, problems: [problem] });
    expect(fake.calls).toEqual([]);
  });

  test.each([ErrorCode.ProviderTimeout, ErrorCode.ProviderUnavailable, ErrorCode.ProviderBadResponse])(
    "that fails with %s may have been done: the error says so, and the catalog is read soon",
    async (code) => {
      const cause = fault(code, { httpStatus: 504, retryAfterMs: 3 });
      const { create, planned } = await tracking({ createModelSync: () => Promise.reject(cause) });
      const error: unknown = await create().catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(ProviderError);
      expect(error).toMatchObject({
        ...{ code, provider: "acme", httpStatus: 504, retryable: true, retryAfterMs: 3, sent: true, cause },
        message: expect.stringMatching(/may have been made all the same: list the provider's model syncs/),
      });
      expect(planned).toEqual([{ item: { kind: "CATALOG", tenantId: TENANT, providerKey: "acme" }, dueAt: at(0) }]);
    },
  );

  test.each([
    ["the vendor refuses", fault(ErrorCode.ProviderRejected, { retryable: false })],
    ["never leaves the house", fault(ErrorCode.ProviderUnavailable, { sent: false })],
  ])("that %s is that failure and no other", async (_name, error) => {
    const { create, planned } = await tracking({ createModelSync: () => Promise.reject(error) });
    await expect(create()).rejects.toBe(error);
    expect(planned).toEqual([]);
  });
});
