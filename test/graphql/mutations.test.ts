// Mutations: what reaches the gateway's operations, and where each kind of failure is shown.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import type { TriggerCommand, TriggerResult } from "../../src/domain/gateway-port.ts";
import type { Sync } from "../../src/domain/sync.ts";
import { NodeKind, globalIdOf } from "../../src/graphql/global-id.ts";
import { newId, openGraphqlGateway, providerError, type GraphqlGateway } from "../support/graphql.ts";
import { idOf, seedCatalog, seedRun } from "../support/seed-runs.ts";
import { trigger } from "../support/store-values.ts";

const JOB = globalIdOf(NodeKind.SyncJob, idOf("definition", "job-1"));
const PUSH = globalIdOf(NodeKind.ModelSync, idOf("definition", "model-sync-1"));
const PAYLOAD = "{ syncs { id } attached trigger { id state } userErrors { code message field } }";
const TRIGGER = `mutation ($input: TriggerSyncInput!) { triggerSync(input: $input) ${PAYLOAD} }`;
const TRIGGERS = `mutation ($input: TriggerSyncsInput!) { triggerSyncs(input: $input) { results ${PAYLOAD} userErrors { code message field } } }`;

let gateway: GraphqlGateway;
let run: Sync;
let commands: TriggerCommand[];

beforeEach(async () => {
  gateway = await openGraphqlGateway();
  await seedCatalog(gateway.store);
  run = await seedRun(gateway.store, "run-1");
  commands = [];
  gateway.script.trigger = (_tenant, command) => {
    commands.push(command);
    return Promise.resolve(started());
  };
});

afterEach(async () => {
  await gateway.close();
});

const triggerId = newId();
const started = (given: Partial<TriggerResult> = {}): TriggerResult => ({
  syncs: [run],
  attached: false,
  trigger: trigger(triggerId, { tenantId: "t1", definitionId: idOf("definition", "job-1") }),
  problems: [],
  ...given,
});
const shown = () => ({
  syncs: [{ id: globalIdOf(NodeKind.Sync, run.id) }],
  attached: false,
  trigger: { id: globalIdOf(NodeKind.Trigger, triggerId), state: "PENDING" },
  userErrors: [],
});

describe("triggerSync", () => {
  it("starts with the defaults when only the definition is named", async () => {
    const { data, errors } = await gateway.ask(TRIGGER, { input: { definitionId: JOB } });

    expect(errors).toEqual([]);
    expect(data).toEqual({ triggerSync: shown() });
    expect(commands).toEqual([
      { definitionId: idOf("definition", "job-1"), idempotencyKey: null, ifRunning: "ATTACH" },
    ]);
  });

  it("passes on every option, and options that are false or empty too", async () => {
    const account = globalIdOf(NodeKind.LinkedAccount, idOf("linkedAccount", "account-1"));
    const rest = {
      fullRefresh: false,
      models: [],
      args: { since: "2026-01-01", deep: { list: [1, null] } },
      onError: "BATCH",
      test: false,
      identities: ["1"],
    };
    await gateway.ask(TRIGGER, {
      input: { definitionId: PUSH, idempotencyKey: "key", ifRunning: "REJECT", linkedAccountId: account, ...rest },
    });

    expect(commands).toEqual([
      {
        definitionId: idOf("definition", "model-sync-1"),
        idempotencyKey: "key",
        ifRunning: "REJECT",
        linkedAccountId: idOf("linkedAccount", "account-1"),
        ...rest,
      },
    ]);
  });

  it("takes null for an option that was left out", async () => {
    const nothing = {
      idempotencyKey: null,
      ifRunning: null,
      linkedAccountId: null,
      fullRefresh: null,
      models: null,
      args: null,
      onError: null,
      test: null,
      identities: null,
    };
    await gateway.ask(TRIGGER, { input: { definitionId: JOB, ...nothing } });

    expect(commands).toEqual([
      { definitionId: idOf("definition", "job-1"), idempotencyKey: null, ifRunning: "ATTACH" },
    ]);
  });

  it.each([
    ["definitionId", { definitionId: "42" }, /^definitionId: expected an id/],
    [
      "definitionId",
      { definitionId: globalIdOf(NodeKind.Sync, newId()) },
      /^definitionId: expected an id of a SyncJob or a ModelSync.* got an id of a Sync/,
    ],
    ["linkedAccountId", { definitionId: JOB, linkedAccountId: "42" }, /^linkedAccountId: expected an id/],
    // An empty text is an id that is none, not an option left out.
    ["linkedAccountId", { definitionId: JOB, linkedAccountId: "" }, /^linkedAccountId: expected an id/],
  ])("tells of a wrong %s in userErrors and starts nothing", async (field, input, message) => {
    const { data, errors } = await gateway.ask(TRIGGER, { input });

    expect(errors).toEqual([]);
    const userErrors = [{ code: ErrorCode.BadUserInput, message: expect.stringMatching(message), field: [field] }];
    expect(data).toEqual({ triggerSync: { syncs: [], attached: false, trigger: null, userErrors } });
    expect(gateway.vendorCalls).toEqual([]);
  });

  it("shows what stands in the way in userErrors, with the field's path", async () => {
    const problems = [
      { code: ErrorCode.BadUserInput, message: "args.since: expected a date", field: ["args", "since"] },
      { code: ErrorCode.DefinitionInactive, message: "it is switched off", field: null },
    ];
    gateway.script.trigger = () => Promise.resolve(started({ syncs: [], trigger: null, problems }));

    const { data, errors } = await gateway.ask(TRIGGER, { input: { definitionId: JOB } });

    expect(errors).toEqual([]);
    expect(data).toEqual({ triggerSync: { syncs: [], attached: false, trigger: null, userErrors: problems } });
  });

  it("gives a provider's failure as an error at its path, and null", async () => {
    gateway.script.trigger = () => Promise.reject(providerError("acme"));
    const { data, errors } = await gateway.ask(TRIGGER, { input: { definitionId: JOB } });

    expect(data).toEqual({ triggerSync: null });
    expect(errors).toMatchObject([
      {
        path: ["triggerSync"],
        extensions: { code: "PROVIDER_RATE_LIMITED", provider: "acme", retryable: true, retryAfterMs: 1_500 },
      },
    ]);
  });
});

