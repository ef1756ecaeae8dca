// What ends a stream for good, and with which error; and what it is told of while it lasts.
import { WebSocket } from "ws";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FollowError, FollowErrorCode, followTransitions, type FollowOptions } from "../../src/client/index.ts";
import { fullJitterMs } from "../../src/client/waiting.ts";
import { begin, startScriptedGateway, type ScriptedGateway } from "../support/scripted-gateway.ts";

let gateway: ScriptedGateway;

beforeEach(async () => {
  gateway = await startScriptedGateway();
});

afterEach(() => gateway[Symbol.asyncDispose]());

const follow = (options: Partial<FollowOptions> = {}) =>
  followTransitions({
    ...{ url: gateway.url, webSocketImpl: WebSocket, after: "c0", retryDelayMs: () => 0 },
    fields: "to",
    ...options,
  });

/** The error that the next read ends with. */
const failed = (next: Promise<unknown>): Promise<unknown> =>
  next.then(
    (result) => Promise.reject(new Error(`expected an error, got ${JSON.stringify(result)}`)),
    (error: unknown) => error,
  );

const failure = (code: string, more: object = {}) => ({ message: `about ${code}`, extensions: { code, ...more } });

describe("a socket that is closed", () => {
  it.each([
    [1002, FollowErrorCode.SocketRefused],
    [1008, FollowErrorCode.SocketRefused],
    [4400, FollowErrorCode.SocketRefused],
    [4401, "UNAUTHENTICATED"],
    [4403, "FORBIDDEN"],
    [4406, FollowErrorCode.SocketRefused],
    [4409, FollowErrorCode.SocketRefused],
    [4429, FollowErrorCode.SocketRefused],
  ])("with %i as a connection begins ends the stream with %s", async (closeCode, code) => {
    const error = failed(follow().next());
    const connection = await gateway.connection();
    await connection.next();
    connection.close(closeCode, "because");
    expect(await error).toBeInstanceOf(FollowError);
    expect(await error).toMatchObject({ code, closeCode, cursor: "c0", errors: [], extensions: {} });
    expect(await error).toHaveProperty("message", `The gateway closed the socket: ${closeCode} because.`);
    expect(gateway.opened()).toBe(1);
  });

  it("with 4401 or 4403 later is tried once more, with what a new connection begins with", async () => {
    const stream = follow();
    const first = stream.next();
    const connection = await gateway.connection();
    (await begin(connection)).event("c1");
    await first;
    connection.close(4403, "the key was taken away");
    const error = failed(stream.next());
    (await gateway.connection()).close(4403, "the key was taken away");
    expect(await error).toMatchObject({ code: "FORBIDDEN", cursor: "c1" });
    expect(gateway.opened()).toBe(2);
  });

  it("with 4409 later ends the stream", async () => {
    const stream = follow();
    const error = failed(stream.next());
    const connection = await gateway.connection();
    await begin(connection);
    connection.close(4409);
    expect(await error).toMatchObject({ code: FollowErrorCode.SocketRefused, closeCode: 4409 });
  });

  it("so many times in a row ends the stream when it may not be tried more often", async () => {
    const error = failed(follow({ retryAttempts: 2 }).next());
    for (let tries = 0; tries < 3; tries += 1) (await gateway.connection()).close(1013, "busy");
    expect(await error).toMatchObject({
      code: FollowErrorCode.RetriesExhausted,
      message: "Gave up after 2 more tries: 1013 busy.",
      closeCode: 1013,
      cursor: "c0",
    });
    expect(gateway.opened()).toBe(3);
  });

  it("after an event is the first again", async () => {
    const stream = follow({ retryAttempts: 1 });
    const next = stream.next();
    (await gateway.connection()).close(1013);
    const connection = await gateway.connection();
    (await begin(connection)).event("c1");
    await next;
    connection.close(1012);
    const after = stream.next();
    (await begin(await gateway.connection())).event("c2");
    expect(await after).toMatchObject({ value: { cursor: "c2" } });
    await stream.return?.();
  });
});

