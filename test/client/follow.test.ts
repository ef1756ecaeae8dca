// The shipped client against a gateway that says what the test has it say: what it asks, what it hands out, and what it does when
// connections end.
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { WebSocket } from "ws";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { followTransitions, type FollowOptions, type FollowState, type Followed } from "../../src/client/index.ts";
import { eventually, within } from "../support/eventually.ts";
import { begin, startScriptedGateway, type ScriptedGateway } from "../support/scripted-gateway.ts";

let gateway: ScriptedGateway;
const left: AsyncIterator<unknown>[] = [];

beforeEach(async () => {
  gateway = await startScriptedGateway();
});

afterEach(async () => {
  for (const one of left.splice(0)) await one.return?.();
  await gateway[Symbol.asyncDispose]();
});

type Options = Partial<FollowOptions>;
interface Following {
  readonly events: AsyncIterableIterator<Followed<string>>;
  readonly states: FollowState[];
}

/** Follows with the cursors doubled as transitions, without waiting between connections. */
function follow(options: Options = {}): Following {
  const states: FollowState[] = [];
  const events = followTransitions({
    url: gateway.url,
    webSocketImpl: WebSocket,
    retryDelayMs: () => 0,
    onState: (state) => states.push(state),
    fields: "to",
    read: ({ to }) => String(to),
    ...options,
  });
  left.push(events);
  return { events, states };
}

const taken = ({ value }: IteratorResult<Followed<string>>): string => value?.cursor;

async function take({ events }: Following, count: number): Promise<readonly string[]> {
  const cursors: string[] = [];
  while (cursors.length < count) cursors.push(taken(await events.next()));
  return cursors;
}

describe("a stream without a place", () => {
  it("asks where the ledger ends, and begins there", async () => {
    const following = follow({ filter: { statuses: ["FAILED"] } });
    const next = following.events.next();
    const subscription = await begin(await gateway.connection(), "head");
    expect(subscription.variables).toEqual({ filter: { statuses: ["FAILED"] }, after: "head" });
    subscription.event("c1", { to: "FAILED" });
    expect(await next).toEqual({ done: false, value: { cursor: "c1", transition: "FAILED", errors: [] } });
  });

  it("loses nothing when its first connection breaks before an event came", async () => {
    const next = follow().events.next();
    const connection = await gateway.connection();
    await begin(connection, "head");
    connection.cut();
    const again = await begin(await gateway.connection());
    expect(again.variables).toMatchObject({ after: "head" });
    again.event("c1");
    expect(taken(await next)).toBe("c1");
  });

  it("asks again when the connection broke before the answer", async () => {
    const next = follow().events.next();
    const connection = await gateway.connection();
    await connection.next();
    connection.send({ type: "connection_ack" });
    await connection.next();
    connection.close(1012);
    (await begin(await gateway.connection(), "head")).event("c1");
    expect(taken(await next)).toBe("c1");
  });

  it("does nothing before it is read", async () => {
    const { events } = follow();
    await events.return?.();
    expect(await events.next()).toEqual({ done: true, value: undefined });
    expect(gateway.opened()).toBe(0);
  });
});

