// Sync jobs made, changed, scheduled and deleted through a gateway as a client does it, and what the gateway then says of them.
import { expect } from "vitest";
import { z } from "zod";
import { ask, type Failure } from "./gateway-client.ts";

const scheduleShape = z.object({
  remoteId: z.string().nullable(),
  frequency: z.string(),
  rawFrequency: z.string(),
  interval: z.number().nullable(),
  cronExpression: z.string().nullable(),
  resource: z.string().nullable(),
  enabled: z.boolean().nullable(),
  linkedAccount: z.object({ id: z.string() }).nullable(),
});

const jobShape = z.object({
  id: z.string(),
  remoteId: z.string(),
  name: z.string(),
  integration: z.string().nullable(),
  runtimeVersion: z.number().nullable(),
  argsSchema: z.record(z.string(), z.unknown()).nullable(),
  updatedAt: z.string().nullable(),
  goneAt: z.string().nullable(),
  resources: z.array(
    z.object({
      name: z.string(),
      type: z.string().nullable(),
      method: z.string().nullable(),
      query: z.unknown(),
      dependsOn: z.array(z.string()),
      persist: z.boolean().nullable(),
      enabled: z.boolean().nullable(),
      syncFrom: z.string().nullable(),
      customFields: z.array(z.string()),
      config: z.record(z.string(), z.unknown()).nullable(),
    }),
  ),
  schedules: z.array(scheduleShape),
});
export type SeenJob = z.output<typeof jobShape>;

const SCHEDULE = `remoteId frequency rawFrequency interval cronExpression resource enabled linkedAccount { id }`;
const JOB = `id remoteId name integration runtimeVersion argsSchema updatedAt goneAt
  resources { name type method query dependsOn persist enabled syncFrom customFields config } schedules { ${SCHEDULE} }`;

const problemShape = z.object({ code: z.string(), message: z.string(), field: z.array(z.string()).nullable() });

const payloadShape = z.object({
  syncJob: jobShape.nullable(),
  schedule: scheduleShape.nullish(),
  deletedSyncJobId: z.string().nullish(),
  userErrors: z.array(problemShape),
});

export interface ChangeAnswer {
  /** Null when the vendor failed, which `errors` then tell of. */
  readonly done: z.output<typeof payloadShape> | null;
  readonly errors: readonly Failure[];
}

/** What each payload has besides the job and the user errors. */
const ALSO = {
  syncJobCreate: "",
  syncJobUpdate: "",
  syncJobDelete: "deletedSyncJobId",
  syncJobSchedule: `schedule { ${SCHEDULE} }`,
  syncJobUnschedule: "",
} as const;
export type SyncJobMutation = keyof typeof ALSO;

type Input = Readonly<Record<string, unknown>>;

/** Sends one of the mutations and gives all that it answered. */
export async function changeJob(url: string, mutation: SyncJobMutation, input: Input): Promise<ChangeAnswer> {
  const type = `${mutation.replace("sync", "Sync")}Input`;
  const { data, errors } = await ask(
    url,
    z.object({ done: payloadShape.nullable() }),
    `mutation ($input: ${type}!) {
      done: ${mutation}(input: $input) { syncJob { ${JOB} } ${ALSO[mutation]} userErrors { code message field } }
    }`,
    { input },
  );
  return { done: data.done, errors };
}

/** Sends one that must succeed. Fails the test when it does not. */
export async function changedJob(
  url: string,
  mutation: SyncJobMutation,
  input: Input,
): Promise<SeenJob & { readonly scheduleId: string | null }> {
  const { done, errors } = await changeJob(url, mutation, input);
  expect({ mutation, errors, userErrors: done?.userErrors }).toEqual({ mutation, errors: [], userErrors: [] });
  if (done?.syncJob === null || done?.syncJob === undefined) throw new Error(`${mutation} answered with no sync job`);
  return { ...done.syncJob, scheduleId: done.schedule?.remoteId ?? null };
}

