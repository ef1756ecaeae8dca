// Every answer is bounded in time (fault/hang): when a vendor hangs each operation is answered by its deadline, and when the client goes away
// the connection to the vendor that nobody else waits for is closed.
import { request, type ClientRequest } from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { ErrorCode } from "../../src/domain/errors.ts";
import { eventually, within } from "../support/eventually.ts";
import { FAULTS, Fault } from "../support/faults.ts";
import type { FaultProxy } from "../support/fault-proxy.ts";
import { ask, type Answer } from "../support/gateway-client.ts";
import { definitionNamed, listAccounts, listDefinitions } from "../support/gateway-operations.ts";
import { openAcknowledged } from "../support/raw-socket.ts";
import { startWorld, type World } from "./world.ts";

/** So slow that no run ends while a test looks. */
const STANDSTILL = 0.01;
/** What is asked for is the only thing that is asked. */
const NEVER = { fastMs: 3_600_000, slowMs: 3_600_000, discoverMs: 3_600_000 };
const QUERY_DEADLINE_MS = 15_000;
/** Of one that may be repeated; what takes several requests ends with the mutation's 30 s (`test/server/operation-end.test.ts`). */
const REQUEST_DEADLINE_MS = 15_000;
/** Of real time, in which the clock of the gateway goes on: sooner than any deadline would end it. */
const BEFORE_ITS_DEADLINE_MS = 12_000;
const START_BOUND_MS = 25_000;
/** The gateway's own share of an answer, on a machine that has other things to do too. */
const OWN_MS = 5_000;

let world: World;
/** All of one vendor, which has everything that can be asked live. */
let polytomic: FaultProxy;
let ids: { readonly run: string; readonly account: string; readonly definition: string; readonly other: string };

beforeAll(async () => {
  world = await startWorld({ speed: STANDSTILL, poll: NEVER });
  polytomic = world.proxyOf("polytomic");
  const [account] = (await listAccounts(world.url, "polytomic")).filter(
    ({ integration }) => integration === "postgresql",
  );
  const definitions = await listDefinitions(world.url);
  const definition = definitionNamed(definitions, "polytomic", "Warehouse users to Salesforce contacts");
  const other = definitionNamed(definitions, "polytomic", "Churn scores to Zendesk users").id;
  const shape = z.object({ triggerSync: z.object({ syncs: z.array(z.object({ id: z.string() })) }) });
  const { data } = await ask(world.url, shape, START, { input: { definitionId: definition.id } });
  const [run] = data.triggerSync.syncs;
  if (account === undefined || run === undefined) throw new Error("the sandbox has not what it had");
  ids = { run: run.id, account: account.id, definition: definition.id, other };
});
afterAll(async () => {
  await world.close();
});

beforeEach(async () => {
  polytomic.break(null);
  // The circuit closes again, catalogs are old, and what hung has been given up.
  world.clock.jump(31_000);
  await eventually("nothing hangs any more", () => (polytomic.held() === 0 ? true : null));
  // What the gateway began to read by itself meanwhile has been read, and is old.
  await ask(world.url, answerShape, LISTS);
  world.clock.jump(6_000);
});

const START = `mutation ($input: TriggerSyncInput!) {
  triggerSync(input: $input) { syncs { id } trigger { state } userErrors { code } }
}`;
const LIVE_READ = "query ($run: ID!) { sync(id: $run, maxAgeSeconds: 0) { id } }";
const DISCOVERY = "query ($account: ID!) { linkedAccount(id: $account) { name source { configuration } } }";
const LISTS = `{
  modelSyncs(first: 5) { nodes { id } }
  linkedAccounts(first: 5, filter: { providers: ["polytomic"] }) { nodes { id } }
}`;
const CANCEL = "mutation ($run: ID!) { cancelSync(input: { syncId: $run }) { userErrors { code } } }";
const SWITCH = `mutation ($definition: ID!) {
  modelSyncSetActive(input: { modelSyncId: $definition, active: true }) { userErrors { code } }
}`;
const answerShape = z.looseObject({});

/** Polytomic hangs from now on; nothing else does. */
function hangs(strikes: (target: string, method: string) => boolean = () => true): Promise<void> {
  polytomic.break({ act: FAULTS[Fault.Hang].act, strikes: ({ target, method }) => strikes(target, method) });
  return polytomic.untilStruck(polytomic.struck.length + 1);
}

/** Asks, and puts the clock forward to a moment before the deadline, when there must be no answer, and then to it. */
async function answeredBy(deadlineMs: number, query: string, variables: object): Promise<Answer<unknown>> {
  const isFor = query === LISTS ? () => true : aboutIts(query);
  const struck = hangs(isFor);
  let answered = false;
  const asking = ask(world.url, answerShape, query, { ...variables }).finally(() => (answered = true));
  await within("the vendor is asked", struck);
  await jumpInSteps(deadlineMs - 2_000);
  expect(answered).toBe(false);
  world.clock.jump(2_000);
  return within("an answer at the deadline", asking, OWN_MS);
}

