// The client as providers meet it: what goes out, what comes back, and which error each answer becomes.
import { afterEach, describe, expect, it } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import type { CallReport, HttpClientOptions } from "../../src/wire/create-http-client.ts";
import type { HttpClient } from "../../src/wire/http-client.ts";
import { startFakeVendor } from "../support/fake-vendor.ts";
import type { FakeHandler, FakeReply, FakeVendor } from "../support/fake-vendor.ts";
import { SECRET, clientAt, get, post, providerErrorOf } from "./client-at.ts";

const started: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of started.splice(0)) await one.close();
});

async function setUp(
  handler: FakeHandler,
  options?: Partial<HttpClientOptions>,
): Promise<{ vendor: FakeVendor; http: HttpClient }> {
  const vendor = await startFakeVendor(handler);
  const http = clientAt(vendor.url, options);
  started.push(http, vendor);
  return { vendor, http };
}

const ONE_TRY = { limits: { tries: 1 } };

describe("a request", () => {
  it("carries the credential, the query and the JSON body", async () => {
    const { vendor, http } = await setUp(() => ({ status: 201, json: { id: 7 }, headers: { "x-request-id": "r1" } }));
    const response = await http.request(
      post("/things/a%2Fb", {
        query: { tag: ["x", "y z"], limit: 5, none: undefined },
        body: { name: "n" },
        headers: { "X-Extra": "1" },
      }),
    );
    expect(response).toMatchObject({ status: 201, body: { id: 7 }, headers: { "x-request-id": "r1" } });
    const sent = vendor.requests[0];
    expect(sent?.path).toBe("/things/a%2Fb");
    expect([...(sent?.query ?? [])]).toEqual([
      ["tag", "x"],
      ["tag", "y z"],
      ["limit", "5"],
    ]);
    expect(sent?.json()).toEqual({ name: "n" });
    expect(sent?.headers).toMatchObject({ api_key: SECRET, "x-extra": "1", "content-type": "application/json" });
  });

  it("keeps the path of the base URL", async () => {
    const vendor = await startFakeVendor(() => ({ json: [] }));
    const http = clientAt(`${vendor.url}/v3`);
    started.push(http, vendor);
    await http.request(get("/core/syncs"));
    expect(vendor.requests.map((request) => request.path)).toEqual(["/v3/core/syncs"]);
  });

  it("cannot replace the credential", async () => {
    const { vendor, http } = await setUp(() => ({ json: {} }));
    await http.request(get("/things", { headers: { API_KEY: "other" } }));
    expect(vendor.requests[0]?.headers["api_key"]).toBe(SECRET);
  });

  it.each(["things", "//evil.example/x", "/a/../b", "/a/%2E%2e/b", "/a?b=1", "/a#b", "/a b", "/\\evil", "/a\r\nb"])(
    "with the path %j is refused before it is sent",
    async (path) => {
      const { vendor, http } = await setUp(() => undefined);
      const error = await providerErrorOf(http.request(get(path)));
      expect(error).toMatchObject({ code: ErrorCode.BadUserInput, sent: false, retryable: false });
      expect(vendor.requests).toHaveLength(0);
    },
  );

  it("with a line break in a header is refused before it is sent", async () => {
    const { vendor, http } = await setUp(() => undefined);
    const error = await providerErrorOf(http.request(get("/things", { headers: { "x-id": "a\r\nx-evil: 1" } })));
    expect(error).toMatchObject({ code: ErrorCode.BadUserInput, sent: false });
    expect(vendor.requests).toHaveLength(0);
  });

  it("pays no attention to a proxy in the environment", async () => {
    const before = process.env["http_proxy"];
    process.env["http_proxy"] = "http://127.0.0.1:9";
    try {
      const { http } = await setUp(() => ({ json: { direct: true } }));
      expect((await http.request(get("/things"))).body).toEqual({ direct: true });
    } finally {
      if (before === undefined) delete process.env["http_proxy"];
      else process.env["http_proxy"] = before;
    }
  });
});

