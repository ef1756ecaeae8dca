// Ten gateways behind a door as `deploy/` has them: what its files say fits together, and what they start keeps its promises while one
// gateway is killed and another is replaced.
import { request } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { z } from "zod";
import type { WebSocketClass } from "../../src/client/index.ts";
import { dataSourceOptions } from "../../src/store/data-source.ts";
import {
  composed,
  sandboxPorts,
  scalingCommands,
  shippedFile,
  startComposed,
  type ComposedGateways,
} from "../support/composed-gateways.ts";
import { eventually, factsOf, within } from "../support/eventually.ts";
import { ask, newestCursor } from "../support/gateway-client.ts";
import { besideOthers } from "../support/gateway-operations.ts";
import { describeWithHaproxy } from "../support/haproxy.ts";
import { describeWithPostgresServer } from "../support/postgres-server.ts";
import { describeWithRedisServer } from "../support/redis.ts";
import { readTransitions, subscribeSteadily } from "../support/steady-subscriber.ts";
import { VENDORS } from "../support/vendors.ts";
import { expectVerified } from "../support/verified.ts";

const SUBSCRIBERS = 40;
/** What a stop takes at most, beside the wait for balancers. */
const STOP_SECONDS = 25;
/** PostgreSQL keeps some for its owner. */
const KEPT_CONNECTIONS = 3;

describe("the files that run ten gateways", () => {
  const services = composed({ POSTGRES_PASSWORD: "letters" });
  const gateways = Object.entries(services).filter(([name]) => name.startsWith("gateway-"));
  const door = shippedFile("haproxy.cfg");

  test("name the same ten, each on a port of its own that only the door reaches", () => {
    const listed = [...door.matchAll(/^ {2}server (\S+) 127\.0\.0\.1:(\d+)$/gmu)].map(([, name, port]) => [name, port]);
    expect(gateways.map(([name, { environment }]) => [name, environment["PORT"]])).toEqual(listed);
    expect(new Set(listed.map(([, port]) => port)).size).toBe(10);
    for (const [, { network_mode: network, environment }] of gateways) {
      expect(network).toBe("service:pod");
      expect(environment).not.toHaveProperty("HOST");
    }
    expect(Object.values(services).flatMap(({ ports }) => ports)).toEqual(["127.0.0.1:4000:4000"]);
  });

  test("leave gateways the time to be noticed, and then to stop", () => {
    const [, every, failures] = /default-server check inter (\d+)s fall (\d+)/u.exec(door) ?? [];
    for (const [, { environment, stop_grace_period: grace = 0 }] of gateways) {
      const drain = Number(environment["SYNCGRAPH_DRAIN_SECONDS"]);
      expect(drain).toBeGreaterThan(Number(every) * Number(failures) + 1);
      expect(grace).toBeGreaterThanOrEqual(drain + STOP_SECONDS);
    }
  });

  test("hand on which names and pages the operator lets in, and the door hands on what clients send of them", () => {
    const set = { SYNCGRAPH_ALLOWED_HOSTS: "gateway.example", SYNCGRAPH_ALLOWED_ORIGINS: "https://app.example" };
    const named = composed({ POSTGRES_PASSWORD: "letters", ...set });
    for (const [name, { environment }] of gateways) {
      expect(environment).toMatchObject({ SYNCGRAPH_ALLOWED_HOSTS: "", SYNCGRAPH_ALLOWED_ORIGINS: "" });
      expect(named[name]?.environment).toMatchObject(set);
    }
    expect(door).not.toMatch(/(?:set|del|replace|add)-header (?:host|origin)/iu);
  });

  test("let PostgreSQL take the connections of two sets of gateways", () => {
    const options = dataSourceOptions(gateways[0]?.[1].environment["DATABASE_URL"] ?? "");
    const each = "poolSize" in options ? (options.poolSize ?? Number.NaN) : Number.NaN;
    const most = /max_connections=(\d+)/u.exec(services["postgres"]?.command.join(" ") ?? "")?.[1];
    expect(Number(most)).toBeGreaterThan(2 * gateways.length * each + KEPT_CONNECTIONS);
  });

  test("have every vendor's sandbox for who only tries", () => {
    expect([...sandboxPorts(services).keys()].toSorted()).toEqual([...VENDORS].toSorted());
    for (const { command, profiles } of Object.values(services))
      expect(profiles).toEqual(command[0] === "sandbox" ? ["demo"] : []);
  });

  test("refuse to start without a password", () => {
    expect(() => composed({})).toThrow("POSTGRES_PASSWORD: set it in deploy/.env");
  });
});