describe("triggerSyncs", () => {
  it("gives each start its own result, and a failing one null with an error at its place", async () => {
    gateway.script.trigger = (_tenant, command) => {
      commands.push(command);
      return command.idempotencyKey === "fails" ? Promise.reject(providerError("acme")) : Promise.resolve(started());
    };
    const triggers = [{ definitionId: JOB }, { definitionId: JOB, idempotencyKey: "fails" }, { definitionId: PUSH }];
    const { data, errors } = await gateway.ask(TRIGGERS, { input: { triggers } });

    expect(data).toEqual({ triggerSyncs: { results: [shown(), null, shown()], userErrors: [] } });
    expect(errors).toMatchObject([
      { path: ["triggerSyncs", "results", 1], extensions: { code: "PROVIDER_RATE_LIMITED", provider: "acme" } },
    ]);
    expect(commands).toHaveLength(3);
  });

  it("does not let a defect in one start hide what the others began", async () => {
    gateway.script.trigger = (_tenant, { idempotencyKey }) =>
      idempotencyKey === "breaks" ? Promise.reject(new Error("secret /etc/passwd")) : Promise.resolve(started());
    const triggers = [{ definitionId: JOB, idempotencyKey: "breaks" }, { definitionId: PUSH }];
    const { data, errors } = await gateway.ask(TRIGGERS, { input: { triggers } });

    expect(data).toEqual({ triggerSyncs: { results: [null, shown()], userErrors: [] } });
    expect(errors).toMatchObject([{ path: ["triggerSyncs", "results", 0], extensions: { code: ErrorCode.Internal } }]);
    expect(JSON.stringify(errors)).not.toContain("passwd");
    expect(gateway.defects).toHaveLength(1);
  });

  it("tells of wrong input with its place in the batch", async () => {
    const problem = { code: ErrorCode.BadUserInput, message: "no", field: ["models"] };
    gateway.script.trigger = () => Promise.resolve(started({ syncs: [], trigger: null, problems: [problem] }));
    const triggers = [{ definitionId: "42" }, { definitionId: JOB }, { definitionId: JOB, linkedAccountId: "42" }];
    const { data, errors } = await gateway.ask(TRIGGERS, { input: { triggers } });

    expect(errors).toEqual([]);
    expect(data).toMatchObject({
      triggerSyncs: {
        results: [
          { userErrors: [{ field: ["triggers", "0", "definitionId"] }] },
          { userErrors: [{ field: ["triggers", "1", "models"] }] },
          { userErrors: [{ field: ["triggers", "2", "linkedAccountId"] }] },
        ],
      },
    });
  });

  it.each([0, 101])("refuses %i starts as a whole", async (count) => {
    const triggers = Array.from({ length: count }, () => ({ definitionId: JOB }));
    const { data, errors } = await gateway.ask(TRIGGERS, { input: { triggers } });

    expect(errors).toEqual([]);
    const userErrors = [
      { code: ErrorCode.BadUserInput, message: `triggers: give 1 to 100, got ${count}.`, field: ["triggers"] },
    ];
    expect(data).toEqual({ triggerSyncs: { results: [], userErrors } });
    expect(commands).toEqual([]);
  });
});