/** Time passes for everybody alike: work that waits for the one after the other gets its turns. */
async function jumpInSteps(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 1_000) {
    world.clock.jump(Math.min(1_000, left));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** What the question itself asks the vendor for. */
function aboutIts(query: string): (target: string, method: string) => boolean {
  if (query === DISCOVERY) return (target) => /modelsync/u.test(target);
  if (query === LIVE_READ) return (target, method) => method === "GET" && /executions/u.test(target);
  if (query === CANCEL) return (target) => /\/cancel$/u.test(target);
  if (query === SWITCH) return (target) => /\/activate$/u.test(target);
  return (target, method) => method === "POST" && /\/executions$/u.test(target);
}

describe("when a vendor hangs", () => {
  test.each([
    ["a live read of a run", LIVE_READ, ["sync"]],
    ["what can be read from a linked account", DISCOVERY, ["linkedAccount", "source"]],
  ] as const)("%s is answered after 15 s, with an error there", async (_what, query, path) => {
    const { errors } = await answeredBy(QUERY_DEADLINE_MS, query, ids);
    expect(errors[0]).toMatchObject({
      path,
      extensions: { code: ErrorCode.ProviderTimeout, provider: "polytomic", retryable: true },
    });
  });

  test("lists are answered after 12 s with what was known, and say who is missing", async () => {
    const { data, errors, extensions } = await answeredBy(12_000, LISTS, {});
    expect(errors).toEqual([]);
    expect(extensions).toMatchObject({
      providerFailures: [
        { path: ["modelSyncs"], provider: "polytomic" },
        { path: ["linkedAccounts"], provider: "polytomic" },
      ],
    });
    expect(JSON.stringify(data)).toContain('"id"');
  });

  test("a start is answered after 25 s: it goes on, and has a trigger that tells how it ends", async () => {
    const input = { definitionId: ids.definition, ifRunning: "START_ANOTHER" };
    const { data, errors } = await answeredBy(START_BOUND_MS, START, { input });
    expect(errors).toEqual([]);
    expect(data).toMatchObject({
      triggerSync: { trigger: { state: "SENT" }, userErrors: [{ code: ErrorCode.IdempotencyInProgress }] },
    });
  });

  test.each([
    ["a cancellation", CANCEL, "cancelSync"],
    ["a change", SWITCH, "modelSyncSetActive"],
  ])("%s is answered when its request has had its 15 s", async (_what, query, field) => {
    const { errors } = await answeredBy(REQUEST_DEADLINE_MS, query, ids);
    expect(errors[0]).toMatchObject({
      path: [field],
      extensions: { code: ErrorCode.ProviderTimeout, provider: "polytomic" },
    });
  });
});

describe("when the client goes away", () => {
  /** Sends a query and gives it up. */
  function leave(query: string, variables: object): ClientRequest {
    const client = request(world.url, { method: "POST", headers: { "content-type": "application/json" } });
    client.on("error", () => undefined);
    client.end(JSON.stringify({ query, variables }));
    return client;
  }

  /** A request that is given up is one whose connection is closed: HTTP/1.1 knows no other way. */
  const isClosed = (): Promise<true> =>
    eventually(
      "the vendor's connection is closed",
      () => (polytomic.held() === 0 ? true : null),
      BEFORE_ITS_DEADLINE_MS,
    );

  test.each([
    ["a live read", LIVE_READ],
    ["what can be read from a linked account", DISCOVERY],
  ])("over HTTP, %s ends at the vendor long before its deadline", async (_what, query) => {
    const struck = hangs(aboutIts(query));
    const client = leave(query, ids);
    await within("the vendor is asked", struck);
    expect(polytomic.held()).toBe(1);
    client.destroy();
    await isClosed();
  });

  test("over WebSocket, a completed query ends at the vendor long before its deadline", async () => {
    const socket = await openAcknowledged(world.url);
    const struck = hangs(aboutIts(DISCOVERY));
    socket.send({ id: "1", type: "subscribe", payload: { query: DISCOVERY, variables: ids } });
    await within("the vendor is asked", struck);
    expect(polytomic.held()).toBe(1);
    socket.send({ id: "1", type: "complete" });
    await isClosed();
    await socket.close();
  });

  test("a start is not ended: the vendor's answer is still waited for and the run is in the ledger", async () => {
    let answer = (): void => undefined;
    const gate = new Promise<void>((resolve) => (answer = resolve));
    const isStart = ({ method, target }: { readonly method: string; readonly target: string }) =>
      method === "POST" && /\/executions$/u.test(target);
    polytomic.break({
      strikes: isStart,
      act: async ({ forward, response }) => {
        const { status, body } = await forward();
        await gate;
        response.writeHead(status, { "content-type": "application/json" });
        response.end(body);
      },
    });
    const struck = polytomic.untilStruck(polytomic.struck.length + 1);
    const client = leave(START, { input: { definitionId: ids.other } });
    await within("the vendor is asked", struck);
    client.destroy();
    answer();
    const shape = z.object({ node: z.object({ latestSync: z.object({ origin: z.string() }).nullable() }) });
    await eventually("the run that nobody waits for", async () => {
      const query = "query ($id: ID!) { node(id: $id) { ... on ModelSync { latestSync { origin } } } }";
      const { data } = await ask(world.url, shape, query, { id: ids.other });
      return data.node.latestSync?.origin === "GATEWAY" ? true : null;
    });
  });
});
