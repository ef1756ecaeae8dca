// GraphQL over HTTP, audited by id: what the GraphQL-over-HTTP draft demands of a server, and the refusals that keep one safe.
// https://graphql.github.io/graphql-over-http/draft/
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openGraphqlGateway, type GraphqlGateway } from "../support/graphql.ts";
import { http, post, serveGraphql, type GraphqlServer, type HttpAnswer } from "../support/graphql-server.ts";

const QUERY = "{ viewer { name } }";
const DATA = { data: { viewer: { name: "tester" } } };
const MUTATION = 'mutation { cancelSync(input: { syncId: "x" }) { userErrors { code } } }';
const PREFLIGHT = { "apollo-require-preflight": "true" };
const search = (parts: Readonly<Record<string, string>>) => `?${new URLSearchParams(parts).toString()}`;

let gateway: GraphqlGateway;
let server: GraphqlServer;

beforeAll(async () => {
  gateway = await openGraphqlGateway();
  server = await serveGraphql(gateway);
});

beforeEach(() => {
  gateway.defects.length = 0;
});

afterAll(async () => {
  await server.close();
  await gateway.close();
});

type Audit = readonly [id: string, send: () => Promise<HttpAnswer>, status: number, body: unknown];
const errors = (code: string) => ({
  errors: [expect.objectContaining({ message: expect.any(String), extensions: { code } })],
});

const AUDITS: readonly Audit[] = [
  ["MUST accept POST with a JSON body", () => post(server.url, { query: QUERY }), 200, DATA],
  [
    "MUST accept utf-8 named in the content type",
    () => post(server.url, { query: QUERY }, { "content-type": 'application/json; charset="UTF-8"' }),
    200,
    DATA,
  ],
  [
    "MUST accept null for everything but the query",
    () => post(server.url, { query: QUERY, variables: null, operationName: null, extensions: null }),
    200,
    DATA,
  ],
  [
    "MUST take variables and the operation's name",
    () =>
      post(server.url, {
        query: "query A { viewer { name } } query B ($k: Boolean!) { viewer { name @include(if: $k) tenant } }",
        operationName: "B",
        variables: { k: false },
      }),
    200,
    { data: { viewer: { tenant: "t1" } } },
  ],
  [
    "MUST accept GET of a query with the preflight header",
    () => http(server.url + search({ query: QUERY }), { headers: PREFLIGHT }),
    200,
    DATA,
  ],
  [
    "MUST refuse GET without the preflight header",
    () => http(server.url + search({ query: QUERY })),
    400,
    errors("BAD_REQUEST"),
  ],
  [
    "MUST refuse a mutation by GET",
    () => http(server.url + search({ query: MUTATION }), { headers: PREFLIGHT }),
    405,
    errors("BAD_REQUEST"),
  ],
  ["MUST refuse GET without a query", () => http(server.url, { headers: PREFLIGHT }), 400, errors("BAD_REQUEST")],
  [
    "MUST refuse GET with another content type",
    () => http(server.url + search({ query: QUERY }), { headers: { ...PREFLIGHT, "content-type": "text/plain" } }),
    415,
    errors("BAD_REQUEST"),
  ],
  [
    "MUST refuse PUT",
    () => http(server.url, { method: "PUT", headers: { "content-type": "application/json" }, body: "{}" }),
    405,
    errors("BAD_REQUEST"),
  ],
  ...["PUT", "DELETE", "OPTIONS"].map((method): Audit => [
    `MUST refuse ${method} as a method, whatever its headers`,
    () => http(server.url, { method }),
    405,
    { errors: [expect.objectContaining({ message: expect.stringContaining("POST") })] },
  ]),
  [
    "MUST tell a person with a browser how to ask",
    () => http(server.url, { headers: { accept: "text/html" } }),
    400,
    { errors: [expect.objectContaining({ message: expect.stringContaining("There is no operation here") })] },
  ],
  [
    "MUST refuse a plain text body",
    () => post(server.url, { query: QUERY }, { "content-type": "text/plain" }),
    415,
    errors("BAD_REQUEST"),
  ],
  [
    "MUST refuse a form",
    () =>
      post(server.url, `query=${encodeURIComponent(QUERY)}`, { "content-type": "application/x-www-form-urlencoded" }),
    415,
    errors("BAD_REQUEST"),
  ],
  [
    "MUST refuse a multipart body",
    () => post(server.url, "--x\r\n\r\n--x--", { "content-type": "multipart/form-data; boundary=x" }),
    415,
    errors("BAD_REQUEST"),
  ],
  [
    "MUST refuse a form even with the preflight header",
    () => post(server.url, "query=x", { ...PREFLIGHT, "content-type": "application/x-www-form-urlencoded" }),
    415,
    errors("BAD_REQUEST"),
  ],
  [
    "MUST refuse utf-7",
    () => post(server.url, { query: QUERY }, { "content-type": "application/json; charset=utf-7" }),
    415,
    errors("BAD_REQUEST"),
  ],
  [
    "MUST refuse utf-16",
    () => post(server.url, { query: QUERY }, { "content-type": "application/json;charset=utf-16" }),
    415,
    errors("BAD_REQUEST"),
  ],
  [
    "MUST refuse gb18030",
    () => post(server.url, { query: QUERY }, { "content-type": 'application/json; x=y; charset="gb18030"' }),
    415,
    errors("BAD_REQUEST"),
  ],
  [
    "MUST refuse a compressed body",
    () => post(server.url, { query: QUERY }, { "content-encoding": "gzip" }),
    415,
    errors("BAD_REQUEST"),
  ],
  ["MUST refuse broken JSON", () => post(server.url, "{ nope"), 400, errors("BAD_REQUEST")],
  ["MUST refuse an empty body", () => post(server.url, ""), 400, errors("BAD_REQUEST")],
  [
    "MUST refuse a list of operations",
    () => post(server.url, [{ query: QUERY }, { query: QUERY }]),
    400,
    errors("BAD_REQUEST"),
  ],
  ["MUST refuse a list of texts", () => post(server.url, ["a"]), 400, errors("BAD_REQUEST")],
  ["MUST refuse a body that is no object", () => post(server.url, '"text"'), 400, errors("BAD_REQUEST")],
  ["MUST refuse a query that is no text", () => post(server.url, { query: { a: 1 } }), 400, errors("BAD_REQUEST")],
  [
    "MUST refuse variables that are no object",
    () => post(server.url, { query: QUERY, variables: "x" }),
    400,
    errors("BAD_REQUEST"),
  ],
  [
    "MUST refuse a name that is no text",
    () => post(server.url, { query: QUERY, operationName: {} }),
    400,
    errors("BAD_REQUEST"),
  ],
  ["MUST answer a syntax error with 400", () => post(server.url, { query: "{" }), 400, errors("GRAPHQL_PARSE_FAILED")],
  [
    "MUST answer an unknown field with 400",
    () => post(server.url, { query: "{ nope }" }),
    400,
    errors("GRAPHQL_VALIDATION_FAILED"),
  ],
  [
    "MUST answer a wrong variable with 400",
    () => post(server.url, { query: "query ($id: ID!) { node(id: $id) { id } }", variables: { id: {} } }),
    400,
    errors("BAD_USER_INPUT"),
  ],
  [
    "MUST answer a missing variable with 400",
    () => post(server.url, { query: "query ($id: ID!) { node(id: $id) { id } }" }),
    400,
    errors("BAD_USER_INPUT"),
  ],
  [
    "MUST answer a wrong date with 400",
    () =>
      post(server.url, {
        query: "query ($f: SyncFilter) { syncs(filter: $f) { nodes { id } } }",
        variables: { f: { createdAfter: "yesterday" } },
      }),
    400,
    errors("BAD_USER_INPUT"),
  ],
  [
    "MUST answer a wrong JSON object with 400",
    () =>
      post(server.url, {
        query: "mutation ($i: TriggerSyncInput!) { triggerSync(input: $i) { attached } }",
        variables: { i: { definitionId: "x", args: [1] } },
      }),
    400,
    errors("BAD_USER_INPUT"),
  ],
  [
    "MUST answer an unknown operation name with 400",
    () => post(server.url, { query: "query A { viewer { name } }", operationName: "B" }),
    400,
    errors("OPERATION_RESOLUTION_FAILURE"),
  ],
  [
    "MUST answer several operations without a name with 400",
    () => post(server.url, { query: "query A { viewer { name } } query B { viewer { name } }" }),
    400,
    errors("OPERATION_RESOLUTION_FAILURE"),
  ],
  [
    "MUST refuse a subscription and say where it belongs",
    () => post(server.url, { query: "subscription { syncStatusChanged { cursor } }" }),
    400,
    {
      errors: [
        expect.objectContaining({ message: expect.stringContaining("WebSocket"), extensions: { code: "BAD_REQUEST" } }),
      ],
    },
  ],
  [
    "MUST refuse a flood of tokens",
    () => post(server.url, { query: `{ ${"viewer{name}".repeat(1_000)} }` }),
    400,
    errors("GRAPHQL_PARSE_FAILED"),
  ],
  [
    "MUST refuse what nothing can be made of",
    () => post(server.url, { query: QUERY }, { accept: "text/html" }),
    406,
    expect.anything(),
  ],
];