describe("an answer", () => {
  it.each<[number, ErrorCode, boolean]>([
    [400, ErrorCode.ProviderRejected, false],
    [401, ErrorCode.ProviderAuthFailed, false],
    [403, ErrorCode.ProviderAuthFailed, false],
    [404, ErrorCode.ProviderNotFound, false],
    [408, ErrorCode.ProviderRejected, true],
    [409, ErrorCode.ProviderConflict, false],
    [410, ErrorCode.ProviderNotFound, false],
    [418, ErrorCode.ProviderRejected, false],
    [422, ErrorCode.ProviderRejected, false],
    [423, ErrorCode.ProviderConflict, false],
    [425, ErrorCode.ProviderRejected, true],
    [429, ErrorCode.ProviderRateLimited, true],
    [500, ErrorCode.ProviderUnavailable, true],
    [502, ErrorCode.ProviderUnavailable, true],
    [503, ErrorCode.ProviderUnavailable, true],
    [599, ErrorCode.ProviderUnavailable, true],
  ])("with status %i becomes %s, retryable %s", async (status, code, retryable) => {
    const { http } = await setUp(() => ({ status, json: { message: "because" } }), ONE_TRY);
    const error = await providerErrorOf(http.request(get("/things/42")));
    expect(error).toMatchObject({ code, retryable, httpStatus: status, provider: "acme", sent: true });
    expect(error.message).toBe(`acme: GET /things/42: expected success, got ${status}: because`);
  });

  it.each([301, 302, 303, 307, 308])("that redirects (%i) is refused and not followed", async (status) => {
    const { vendor, http } = await setUp(() => ({ status, headers: { location: "http://169.254.169.254/" } }));
    const error = await providerErrorOf(http.request(get("/things")));
    expect(error).toMatchObject({ code: ErrorCode.ProviderBadResponse, retryable: false, httpStatus: status });
    expect(error.message).toContain("redirects are refused");
    expect(vendor.requests).toHaveLength(1);
  });

  it("without a body is null", async () => {
    const { http } = await setUp(() => ({ status: 204 }));
    expect(await http.request({ ...post("/things/1"), method: "DELETE" })).toMatchObject({ status: 204, body: null });
  });

  it("with an error and an empty body makes a whole sentence", async () => {
    const { http } = await setUp(() => ({ status: 500 }), ONE_TRY);
    const error = await providerErrorOf(http.request(get("/things")));
    expect(error.message).toBe("acme: GET /things: expected success, got 500");
  });

  it("with an error page does not put the page into the message", async () => {
    const { http } = await setUp(() => ({ status: 502, text: "<html><script>alert(1)</script></html>" }), ONE_TRY);
    const error = await providerErrorOf(http.request(get("/things")));
    expect(error.message).toBe("acme: GET /things: expected success, got 502: a web page");
    expect(error.code).toBe(ErrorCode.ProviderUnavailable);
  });

  it("with an error in plain text is quoted in one line and cut to 256 characters", async () => {
    const { http } = await setUp(() => ({ status: 400, text: `first\r\nsecond ${"x".repeat(10_000)}` }));
    const error = await providerErrorOf(http.request(get("/things")));
    const quoted = error.message.slice("acme: GET /things: expected success, got 400: ".length);
    expect(quoted).toMatch(/^first\u240D\u240Asecond x+\u2026$/);
    expect(quoted).toHaveLength(256);
  });

  it("hides the key that a vendor echoes, also in the error's cause", async () => {
    const { http } = await setUp(() => ({
      status: 403,
      json: { message: `key ${SECRET} (${encodeURIComponent(SECRET)}) is bad` },
    }));
    const error = await providerErrorOf(http.request(get(`/things/${SECRET}`)));
    expect(`${error.message} ${String(error.cause)} ${error.stack}`).not.toContain(SECRET);
  });
});

describe("the provider's error reader", () => {
  const conflicting = (code: ErrorCode): Partial<HttpClientOptions> => ({
    readError: () => ({ message: "already running", code }),
    ...ONE_TRY,
  });

  it("knows better than the status", async () => {
    const { http } = await setUp(() => ({ status: 400, json: {} }), conflicting(ErrorCode.ProviderConflict));
    const error = await providerErrorOf(http.request(get("/things")));
    expect(error).toMatchObject({ code: ErrorCode.ProviderConflict, httpStatus: 400, retryable: false });
    expect(error.message).toContain("already running");
  });

  it("makes a failure retryable by the code it names", async () => {
    const { http } = await setUp(() => ({ status: 400, json: {} }), conflicting(ErrorCode.ProviderRateLimited));
    expect(await providerErrorOf(http.request(get("/things")))).toMatchObject({ retryable: true, httpStatus: 400 });
  });

  it("is given text when the body is not JSON, and null when there is none", async () => {
    const seen: unknown[] = [];
    const replies: FakeReply[] = [{ status: 400, text: "nope" }, { status: 400 }, { status: 400, json: [1] }];
    const readError: HttpClientOptions["readError"] = (_status, body) => {
      seen.push(body);
      return { message: null };
    };
    const { http } = await setUp((_request, index) => replies[index], { readError });
    for (const _ of replies) await providerErrorOf(http.request(post("/things")));
    expect(seen).toEqual(["nope", null, [1]]);
  });

  it("may fail without hiding the failure it was to read", async () => {
    const readError = (): never => {
      throw new TypeError("reader is broken");
    };
    const { http } = await setUp(() => ({ status: 404, json: {} }), { readError });
    const error = await providerErrorOf(http.request(get("/things")));
    expect(error).toMatchObject({ code: ErrorCode.ProviderNotFound, httpStatus: 404 });
  });
});

describe("a client", () => {
  it("reports each try without query or secret, and survives a reporter that throws", async () => {
    const reports: CallReport[] = [];
    const onCall = (call: CallReport): void => {
      reports.push(call);
      throw new Error("reporter is broken");
    };
    const limits = { firstBackoffMs: 1 };
    const { http } = await setUp((_request, index) => (index === 0 ? { status: 503 } : { json: {} }), {
      onCall,
      limits,
    });
    await http.request(get("/things", { query: { q: "private" } }));
    expect(reports).toMatchObject([
      {
        provider: "acme",
        operation: "list things",
        path: "/things",
        tryNumber: 1,
        httpStatus: 503,
        code: "PROVIDER_UNAVAILABLE",
      },
      { tryNumber: 2, httpStatus: 200, code: null, attempted: true },
    ]);
    expect(JSON.stringify(reports)).not.toContain("private");
  });

  it("that is closed ends what is on its way and refuses what comes later", async () => {
    const { vendor, http } = await setUp(() => () => undefined);
    const hanging = providerErrorOf(http.request(get("/hang")));
    await vendor.untilRequests(1);
    await http.close();
    expect(await hanging).toMatchObject({ code: ErrorCode.ProviderUnavailable, sent: true });
    expect(await providerErrorOf(http.request(get("/later")))).toMatchObject({
      code: ErrorCode.ProviderUnavailable,
      sent: false,
    });
  });

  it("with a base URL that is refused fails every request without sending it", async () => {
    const http = clientAt("https://10.0.0.1", { allowPrivateAddress: false });
    started.push(http);
    const error = await providerErrorOf(http.request(post("/things")));
    expect(error).toMatchObject({ code: ErrorCode.ProviderUnavailable, sent: false, retryable: false });
    expect(error.message).toContain("private");
  });
});
