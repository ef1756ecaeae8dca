// Changing and deleting a model sync, on each database: what the vendor says stands in the catalog at once, whatever else goes on.
import { expect, test } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import type { Capabilities } from "../../src/domain/provider-port.ts";
import { describeOnEachDatabase } from "../support/databases.ts";
import { ABLE, scheduleCommand, targetCommand } from "../support/definition-commands.ts";
import { createFakeProvider, fault } from "../support/fake-provider.ts";
import type { FakeAnswers } from "../support/fake-provider.ts";
import { createGate } from "../support/gate.ts";
import { at, linkedAccount, modelSync, syncJob } from "../support/store-values.ts";
import { TENANT, createTestTracking, idOf } from "../support/tracking.ts";

const PUSH = idOf("definition", "push-1");
const { NotFound, CapabilityNotSupported, BadUserInput, EditConflict } = ErrorCode;

describeOnEachDatabase("a model sync", (open) => {
  async function tracking(answers: Partial<FakeAnswers> = {}, capabilities: Partial<Capabilities> = {}) {
    const { store } = await open();
    const able = { ...ABLE, ...capabilities };
    const listed: Partial<FakeAnswers> = { definitions: () => [[modelSync("push-1")]] };
    const made = createTestTracking(store, [
      createFakeProvider("acme", able, { ...listed, ...answers }),
      createFakeProvider("globex", able),
    ]);
    await made.stock([modelSync("push-1"), syncJob("job-1")]);
    await store.catalog.putLinkedAccounts(TENANT, "globex", [linkedAccount("theirs")], at(0));
    const stored = async () => (await store.catalog.definitionsByIds(TENANT, [PUSH]))[0];
    const listedNow = async () =>
      (await store.catalog.definitionsOfProvider(TENANT, "acme")).map(({ remoteId }) => remoteId);
    return { ...made, stored, listedNow };
  }

  test("is changed in what the change names, in the vendor's ids, against the time the caller knows", async () => {
    const { definitions, fake, stored } = await tracking();
    const change = {
      name: "Renamed",
      identity: null,
      target: targetCommand(),
      schedule: scheduleCommand({ runAfterDefinitionIds: [idOf("definition", "job-1")] }),
    };
    const result = await definitions.updateModelSync(TENANT, PUSH, change, at(3));
    expect(result).toMatchObject({ problems: [], definition: { id: PUSH, name: "Renamed", updatedAt: at(50) } });
    expect(await stored()).toEqual(result.definition);
    await definitions.updateModelSync(TENANT, PUSH, { active: true }, null);
    const [{ linkedAccountId: _a, ...target }, { runAfterDefinitionIds: _b, ...schedule }] = [
      change.target,
      change.schedule,
    ];
    expect(fake.calls).toEqual([
      {
        method: "updateModelSync",
        remoteId: "push-1",
        patch: {
          name: "Renamed",
          identity: null,
          target: { ...target, linkedAccountRemoteId: "account-1" },
          schedule: { ...schedule, runAfterRemoteIds: ["job-1"] },
        },
        expectedUpdatedAt: at(3),
      },
      { method: "updateModelSync", remoteId: "push-1", patch: { active: true }, expectedUpdatedAt: null },
    ]);
  });

  test("is switched on and off", async () => {
    const { definitions, fake, stored } = await tracking();
    expect(await definitions.setModelSyncActive(TENANT, PUSH, true)).toMatchObject({ definition: { active: true } });
    expect(await stored()).toMatchObject({ active: true });
    expect(fake.calls).toEqual([{ method: "setModelSyncActive", remoteId: "push-1", active: true }]);
  });

  test("that has been changed is read anew by the next list, however short ago the last one was", async () => {
    const { definitions, catalog, fake } = await tracking();
    const listings = async () => {
      await catalog.ensureFresh(TENANT, ["acme"]);
      return fake.callsOf("listDefinitions").length;
    };
    expect([await listings(), await listings()]).toEqual([1, 1]);
    await definitions.setModelSyncActive(TENANT, PUSH, true);
    expect([await listings(), await listings()]).toEqual([2, 2]);
    await definitions.deleteModelSync(TENANT, PUSH);
    expect([await listings(), await listings()]).toEqual([3, 3]);
  });

  test("is changed by one at a time: the second change begins when the first is in the catalog", async () => {
    const [called, answer] = [createGate(), createGate()];
    const { definitions, fake, stored, store } = await tracking();
    const seen: (string | undefined)[] = [];
    fake.answers.updateModelSync = async (remoteId, { name = "" }) => {
      seen.push((await stored())?.name);
      called.open();
      await answer.opened;
      return modelSync(remoteId, { name });
    };
    const both = ["First", "Second"].map((name) => definitions.updateModelSync(TENANT, PUSH, { name }, null));
    await called.opened;
    // Time enough for a second one that does not wait its turn.
    for (let round = 0; round < 20; round += 1) await store.catalog.definitionsOfProvider(TENANT, "acme");
    expect(seen).toEqual(["Sync push-1"]);
    answer.open();
    expect((await Promise.all(both)).map(({ definition }) => definition?.name)).toEqual(["First", "Second"]);
    expect(seen).toEqual(["Sync push-1", "First"]);
    expect(await stored()).toMatchObject({ name: "Second" });
  });

  test.each([
    ["a target that nobody knows", { linkedAccountId: idOf("linkedAccount", "account-9") }],
    ["a target at another provider", { linkedAccountId: "theirs" }],
  ])("cannot be given %s", async (_name, given) => {
    const { definitions, fake, store } = await tracking();
    const page = { limit: 1, direction: "forward", from: null } as const;
    const { items } = await store.catalog.listLinkedAccounts(TENANT, { providerKeys: ["globex"] }, page);
    const linkedAccountId = given.linkedAccountId === "theirs" ? (items[0]?.id ?? "") : given.linkedAccountId;
    const change = { target: targetCommand({ linkedAccountId }) };
    expect(await definitions.updateModelSync(TENANT, PUSH, change, null)).toMatchObject({
      definition: { id: PUSH },
      problems: [{ code: NotFound, field: ["target", "linkedAccountId"] }],
    });
    expect(fake.calls).toEqual([]);
  });

  test("cannot run after a definition that nobody knows", async () => {
    const { definitions, fake } = await tracking();
    const schedule = scheduleCommand({ runAfterDefinitionIds: [idOf("definition", "job-9")] });
    expect(await definitions.updateModelSync(TENANT, PUSH, { schedule }, null)).toMatchObject({
      definition: { id: PUSH },
      problems: [{ code: NotFound, field: ["schedule", "runAfterDefinitionIds"] }],
    });
    expect(fake.calls).toEqual([]);
  });

  test("is shown as it stands when the provider objects to a change, and nothing is sent", async () => {
    const problem = { code: BadUserInput, message: "no such mode", field: ["mode"] };
    const { definitions, fake, stored } = await tracking({ checkModelSync: () => [problem] });
    const refused = { definition: await stored(), problems: [problem] };
    expect(await definitions.updateModelSync(TENANT, PUSH, { mode: "x" }, null)).toEqual(refused);
    expect(await definitions.setModelSyncActive(TENANT, PUSH, true)).toEqual(refused);
    expect(fake.calls).toEqual([]);
  });

  const changes = (made: Awaited<ReturnType<typeof tracking>>, id: string) => [
    () => made.definitions.updateModelSync(TENANT, id, { name: "x" }, null),
    () => made.definitions.setModelSyncActive(TENANT, id, true),
    () => made.definitions.deleteModelSync(TENANT, id),
  ];

  test("that nobody knows, is gone, is a sync job, or whose provider is not configured any more, is not found", async () => {
    const made = await tracking();
    await made.store.catalog.putDefinitions(TENANT, "removed", [modelSync("m")], at(0));
    const [removed] = await made.store.catalog.definitionsOfProvider(TENANT, "removed");
    await made.stock([modelSync("gone")]);
    await made.store.catalog.markDefinitionGone(TENANT, idOf("definition", "gone"), at(0));
    const ids = [idOf("definition", "push-9"), idOf("definition", "gone"), idOf("definition", "job-1")];
    for (const id of [...ids, removed?.id ?? ""]) {
      for (const change of changes(made, id)) {
        expect(await change()).toMatchObject({
          definition: null,
          problems: [{ code: NotFound, field: ["modelSyncId"] }],
        });
      }
    }
    expect(made.fake.calls).toEqual([]);
  });

  test("of a provider that cannot change it is shown with what the provider can", async () => {
    const made = await tracking({}, { modelSyncCrud: false });
    for (const change of changes(made, PUSH)) {
      const { definition, problems } = await change();
      expect(problems).toMatchObject([{ code: CapabilityNotSupported, field: ["modelSyncId"] }]);
      expect(problems[0]?.message).toMatch(/^acme: Acme cannot (change|delete) model syncs .*change sync jobs/);
      expect(definition).toMatchObject({ id: PUSH });
    }
    expect(made.fake.calls).toEqual([]);
  });

  test("that somebody else has changed meanwhile is shown as it stands at the vendor now", async () => {
    const conflict = fault(EditConflict, { retryable: false, sent: false });
    const { definitions, stored } = await tracking({
      updateModelSync: () => Promise.reject(conflict),
      definition: () => modelSync("push-1", { name: "Theirs", updatedAt: at(40) }),
    });
    const result = await definitions.updateModelSync(TENANT, PUSH, { name: "Mine" }, at(3));
    expect(result).toMatchObject({
      definition: { name: "Theirs", updatedAt: at(40) },
      problems: [{ code: EditConflict, message: conflict.message, field: ["expectedUpdatedAt"] }],
    });
    expect(await stored()).toEqual(result.definition);
  });

  test("in conflict that cannot be read again is shown as it was known, and one that is not there any more is not shown", async () => {
    const { definitions, fake, logged, listedNow } = await tracking({
      updateModelSync: () => Promise.reject(fault(EditConflict, { retryable: false })),
      definition: () => Promise.reject(fault(ErrorCode.ProviderTimeout)),
    });
    const update = () => definitions.updateModelSync(TENANT, PUSH, { name: "Mine" }, at(3));
    expect(await update()).toMatchObject({ definition: { name: "Sync push-1" }, problems: [{ code: EditConflict }] });
    expect(logged.at(-1)).toMatchObject({ level: "warn", facts: { provider: "acme", definitionId: PUSH } });
    fake.answers.definition = () => Promise.reject(fault(ErrorCode.ProviderNotFound, { retryable: false }));
    expect(await update()).toMatchObject({ definition: null, problems: [{ code: EditConflict }] });
    expect(await listedNow()).toEqual(["job-1"]);
  });

  test.each([CapabilityNotSupported, BadUserInput])(
    "whose editor finds %s only at the vendor is shown with that problem",
    async (code) => {
      const { definitions } = await tracking({ updateModelSync: () => Promise.reject(fault(code, { sent: false })) });
      expect(await definitions.updateModelSync(TENANT, PUSH, { name: "x" }, at(3))).toMatchObject({
        definition: { id: PUSH },
        problems: [{ code, field: null }],
      });
    },
  );

  test.each([
    ErrorCode.ProviderTimeout,
    ErrorCode.ProviderUnavailable,
    ErrorCode.ProviderBadResponse,
    ErrorCode.ProviderRejected,
    ErrorCode.ProviderConflict,
    ErrorCode.ProviderNotFound,
    // A change of several requests may have been refused in the middle.
    ErrorCode.ProviderAuthFailed,
    ErrorCode.ProviderRateLimited,
  ])("whose change fails with %s after it was sent is read again, and the failure is told", async (code) => {
    const error = fault(code);
    const { definitions, fake, stored } = await tracking({
      updateModelSync: () => Promise.reject(error),
      definition: () => modelSync("push-1", { name: "Changed all the same" }),
    });
    await expect(definitions.updateModelSync(TENANT, PUSH, { name: "x" }, null)).rejects.toBe(error);
    expect(fake.calls.map(({ method }) => method)).toEqual(["updateModelSync", "getDefinition"]);
    expect(await stored()).toMatchObject({ name: "Changed all the same" });
  });

  test.each([true, false])(
    "that the vendor has no more, sent to it or not (%s), is not found and not listed",
    async (sent) => {
      const missing = fault(ErrorCode.ProviderNotFound, { sent });
      const { definitions, listedNow } = await tracking({
        updateModelSync: () => Promise.reject(missing),
        setModelSyncActive: () => Promise.reject(missing),
        definition: () => Promise.reject(missing),
      });
      const notFound = {
        code: ErrorCode.NotFound,
        message: '"Sync push-1" no longer exists at acme.',
        field: ["modelSyncId"],
      };
      const expected = { definition: null, problems: [notFound] };
      expect(await definitions.updateModelSync(TENANT, PUSH, { name: "x" }, null)).toEqual(expected);
      expect(await definitions.setModelSyncActive(TENANT, PUSH, false)).toEqual(expected);
      expect(await listedNow()).toEqual(["job-1"]);
    },
  );

  test("whose change never left the house is not read again", async () => {
    const error = fault(ErrorCode.ProviderUnavailable, { sent: false });
    const { definitions, fake } = await tracking({ updateModelSync: () => Promise.reject(error) });
    await expect(definitions.updateModelSync(TENANT, PUSH, { name: "x" }, null)).rejects.toBe(error);
    expect(fake.calls.map(({ method }) => method)).toEqual(["updateModelSync"]);
  });

  test("whose change failed and that cannot be read either is told by the first failure", async () => {
    const error = fault(ErrorCode.ProviderTimeout);
    const { definitions, fake, logged } = await tracking({
      setModelSyncActive: () => Promise.reject(error),
      definition: () => Promise.reject(fault(ErrorCode.ProviderUnavailable)),
    });
    const set = () => definitions.setModelSyncActive(TENANT, PUSH, true);
    await expect(set()).rejects.toBe(error);
    fake.answers.definition = () => Promise.reject(new TypeError("a defect"));
    await expect(set()).rejects.toBe(error);
    expect(logged.filter(({ message }) => message.includes("mirror may be behind"))).toHaveLength(2);
  });
});
