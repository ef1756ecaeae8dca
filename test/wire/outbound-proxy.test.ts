// A vendor behind a company's proxy: called through it by a tunnel, with the vendor's own certificate checked, and never by surprise.
import { createServer, type Server } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import { ISSUED, SELF_SIGNED, startTlsServer, type ShownCertificate } from "../support/certificates.ts";
import { startFakeVendor } from "../support/fake-vendor.ts";
import { clientAt, get, providerErrorOf } from "./client-at.ts";

const started: { close(): Promise<void> }[] = [];

afterEach(async () => {
  vi.unstubAllEnvs();
  for (const one of started.splice(0).reverse()) await one.close();
});

/** A proxy that makes tunnels, or refuses to. */
async function startProxy(status = 200) {
  const asked: { readonly target: string; readonly credential: string | null }[] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer().on("connect", (request, socket: Socket) => {
    asked.push({ target: request.url ?? "", credential: request.headers["proxy-authorization"] ?? null });
    const { port } = new URL(`http://${request.url}`);
    // Whatever name is asked for, the vendor is on this machine.
    const vendor = connect(Number(port), "127.0.0.1", () => {
      socket.write(`HTTP/1.1 ${status} Said\r\n\r\n`);
      if (status === 200) vendor.pipe(socket).pipe(vendor);
      else socket.end();
    });
    for (const one of [socket, vendor]) {
      sockets.add(one);
      one.on("error", () => undefined);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  started.push({
    close: () =>
      new Promise((resolve) => {
        for (const one of sockets) one.destroy();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, withCredential: `http://user:w%40rd@127.0.0.1:${port}`, asked };
}

async function startVendor() {
  const vendor = await startFakeVendor(() => ({ json: { ok: true } }));
  started.push(vendor);
  return vendor;
}

function through(url: string, outboundProxy: string | null) {
  const http = clientAt(url, { outboundProxy, limits: { tries: 1 } });
  started.push(http);
  return http;
}

async function secureVendor(shown: ShownCertificate) {
  const vendor = await startTlsServer(shown);
  started.push(vendor);
  return vendor;
}

test("is called through it, with the proxy's credential and never the vendor's", async () => {
  const [proxy, vendor] = [await startProxy(), await startVendor()];
  const http = through(vendor.url, proxy.withCredential);
  expect((await http.request(get("/things"))).body).toEqual({ ok: true });
  const credential = `Basic ${Buffer.from("user:w@rd").toString("base64")}`;
  expect(proxy.asked).toEqual([{ target: new URL(vendor.url).host, credential }]);
  expect(JSON.stringify(vendor.requests)).not.toContain("proxy-authorization");
});

test("over TLS shows its own certificate, which is checked", async () => {
  const proxy = await startProxy();
  const right = await secureVendor(ISSUED.right);
  expect((await through(right.url, proxy.url).request(get("/things"))).body).toEqual({});
  const named = right.url.replace("127.0.0.1", "localhost");
  expect((await through(named, proxy.url).request(get("/things"))).body).toEqual({});
  for (const shown of [SELF_SIGNED, ISSUED.elsewhere]) {
    const wrong = await secureVendor(shown);
    const error = await providerErrorOf(through(wrong.url, proxy.url).request(get("/things")));
    expect(error).toMatchObject({ code: ErrorCode.ProviderUnavailable, sent: false });
    expect(wrong.heard()).toBe(0);
  }
});

test.each([407, 403, 502])("is unavailable, and was sent nothing, when the proxy answers %d", async (status) => {
  const [proxy, vendor] = [await startProxy(status), await startVendor()];
  const error = await providerErrorOf(through(vendor.url, proxy.withCredential).request(get("/things")));
  expect(error).toMatchObject({ code: ErrorCode.ProviderUnavailable, sent: false });
  expect(error.message).not.toMatch(/w@rd|w%40rd/u);
  expect(vendor.requests).toEqual([]);
});

test("is called directly when only the environment names a proxy", async () => {
  const [proxy, vendor] = [await startProxy(), await startVendor()];
  for (const name of ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"]) vi.stubEnv(name, proxy.url);
  vi.stubEnv("NODE_USE_ENV_PROXY", "1");
  expect((await through(vendor.url, null).request(get("/things"))).body).toEqual({ ok: true });
  expect(proxy.asked).toEqual([]);
});
