// Paths beside GraphQL: alive, ready, nothing there, and what happens when a handler itself fails.
import { createServer } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ErrorCode, GatewayError } from "../../src/domain/errors.ts";
import { createAccessPolicy } from "../../src/server/access-policy.ts";
import { createRoutes } from "../../src/server/routes.ts";
import { openGraphqlGateway, type GraphqlGateway } from "../support/graphql.ts";
import { NO_OTHERS, http, post, sendRaw, serveGraphql, type GraphqlServer } from "../support/graphql-server.ts";

describe("routes", () => {
  let gateway: GraphqlGateway;
  let server: GraphqlServer;
  let reason: () => Promise<string | null>;

  beforeEach(async () => {
    gateway = await openGraphqlGateway();
    reason = () => Promise.resolve(null);
    server = await serveGraphql(gateway, { notReady: () => reason() });
  });

  afterEach(async () => {
    await server.close();
    await gateway.close();
  });

  it("say that the process is alive, whether it is ready or not", async () => {
    reason = () => Promise.resolve("the database does not answer");
    expect(await http(`${server.origin}/livez`)).toMatchObject({ status: 200, body: { status: "ok" } });
  });

  it("say that it is ready", async () => {
    expect(await http(`${server.origin}/readyz`)).toMatchObject({ status: 200, body: { status: "ok" } });
  });

  it("say 503 and why when the store does not answer", async () => {
    const broken = new GatewayError(ErrorCode.ServiceUnavailable, "The database does not answer.");
    reason = () => Promise.reject(broken).catch(() => "the database does not answer");
    expect(await http(`${server.origin}/readyz`)).toMatchObject({
      status: 503,
      body: { status: "unavailable", reason: "the database does not answer" },
    });
  });

  it("greet whoever opens the root, as text", async () => {
    const { status, headers, body } = await http(server.origin);
    expect([status, headers.get("content-type")]).toEqual([200, "text/plain; charset=utf-8"]);
    expect(body).toContain("/graphql");
  });

  it.each(["/nothing", "/graphql/", "/Graphql", "/constructor", "/__proto__", "//graphql", "/livez%20"])(
    "answer %s with 404 in JSON",
    async (path) => {
      const { status, headers, body } = await http(server.origin + path);
      expect([status, headers.get("content-type")]).toEqual([404, "application/json; charset=utf-8"]);
      expect(body).toMatchObject({ errors: [{ extensions: { code: "NOT_FOUND" } }] });
    },
  );

  it("find the path before a query", async () => {
    expect((await http(`${server.origin}/livez?from=balancer`)).status).toBe(200);
  });

  it.each(["/", "/livez", "/nothing", "/graphql"])("let nobody guess types or keep answers of %s", async (path) => {
    const { headers } = await http(server.origin + path);
    expect([headers.get("x-content-type-options"), headers.get("cache-control"), headers.get("x-powered-by")]).toEqual([
      "nosniff",
      "no-store",
      null,
    ]);
  });

  it("take no address of another host for a path of theirs", async () => {
    const received = await sendRaw(server.port, [
      "GET http://127.0.0.1:1/graphql HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n\r\n",
    ]);
    expect(received).toMatch(/^HTTP\/1\.1 404 /);
  });

  it("give no type to POST what is not GraphQL", async () => {
    expect((await post(`${server.origin}/nothing`, {})).status).toBe(404);
  });
});

describe("a handler that fails", () => {
  it.each([
    ["before it answered", false, 500],
    ["after it began to answer", true, null],
  ])("%s is reported, and the client gets no text of it", async (_case, begins, status) => {
    const defects: unknown[] = [];
    const failing = createRoutes({
      access: createAccessPolicy(NO_OTHERS),
      graphql: {
        handle: (_, response) => {
          if (begins) response.write("half");
          return Promise.reject(new Error("secret /etc/passwd"));
        },
        stop: () => Promise.resolve(),
      },
      notReady: () => Promise.resolve(null),
      reportDefect: (error) => defects.push(error),
    });
    const server = createServer(failing);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const address = server.address();
      const answer = await http(`http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/graphql`).catch(
        () => null,
      );
      expect(answer?.status ?? null).toBe(status);
      expect(answer?.body ?? null).toEqual(
        begins
          ? null
          : {
              errors: [
                {
                  message: "The gateway failed. Its log has the details.",
                  extensions: { code: "INTERNAL_SERVER_ERROR" },
                },
              ],
            },
      );
      expect(defects).toHaveLength(1);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