describe("retrySync and cancelSync", () => {
  const retry = (input: object) =>
    gateway.ask(`mutation ($input: RetrySyncInput!) { retrySync(input: $input) ${PAYLOAD} }`, { input });
  const cancel = (input: object) =>
    gateway.ask(
      "mutation ($input: CancelSyncInput!) { cancelSync(input: $input) { sync { id } userErrors { code message field } } }",
      { input },
    );

  it("retry the run with the key given, beside nothing unless the caller says so", async () => {
    const asked: unknown[] = [];
    gateway.script.retry = (...given) => {
      asked.push(given);
      return Promise.resolve(started());
    };
    const syncId = globalIdOf(NodeKind.Sync, run.id);

    expect((await retry({ syncId, idempotencyKey: "again" })).data).toEqual({ retrySync: shown() });
    expect((await retry({ syncId, ifRunning: "START_ANOTHER" })).data).toEqual({ retrySync: shown() });
    expect(asked).toEqual([
      ["t1", run.id, { idempotencyKey: "again", ifRunning: "REJECT" }],
      ["t1", run.id, { idempotencyKey: null, ifRunning: "START_ANOTHER" }],
    ]);
  });

  it("cancel the run, or say why not", async () => {
    const problem = { code: ErrorCode.SyncFinished, message: "it has ended", field: ["syncId"] };
    const syncId = globalIdOf(NodeKind.Sync, run.id);
    gateway.script.cancel = () => Promise.resolve({ sync: run, problems: [] });
    expect((await cancel({ syncId })).data).toEqual({ cancelSync: { sync: { id: syncId }, userErrors: [] } });

    gateway.script.cancel = () => Promise.resolve({ sync: null, problems: [problem] });
    expect((await cancel({ syncId })).data).toEqual({ cancelSync: { sync: null, userErrors: [problem] } });
  });

  it.each([
    ["retrySync", retry],
    ["cancelSync", cancel],
  ])("%s tells of a wrong id in userErrors, and of a failing provider in errors", async (field, ask) => {
    const wrong = await ask({ syncId: JOB });
    expect(wrong.errors).toEqual([]);
    expect(wrong.data).toMatchObject({
      [field]: {
        userErrors: [
          {
            code: ErrorCode.BadUserInput,
            field: ["syncId"],
            message: expect.stringContaining("got an id of a SyncJob"),
          },
        ],
      },
    });
    expect(gateway.vendorCalls).toEqual([]);

    gateway.script.retry = () => Promise.reject(providerError("acme"));
    gateway.script.cancel = () => Promise.reject(providerError("acme"));
    const failed = await ask({ syncId: globalIdOf(NodeKind.Sync, run.id) });
    expect(failed).toMatchObject({
      data: { [field]: null },
      errors: [{ path: [field], extensions: { provider: "acme" } }],
    });
  });
});

describe("cancelSyncs", () => {
  const cancelAll = (definitionId: string) =>
    gateway.ask(
      "mutation ($input: CancelSyncsInput!) { cancelSyncs(input: $input) { syncs { id } userErrors { code message field } } }",
      { input: { definitionId } },
    );

  it.each([
    [JOB, idOf("definition", "job-1")],
    [PUSH, idOf("definition", "model-sync-1")],
  ])("asks for the end of every open run of %s", async (globalId, id) => {
    const asked: unknown[] = [];
    gateway.script.cancelAll = (...given) => {
      asked.push(given);
      return Promise.resolve({ syncs: [run], problems: [] });
    };
    const { data, errors } = await cancelAll(globalId);

    expect(errors).toEqual([]);
    expect(data).toEqual({ cancelSyncs: { syncs: [{ id: globalIdOf(NodeKind.Sync, run.id) }], userErrors: [] } });
    expect(asked).toEqual([["t1", id]]);
  });

  it("says what stood in the way", async () => {
    const problem = { code: ErrorCode.SyncFinished, message: "nothing is open", field: ["definitionId"] };
    gateway.script.cancelAll = () => Promise.resolve({ syncs: [], problems: [problem] });

    expect((await cancelAll(JOB)).data).toEqual({ cancelSyncs: { syncs: [], userErrors: [problem] } });
  });

  it("tells of a wrong id in userErrors, and of a failing provider in errors", async () => {
    const wrong = await cancelAll(globalIdOf(NodeKind.Sync, run.id));
    expect(wrong.errors).toEqual([]);
    const message: unknown = expect.stringContaining("got an id of a Sync");
    const userErrors = [{ code: ErrorCode.BadUserInput, field: ["definitionId"], message }];
    expect(wrong.data).toEqual({ cancelSyncs: { syncs: [], userErrors } });
    expect(gateway.vendorCalls).toEqual([]);

    gateway.script.cancelAll = () => Promise.reject(providerError("acme"));
    expect(await cancelAll(JOB)).toMatchObject({
      data: { cancelSyncs: null },
      errors: [{ path: ["cancelSyncs"], extensions: { provider: "acme" } }],
    });
  });
});
