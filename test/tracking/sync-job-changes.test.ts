// Making and changing sync jobs and their schedules, on each database: each provider is asked for what its vendor can do.
import { expect, test } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import type { JobScheduleCommand } from "../../src/domain/gateway-port.ts";
import type { Capabilities } from "../../src/domain/provider-port.ts";
import { describeOnEachDatabase } from "../support/databases.ts";
import { ABLE } from "../support/definition-commands.ts";
import { createFakeProvider, fault } from "../support/fake-provider.ts";
import type { FakeAnswers } from "../support/fake-provider.ts";
import { at, jobSchedule, linkedAccount, modelSync, syncJob } from "../support/store-values.ts";
import { TENANT, createTestTracking, idOf } from "../support/tracking.ts";

const JOB = idOf("definition", "job-1");
const DRAFT = { name: "Tickets", resources: [{ name: "tickets", method: "list" }] };
const CRON: JobScheduleCommand = { remoteId: null, resource: null, cronExpression: "0 3 * * *", args: { since: "x" } };
const { NotFound, CapabilityNotSupported, BadUserInput, EditConflict } = ErrorCode;

describeOnEachDatabase("a sync job", (open) => {
  async function tracking(answers: Partial<FakeAnswers> = {}, capabilities: Partial<Capabilities> = {}) {
    const { store } = await open();
    const fake = createFakeProvider("acme", { ...ABLE, ...capabilities }, answers);
    const made = createTestTracking(store, [fake, createFakeProvider("globex")]);
    await made.stock([syncJob("job-1"), modelSync("push-1")], [linkedAccount("account-1"), linkedAccount("account-2")]);
    const stored = async (id = JOB) => (await store.catalog.definitionsByIds(TENANT, [id]))[0];
    return { ...made, stored };
  }
  type Made = Awaited<ReturnType<typeof tracking>>;

  test("is made at the provider named, and is in the catalog when that returns", async () => {
    const { definitions, fake, stored } = await tracking();
    const result = await definitions.createSyncJob(TENANT, "acme", DRAFT);
    expect(result).toMatchObject({ problems: [], definition: { remoteId: "made-1", name: "Tickets" } });
    expect(await stored(idOf("definition", "made-1"))).toEqual(result.definition);
    expect(fake.calls).toEqual([{ method: "createSyncJob", draft: DRAFT }]);
  });

  test("cannot be made at a provider that is not there, cannot make any, or objects", async () => {
    const problem = { code: BadUserInput, message: "no such method", field: ["resources", "0", "method"] };
    const { definitions, fake } = await tracking({ checkSyncJob: (job) => (job === null ? [problem] : []) });
    expect(await definitions.createSyncJob(TENANT, "initech", DRAFT)).toMatchObject({
      definition: null,
      problems: [{ code: NotFound, field: ["provider"] }],
    });
    expect(await definitions.createSyncJob(TENANT, "acme", DRAFT)).toEqual({ definition: null, problems: [problem] });
    for (const provider of ["acme", "globex"]) {
      const unable = await tracking({}, { syncJobCrud: false });
      const { problems } = await unable.definitions.createSyncJob(TENANT, provider, DRAFT);
      expect(problems).toMatchObject([{ code: CapabilityNotSupported, field: ["provider"] }]);
      expect(problems[0]?.message).toContain(provider === "acme" ? "change sync jobs" : "change nothing");
      expect(unable.fake.calls).toEqual([]);
    }
    expect(fake.calls).toEqual([]);
  });

  test("that may have been made is told so", async () => {
    const { definitions, planned } = await tracking({
      createSyncJob: () => Promise.reject(fault(ErrorCode.ProviderTimeout)),
    });
    await expect(definitions.createSyncJob(TENANT, "acme", DRAFT)).rejects.toThrow(/sync job may have been made/);
    expect(planned.map(({ item }) => item.kind)).toEqual(["CATALOG"]);
  });

  test("is changed by the provider, which is given the job as it is known and the time the caller knows", async () => {
    const { definitions, fake, stored, clock } = await tracking();
    await clock.advance(100);
    const result = await definitions.updateSyncJob(TENANT, JOB, { name: "Renamed" }, at(2));
    expect(result).toMatchObject({ problems: [], definition: { id: JOB, name: "Renamed", observedAt: at(100) } });
    expect(await stored()).toEqual(result.definition);
    expect(fake.calls).toEqual([
      // As the vendor said it: ids and times of the gateway would come back in the answer.
      { method: "updateSyncJob", job: syncJob("job-1"), patch: { name: "Renamed" }, expectedUpdatedAt: at(2) },
    ]);
  });

  test("that somebody else has changed meanwhile is shown as it stands at the vendor now", async () => {
    const { definitions } = await tracking({
      updateSyncJob: () => Promise.reject(fault(EditConflict, { retryable: false, sent: false })),
      definition: () => syncJob("job-1", { name: "Theirs" }),
    });
    expect(await definitions.updateSyncJob(TENANT, JOB, { name: "Mine" }, at(2))).toMatchObject({
      definition: { name: "Theirs" },
      problems: [{ code: EditConflict, field: ["expectedUpdatedAt"] }],
    });
  });

  test("that is known in outline only is read in full before it is changed or scheduled", async () => {
    const { definitions, fake, stock } = await tracking({
      definition: (remoteId) => syncJob(remoteId, { mutexKey: "in full" }),
    });
    const changes = [
      () => definitions.updateSyncJob(TENANT, JOB, { name: "x" }, null),
      () => definitions.schedule(TENANT, JOB, CRON),
      () => definitions.unschedule(TENANT, JOB, { remoteId: "s", resource: null }),
    ];
    for (const change of changes) {
      await stock([syncJob("job-1", { detailed: false, updatedAt: null })]);
      await change();
    }
    expect(fake.calls).toMatchObject([
      { method: "getDefinition" },
      { method: "updateSyncJob", job: { mutexKey: "in full" } },
      { method: "getDefinition" },
      { method: "putSchedule", job: { mutexKey: "in full" } },
      { method: "getDefinition" },
      { method: "removeSchedule", job: { mutexKey: "in full" } },
    ]);
  });

  const changes = ({ definitions }: Made, id: string) => [
    () => definitions.updateSyncJob(TENANT, id, { name: "x" }, null),
    () => definitions.deleteSyncJob(TENANT, id),
    () => definitions.schedule(TENANT, id, CRON),
    () => definitions.unschedule(TENANT, id, { remoteId: "s", resource: null }),
  ];

  test("that nobody knows, or that is a model sync, is not found", async () => {
    const made = await tracking();
    for (const id of [idOf("definition", "job-9"), idOf("definition", "push-1")]) {
      for (const change of changes(made, id)) {
        expect(await change()).toMatchObject({
          definition: null,
          problems: [{ code: NotFound, field: ["syncJobId"] }],
        });
      }
    }
    expect(made.fake.calls).toEqual([]);
  });

  test("of a provider that cannot change it is shown with what the provider can", async () => {
    const made = await tracking({}, { syncJobUpdate: false, syncJobCrud: false, schedules: false });
    for (const change of changes(made, JOB)) {
      const { definition, problems } = await change();
      expect(problems).toMatchObject([{ code: CapabilityNotSupported, field: ["syncJobId"] }]);
      expect(problems[0]?.message).toMatch(
        /^acme: Acme cannot .* the gateway can create, change and delete model syncs/,
      );
      expect(definition).toMatchObject({ id: JOB });
    }
    expect(made.fake.calls).toEqual([]);
  });

  test("of a provider that changes jobs and makes none is changed and not deleted", async () => {
    const { definitions, fake } = await tracking({}, { syncJobCrud: false });
    expect((await definitions.updateSyncJob(TENANT, JOB, { name: "x" }, null)).problems).toEqual([]);
    expect((await definitions.deleteSyncJob(TENANT, JOB)).problems).toMatchObject([{ code: CapabilityNotSupported }]);
    expect(fake.calls.map(({ method }) => method)).toEqual(["updateSyncJob"]);
  });

  test("is scheduled for the account it is for, or for the one named where it fixes none", async () => {
    const { definitions, fake, stock, stored } = await tracking();
    const result = await definitions.schedule(TENANT, JOB, CRON);
    const made = jobSchedule("schedule-1", { linkedAccountRemoteId: "account-1" });
    expect(result).toMatchObject({ problems: [], schedule: made, definition: { id: JOB, schedules: [made] } });
    expect(await stored()).toEqual(result.definition);
    await stock([syncJob("job-2", { linkedAccountRemoteId: null })]);
    const other = idOf("definition", "job-2");
    await definitions.schedule(TENANT, other, { ...CRON, linkedAccountId: idOf("linkedAccount", "account-2") });
    await definitions.schedule(TENANT, other, CRON);
    expect(fake.callsOf("putSchedule")).toMatchObject([
      { job: { remoteId: "job-1" }, account: { remoteId: "account-1" } },
      { job: { remoteId: "job-2" }, account: { remoteId: "account-2" } },
      { job: { remoteId: "job-2" }, account: null },
    ]);
    expect(fake.callsOf("putSchedule").map(({ draft }) => draft)).toEqual([CRON, CRON, CRON]);
  });

  test("cannot be scheduled for an account that nobody knows, or against the provider's objections", async () => {
    const problem = { code: BadUserInput, message: "five fields", field: ["cronExpression"] };
    const { definitions, fake, store } = await tracking({ checkSchedule: () => [problem] });
    await store.catalog.putLinkedAccounts(TENANT, "globex", [linkedAccount("theirs")], at(0));
    const page = { limit: 1, direction: "forward", from: null } as const;
    const { items } = await store.catalog.listLinkedAccounts(TENANT, { providerKeys: ["globex"] }, page);
    for (const linkedAccountId of [idOf("linkedAccount", "account-9"), items[0]?.id ?? ""]) {
      expect(await definitions.schedule(TENANT, JOB, { ...CRON, linkedAccountId })).toMatchObject({
        ...{ definition: { id: JOB }, schedule: null },
        problems: [{ code: NotFound, field: ["linkedAccountId"] }],
      });
    }
    expect(await definitions.schedule(TENANT, JOB, CRON)).toMatchObject({
      ...{ definition: { id: JOB }, schedule: null },
      problems: [problem],
    });
    expect(fake.calls).toEqual([]);
  });

  test("whose schedule was made but not activated shows the schedule afterwards, and the failure is told", async () => {
    const error = fault(ErrorCode.ProviderRejected, { retryable: false });
    const { definitions, stored } = await tracking({
      putSchedule: () => Promise.reject(error),
      definition: () => syncJob("job-1", { schedules: [jobSchedule("schedule-1", { enabled: false })] }),
    });
    await expect(definitions.schedule(TENANT, JOB, CRON)).rejects.toBe(error);
    expect(await stored()).toMatchObject({ schedules: [{ remoteId: "schedule-1", enabled: false }] });
  });

  test("that the provider misses before it sends anything is not found, and is read again", async () => {
    const error = fault(ErrorCode.ProviderNotFound, { sent: false });
    const { definitions, stored } = await tracking({
      updateSyncJob: () => Promise.reject(error),
      removeSchedule: () => Promise.reject(error),
      definition: () => syncJob("job-1", { name: "As it stands" }),
    });
    const problems = [{ code: NotFound, message: error.message, field: null }];
    expect(await definitions.updateSyncJob(TENANT, JOB, { name: "New" }, null)).toMatchObject({ problems });
    expect(await stored()).toMatchObject({ name: "As it stands" });
    const which = { remoteId: "s9", resource: null };
    expect(await definitions.unschedule(TENANT, JOB, which)).toMatchObject({ definition: { id: JOB }, problems });
  });

  test("loses a schedule by its id or by its resource, and by nothing else", async () => {
    const { definitions, fake, stored, stock } = await tracking();
    await stock([syncJob("job-1", { schedules: [jobSchedule("s1")] })]);
    const byId = { remoteId: "s1", resource: null };
    expect(await definitions.unschedule(TENANT, JOB, { remoteId: null, resource: null })).toMatchObject({
      definition: { id: JOB, schedules: [{ remoteId: "s1" }] },
      problems: [{ code: BadUserInput, field: ["scheduleId"] }],
    });
    expect(fake.calls).toEqual([]);
    expect(await definitions.unschedule(TENANT, JOB, byId)).toMatchObject({
      definition: { schedules: [] },
      problems: [],
    });
    expect(await stored()).toMatchObject({ schedules: [] });
    await definitions.unschedule(TENANT, JOB, { remoteId: null, resource: "tickets" });
    expect(fake.callsOf("removeSchedule").map(({ which }) => which)).toEqual([
      byId,
      { remoteId: null, resource: "tickets" },
    ]);
  });
});