describe("a connection that ends", () => {
  it.each([
    ["going away", 1001],
    ["normally", 1000],
    ["without a status", 1005],
    ["for a restart", 1012],
    ["after a stall", 1013],
    ["on a gateway's own failure", 4500],
    ["on a code that nobody knows", 4999],
  ])("%s (%i) is followed by another, after the last cursor that was handed out", async (_how, code) => {
    const following = follow({ after: "c0" });
    const next = take(following, 2);
    const connection = await gateway.connection();
    const first = await begin(connection);
    expect(first.variables).toEqual({ filter: null, after: "c0" });
    first.event("c1");
    first.event("c2");
    expect(await next).toEqual(["c1", "c2"]);
    const third = following.events.next();
    if (code === 1005) connection.close(1000);
    else connection.close(code);
    const second = await begin(await gateway.connection());
    expect(second.variables).toMatchObject({ after: "c2" });
    second.event("c3");
    expect(taken(await third)).toBe("c3");
  });

  it("without a word is followed by another, and what had come is handed out first", async () => {
    const following = follow({ after: "c0" });
    const next = following.events.next();
    const connection = await gateway.connection();
    const first = await begin(connection);
    first.event("c1");
    first.event("c2");
    expect(taken(await next)).toBe("c1");
    connection.cut();
    await connection.closed;
    const rest = take(following, 2);
    const second = await begin(await gateway.connection());
    expect(second.variables).toMatchObject({ after: "c2" });
    second.event("c3");
    expect(await rest).toEqual(["c2", "c3"]);
  });

  it("goes to the next gateway of a list, and around", async () => {
    await using other = await startScriptedGateway();
    const next = take(follow({ url: [gateway.url, other.url], after: "c0" }), 3);
    for (const [one, cursor] of [
      [gateway, "c1"],
      [other, "c2"],
      [gateway, "c3"],
    ] as const) {
      const connection = await one.connection();
      (await begin(connection)).event(cursor);
      connection.close(1001);
    }
    expect(await next).toEqual(["c1", "c2", "c3"]);
  });

  it("asks a function for the address, and anew for what a connection begins with", async () => {
    let tokens = 0;
    const next = follow({
      url: (tries) => Promise.resolve(`${gateway.url.replace("ws:", "http:")}?tries=${tries}`),
      connectionParams: () => Promise.resolve({ authorization: `Bearer ${(tokens += 1)}` }),
      after: "c0",
    });
    const first = next.events.next();
    const connection = await gateway.connection();
    expect((await begin(connection)).params).toEqual({ authorization: "Bearer 1" });
    connection.cut();
    const again = await begin(await gateway.connection());
    expect(again.params).toEqual({ authorization: "Bearer 2" });
    again.event("c1");
    await first;
    expect(next.states.flatMap((one) => (one.state === "CONNECTING" ? [one.url] : []))).toEqual([
      `${gateway.url}?tries=0`,
      `${gateway.url}?tries=1`,
    ]);
  });

  it("tries again when nobody listens, and says why", async () => {
    const gone = await startScriptedGateway();
    await gone[Symbol.asyncDispose]();
    const following = follow({ url: [gone.url, gateway.url], after: "c0" });
    const next = following.events.next();
    (await begin(await gateway.connection())).event("c1");
    expect(taken(await next)).toBe("c1");
    expect(following.states).toEqual([
      { state: "CONNECTING", url: gone.url },
      { state: "WAITING", delayMs: 0, failures: 1, because: expect.stringContaining("ECONNREFUSED") },
      { state: "CONNECTING", url: gateway.url },
      { state: "FOLLOWING", url: gateway.url, after: "c0" },
    ]);
  });

  it("because what it should begin with could not be had is followed by another", async () => {
    let asked = 0;
    const following = follow({
      after: "c0",
      connectionParams: () => ((asked += 1) === 1 ? Promise.reject(new Error("no token")) : { token: "x" }),
    });
    const next = following.events.next();
    await gateway.connection();
    (await begin(await gateway.connection())).event("c1");
    expect(taken(await next)).toBe("c1");
    expect(following.states).toContainEqual({ state: "WAITING", delayMs: 0, failures: 1, because: "4005 no token" });
  });

  it("by silence is noticed: a gateway that answers no ping is given up", async () => {
    const following = follow({ after: "c0", silentMs: 200 });
    const next = following.events.next();
    const connection = await gateway.connection();
    await begin(connection);
    expect(await connection.next()).toEqual({ type: "ping" });
    connection.send({ type: "pong" });
    expect(await connection.next()).toEqual({ type: "ping" });
    (await begin(await gateway.connection())).event("c1");
    expect(taken(await next)).toBe("c1");
    expect(following.states).toContainEqual(
      expect.objectContaining({ state: "WAITING", because: expect.stringContaining("silent") }),
    );
  });

  it("before it has begun is noticed too: an address that takes connections and says nothing is given up", async () => {
    const silent = createServer((connection) => connection.resume());
    silent.listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as AddressInfo;
    const next = follow({ url: [`ws://127.0.0.1:${port}`, gateway.url], after: "c0", silentMs: 200 }).events.next();
    (await begin(await gateway.connection())).event("c1");
    expect(taken(await next)).toBe("c1");
    const closed = new Promise((resolve) => silent.close(resolve));
    await within("nobody holds on to it", closed, 5_000);
  });

  it("answers the gateway's pings", async () => {
    const next = follow({ after: "c0" }).events.next();
    const connection = await gateway.connection();
    const subscription = await begin(connection);
    connection.send({ type: "ping" });
    expect(await connection.next()).toEqual({ type: "pong" });
    subscription.event("c1");
    await next;
  });
});

