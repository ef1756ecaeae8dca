// The mirror of the vendors' lists, on each database.
import { expect, test } from "vitest";
import { ScheduleFrequency } from "../../src/domain/definition.ts";
import type { Schedule, SyncJobResource } from "../../src/domain/definition.ts";
import { identityOf } from "../../src/domain/identity.ts";
import type { PageRequest } from "../../src/domain/store-port.ts";
import { describeOnEachDatabase } from "../support/databases.ts";
import { at, linkedAccount, modelSync, syncJob } from "../support/store-values.ts";

const FIRST: PageRequest = { limit: 100, direction: "forward", from: null };
const accountId = (remoteId: string): string => identityOf("t1", "acme", "linkedAccount", remoteId);
const definitionId = (remoteId: string): string => identityOf("t1", "acme", "definition", remoteId);

const schedule: Schedule = {
  ...{
    remoteId: "s1",
    frequency: ScheduleFrequency.Cron,
    rawFrequency: "cron",
    interval: null,
    cronExpression: "0 3 * * *",
    hour: null,
    minute: null,
  },
  ...{
    month: null,
    dayOfWeek: null,
    dayOfMonth: null,
    resource: null,
    linkedAccountRemoteId: null,
    enabled: true,
    runAfterRemoteIds: ["x"],
  },
  ...{
    runAfterBulkRemoteIds: [],
    runAfterSuccessOnly: null,
    externalConnectionId: null,
    externalJobId: null,
    createdAt: at(11),
    updatedAt: null,
  },
};

const resource: SyncJobResource = {
  ...{
    name: "tickets",
    remoteId: "r1",
    displayName: "Tickets",
    type: null,
    method: "list",
    loopOn: "{{resources.users}}",
    dependsOn: ["users"],
  },
  // Looks like a date, but is the vendor's own text and must stay text.
  query: { updated_at: { gt: "2026-01-01T00:00:00.000Z" }, limit: 10, flags: [true, null] },
  ...{
    persist: true,
    category: null,
    enabled: true,
    custom: null,
    readEnabled: null,
    writeEnabled: null,
    readSupported: null,
    writeSupported: null,
  },
  ...{
    syncSupported: null,
    fileUploadEnabled: null,
    sourceWebhooksEnabled: null,
    grantedOperations: ["READ"],
    syncFrom: at(-86_400_000),
  },
  ...{
    customFields: ["c"],
    nextRunAt: null,
    createdAt: at(12),
    updatedAt: at(13),
    config: { depth: { of: ["nesting"] } },
  },
};

