// The contract check itself: what it accepts and, above all, what it refuses.
import { afterEach, describe, expect, it, vi } from "vitest";
import { loadOpenApi, openApiAvailable, openApiContract } from "./openapi.ts";

const DOCUMENT = {
  openapi: "3.1.0",
  paths: {
    "/things/{id}": {
      get: {
        responses: {
          "200": {
            content: {
              "application/json": {
                schema: {
                  type: "object",
                  required: ["data"],
                  properties: { data: { $ref: "#/components/schemas/Thing" } },
                },
              },
            },
          },
          "404": { $ref: "#/components/responses/Error" },
          "5XX": { $ref: "#/components/responses/Error" },
        },
      },
      put: {
        requestBody: { content: { "application/json": { schema: { $ref: "#/components/schemas/Thing" } } } },
        responses: { "204": { description: "No content" }, default: { description: "Anything" } },
      },
    },
  },
  components: {
    responses: { Error: { content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } } } },
    schemas: {
      Thing: {
        type: "object",
        required: ["at"],
        properties: { at: { type: ["string", "null"], format: "date-time" } },
      },
      Error: { type: "object", required: ["error"], properties: { error: { type: "string" } } },
    },
  },
};

const contract = openApiContract("things", DOCUMENT);
const get = { method: "GET", path: "/things/{id}" };

afterEach(() => vi.unstubAllEnvs());

describe("checking an answer against an OpenAPI document", () => {
  it("accepts a body that fits, through references and formats", () => {
    contract.checkAnswer({ ...get, status: 200, body: { data: { at: "2026-01-02T03:04:05.000Z" } } });
    contract.checkAnswer({ ...get, status: 200, body: { data: { at: null } } });
    contract.checkAnswer({ ...get, status: 404, body: { error: "gone" } });
    contract.checkAnswer({ ...get, status: 503, body: { error: "down" } });
  });

  it.each([
    ["a missing field", 200, { data: {} }, /required property 'at'/u],
    ["a wrong format", 200, { data: { at: "yesterday" } }, /date-time/u],
    ["a wrong error body", 404, { detail: "gone" }, /required property 'error'/u],
    ["a wrong body under a status range", 500, {}, /required property 'error'/u],
    ["no body at all", 200, null, /must be object/u],
    ["a status that is not documented", 418, {}, /expected one of 200, 404, 5XX/u],
  ])("refuses %s", (_name, status, body, message) => {
    expect(() => contract.checkAnswer({ ...get, status, body })).toThrow(message);
  });

  it("accepts an undocumented status only when the caller names it", () => {
    contract.checkAnswer({ ...get, status: 429, body: "anything" }, { 429: "limits are not documented" });
    expect(() => contract.checkAnswer({ ...get, status: 430, body: "" }, { 429: "limits are not documented" })).toThrow(
      /430/u,
    );
  });

  it("checks the body of a documented status even when the caller lists it as undocumented", () => {
    expect(() => contract.checkAnswer({ ...get, status: 404, body: {} }, { 404: "a mistake" })).toThrow(/required/u);
  });

  it("takes any status where the document has a default", () => {
    contract.checkAnswer({ method: "PUT", path: "/things/{id}", status: 422, body: null });
  });

  it("refuses an operation that the document does not have", () => {
    expect(() => contract.checkAnswer({ method: "POST", path: "/things", status: 200, body: {} })).toThrow(
      /no operation/u,
    );
  });
});

describe("checking a request body", () => {
  it("accepts one that fits and refuses one that does not", () => {
    contract.checkRequestBody({ method: "PUT", path: "/things/{id}", body: { at: null } });
    expect(() => contract.checkRequestBody({ method: "PUT", path: "/things/{id}", body: { at: 5 } })).toThrow(
      /at must be/u,
    );
  });

  it("refuses any body where the operation takes none", () => {
    expect(() => contract.checkRequestBody({ ...get, body: {} })).toThrow(/takes no JSON body/u);
  });
});

describe("finding the documents", () => {
  it("fails when the environment names a folder that is not there", () => {
    vi.stubEnv("SYNCGRAPH_OPENAPI_DIR", "/nonexistent/openapi");
    expect(() => openApiAvailable()).toThrow(/found none/u);
  });

  it("refuses a document without operations", () => {
    expect(() => openApiContract("empty", { openapi: "3.1.0", paths: {} })).toThrow(/found none/u);
  });

  it.skipIf(!openApiAvailable())("reads JSON and YAML, and refuses a wrong body of a real operation", () => {
    const rootfi = loadOpenApi("rootfi-v3-core.assembled.openapi.json");
    const answer = { method: "GET", path: "/core/syncs/{sync_id}", status: 200 };
    expect(() => rootfi.checkAnswer({ ...answer, body: { data: { status: "DONE" } } })).toThrow(/data/u);
    expect(loadOpenApi("truto.assembled.openapi.yml").operations.length).toBeGreaterThan(0);
    expect(() => loadOpenApi("nobody.yml")).toThrow(/nobody/u);
  });
});
