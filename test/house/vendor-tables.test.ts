// Every endpoint of every vendor is either reachable through GraphQL, with the test that proves it, or left out for a reason that is written down.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { loadOpenApi, openApiAvailable } from "../support/openapi.ts";
import { endpointsIn, endpointsLeftOut, fieldsOf, problemsOf, vendorRows } from "./vendor-tables.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const VENDORS = readdirSync(join(ROOT, "src/providers"), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

/** The vendors' OpenAPI documents. A vendor without any is checked by its table alone. */
const DOCUMENTS: Readonly<Record<string, readonly string[]>> = {
  polytomic: ["polytomic.openapi.yml"],
  rootfi: ["rootfi-v3-core.assembled.openapi.json", "rootfi-v4-syncs.assembled.openapi.json"],
  stuut: ["stuut-v2-integrations.assembled.openapi.json"],
  truto: ["truto.assembled.openapi.yml"],
};

const facts = {
  fields: fieldsOf(readFileSync(join(ROOT, "schema.graphql"), "utf8")),
  isThere: (path: string) => existsSync(join(ROOT, path)),
};

const rowsOf = (vendor: string) => vendorRows(readFileSync(join(ROOT, "src/providers", vendor, "README.md"), "utf8"));

describe("the endpoint table", () => {
  it("is asked of every vendor there is, and of no other", () => {
    expect(VENDORS.length).toBeGreaterThan(3);
    expect(Object.keys(DOCUMENTS).filter((vendor) => !VENDORS.includes(vendor))).toEqual([]);
  });

  it.each(VENDORS)("of %s names fields and tests that are there, or a reason", (vendor) => {
    const rows = rowsOf(vendor);
    const wrong = rows.flatMap((row) => problemsOf(row, facts).map((problem) => `${row.text}: ${problem}`));

    expect(rows.length, "rows under | endpoint | GraphQL | test |").toBeGreaterThan(0);
    expect(wrong).toEqual([]);
  });

  it.skipIf(!openApiAvailable()).each(VENDORS.filter((vendor) => vendor in DOCUMENTS))(
    "of %s has every endpoint of the vendor's documents",
    (vendor) => {
      const operations = (DOCUMENTS[vendor] ?? []).flatMap((document) => loadOpenApi(document).operations);

      expect(operations.length).toBeGreaterThan(0);
      expect(endpointsLeftOut(rowsOf(vendor), operations)).toEqual([]);
    },
  );
});

describe("a table", () => {
  const table = (...rows: readonly string[]) =>
    ["# Acme", "", "| endpoint | GraphQL | test |", "| --- | --- | --- |", ...rows, "", "| event | becomes |"].join(
      "\n",
    );
  const planted = {
    fields: fieldsOf("type Query { sync: Sync } type Sync { id: ID! }"),
    isThere: (path: string) => path === "test/acme.test.ts",
  };
  const problems = (...rows: readonly string[]) =>
    vendorRows(table(...rows)).flatMap((row) => problemsOf(row, planted));

  it.each([
    ["one endpoint", "| GET `/syncs/{id}` | `Query.sync` | `test/acme.test.ts` |"],
    ["several fields", "| `GET /syncs?limit=1` | `Query.sync`, `Sync.id` | `test/acme.test.ts` |"],
    ["one that is not offered", "| `DELETE /syncs/{id}` | - | It deletes the vendor's record of the run. |"],
    ["what the vendor sends", "| none: Acme sends them | `Query.sync` | `test/acme.test.ts` |"],
  ])("is right with %s", (_case, row) => {
    expect(problems(row)).toEqual([]);
  });

  it.each([
    ["a field that is gone", "| `GET /a` | `Sync.name` | `test/acme.test.ts` |", "the schema has no Sync.name"],
    ["a wildcard", "| `GET /a` | `Sync.*` | `test/acme.test.ts` |", "the schema has no Sync.*"],
    ["a type alone", "| `GET /a` | `Sync` | `test/acme.test.ts` |", "the schema has no Sync"],
    ["a field without backticks", "| `GET /a` | Sync.id | `test/acme.test.ts` |", "expected fields in backticks"],
    ["prose among the fields", "| `GET /a` | `Sync.id` later | `test/acme.test.ts` |", "nothing but fields"],
    ["an empty cell", "| `GET /a` | | `test/acme.test.ts` |", "expected fields in backticks"],
    ["a test that is gone", "| `GET /a` | `Sync.id` | `test/gone.test.ts` |", "there is no test/gone.test.ts"],
    ["no test", "| `GET /a` | `Sync.id` | by hand |", "expected a test's path"],
    ["no reason", "| `GET /a` | - | unused |", "expected the reason"],
    ["no endpoint", "| syncs | `Sync.id` | `test/acme.test.ts` |", "names no endpoint"],
  ])("is wrong with %s", (_case, row, problem) => {
    expect(problems(row)).toContainEqual(expect.stringContaining(problem));
  });

  it("is only what stands under its own header", () => {
    expect(vendorRows(table("| `GET /a` | - | - |"))).toHaveLength(1);
    expect(vendorRows("| endpoint | port method |\n| --- | --- |\n| `GET /a` | `start` |")).toEqual([]);
  });

  it("may have columns between", () => {
    const markdown = "| endpoint | port method | GraphQL | test |\n|---|---|---|---|\n| `GET /a` | `start` | - | why |";
    expect(vendorRows(markdown)).toMatchObject([{ endpoints: ["GET /a"], graphql: "-", test: "why" }]);
  });

  it("leaves out what it does not name, whatever the parameters are called", () => {
    const rows = vendorRows(table("| `GET /a/{key}`, `POST /a` | - | - |"));
    expect(endpointsLeftOut(rows, ["GET /a/{id}", "POST /v2/a", "POST /a/{id}", "GET /b"])).toEqual([
      "POST /a/{id}",
      "GET /b",
    ]);
  });

  it.each([
    ["GET `/a/{id}`", ["GET /a/{}"]],
    ["`GET /v4/a?limit=100&page=`", ["GET /a"]],
    ["GET `/a`, GET `/b?c[gt]=`", ["GET /a", "GET /b"]],
    ["GET, then DELETE `/a/{id}`", ["GET /a/{}", "DELETE /a/{}"]],
    ["POST `/a`; before it GET `/a/{id}` when b", ["POST /a", "GET /a/{}"]],
    ["GET `/a`, `/b`", ["GET /a", "GET /b"]],
    ["the list", []],
  ])("names endpoints in many ways: %s", (cell, endpoints) => {
    expect(endpointsIn(cell)).toEqual(endpoints);
  });
});