test("the page about them tells to type what they understand", () => {
  const services = composed({ POSTGRES_PASSWORD: "letters" });
  const lines = scalingCommands().flatMap((block) =>
    block.split("\n").filter((line) => line.includes("docker compose")),
  );
  expect(lines.length).toBeGreaterThan(3);
  const file = shippedFile("compose.yaml");
  for (const line of lines) {
    for (const [, variable = ""] of line.matchAll(/(\w+)=/gu)) expect(file).toContain(`\${${variable}:`);
    for (const [service] of line.matchAll(/(?<= )(?:gateway-\d+|migrate|door|redis|postgres)(?= |$)/gu))
      expect(services).toHaveProperty(service);
    for (const [, profile = ""] of line.matchAll(/--profile (\w+)/gu))
      expect(Object.values(services).some(({ profiles }) => profiles.includes(profile))).toBe(true);
  }
});

const suite = (): void => {
  const left: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const end of left.splice(0).toReversed()) await end();
  });

  test("keep every promise behind their door while one is killed and one is replaced", async () => {
    const world = await startComposed((end) => left.push(end));
    const { door, haproxy } = world;
    const [first, killed, replaced] = world.gateways;
    if (first === undefined || killed === undefined || replaced === undefined) throw new Error("there are not ten");
    await expectGuarded(door, world.token);
    const asked = scalingCommands().find((block) => block.startsWith("curl")) ?? "";
    expect(JSON.parse(await world.shell(asked))).toMatchObject({ data: { providers: VENDORS.map(() => ({})) } });
    // Ten that start at once read the catalogs a few times, within one quota.
    const listed = () => besideOthers(first.url).catch(() => null);
    const input = await eventually("the catalogs are read", listed, 90_000);
    const begin = await newestCursor(first.url);
    const subscribers = Array.from({ length: SUBSCRIBERS }, () =>
      subscribeSteadily(door, begin, socketsWith(world.token)),
    );
    for (const one of subscribers) left.push(async () => one[Symbol.asyncDispose]());
    await eventually("all follow", () => (subscribers.every((one) => one.connections() > 0) ? true : null));
    const connections = await connectionsOf(world);
    expect(connections.used).toBeLessThan(connections.most);

    const load = startLoad(world, input);
    await killed.process.stop("SIGKILL");
    await eventually("the door has noticed", () => (saysDown(haproxy.log(), killed.name) ? true : null));
    const failedByKill = load.failures.length;
    const before = load.answered();
    await eventually("others answer", () => (load.answered() > before + 5 ? true : null));
    expect(await replaced.process.stop("SIGTERM")).toEqual({ code: 0, signal: null });
    expect(replaced.process.output()).not.toContain("given up");
    // The door has heard it from the gateway itself, and not from a refused connection.
    expect(haproxy.log()).toMatch(
      new RegExp(`gateways/${replaced.name} is DOWN, reason: Layer7 wrong status, code: 503`, "u"),
    );
    await world.again(replaced);
    await eventually("it is back", () => (haproxy.log().includes(`gateways/${replaced.name} is UP`) ? true : null));
    const runs = await load.stop();
    expect(load.failures.slice(failedByKill)).toEqual([]);

    expect(world.vendor("truto").starts()).toHaveLength(runs);
    const last = await untilAllEnded(first.url, input.definitionId);
    await Promise.all(subscribers.map((one) => one.until(last, 30_000)));
    const ledger = await readTransitions(first.url, begin, last);
    for (const { seen } of subscribers) expect(seen.slice(0, ledger.length)).toEqual(ledger);

    await Promise.all(subscribers.map((one) => one[Symbol.asyncDispose]()));
    await eventually("the door has told of every socket's end", () =>
      socketsOf(haproxy.log()).length >= SUBSCRIBERS ? true : null,
    );
    expect(new Set(socketsOf(haproxy.log())).size).toBe(10);
    const rest = world.gateways.filter((one) => one !== killed && one !== replaced);
    const endings = await Promise.all(rest.map(({ process }) => process.stop("SIGTERM")));
    expect(endings).toEqual(rest.map(() => ({ code: 0, signal: null })));
    await expectVerified(world.databaseUrl);
  }, 300_000);
};

describeWithHaproxy("ten gateways", () =>
  describeWithRedisServer("with Redis", () => describeWithPostgresServer("and PostgreSQL", suite)),
);

const authorized = (token: string): Readonly<Record<string, string>> => ({ authorization: `Bearer ${token}` });

/** What a customer's server uses: it says who it is when it connects. */
const socketsWith = (token: string): WebSocketClass =>
  class extends WebSocket {
    constructor(url: string, protocol?: string) {
      super(url, protocol, { headers: authorized(token) });
    }
  };

async function post(url: string, headers: Readonly<Record<string, string>>, body: unknown): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(40_000),
  });
}

