// Errors over HTTP: beside the data of what answered, with their facts, and masked when they are the gateway's own.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ErrorCode, GatewayError } from "../../src/domain/errors.ts";
import { openGraphqlGateway, providerError, type GraphqlGateway } from "../support/graphql.ts";
import { post, serveGraphql, type GraphqlServer } from "../support/graphql-server.ts";
import { seedRuns } from "../support/seed-runs.ts";

const QUERY = "{ viewer { name } }";

let gateway: GraphqlGateway;
let server: GraphqlServer;

beforeEach(async () => {
  gateway = await openGraphqlGateway();
  await seedRuns(gateway.store, 2);
  server = await serveGraphql(gateway);
});

afterEach(async () => {
  await server.close();
  await gateway.close();
});

describe("errors over HTTP", () => {
  it("are none where every field has its value: what a list says of providers that fail is data, and in the extensions", async () => {
    gateway.script.outages = () =>
      Promise.resolve([
        providerError("globex"),
        providerError("acme", { code: ErrorCode.ProviderTimeout, retryAfterMs: null, httpStatus: null }),
      ]);
    const { status, body } = await post(server.url, {
      query: `{
        runs: syncs { nodes { remoteId } providerFailures { provider { key } code message retryable retryAfterMs since } }
        viewer { name }
      }`,
    });

    const facts = {
      code: "PROVIDER_RATE_LIMITED",
      message: "globex: list syncs: too many requests",
      retryable: true,
      retryAfterMs: 1_500,
      since: expect.stringMatching(/^\d{4}-/u),
    };
    const timedOut = { ...facts, code: "PROVIDER_TIMEOUT", message: expect.any(String), retryAfterMs: null };
    expect(status).toBe(200);
    expect(body).toEqual({
      data: {
        runs: {
          nodes: [{ remoteId: "run-2" }, { remoteId: "run-1" }],
          providerFailures: [
            { provider: { key: "globex" }, ...facts },
            { provider: { key: "acme" }, ...timedOut },
          ],
        },
        viewer: { name: "tester" },
      },
      extensions: {
        providerFailures: [
          { provider: "globex", ...facts, path: ["runs"] },
          { provider: "acme", ...timedOut, path: ["runs"] },
        ],
      },
    });
    expect(gateway.defects).toEqual([]);
  });

  it("of a defect are masked, and the log gets the whole", async () => {
    gateway.script.outages = () => Promise.reject(new Error("secret /etc/passwd"));
    const { status, body } = await post(server.url, { query: "{ syncs { nodes { id } } }" });

    expect(status).toBe(200);
    expect(body).toMatchObject({
      data: { syncs: null },
      errors: [{ path: ["syncs"], extensions: { code: "INTERNAL_SERVER_ERROR" } }],
    });
    expect(JSON.stringify(body)).not.toMatch(/passwd|stack|node_modules/);
    expect(gateway.defects.map(String)).toEqual([expect.stringContaining("secret /etc/passwd")]);
  });

  it("of a database that does not answer keep their code", async () => {
    gateway.script.outages = () =>
      Promise.reject(new GatewayError(ErrorCode.ServiceUnavailable, "The database does not answer."));
    const { body } = await post(server.url, { query: "{ syncs { nodes { id } } }" });
    expect(body).toMatchObject({
      errors: [{ message: "The database does not answer.", extensions: { code: "SERVICE_UNAVAILABLE" } }],
    });
    expect(gateway.defects).toEqual([]);
  });

  it("of making the context are masked too", async () => {
    const broken = await serveGraphql(gateway, {
      contextOf: () => {
        throw new Error("secret /etc/passwd");
      },
    });
    try {
      const { body } = await post(broken.url, { query: QUERY });
      expect(body).toMatchObject({ errors: [{ extensions: { code: "INTERNAL_SERVER_ERROR" } }] });
      expect(JSON.stringify(body)).not.toContain("passwd");
      expect(gateway.defects).toHaveLength(1);
    } finally {
      await broken.close();
    }
  });
});
