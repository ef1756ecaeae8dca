// Pages: which arguments go together, and that walking a list backwards is walking it forwards in reverse.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import { NodeKind, globalIdOf } from "../../src/graphql/global-id.ts";
import { listAt, openGraphqlGateway, valueAt, type GraphqlGateway } from "../support/graphql.ts";
import { idOf, seedCatalog, seedRun, seedRuns } from "../support/seed-runs.ts";
import { at, linkedAccount, modelSync, task } from "../support/store-values.ts";

let gateway: GraphqlGateway;
let run: string;

/** Every list of the schema that pages, with where its connection is in the answer and what tells its nodes apart. */
const LISTS = [
  {
    list: "linkedAccounts",
    open: "{ linkedAccounts(PAGE) { ",
    close: " } }",
    at: "linkedAccounts",
    node: "id",
    counted: true,
  },
  { list: "syncJobs", open: "{ syncJobs(PAGE) { ", close: " } }", at: "syncJobs", node: "id", counted: true },
  { list: "modelSyncs", open: "{ modelSyncs(PAGE) { ", close: " } }", at: "modelSyncs", node: "id", counted: true },
  { list: "syncs", open: "{ syncs(PAGE) { ", close: " } }", at: "syncs", node: "id", counted: true },
  {
    list: "syncs, oldest first",
    open: "{ syncs(orderBy: { field: CREATED_AT, direction: ASC } PAGE) { ",
    close: " } }",
    at: "syncs",
    node: "id",
    counted: true,
  },
  {
    list: "syncs, last confirmed first",
    open: "{ syncs(orderBy: { field: OBSERVED_AT, direction: DESC } PAGE) { ",
    close: " } }",
    at: "syncs",
    node: "id",
    counted: true,
  },
  {
    list: "syncs of a definition",
    open: "query ($job: ID!) { syncJob(id: $job) { syncs(PAGE) { ",
    close: " } } }",
    at: "syncJob.syncs",
    node: "id",
    counted: true,
  },
  {
    list: "tasks of a run",
    open: "query ($run: ID!) { sync(id: $run) { tasks(PAGE) { ",
    close: " } } }",
    at: "sync.tasks",
    node: "key",
    counted: false,
  },
  {
    list: "transitions of a run",
    open: "query ($run: ID!) { sync(id: $run) { transitions(PAGE) { ",
    close: " } } }",
    at: "sync.transitions",
    node: "id",
    counted: false,
  },
] as const;
type List = (typeof LISTS)[number];

beforeAll(async () => {
  gateway = await openGraphqlGateway();
  await seedCatalog(gateway.store, 7);
  const more = [1, 2, 3, 4, 5].map((number) => number + 2);
  await gateway.store.catalog.putLinkedAccounts(
    "t1",
    "acme",
    more.map((number) => linkedAccount(`account-${number}`, { name: "The same name" })),
    at(0),
  );
  await gateway.store.catalog.putDefinitions(
    "t1",
    "acme",
    more.map((number) => modelSync(`model-sync-${number}`)),
    at(0),
  );
  await seedRuns(gateway.store, 7, 1);
  const tasks = ["a", "b", "c", "d", "e", "f", "g"].map((key) => task(key));
  await seedRun(gateway.store, "walked", { status: "CREATED", tasks, facts: { createdAt: at(50_000) } });
  await seedRun(gateway.store, "walked", { status: "RUNNING", observedAt: at(10) });
  const ended = await seedRun(gateway.store, "walked", { status: "SUCCESS", observedAt: at(20) });
  run = globalIdOf(NodeKind.Sync, ended.id);
});

afterAll(async () => {
  await gateway.close();
});

describe.each(LISTS)("the list $list", (list) => {
  it("gives each object once, in the same order forwards in pages of two as whole", async () => {
    const whole = await page(list, "first: 100");
    const walked: unknown[] = [];
    let after = "";
    for (;;) {
      const part = await page(list, `first: 2${after}`);
      walked.push(...part.keys);
      expect(part.info["hasPreviousPage"]).toBe(after !== "");
      if (part.info["hasNextPage"] !== true) break;
      after = `, after: "${String(part.info["endCursor"])}"`;
    }
    expect(whole.keys.length).toBeGreaterThan(2);
    expect(walked).toEqual(whole.keys);
  });

  it("gives the same objects backwards, from the end", async () => {
    const whole = await page(list, "first: 100");
    const walked: unknown[] = [];
    let before = "";
    for (;;) {
      const part = await page(list, `last: 2${before}`);
      walked.unshift(...part.keys);
      expect(part.info["hasNextPage"]).toBe(before !== "");
      if (part.info["hasPreviousPage"] !== true) break;
      before = `, before: "${String(part.info["startCursor"])}"`;
    }
    expect(walked).toEqual(whole.keys);
  });

  it("gives cursors that belong to their objects, and the same objects with and without them", async () => {
    const { edges, nodes, info } = await page(list, "first: 3");
    const cursors = edges.map((edge) => valueAt(edge, "cursor"));

    expect(edges.map((edge) => valueAt(edge, "node"))).toEqual(nodes);
    expect([cursors[0], cursors.at(-1)]).toEqual([info["startCursor"], info["endCursor"]]);
    const second = await page(list, `first: 1, after: "${String(cursors[0])}"`);
    expect(second.nodes).toEqual(nodes.slice(1, 2));
  });

  it("counts the whole list when asked, where counting is cheap", async () => {
    const whole = await page(list, "first: 100");
    const { data } = await ask(list, "first: 1", "totalCount");
    expect(valueAt(data, `${list.at}.totalCount`)).toBe(list.counted ? whole.keys.length : null);
  });

  it("refuses a cursor of any other list", async () => {
    const other = LISTS.find((one) => one.list !== list.list && one.list !== "syncs");
    if (other === undefined) throw new Error("there is no other list");
    const { info } = await page(other, "first: 1");
    const { errors } = await ask(list, `first: 1, after: "${String(info["endCursor"])}"`, "nodes { __typename }");
    expect(errors).toMatchObject([{ path: list.at.split("."), extensions: { code: ErrorCode.CursorInvalid } }]);
  });
});

