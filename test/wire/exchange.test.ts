// The transport's failures: deadlines, cuts, caps, connects that fail, and what each says about whether anything was sent.
import { createServer as createTcpServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import type { ResolveAddresses } from "../../src/wire/address-guard.ts";
import type { HttpClientOptions } from "../../src/wire/create-http-client.ts";
import type { HttpClient } from "../../src/wire/http-client.ts";
import { ISSUED, SELF_SIGNED, startTlsServer } from "../support/certificates.ts";
import { startFakeVendor } from "../support/fake-vendor.ts";
import type { FakeHandler, FakeReply, FakeVendor } from "../support/fake-vendor.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { clientAt, get, post, providerErrorOf } from "./client-at.ts";

const started: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of started.splice(0)) await one.close();
});

async function setUp(
  handler: FakeHandler,
  options?: Partial<HttpClientOptions>,
): Promise<{ vendor: FakeVendor; http: HttpClient }> {
  const vendor = await startFakeVendor(handler);
  return { vendor, http: client(vendor.url, options, vendor) };
}

function client(
  url: string,
  options: Partial<HttpClientOptions> = {},
  ...alsoClose: { close(): Promise<void> }[]
): HttpClient {
  const http = clientAt(url, { ...options, limits: { tries: 1, ...options.limits } });
  started.push(http, ...alsoClose);
  return http;
}

/** A port on which nobody listens: taken from the system and given back. */
async function deafPort(): Promise<number> {
  const server = createTcpServer();
  await listening(server);
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const listening = (server: Server): Promise<void> => new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));

function closing(server: Server): { close(): Promise<void> } {
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => sockets.add(socket));
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

describe("the deadline", () => {
  it("ends a request that a vendor leaves hanging", async () => {
    const clock = createManualClock();
    const { vendor, http } = await setUp(() => () => undefined, { clock });
    const failing = providerErrorOf(http.request(get("/hang", { timeoutMs: 2_000 })));
    await vendor.untilRequests(1);
    await clock.advance(2_000);
    const error = await failing;
    expect(error).toMatchObject({ code: ErrorCode.ProviderTimeout, retryable: true, sent: true, httpStatus: null });
    expect(error.message).toContain("within 2000 ms");
    expect(clock.pending()).toEqual([]);
  });

  it("ends a request whose answer stops in the middle of the body", async () => {
    const { http } = await setUp(() => (response) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.write('{"data": [');
    });
    const error = await providerErrorOf(http.request(get("/stalls", { timeoutMs: 200 })));
    expect(error).toMatchObject({ code: ErrorCode.ProviderTimeout, sent: true });
  });

  it("is 15 seconds for a request that is safe to repeat and 30 for one that is not", async () => {
    const clock = createManualClock();
    const { vendor, http } = await setUp(() => () => undefined, { clock });
    const read = providerErrorOf(http.request(get("/hang")));
    const write = providerErrorOf(http.request(post("/hang")));
    await vendor.untilRequests(2);
    expect(clock.pending()).toEqual([15_000, 30_000]);
    await clock.advance(30_000);
    expect([(await read).code, (await write).code]).toEqual([ErrorCode.ProviderTimeout, ErrorCode.ProviderTimeout]);
  });

  it("leaves no timer behind when the answer is in time", async () => {
    const clock = createManualClock();
    const { http } = await setUp(() => ({ json: {} }), { clock });
    await http.request(get("/things"));
    expect(clock.pending()).toEqual([]);
  });
});

describe("the transport's own timeouts", () => {
  it("end a request that gets no headers", async () => {
    const { http } = await setUp(() => () => undefined, { limits: { headersTimeoutMs: 50 } });
    expect(await providerErrorOf(http.request(get("/hang")))).toMatchObject({
      code: ErrorCode.ProviderTimeout,
      sent: true,
    });
  });

  it("end a request whose body goes silent", async () => {
    const stall: FakeHandler = () => (response) => void response.writeHead(200).write("[");
    const { http } = await setUp(stall, { limits: { bodyIdleTimeoutMs: 50 } });
    const error = await providerErrorOf(http.request(get("/stalls")));
    expect(error).toMatchObject({ code: ErrorCode.ProviderTimeout, sent: true });
    expect(error.message).toContain("silence");
  });
});

