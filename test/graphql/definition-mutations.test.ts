// What all mutations that change definitions have in common: ids that are none, problems in the input's words, vendors that fail.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { DefinitionOperations } from "../../src/domain/gateway-port.ts";
import { NodeKind, globalIdOf } from "../../src/graphql/global-id.ts";
import { ACCOUNT, JOB, PUSH, mutate, problem, storedModelSync, storedSyncJob } from "../support/definition-changes.ts";
import { NEEDED } from "../support/model-sync-inputs.ts";
import { newId, openGraphqlGateway, providerError, type GraphqlGateway } from "../support/graphql.ts";
import { seedCatalog } from "../support/seed-runs.ts";
import { at, modelSync } from "../support/store-values.ts";

let gateway: GraphqlGateway;

beforeEach(async () => {
  gateway = await openGraphqlGateway();
  await seedCatalog(gateway.store);
});

afterEach(async () => {
  await gateway.close();
});

interface Row {
  readonly name: string;
  readonly port: keyof DefinitionOperations;
  readonly input: object;
  /** The field of the input that names the definition; null where one is made. */
  readonly idField: "modelSyncId" | "syncJobId" | null;
  readonly shows: "modelSync" | "syncJob";
}

const ROWS: readonly Row[] = [
  { name: "modelSyncCreate", port: "createModelSync", input: NEEDED, idField: null, shows: "modelSync" },
  {
    name: "modelSyncUpdate",
    port: "updateModelSync",
    input: { modelSyncId: PUSH, name: "New" },
    idField: "modelSyncId",
    shows: "modelSync",
  },
  {
    name: "modelSyncSetActive",
    port: "setModelSyncActive",
    input: { modelSyncId: PUSH, active: true },
    idField: "modelSyncId",
    shows: "modelSync",
  },
  {
    name: "modelSyncDelete",
    port: "deleteModelSync",
    input: { modelSyncId: PUSH },
    idField: "modelSyncId",
    shows: "modelSync",
  },
  {
    name: "syncJobCreate",
    port: "createSyncJob",
    input: { provider: "acme", name: "Tickets", resources: [] },
    idField: null,
    shows: "syncJob",
  },
  {
    name: "syncJobUpdate",
    port: "updateSyncJob",
    input: { syncJobId: JOB, name: "New" },
    idField: "syncJobId",
    shows: "syncJob",
  },
  { name: "syncJobDelete", port: "deleteSyncJob", input: { syncJobId: JOB }, idField: "syncJobId", shows: "syncJob" },
  { name: "syncJobSchedule", port: "schedule", input: { syncJobId: JOB }, idField: "syncJobId", shows: "syncJob" },
  {
    name: "syncJobUnschedule",
    port: "unschedule",
    input: { syncJobId: JOB, scheduleId: "cron-1" },
    idField: "syncJobId",
    shows: "syncJob",
  },
];
const NAMED = ROWS.flatMap(({ idField, ...rest }) => (idField === null ? [] : [{ ...rest, idField }]));

const send = ({ name, input, shows }: Row, more: object = {}) =>
  mutate(gateway, name, { ...input, ...more }, `${shows} { id }`);

describe("every mutation of definitions", () => {
  it("is in the table", () => {
    const { script } = gateway;
    const ports = Object.keys(script).filter((name) => /ModelSync|SyncJob|chedule$/.test(name));
    expect(ROWS.map(({ port }) => port).toSorted()).toEqual(ports.toSorted());
  });

  it.each(NAMED)("$name refuses every id that is not of its kind, and asks nobody", async (row) => {
    const foreign = row.idField === "modelSyncId" ? JOB : PUSH;
    for (const id of ["42", "", ACCOUNT, foreign, globalIdOf(NodeKind.Sync, newId())]) {
      const { data, errors } = await send(row, { [row.idField]: id });

      expect(errors).toEqual([]);
      const message: unknown = expect.stringMatching(new RegExp(`^${row.idField}: expected an id`));
      const userErrors = [{ code: "BAD_USER_INPUT", message, field: [row.idField] }];
      expect(data).toEqual({ [row.name]: { [row.shows]: null, userErrors } });
    }
    expect(gateway.vendorCalls).toEqual([]);
  });

  it.each(ROWS)("$name shows problems as they are, beside the definition as it stood", async (row) => {
    const problems = [
      problem({ code: "EDIT_CONFLICT", message: "changed", field: ["expectedUpdatedAt"] }),
      problem({ code: "CAPABILITY_NOT_SUPPORTED", message: "cannot", field: null }),
      problem({ message: "no such mode", field: ["mode"] }),
    ];
    await answer(row, problems);

    const { data, errors } = await send(row);

    expect(errors).toEqual([]);
    const id = row.shows === "modelSync" ? PUSH : JOB;
    expect(data).toEqual({ [row.name]: { [row.shows]: { id }, userErrors: problems } });
  });

  it.each(ROWS)("$name gives a vendor's failure as an error at its path, and null", async (row) => {
    fail(row, providerError("acme"));

    const { data, errors } = await send(row);

    expect(data).toEqual({ [row.name]: null });
    expect(errors).toMatchObject([
      { path: [row.name], extensions: { code: "PROVIDER_RATE_LIMITED", provider: "acme", retryAfterMs: 1_500 } },
    ]);
    expect(gateway.defects).toEqual([]);
  });

  it.each(ROWS)("$name masks a defect", async (row) => {
    fail(row, new Error("secret /etc/passwd"));

    const { data, errors } = await send(row);

    expect(data).toEqual({ [row.name]: null });
    expect(errors).toMatchObject([{ path: [row.name], extensions: { code: "INTERNAL_SERVER_ERROR" } }]);
    expect(JSON.stringify(errors)).not.toContain("passwd");
    expect(gateway.defects).toHaveLength(1);
  });
});