/** Nobody passes without the token but a vendor's delivery, and the door's own health tells nothing more. */
async function expectGuarded(door: string, token: string): Promise<void> {
  for (const headers of [{}, { authorization: "Bearer another" }, { authorization: token }]) {
    const refused = await post(door, headers, { query: "{ __typename }" });
    expect(refused.status).toBe(401);
    expect(await refused.json()).toMatchObject({ errors: [{ extensions: { code: "UNAUTHENTICATED" } }] });
  }
  const passing = ["/", "/livez", "/webhooks/../graphql", "/webhooks/truto/../../graphql", "//webhooks/truto"];
  for (const path of passing) expect([path, await statusOf(door, path, "POST")]).toEqual([path, 401]);
  expect(await statusOf(door, "/webhooks/truto", "GET")).toBe(401);
  const socket = new WebSocket(door.replace("http", "ws"), "graphql-transport-ws");
  const refusal = await new Promise((resolve) => {
    socket.on("error", resolve);
    socket.on("open", () => resolve("opened"));
  });
  expect(String(refusal)).toContain("401");
  expect((await fetch(new URL("/readyz", door))).status).toBe(200);
  // The gateways see the name and the page that the client named.
  const authorized = { authorization: `Bearer ${token}` };
  const evil = await post(door, { ...authorized, origin: "https://evil.example" }, { query: "{ __typename }" });
  expect(evil.status).toBe(403);
  expect(await statusOf(door, "/", "GET", { ...authorized, host: "evil.example" })).toBe(403);
  expect(await statusOf(door, "/", "GET", authorized)).toBe(200);
  const forged = await post(new URL("/webhooks/truto", door).href, {}, {});
  expect(await forged.text()).not.toContain("Send the token");
}

/** The path as it is written: `fetch` would tidy it. */
function statusOf(
  door: string,
  path: string,
  method: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<number | undefined> {
  const { hostname, port } = new URL(door);
  return new Promise((resolve, reject) => {
    const asked = request({ hostname, port, path, method, headers }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    asked.on("error", reject).end();
  });
}

interface Load {
  /** Requests that were not answered as they should, in words. */
  readonly failures: readonly string[];
  answered(): number;
  /** @returns how many runs were begun, once each was answered */
  stop(): Promise<number>;
}

const STARTED = z.object({
  data: z.object({ triggerSync: z.object({ syncs: z.array(z.object({ id: z.string() })).length(1) }) }),
});

/** Starts under keys of their own from several clients; what is not answered is asked again, under the same key. */
function startLoad({ door, token }: ComposedGateways, input: Readonly<Record<string, unknown>>): Load {
  const failures: string[] = [];
  const ended = new AbortController();
  const runs = new Set<string>();
  const query =
    "mutation ($input: TriggerSyncInput!) { triggerSync(input: $input) { syncs { id } userErrors { code } } }";

  async function start(idempotencyKey: string): Promise<void> {
    const variables = { input: { ...input, idempotencyKey } };
    const answer = await eventually(`an answer for ${idempotencyKey}`, async () => {
      try {
        const response = await post(door, authorized(token), { query, variables });
        const text = await response.text();
        if (response.status === 200) return STARTED.parse(JSON.parse(text));
        failures.push(`${response.status} ${text}`);
      } catch (error) {
        failures.push(factsOf(error));
      }
      return null;
    });
    for (const { id } of answer.data.triggerSync.syncs) runs.add(id);
  }

  async function keepOn(client: number): Promise<void> {
    for (let number = 0; !ended.signal.aborted; number += 1) {
      await start(`${client}-${number}`);
      await pause(400, undefined, { signal: ended.signal }).catch(() => undefined);
    }
  }

  const work = Promise.all([1, 2, 3].map(keepOn));
  // Seen when the load is stopped.
  work.catch(() => undefined);
  return {
    failures,
    answered: () => runs.size,
    stop: async () => {
      ended.abort();
      await within("the last answers", work, 60_000);
      return runs.size;
    },
  };
}

async function connectionsOf({
  postgres,
}: ComposedGateways): Promise<{ readonly used: number; readonly most: number }> {
  return postgres.onServer(async (client) => {
    const { rows } = await client.query(
      "select count(*)::int as used, current_setting('max_connections')::int as most from pg_stat_activity where datname = 'syncgraph'",
    );
    return z.object({ used: z.number(), most: z.number() }).parse(rows[0]);
  });
}

const saysDown = (log: string, name: string): boolean => log.includes(`gateways/${name} is DOWN`);

/** The gateway of each socket that has ended, by the door's log. */
const socketsOf = (log: string): readonly string[] =>
  [...log.matchAll(/ gateways\/(gateway-\d+) \S+ 101 /gu)].map(([, name = ""]) => name);

/** @returns the newest cursor once all runs have ended */
async function untilAllEnded(url: string, definitionId: unknown): Promise<string> {
  const shape = z.object({ syncs: z.object({ nodes: z.array(z.unknown()) }) });
  const query = "query ($of: [ID!]) { syncs(first: 1, filter: { definitions: $of, open: true }) { nodes { id } } }";
  return eventually(
    "all runs have ended",
    async () =>
      (await ask(url, shape, query, { of: [definitionId] })).data.syncs.nodes.length === 0 ? newestCursor(url) : null,
    60_000,
  );
}