describe("a subscription that is refused", () => {
  it.each([
    ["CURSOR_EXPIRED", { oldestCursor: "c9" }],
    ["CURSOR_INVALID", {}],
    ["GRAPHQL_VALIDATION_FAILED", {}],
    ["NOT_FOUND", {}],
    ["PROVIDER_TIMEOUT", { retryable: false }],
  ])("with %s ends the stream with that code, and what the gateway says beside it", async (code, more) => {
    const error = failed(follow().next());
    (await begin(await gateway.connection())).say("error", [failure(code, more)]);
    expect(await error).toBeInstanceOf(FollowError);
    expect(await error).toMatchObject({
      ...{ code, cursor: "c0", closeCode: null },
      message: `about ${code}`,
      extensions: { code, ...more },
    });
    expect(gateway.opened()).toBe(1);
  });

  it("as it asks where the ledger ends, ends the stream too", async () => {
    const stream = followTransitions({ url: gateway.url, webSocketImpl: WebSocket });
    const error = failed(stream.next());
    const connection = await gateway.connection();
    await connection.next();
    connection.send({ type: "connection_ack" });
    await connection.next();
    connection.send({ id: "place", type: "next", payload: { data: null, errors: [failure("FORBIDDEN")] } });
    expect(await error).toMatchObject({ code: "FORBIDDEN", cursor: null });
  });

  it.each([
    ["SERVICE_UNAVAILABLE", {}],
    ["INTERNAL_SERVER_ERROR", {}],
    ["RATE_LIMITED", { retryable: true }],
  ])("with %s, which passes, is tried again", async (code, more) => {
    const next = follow().next();
    (await begin(await gateway.connection())).say("error", [failure(code, more)]);
    (await begin(await gateway.connection())).event("c1");
    expect(await next).toMatchObject({ value: { cursor: "c1" } });
  });

  it("waits as long as the gateway asks", async () => {
    const delays: number[] = [];
    const next = follow({
      onState: (state) => {
        if (state.state === "WAITING") delays.push(state.delayMs);
      },
    }).next();
    const refusal = failure("RATE_LIMITED", { retryable: true, retryAfterMs: 30 });
    (await begin(await gateway.connection())).say("error", [refusal]);
    (await begin(await gateway.connection())).event("c1");
    await next;
    expect(delays).toEqual([30]);
  });
});

describe("an event without its transition", () => {
  it("ends the stream with what its errors say, after the last cursor", async () => {
    const stream = follow();
    const first = stream.next();
    const subscription = await begin(await gateway.connection());
    subscription.event("c1");
    subscription.say("next", { data: null, errors: [failure("FORBIDDEN")] });
    await first;
    expect(await failed(stream.next())).toMatchObject({ code: "FORBIDDEN", cursor: "c1" });
  });

  it("is asked for again when its errors pass", async () => {
    const next = follow().next();
    (await begin(await gateway.connection())).say("next", { data: null, errors: [failure("SERVICE_UNAVAILABLE")] });
    const again = await begin(await gateway.connection());
    expect(again.variables).toMatchObject({ after: "c0" });
    again.event("c1");
    expect(await next).toMatchObject({ value: { cursor: "c1" } });
  });

  it("and without errors ends the stream too", async () => {
    const error = failed(follow().next());
    (await begin(await gateway.connection())).say("next", { data: {} });
    expect(await error).toMatchObject({ code: FollowErrorCode.BadResponse });
  });

  it("that is no message of the protocol ends the stream", async () => {
    const error = failed(follow().next());
    const connection = await gateway.connection();
    await begin(connection);
    connection.sendText("<html>");
    expect(await error).toMatchObject({ code: FollowErrorCode.SocketRefused, closeCode: 4004 });
  });
});

describe("a mistake of the caller", () => {
  it.each([
    ["an address that is none", { url: "gateway" }, TypeError],
    ["no address", { url: [] }, TypeError],
    ["an address function that throws", { url: () => Promise.reject(new RangeError("no gateway")) }, RangeError],
    ["an address of another protocol", { url: "ftp://gateway" }, SyntaxError],
  ])("shows as the error it is: %s", async (_case, options, kind) => {
    await expect(follow(options).next()).rejects.toBeInstanceOf(kind);
  });

  it("shows when there is no WebSocket", async () => {
    const none = followTransitions({ url: gateway.url });
    await expect(none.next()).rejects.toThrow("webSocketImpl");
  });

  it("in its listener or its reading ends the stream, and closes the socket", async () => {
    const fails = () => {
      throw new RangeError("mine");
    };
    await expect(follow({ onState: fails }).next()).rejects.toThrow("mine");
    const next = followTransitions({
      ...{ url: gateway.url, webSocketImpl: WebSocket, after: "c0" },
      ...{ fields: "to", read: fails },
    }).next();
    const error = failed(next);
    const connection = await gateway.connection();
    (await begin(connection)).event("c1");
    expect(await error).toBeInstanceOf(RangeError);
    expect(await connection.closed).toBe(1000);
  });
});

describe("the wait before another try", () => {
  it("lies anywhere below a bound that doubles up to half a minute", () => {
    const bounds = [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000];
    for (const [index, bound] of bounds.entries()) {
      const waits = Array.from({ length: 400 }, () => fullJitterMs(index + 1));
      expect(Math.min(...waits)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...waits)).toBeLessThanOrEqual(bound);
      // 400 draws that all miss a quarter of the range would be a wonder (1 in 10^49).
      expect(Math.min(...waits)).toBeLessThan(bound * 0.25);
      expect(Math.max(...waits)).toBeGreaterThan(bound * 0.75);
    }
  });
});