describe("the caller's signal", () => {
  it("ends a request on its way and cuts its connection", async () => {
    let onCut = (): void => undefined;
    const cut = new Promise<void>((resolve) => (onCut = resolve));
    const { vendor, http } = await setUp(() => (response) => void response.on("close", onCut));
    const caller = new AbortController();
    const failing = providerErrorOf(http.request(post("/hang", { signal: caller.signal })));
    await vendor.untilRequests(1);
    caller.abort();
    expect(await failing).toMatchObject({ code: ErrorCode.ProviderTimeout, sent: true });
    await cut;
  });

  it("that was aborted before keeps the request from being sent", async () => {
    const { vendor, http } = await setUp(() => undefined);
    const error = await providerErrorOf(http.request(post("/things", { signal: AbortSignal.abort() })));
    expect(error).toMatchObject({ code: ErrorCode.ProviderTimeout, sent: false });
    expect(vendor.requests).toHaveLength(0);
  });
});

describe("a connection", () => {
  it("that is refused means that nothing was sent", async () => {
    const error = await providerErrorOf(client(`http://127.0.0.1:${await deafPort()}`).request(post("/things")));
    expect(error).toMatchObject({ code: ErrorCode.ProviderUnavailable, retryable: true, sent: false });
    expect(error.message).toContain("ECONNREFUSED");
  });

  it("to a name that does not resolve means that nothing was sent", async () => {
    const resolve: ResolveAddresses = (_name, callback) =>
      callback(Object.assign(new Error("getaddrinfo ENOTFOUND"), { code: "ENOTFOUND" }), []);
    const error = await providerErrorOf(client("https://vendor.example", { resolve }).request(post("/things")));
    expect(error).toMatchObject({ code: ErrorCode.ProviderUnavailable, retryable: true, sent: false });
  });

  it("that is reset before the answer leaves open what the vendor did", async () => {
    const { vendor, http } = await setUp(() => (response) => void response.destroy());
    const error = await providerErrorOf(http.request(post("/things")));
    expect(error).toMatchObject({ code: ErrorCode.ProviderUnavailable, retryable: true, sent: true });
    expect(vendor.requests).toHaveLength(1);
  });

  it.each([
    ["nobody vouches for", SELF_SIGNED, "DEPTH_ZERO_SELF_SIGNED_CERT"],
    ["whose time is over", ISSUED.expired, "CERT_HAS_EXPIRED"],
    ["of another host", ISSUED.elsewhere, "ERR_TLS_CERT_ALTNAME_INVALID"],
  ])("with a certificate %s is refused for good, whatever the environment says", async (_which, shown, code) => {
    const server = await startTlsServer(shown);
    const http = client(server.url, {}, server);
    const error = await providerErrorOf(http.request(get("/things")));
    expect(error).toMatchObject({ code: ErrorCode.ProviderUnavailable, retryable: false, sent: false });
    expect(error.message).toContain(`expected a trusted certificate, got ${code}`);
    expect(server.heard()).toBe(0);
  });

  it("with a certificate of the same authority, for this host and in its time, is used", async () => {
    const server = await startTlsServer(ISSUED.right);
    const http = client(server.url, {}, server);
    expect(await http.request(get("/things"))).toMatchObject({ status: 200 });
    expect(server.heard()).toBe(1);
  });

  it("to a server that does not speak HTTP is a bad response", async () => {
    const server = createTcpServer((socket) => socket.once("data", () => socket.end("SSH-2.0-OpenSSH_9.6\r\n")));
    await listening(server);
    const http = client(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, {}, closing(server));
    expect(await providerErrorOf(http.request(get("/things")))).toMatchObject({
      code: ErrorCode.ProviderBadResponse,
      sent: true,
    });
  });

  it("is kept and used again", async () => {
    const ports = new Set<number | undefined>();
    const { http } = await setUp(() => (response, request) => {
      ports.add(request.socket.remotePort);
      response.end("{}");
    });
    for (let id = 0; id < 20; id += 1) await http.request(get(`/things/${id}`));
    // The pool may open a second one while it tidies up after an answer.
    expect(ports.size).toBeLessThanOrEqual(2);
  });
});

describe("a name that resolves", () => {
  const resolvingTo = (...addresses: string[]): ResolveAddresses => {
    return (_name, callback) =>
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
      );
  };

  it.each([["127.0.0.1"], ["93.184.215.14", "10.0.0.1"], ["::ffff:7f00:1"], ["169.254.169.254"]])(
    "to %s is refused at the connect",
    async (...addresses) => {
      const http = client("https://vendor.example", { allowPrivateAddress: false, resolve: resolvingTo(...addresses) });
      const error = await providerErrorOf(http.request(post("/things")));
      expect(error).toMatchObject({ code: ErrorCode.ProviderUnavailable, sent: false, retryable: false });
      expect(error.message).toContain("refused");
    },
  );

  it("to a public address is refused when the base URL is plain http", async () => {
    const http = client("http://vendor.internal", { resolve: resolvingTo("93.184.215.14") });
    expect(await providerErrorOf(http.request(get("/things")))).toMatchObject({ sent: false, retryable: false });
  });

  it("to a private address is used when that is allowed", async () => {
    const { vendor } = await setUp(() => ({ json: { host: "private" } }));
    const url = vendor.url.replace("127.0.0.1", "vendor.internal");
    const http = client(url, { resolve: resolvingTo("127.0.0.1") });
    expect((await http.request(get("/things"))).body).toEqual({ host: "private" });
  });
});