/** Codes and fields of the refusals; the sentences must be sentences. */
export function refusalsOf({ done, errors }: ChangeAnswer): readonly { code: string; field: string[] | null }[] {
  expect(errors).toEqual([]);
  const problems = done?.userErrors ?? [];
  for (const { message } of problems) expect(message.length).toBeGreaterThan(20);
  return problems.map(({ code, field }) => ({ code, field }));
}

/** The job as anybody finds it by its id; null when nothing is there. */
export async function readJob(url: string, id: string): Promise<SeenJob | null> {
  const query = `query ($id: ID!) { node(id: $id) { ... on SyncJob { ${JOB} } } }`;
  const { data, errors } = await ask(url, z.object({ node: jobShape.nullable() }), query, { id });
  expect(errors).toEqual([]);
  return data.node;
}

/** A job's own part of something, by name. */
export function named<Item extends { readonly name: string }>(items: readonly Item[], name: string): Item | undefined {
  return items.find((item) => item.name === name);
}

const runShape = z.object({
  id: z.string(),
  remoteId: z.string(),
  status: z.string(),
  outcome: z.string().nullable(),
  rawStatus: z.string(),
  origin: z.string(),
  createdAt: z.string(),
  models: z.array(z.string()),
  recordCounts: z
    .object({ total: z.number().nullable(), fetched: z.number().nullable(), persisted: z.number().nullable() })
    .nullable(),
  error: z.object({ code: z.string(), message: z.string(), advice: z.string().nullable() }).nullable(),
  retryOf: z.object({ id: z.string() }).nullable(),
  linkedAccount: z.object({ id: z.string() }).nullable(),
  tasks: z.object({
    nodes: z.array(
      z.object({
        name: z.string(),
        status: z.string().nullable(),
        recordCounts: z.object({ total: z.number().nullable(), fetched: z.number().nullable() }).nullable(),
        error: z.object({ message: z.string() }).nullable(),
      }),
    ),
  }),
});
export type SeenRun = z.output<typeof runShape>;

const RUN = `id remoteId status outcome rawStatus origin createdAt models recordCounts { total fetched persisted }
  error { code message advice } retryOf { id } linkedAccount { id }
  tasks(first: 50) { nodes { name status recordCounts { total fetched } error { message } } }`;

export async function readRun(url: string, id: string): Promise<SeenRun> {
  const query = `query ($id: ID!) { sync(id: $id) { ${RUN} } }`;
  const { data, errors } = await ask(url, z.object({ sync: runShape }), query, { id });
  expect(errors).toEqual([]);
  return data.sync;
}

/** A definition's runs, newest first. */
export async function runsOf(url: string, definitionId: string): Promise<readonly SeenRun[]> {
  const query = `query ($ids: [ID!]) { syncs(first: 100, filter: { definitions: $ids }) { nodes { ${RUN} } } }`;
  const shape = z.object({ syncs: z.object({ nodes: z.array(runShape) }) });
  const { data, errors } = await ask(url, shape, query, { ids: [definitionId] });
  expect(errors).toEqual([]);
  return data.syncs.nodes;
}

/** Sends `cancelSync` or `retrySync`. */
export async function aboutRun(url: string, mutation: "cancelSync" | "retrySync", syncId: string) {
  const run = z.object({ id: z.string(), status: z.string(), remoteId: z.string() });
  const [field, shape] =
    mutation === "cancelSync"
      ? ([
          "sync { id status remoteId }",
          z.object({ sync: run.nullable(), userErrors: z.array(problemShape) }),
        ] as const)
      : ([
          "syncs { id status remoteId }",
          z.object({ syncs: z.array(run), userErrors: z.array(problemShape) }),
        ] as const);
  const type = `${mutation[0]?.toUpperCase()}${mutation.slice(1)}Input`;
  const query = `mutation ($input: ${type}!) { done: ${mutation}(input: $input) { ${field} userErrors { code message field } } }`;
  const { data, errors } = await ask(url, z.object({ done: shape.nullable() }), query, { input: { syncId } });
  expect(errors).toEqual([]);
  if (data.done === null) throw new Error(`${mutation} answered with nothing`);
  const runs = "syncs" in data.done ? data.done.syncs : [data.done.sync].filter((one) => one !== null);
  return { runs, userErrors: data.done.userErrors };
}
