// Single objects: found by id, by key, by the vendor's id; and what a wrong id is answered with.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import { NodeKind, globalIdOf } from "../../src/graphql/global-id.ts";
import { openGraphqlGateway, providerError, type GraphqlGateway } from "../support/graphql.ts";
import { idOf, seedCatalog, seedRun, seedRuns } from "../support/seed-runs.ts";
import { at, entry, rules } from "../support/store-values.ts";

const UNKNOWN = "00000000-0000-4000-8000-000000000000";
const FIELDS = ["node", "linkedAccount", "syncJob", "modelSync", "sync"] as const;
const KIND_OF = {
  linkedAccount: NodeKind.LinkedAccount,
  syncJob: NodeKind.SyncJob,
  modelSync: NodeKind.ModelSync,
  sync: NodeKind.Sync,
} as const;

describe("objects by id", () => {
  let gateway: GraphqlGateway;

  beforeEach(async () => {
    gateway = await openGraphqlGateway();
  });

  afterEach(async () => {
    await gateway.close();
  });

  const byId = (field: string, id: string) => gateway.ask(`query ($id: ID!) { ${field}(id: $id) { id } }`, { id });

  it.each(FIELDS)("%s refuses what is no id with BAD_USER_INPUT at its path", async (field) => {
    const { data, errors } = await byId(field, "42");

    expect(data).toEqual({ [field]: null });
    expect(errors).toMatchObject([{ path: [field], extensions: { code: ErrorCode.BadUserInput } }]);
    expect(errors[0]?.message).toMatch(/^id: expected an id/);
    expect(gateway.defects).toEqual([]);
  });

  it.each(Object.entries(KIND_OF))("%s refuses the id of another type and says what it is", async (field, kind) => {
    const { errors } = await byId(field, globalIdOf(NodeKind.Trigger, UNKNOWN));

    expect(errors).toMatchObject([{ path: [field], extensions: { code: ErrorCode.BadUserInput } }]);
    expect(errors[0]?.message).toContain(`expected an id of a ${kind}`);
    expect(errors[0]?.message).toContain("got an id of a Trigger");
  });

  it.each(Object.entries(KIND_OF))("%s answers NOT_FOUND for an id of nothing", async (field, kind) => {
    const { data, errors } = await byId(field, globalIdOf(kind, UNKNOWN));

    expect(data).toEqual({ [field]: null });
    expect(errors).toMatchObject([
      { message: `There is no ${kind} with this id.`, path: [field], extensions: { code: ErrorCode.NotFound } },
    ]);
  });

  it.each(Object.values(NodeKind))("node answers NOT_FOUND for a %s that is not there", async (kind) => {
    const { data, errors } = await byId("node", globalIdOf(kind, kind === NodeKind.Provider ? "nobody" : UNKNOWN));

    expect(data).toEqual({ node: null });
    expect(errors).toMatchObject([{ path: ["node"], extensions: { code: ErrorCode.NotFound } }]);
  });

  it("answers for another tenant's run as for one that never was", async () => {
    const [foreign] = await gateway.store.ledger.record("t2", [entry("run-1")], rules);
    const id = globalIdOf(NodeKind.Sync, foreign?.sync.id ?? "");

    expect(await byId("sync", id)).toEqual(await byId("sync", globalIdOf(NodeKind.Sync, UNKNOWN)));
    expect(await byId("node", id)).toEqual(await byId("node", globalIdOf(NodeKind.Sync, UNKNOWN)));
  });

  it("does not take a model sync for a sync job, whatever the id claims", async () => {
    await seedCatalog(gateway.store);
    const disguised = globalIdOf(NodeKind.SyncJob, idOf("definition", "model-sync-1"));

    expect((await byId("syncJob", disguised)).errors).toMatchObject([{ extensions: { code: ErrorCode.NotFound } }]);
    expect((await byId("node", disguised)).errors).toMatchObject([{ extensions: { code: ErrorCode.NotFound } }]);
  });

  it("gives nodes in the ids' order, each wrong one as null with an error at its place", async () => {
    await seedCatalog(gateway.store);
    const job = globalIdOf(NodeKind.SyncJob, idOf("definition", "job-1"));
    const ids = [job, "42", globalIdOf(NodeKind.Sync, UNKNOWN), globalIdOf(NodeKind.Provider, "acme"), job];

    const { data, errors } = await gateway.ask("query ($ids: [ID!]!) { nodes(ids: $ids) { id __typename } }", { ids });

    expect(data).toEqual({
      nodes: [
        { id: job, __typename: "SyncJob" },
        null,
        null,
        { id: ids[3], __typename: "Provider" },
        { id: job, __typename: "SyncJob" },
      ],
    });
    expect(errors.map(({ path, extensions }) => [path, extensions?.["code"]])).toEqual(
      expect.arrayContaining([
        [["nodes", 1], ErrorCode.BadUserInput],
        [["nodes", 2], ErrorCode.NotFound],
      ]),
    );
    expect(errors).toHaveLength(2);
  });

  it("gives at most a hundred nodes at once", async () => {
    const ids = Array.from({ length: 101 }, () => "x");
    const { errors } = await gateway.ask("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", { ids });

    expect(errors).toMatchObject([
      { message: "ids: at most 100 at once, got 101.", path: ["nodes"], extensions: { code: ErrorCode.BadUserInput } },
    ]);
  });

  it("finds by every id it gives", async () => {
    await seedCatalog(gateway.store);
    await seedRuns(gateway.store, 2);
    const { data } = await gateway.ask(`{
      syncs { nodes { id definition { id } linkedAccount { id } provider { id } trigger { id } transitions { nodes { id } } } }
      modelSyncs { nodes { id } }
    }`);
    const ids = [...JSON.stringify(data).matchAll(/"id":"([^"]+)"/g)].map(([, id]) => id);
    expect(ids.length).toBeGreaterThan(12);

    const { data: found, errors } = await gateway.ask("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", { ids });

    expect(errors).toEqual([]);
    expect(found).toEqual({ nodes: ids.map((id) => ({ id })) });
  });
});