const SENTENCE = JSON.stringify(Array.from({ length: 50 }, (_, index) => index * 7919));
const ENCODINGS: readonly (readonly [name: string, encoding: string, encode: (text: string) => Buffer])[] = [
  ["gzip", "gzip", gzipSync],
  ["gzip by its other name", "X-GZip", gzipSync],
  ["deflate", "deflate", deflateSync],
  ["deflate without its header", "deflate", deflateRawSync],
  ["br", "br", brotliCompressSync],
];

describe("an answer", () => {
  const bad: readonly [string, FakeReply, string][] = [
    ["over the size cap", { text: `"${"x".repeat(2_000)}"` }, "size cap"],
    ["in an encoding nobody knows", { text: "{}", headers: { "content-encoding": "zstd" } }, "encoding"],
    ["in two encodings", { text: "{}", headers: { "content-encoding": "gzip, br" } }, "encoding"],
    ...ENCODINGS.flatMap(([name, encoding, encode]): [string, FakeReply, string][] => [
      [
        `that claims to be ${name}`,
        { text: "nothing of that kind", headers: { "content-encoding": encoding } },
        "content encoding says",
      ],
      [
        `that inflates over the size cap in ${name}`,
        { bytes: encode("0".repeat(5_000_000)), headers: { "content-encoding": encoding } },
        "size cap",
      ],
      [
        `cut in the middle of its ${name}`,
        { bytes: encode(SENTENCE).subarray(0, -12), headers: { "content-encoding": encoding } },
        "cut short",
      ],
    ]),
    ["that is a page", { text: "<!DOCTYPE html><title>Sign in</title>" }, "a web page"],
    ["that is cut in the middle of its JSON", { text: '{"data": [1, 2' }, "cut short"],
    ["that is not JSON", { text: "it works" }, "not JSON"],
    ["nested without end", { text: "[".repeat(500) + "]".repeat(500) }, "nested"],
    ["with headers over their cap", { json: {}, headers: { "x-long": "y".repeat(12_000) } }, "headers"],
  ];

  it.each(bad)("%s is a bad response", async (_what, reply, words) => {
    const { http } = await setUp(() => reply, { limits: { responseBytes: 1_000, headerBytes: 8_000 } });
    const error = await providerErrorOf(http.request(get("/things")));
    expect(error).toMatchObject({ code: ErrorCode.ProviderBadResponse, sent: true });
    expect(error.message).toContain(words);
  });

  it.each<[string, Record<string, string>, boolean]>([
    ["before its announced length", { "content-length": "100" }, true],
    ["in the middle of its chunks", {}, true],
    ["in the middle of its chunks, politely", {}, false],
  ])("that breaks off %s is a bad response that may pass", async (_where, headers, rudely) => {
    const { http } = await setUp(() => (response) => {
      response.writeHead(200, headers);
      response.write('{"data":', () => (rudely ? response.destroy() : response.socket?.end()));
    });
    const error = await providerErrorOf(http.request(get("/things")));
    expect(error).toMatchObject({ code: ErrorCode.ProviderBadResponse, retryable: true, sent: true });
  });

  it.each(ENCODINGS)("in %s is read", async (_name, encoding, encode) => {
    const reply = { bytes: encode('{"a": "\u00e9"}'), headers: { "content-encoding": encoding } };
    const { http } = await setUp(() => reply);
    expect((await http.request(get("/things"))).body).toEqual({ a: "\u00e9" });
  });

  it("cannot pollute the prototype of anything", async () => {
    const { http } = await setUp(() => ({
      text: '{"__proto__": {"admin": true}, "list": [{"__proto__": {"x": 1}, "y": 2}]}',
    }));
    const { body } = await http.request(get("/things"));
    expect(JSON.stringify(body)).toBe('{"list":[{"y":2}]}');
    expect(Object.assign({}, body)).not.toHaveProperty("admin");
  });
});