describe("what is handed out", () => {
  it("comes once, whatever a connection brings again", async () => {
    const following = follow({ after: "c0" });
    const next = take(following, 4);
    const connection = await gateway.connection();
    const first = await begin(connection);
    for (const cursor of ["c1", "c2", "c2"]) first.event(cursor);
    connection.close(1012);
    const second = await begin(await gateway.connection());
    for (const cursor of ["c1", "c2", "c3", "c3", "c4"]) second.event(cursor);
    expect(await next).toEqual(["c1", "c2", "c3", "c4"]);
  });

  it("tells the errors of fields that are null", async () => {
    const next = follow({ after: "c0" }).events.next();
    const error = {
      message: "acme: down",
      path: ["syncStatusChanged", "sync"],
      extensions: { code: "PROVIDER_TIMEOUT" },
    };
    (await begin(await gateway.connection())).event("c1", { to: null }, [error]);
    expect((await next).value).toMatchObject({ cursor: "c1", errors: [error] });
  });

  it("waits in bounded room: a slow reader closes the socket, and goes on where it has read to", async () => {
    const following = follow({ after: "c0", mostQueued: 3 });
    const next = following.events.next();
    const connection = await gateway.connection();
    const first = await begin(connection);
    first.event("c1");
    expect(taken(await next)).toBe("c1");
    for (const cursor of ["c2", "c3", "c4", "c5", "c6"]) first.event(cursor);
    expect(await connection.closed).toBe(1000);
    expect(gateway.opened()).toBe(1);
    const rest = take(following, 5);
    const second = await begin(await gateway.connection());
    expect(second.variables).toMatchObject({ after: "c4" });
    for (const cursor of ["c5", "c6"]) second.event(cursor);
    expect(await rest).toEqual(["c2", "c3", "c4", "c5", "c6"]);
    // Nothing failed, so nothing was waited for.
    expect(following.states.map(({ state }) => state)).toEqual(["CONNECTING", "FOLLOWING", "CONNECTING", "FOLLOWING"]);
  });
});

describe("a reader that leaves", () => {
  it.each([
    ["for a connection", () => gateway.connection().then((connection) => connection.next())],
    ["for an event", () => gateway.connection().then((connection) => begin(connection))],
  ])("while it waits %s closes the socket", async (_what, reached) => {
    const { events } = follow({ after: "c0" });
    const next = events.next();
    await reached();
    await within("leaving", Promise.resolve(events.return?.()), 5_000);
    expect(await next).toEqual({ done: true, value: undefined });
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });

  it("by its signal while it waits to try again opens nothing more, and ends without an error", async () => {
    const leaving = new AbortController();
    const { events, states } = follow({ after: "c0", signal: leaving.signal, retryDelayMs: () => 60_000 });
    const next = events.next();
    (await gateway.connection()).cut();
    await eventually("it waits", () => states.some(({ state }) => state === "WAITING") || null);
    leaving.abort();
    expect(await within("the end", next, 5_000)).toEqual({ done: true, value: undefined });
    expect(gateway.opened()).toBe(1);
  });

  it("with what came unread is not given it", async () => {
    const leaving = new AbortController();
    const { events } = follow({ after: "c0", signal: leaving.signal });
    const next = events.next();
    const connection = await gateway.connection();
    const subscription = await begin(connection);
    subscription.event("c1");
    subscription.event("c2");
    await next;
    leaving.abort();
    expect(await events.next()).toEqual({ done: true, value: undefined });
    expect(await connection.closed).toBe(1000);
  });

  it("by a signal that was aborted before opens nothing", async () => {
    expect(await follow({ signal: AbortSignal.abort() }).events.next()).toEqual({ done: true, value: undefined });
    expect(gateway.opened()).toBe(0);
  });
});