describe("runs and providers by the words of others", () => {
  let gateway: GraphqlGateway;

  beforeEach(async () => {
    gateway = await openGraphqlGateway();
  });

  afterEach(async () => {
    await gateway.close();
  });

  it("finds a run by the vendor's id", async () => {
    const run = await seedRun(gateway.store, "run/1 ü");
    const { data, errors } = await gateway.ask(
      '{ syncByRemoteId(provider: "acme", remoteId: "run/1 ü") { id remoteId } }',
    );

    expect(errors).toEqual([]);
    expect(data).toEqual({ syncByRemoteId: { id: globalIdOf(NodeKind.Sync, run.id), remoteId: "run/1 ü" } });
  });

  it("keeps the same vendor id of two providers apart", async () => {
    await seedRun(gateway.store, "run-1");
    const { errors } = await gateway.ask('{ syncByRemoteId(provider: "acme-eu", remoteId: "run-1") { id } }');

    expect(errors).toMatchObject([{ path: ["syncByRemoteId"], extensions: { code: ErrorCode.NotFound } }]);
  });

  it.each(['provider(key: "nobody") { id }', 'syncByRemoteId(provider: "nobody", remoteId: "1") { id }'])(
    "names the configured providers when %s is not one",
    async (field) => {
      const { errors } = await gateway.ask(`{ ${field} }`);

      expect(errors).toMatchObject([
        {
          message: 'There is no provider "nobody". Configured: acme, globex, acme-eu.',
          extensions: { code: ErrorCode.NotFound },
        },
      ]);
    },
  );

  it("says who asks and where the ledger stands", async () => {
    await seedRuns(gateway.store, 1);
    const { data } = await gateway.ask(
      "{ viewer { name tenant scopes cursor } syncs { nodes { transitions(last: 1) { nodes { cursor } } } } }",
    );

    expect(data).toMatchObject({ viewer: { name: "tester", tenant: "t1", scopes: [] } });
    const cursors = [...JSON.stringify(data).matchAll(/"cursor":"([^"]+)"/g)].map(([, cursor]) => cursor);
    expect(cursors).toHaveLength(2);
    expect(cursors[0]).toBe(cursors[1]);
  });

  it("shows the vendor's answer only to those with the scope for it", async () => {
    await seedRun(gateway.store, "run-1", { facts: { raw: { vendor: "says" } } });
    const query = "{ syncs { nodes { raw } } }";

    expect((await gateway.ask(query)).data).toEqual({ syncs: { nodes: [{ raw: null }] } });
    expect((await gateway.ask(query, {}, { scopes: ["raw:read"] })).data).toEqual({
      syncs: { nodes: [{ raw: { vendor: "says" } }] },
    });
  });

  it("calls an open run stale when its confirmation is long overdue, and never an ended one", async () => {
    await seedRun(gateway.store, "open", { observedAt: at(0) });
    await seedRun(gateway.store, "ended", { observedAt: at(0), status: "SUCCESS", rawStatus: "done" });
    const stale = async () => {
      const { data } = await gateway.ask(
        '{ open: syncByRemoteId(provider: "acme", remoteId: "open") { isStale } ended: syncByRemoteId(provider: "acme", remoteId: "ended") { isStale } }',
      );
      return data;
    };
    // Twice the slowest poll of ten seconds, and thirty seconds of slack.
    await gateway.clock.advance(50_000);
    expect(await stale()).toEqual({ open: { isStale: false }, ended: { isStale: false } });
    await gateway.clock.advance(1);
    expect(await stale()).toEqual({ open: { isStale: true }, ended: { isStale: false } });
  });
});