describeOnEachDatabase("the catalog", (open) => {
  test("a linked account comes back as it was put, to the millisecond", async () => {
    const { store } = await open();
    const snapshot = linkedAccount("a", {
      resumesAt: at(123),
      sandbox: false,
      statusMessage: 'it\'s "odd" \\ näme %_ 🙂',
    });
    await store.catalog.putLinkedAccounts("t1", "acme", [snapshot], at(7));
    expect(await store.catalog.linkedAccountsByIds("t1", [accountId("a")])).toEqual([
      { ...snapshot, id: accountId("a"), tenantId: "t1", providerKey: "acme", observedAt: at(7), goneAt: null },
    ]);
  });

  test("definitions of both kinds come back as they were put, nested dates and dates' look-alikes included", async () => {
    const { store } = await open();
    const job = syncJob("j", { schedules: [schedule], resources: [resource] });
    const push = modelSync("m", { schedules: [{ ...schedule, updatedAt: at(14) }] });
    await store.catalog.putDefinitions("t1", "acme", [job, push], at(7));
    const found = await store.catalog.definitionsByIds("t1", [definitionId("j"), definitionId("m")]);
    const identity = { tenantId: "t1", providerKey: "acme", observedAt: at(7), goneAt: null };
    expect(found.find(({ remoteId }) => remoteId === "j")).toEqual({ ...job, ...identity, id: definitionId("j") });
    expect(found.find(({ remoteId }) => remoteId === "m")).toEqual({ ...push, ...identity, id: definitionId("m") });
  });

  test("putting again updates, and an observation that began earlier does not undo a later one", async () => {
    const { store } = await open();
    await store.catalog.putLinkedAccounts("t1", "acme", [linkedAccount("a", { name: "old" })], at(1));
    await store.catalog.putLinkedAccounts("t1", "acme", [linkedAccount("a", { name: "new" })], at(3));
    await store.catalog.putLinkedAccounts("t1", "acme", [linkedAccount("a", { name: "late" })], at(2));
    const [account] = await store.catalog.linkedAccountsByIds("t1", [accountId("a")]);
    expect([account?.name, account?.observedAt]).toEqual(["new", at(3)]);
  });

  test("an object that shifted pages and was listed twice is put once, as seen last", async () => {
    const { store } = await open();
    await store.catalog.putLinkedAccounts(
      "t1",
      "acme",
      [linkedAccount("a", { name: "1" }), linkedAccount("a", { name: "2" })],
      at(1),
    );
    await store.catalog.putDefinitions("t1", "acme", [syncJob("j", { name: "1" }), syncJob("j", { name: "2" })], at(1));
    expect((await store.catalog.linkedAccountsByIds("t1", [accountId("a")])).map(({ name }) => name)).toEqual(["2"]);
    expect((await store.catalog.definitionsByIds("t1", [definitionId("j")])).map(({ name }) => name)).toEqual(["2"]);
  });

  test("what was not observed any more goes out of lists, stays readable by id, and returns when it is seen again", async () => {
    const { store } = await open();
    await store.catalog.putLinkedAccounts("t1", "acme", [linkedAccount("a"), linkedAccount("b")], at(1));
    await store.catalog.putLinkedAccounts("t1", "other", [linkedAccount("a")], at(1));
    await store.catalog.putLinkedAccounts("t1", "acme", [linkedAccount("a")], at(5));
    await store.catalog.markGone("t1", "acme", "linkedAccount", at(5), at(6));
    const mine = { providerKeys: ["acme"] };
    expect((await store.catalog.listLinkedAccounts("t1", mine, FIRST)).items.map(({ remoteId }) => remoteId)).toEqual([
      "a",
    ]);
    expect(await store.catalog.countLinkedAccounts("t1", {})).toBe(2);
    expect((await store.catalog.linkedAccountsByIds("t1", [accountId("b")]))[0]?.goneAt).toEqual(at(6));
    await store.catalog.putLinkedAccounts("t1", "acme", [linkedAccount("b")], at(7));
    expect((await store.catalog.listLinkedAccounts("t1", mine, FIRST)).items.map(({ remoteId }) => remoteId)).toEqual([
      "a",
      "b",
    ]);
  });

  test("marking definitions as gone keeps the first time they went and leaves linked accounts alone", async () => {
    const { store } = await open();
    await store.catalog.putDefinitions("t1", "acme", [syncJob("j")], at(1));
    await store.catalog.putLinkedAccounts("t1", "acme", [linkedAccount("a")], at(1));
    await store.catalog.markGone("t1", "acme", "definition", at(5), at(6));
    await store.catalog.markGone("t1", "acme", "definition", at(8), at(9));
    expect((await store.catalog.definitionsByIds("t1", [definitionId("j")]))[0]?.goneAt).toEqual(at(6));
    expect(await store.catalog.definitionsOfProvider("t1", "acme")).toEqual([]);
    expect(await store.catalog.countLinkedAccounts("t1", {})).toBe(1);
  });

  test("one definition is marked as gone by its id, keeps what it was and when it went, and returns when it is seen again", async () => {
    const { store } = await open();
    await store.catalog.putDefinitions("t1", "acme", [syncJob("j"), modelSync("m")], at(1));
    await store.catalog.markDefinitionGone("t1", definitionId("m"), at(5));
    await store.catalog.markDefinitionGone("t1", definitionId("m"), at(6));
    const listed = async () =>
      (await store.catalog.definitionsOfProvider("t1", "acme")).map(({ remoteId }) => remoteId);
    expect(await listed()).toEqual(["j"]);
    expect(await store.catalog.definitionsByIds("t1", [definitionId("m")])).toMatchObject([
      { ...modelSync("m"), goneAt: at(5) },
    ]);
    await store.catalog.markDefinitionGone("t1", definitionId("unknown"), at(6));
    await store.catalog.putDefinitions("t1", "acme", [modelSync("m", { name: "Sync again" })], at(7));
    expect(await listed()).toEqual(["j", "m"]);
    expect(await store.catalog.definitionsByIds("t1", [definitionId("m")])).toMatchObject([
      { name: "Sync again", goneAt: null },
    ]);
  });

  test.each([true, false])(
    "a description (detailed: %s) that was read before the definition went does not bring it back",
    async (detailed) => {
      const { store } = await open();
      await store.catalog.putDefinitions("t1", "acme", [syncJob("j"), syncJob("k")], at(1));
      await store.catalog.markDefinitionGone("t1", definitionId("j"), at(5));
      await store.catalog.putDefinitions("t1", "acme", [syncJob("j", { detailed }), syncJob("k", { detailed })], at(4));
      expect(await store.catalog.definitionsByIds("t1", [definitionId("j")])).toMatchObject([{ goneAt: at(5) }]);
      expect((await store.catalog.definitionsOfProvider("t1", "acme")).map(({ remoteId }) => remoteId)).toEqual(["k"]);
    },
  );

  test("a brief description of an unchanged detailed definition only renews its sight, its name and whether it is active, and brings it back when it was gone", async () => {
    const { store } = await open();
    await store.catalog.putDefinitions("t1", "acme", [syncJob("j", { resources: [resource] })], at(1));
    await store.catalog.markGone("t1", "acme", "definition", at(2), at(2));
    const lacking = await store.catalog.putDefinitions(
      "t1",
      "acme",
      [syncJob("j", { detailed: false, name: "brief", active: false, resources: [] })],
      at(3),
    );
    // A sight from before tells nothing new.
    const old = syncJob("j", { detailed: false, name: "old", resources: [] });
    await store.catalog.putDefinitions("t1", "acme", [old], at(2));
    const [found] = await store.catalog.definitionsByIds("t1", [definitionId("j")]);
    expect(lacking).toEqual([]);
    expect(found).toMatchObject({
      name: "brief",
      active: false,
      detailed: true,
      resources: [resource],
      observedAt: at(3),
      goneAt: null,
    });
  });

  test.each([
    ["a changed time", at(99)],
    ["no time to tell", null],
  ])("a brief description with %s replaces the detailed one and asks for the detail", async (_case, updatedAt) => {
    const { store } = await open();
    await store.catalog.putDefinitions(
      "t1",
      "acme",
      [syncJob("j", { updatedAt: updatedAt === null ? null : at(2) }), syncJob("k")],
      at(1),
    );
    const lacking = await store.catalog.putDefinitions(
      "t1",
      "acme",
      [syncJob("j", { detailed: false, name: "brief", updatedAt }), syncJob("k")],
      at(3),
    );
    expect(lacking).toEqual(["j"]);
    expect((await store.catalog.definitionsByIds("t1", [definitionId("j")]))[0]).toMatchObject({
      name: "brief",
      detailed: false,
    });
  });

  test("lists are ordered by the bytes of the name, filtered by every field, and empty for an empty list of values", async () => {
    const { store } = await open();
    const names = ["b", "B", "ä", "a b", "ab", "é", "Z", "10", "9"];
    await store.catalog.putDefinitions(
      "t1",
      "acme",
      names.map((name) => syncJob(name, { name, integration: name })),
      at(1),
    );
    await store.catalog.putDefinitions("t1", "other", [modelSync("m", { name: "m" })], at(1));
    const listed = async (
      ...[kind, filter]: [
        Parameters<typeof store.catalog.listDefinitions>[1],
        Parameters<typeof store.catalog.listDefinitions>[2],
      ]
    ) => {
      const { items } = await store.catalog.listDefinitions("t1", kind, filter, FIRST);
      expect(await store.catalog.countDefinitions("t1", kind, filter)).toBe(items.length);
      return items.map(({ name }) => name);
    };
    const byBytes = [...names].toSorted((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
    expect(await listed("SYNC_JOB", {})).toEqual(byBytes);
    expect(await listed("MODEL_SYNC", {})).toEqual(["m"]);
    expect(await listed(null, { active: false })).toEqual(["m"]);
    expect(await listed(null, { providerKeys: ["other", "nobody"] })).toEqual(["m"]);
    expect(await listed(null, { integrations: ["Z", "9"], active: true })).toEqual(["9", "Z"]);
    expect(await listed(null, { linkedAccountIds: [identityOf("t1", "other", "linkedAccount", "account-2")] })).toEqual(
      ["m"],
    );
    expect(await listed(null, { ids: [definitionId("ä")] })).toEqual(["ä"]);
    expect(await listed(null, { ids: [] })).toEqual([]);
    expect(await listed(null, { integrations: ["Z"], active: false })).toEqual([]);
  });

  test("linked accounts are filtered by status, integration and customer", async () => {
    const { store } = await open();
    const accounts = [
      linkedAccount("a"),
      linkedAccount("b", { status: "DISABLED", customerId: "c2" }),
      linkedAccount("c", { integration: null }),
    ];
    await store.catalog.putLinkedAccounts("t1", "acme", accounts, at(1));
    const listed = async (filter: Parameters<typeof store.catalog.listLinkedAccounts>[1]) =>
      (await store.catalog.listLinkedAccounts("t1", filter, FIRST)).items.map(({ remoteId }) => remoteId);
    expect(await listed({ statuses: ["DISABLED", "PENDING"] })).toEqual(["b"]);
    expect(await listed({ integrations: ["zendesk"] })).toEqual(["a", "b"]);
    expect(await listed({ customerIds: ["customer-1"], ids: [accountId("a"), accountId("b")] })).toEqual(["a"]);
    expect(await listed({ statuses: [] })).toEqual([]);
  });

  test("text that PostgreSQL cannot hold is stored with a mark in its place", async () => {
    const { store } = await open();
    const odd = "a\u0000b\ud800c";
    await store.catalog.putDefinitions(
      "t1",
      "acme",
      [syncJob("j", { name: odd, argsSchema: { [odd]: [odd, "\\u0000"] } })],
      at(1),
    );
    const [found] = await store.catalog.definitionsByIds("t1", [definitionId("j")]);
    const marked = "a\uFFFDb\uFFFDc";
    expect(found).toMatchObject({ name: marked, argsSchema: { [marked]: [marked, "\\u0000"] } });
    expect(await store.catalog.countDefinitions("t1", null, { integrations: [odd, "x"] })).toBe(0);
  });
});