describe("GraphQL over HTTP", () => {
  it.each(AUDITS)("%s", async (_id, send, status, body) => {
    const answer = await send();
    expect([answer.status, answer.body]).toEqual([status, body]);
    expect(gateway.defects).toEqual([]);
  });

  it("has an id of its own for every audit", () => {
    const ids = AUDITS.map(([id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => !/^(MUST|SHOULD|MAY) /.test(id))).toEqual([]);
  });

  it.each([
    ["*/*", "application/json; charset=utf-8"],
    ["application/json", "application/json; charset=utf-8"],
    ["application/graphql-response+json", "application/graphql-response+json; charset=utf-8"],
    ["application/graphql-response+json, application/json;q=0.9", "application/graphql-response+json; charset=utf-8"],
    ["multipart/mixed, application/json", "application/json; charset=utf-8"],
  ])("MUST answer Accept: %s with %s", async (accept, contentType) => {
    const { status, headers, body } = await post(server.url, { query: QUERY }, { accept });
    expect([status, headers.get("content-type"), body]).toEqual([200, contentType, DATA]);
  });

  it("answers 405 with what is allowed", async () => {
    const { headers } = await http(server.url, { method: "DELETE", headers: PREFLIGHT });
    expect(headers.get("allow")).toBe("GET, POST");
  });

  it("takes prototypes in variables for plain text", async () => {
    const query = "mutation ($i: TriggerSyncInput!) { triggerSync(input: $i) { userErrors { code } } }";
    const body = `{"query":${JSON.stringify(query)},"variables":{"i":{"definitionId":"x","args":{"__proto__":{"polluted":true}}},"__proto__":{"polluted":true}}}`;
    const answer = await post(server.url, body);
    expect(answer.body).toEqual({ data: { triggerSync: { userErrors: [{ code: "BAD_USER_INPUT" }] } } });
    expect(Reflect.get({}, "polluted")).toBeUndefined();
  });
});