describe("a live read", () => {
  let gateway: GraphqlGateway;

  beforeEach(async () => {
    gateway = await openGraphqlGateway();
  });

  afterEach(async () => {
    await gateway.close();
  });

  const read = (id: string, maxAgeSeconds: number | null) =>
    gateway.ask("query ($id: ID!, $age: Int) { sync(id: $id, maxAgeSeconds: $age) { id } }", {
      id,
      age: maxAgeSeconds,
    });

  it("asks the vendor with the age in milliseconds, and only when an age is given", async () => {
    const run = await seedRun(gateway.store, "run-1");
    const id = globalIdOf(NodeKind.Sync, run.id);
    const asked: unknown[] = [];
    gateway.script.refresh = (...given) => {
      asked.push(given);
      return Promise.resolve(run);
    };

    expect((await read(id, null)).errors).toEqual([]);
    expect(asked).toEqual([]);
    expect((await read(id, 30)).data).toEqual({ sync: { id } });
    expect(asked).toEqual([["t1", run.id, 30_000, { signal: expect.any(AbortSignal) as AbortSignal }]]);
  });

  it("that fails gives the provider's facts at the field's path", async () => {
    gateway.script.refresh = () => Promise.reject(providerError("acme"));
    const { data, errors } = await read(globalIdOf(NodeKind.Sync, UNKNOWN), 0);

    expect(data).toEqual({ sync: null });
    expect(errors).toMatchObject([
      {
        path: ["sync"],
        extensions: {
          code: "PROVIDER_RATE_LIMITED",
          provider: "acme",
          retryable: true,
          retryAfterMs: 1_500,
          httpStatus: 429,
        },
      },
    ]);
  });

  it("of a run that is not there is NOT_FOUND, and a negative age is refused", async () => {
    gateway.script.refresh = () => Promise.resolve(null);
    const id = globalIdOf(NodeKind.Sync, UNKNOWN);

    expect((await read(id, 0)).errors).toMatchObject([{ extensions: { code: ErrorCode.NotFound } }]);
    expect((await read(id, -1)).errors).toMatchObject([
      { message: "maxAgeSeconds must be 0 or more.", extensions: { code: ErrorCode.BadUserInput } },
    ]);
  });
});