describe("page arguments", () => {
  it.each([
    ["first: 0", "`first` must be from 1 to 100, and is 0."],
    ["first: -1", "`first` must be from 1 to 100, and is -1."],
    ["first: 101", "`first` must be from 1 to 100, and is 101."],
    ["first: 99999999", "`first` must be from 1 to 100, and is 99999999."],
    ["last: 0", "`last` must be from 1 to 100, and is 0."],
    ["last: 101", "`last` must be from 1 to 100, and is 101."],
    ["first: 1, last: 1", "Give `first` or `last`, not both."],
    ['last: 1, after: "x"', "`last` goes with `before`, not with `after`."],
    ['first: 1, before: "x"', "`before` goes with `last`, not with `first`."],
    ['before: "x"', "`before` goes with `last`, not with `first`."],
    ['first: 1, after: "x", before: "y"', "`before` goes with `last`, not with `first`."],
  ])("%s are refused: %s", async (given, message) => {
    const { data, errors } = await gateway.ask(`{ syncs(${given}) { nodes { id } } }`);

    expect(data).toEqual({ syncs: null });
    expect(errors).toMatchObject([{ message, path: ["syncs"], extensions: { code: ErrorCode.BadUserInput } }]);
  });

  it.each(["", "first: 100", "first: 1", "last: 100", "last: 1", "first: null, last: 2", "after: null"])(
    "%j are taken",
    async (given) => {
      const { errors } = await gateway.ask(`{ syncs${given === "" ? "" : `(${given})`} { nodes { id } } }`);
      expect(errors).toEqual([]);
    },
  );

  it.each(['after: ""', 'after: "x"', 'last: 1, before: ""'])("%s is a cursor of no list", async (given) => {
    const { errors } = await gateway.ask(`{ syncs(${given}) { nodes { id } } }`);
    expect(errors).toMatchObject([{ path: ["syncs"], extensions: { code: ErrorCode.CursorInvalid } }]);
  });

  it("default to the first fifty", async () => {
    const big = await openGraphqlGateway();
    try {
      await big.store.catalog.putLinkedAccounts(
        "t1",
        "acme",
        Array.from({ length: 51 }, (_, index) => linkedAccount(`account-${index}`)),
        at(0),
      );
      const { data } = await big.ask("{ linkedAccounts { nodes { id } totalCount pageInfo { hasNextPage } } }");
      expect(listAt(data, "linkedAccounts.nodes")).toHaveLength(50);
      expect(data).toMatchObject({ linkedAccounts: { totalCount: 51, pageInfo: { hasNextPage: true } } });
    } finally {
      await big.close();
    }
  });

  it("of an empty list give no cursors", async () => {
    const empty = await openGraphqlGateway();
    try {
      const { data } = await empty.ask(
        "{ syncs { nodes { id } totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }",
      );
      const pageInfo = { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null };
      expect(data).toEqual({ syncs: { nodes: [], totalCount: 0, pageInfo } });
    } finally {
      await empty.close();
    }
  });

  it("with a foreign tenant's cursor show nothing of that tenant", async () => {
    const { info } = await page(LISTS[3], "first: 1");
    const { data, errors } = await gateway.ask(
      `{ syncs(after: "${String(info["endCursor"])}") { nodes { id } } }`,
      {},
      { tenantId: "t2" },
    );
    expect(errors).toEqual([]);
    expect(data).toEqual({ syncs: { nodes: [] } });
  });
});

function ask({ open, close }: List, pageArguments: string, fields: string) {
  const query = `${open}${fields}${close}`.replace("PAGE", pageArguments);
  return gateway.ask(query, { run, job: globalIdOf(NodeKind.SyncJob, idOf("definition", "job-1")) });
}

async function page(list: List, pageArguments: string) {
  const fields = `edges { cursor node { ${list.node} } } nodes { ${list.node} } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }`;
  const { data, errors } = await ask(list, pageArguments, fields);
  expect(errors).toEqual([]);
  const edges = listAt(data, `${list.at}.edges`);
  const info: Record<string, unknown> = { ...Object(valueAt(data, `${list.at}.pageInfo`)) };
  return {
    edges,
    nodes: listAt(data, `${list.at}.nodes`),
    keys: edges.map((edge) => valueAt(edge, `node.${list.node}`)),
    info,
  };
}