describe("a problem's path", () => {
  it.each([
    ["modelSyncCreate", ["target", "linkedAccountRemoteId"], ["target", "linkedAccountId"]],
    ["modelSyncUpdate", ["target", "linkedAccountRemoteId"], ["target", "linkedAccountId"]],
    ["modelSyncCreate", ["schedule", "runAfterRemoteIds", "1"], ["schedule", "runAfterDefinitionIds", "1"]],
    ["modelSyncUpdate", ["schedule", "runAfterRemoteIds"], ["schedule", "runAfterDefinitionIds"]],
    ["modelSyncUpdate", ["definitionId"], ["modelSyncId"]],
    ["syncJobCreate", ["providerKey"], ["provider"]],
    ["syncJobUpdate", ["definitionId"], ["syncJobId"]],
    ["syncJobSchedule", ["remoteId"], ["scheduleId"]],
    ["syncJobSchedule", ["linkedAccountRemoteId"], ["linkedAccountId"]],
    ["syncJobUnschedule", ["remoteId"], ["scheduleId"]],
    // Names that mean the same on both sides stay.
    ["syncJobUpdate", ["resources", "0", "remoteId"], ["resources", "0", "remoteId"]],
    ["syncJobSchedule", ["args", "remoteId"], ["args", "remoteId"]],
    ["modelSyncCreate", ["target", "create", "linkedAccountRemoteId"], ["target", "create", "linkedAccountRemoteId"]],
    ["modelSyncCreate", ["target"], ["target"]],
  ])("of %s at %j is shown at %j", async (name, domainPath, inputPath) => {
    const row = ROWS.find((one) => one.name === name);
    if (row === undefined) throw new Error(`no row for ${name}`);
    await answer(row, [problem({ field: domainPath })]);

    const { data } = await send(row);

    expect(data).toMatchObject({ [name]: { userErrors: [{ field: inputPath }] } });
  });
});

describe("several changes in one operation", () => {
  it("each show what stands there after them, not what one before them has read", async () => {
    const answers = ["first", "second"];
    gateway.script.updateModelSync = async (_tenant, _id, { name }) => {
      const changed = modelSync("model-sync-1", { name: name ?? "", updatedAt: at(answers.indexOf(name ?? "") + 10) });
      await gateway.store.catalog.putDefinitions("t1", "acme", [changed], at(1));
      return { definition: await runningAfterItself(), problems: [] };
    };
    const change = (name: string) =>
      `${name}: modelSyncUpdate(input: { modelSyncId: "${PUSH}", name: "${name}" }) { modelSync { schedules { runAfter { name } } } }`;

    const { data, errors } = await gateway.ask(`mutation { ${answers.map(change).join(" ")} }`);

    expect(errors).toEqual([]);
    const seen = (name: string) => ({ modelSync: { schedules: [{ runAfter: [{ name }] }] } });
    expect(data).toEqual({ first: seen("first"), second: seen("second") });
  });
});

/** Its schedule leads back to itself, so that the answer reads it once more, through the loaders. */
async function runningAfterItself() {
  const stored = await storedModelSync(gateway);
  const schedule = {
    remoteId: null,
    frequency: "AFTER_RUN",
    rawFrequency: "runafter",
    interval: null,
    cronExpression: null,
    hour: null,
    minute: null,
    month: null,
    dayOfWeek: null,
    dayOfMonth: null,
    resource: null,
    linkedAccountRemoteId: null,
    enabled: null,
    runAfterRemoteIds: [stored.remoteId],
    runAfterBulkRemoteIds: [],
    runAfterSuccessOnly: null,
    externalConnectionId: null,
    externalJobId: null,
    createdAt: null,
    updatedAt: null,
  } as const;
  return { ...stored, schedules: [schedule] };
}

/** Scripts the port's method to refuse with these problems. */
async function answer({ port }: Row, problems: readonly ReturnType<typeof problem>[]): Promise<void> {
  const [push, job] = [await storedModelSync(gateway), await storedSyncJob(gateway)];
  const pushed = () => Promise.resolve({ definition: push, problems });
  const pulled = () => Promise.resolve({ definition: job, schedule: null, problems });
  Object.assign(gateway.script, { [port]: port.includes("ModelSync") ? pushed : pulled });
}

function fail({ port }: Row, error: Error): void {
  Object.assign(gateway.script, { [port]: () => Promise.reject(error) });
}
