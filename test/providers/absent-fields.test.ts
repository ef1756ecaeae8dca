// Fields whose absence says something: that a list ends, that there is no schedule. What is there in another type is an error that names the field, never
// taken for absent; everything else of the page is told.
import { describe, expect, test } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import type { SyncProvider } from "../../src/domain/provider-port.ts";
import { adapterAt } from "../support/adapter-at-fake-vendor.ts";
import type { VendorUnderTest } from "../support/adapter-at-fake-vendor.ts";
import { startOf } from "../support/conformance-questions.ts";
import type { VendorConformance } from "../support/conformance.ts";
import { definitionOf, refusal } from "../support/provider-values.ts";
import { conformance as polytomic } from "./polytomic/conformance.ts";
import { conformance as rootfi, v4 as rootfiV4 } from "./rootfi/conformance.ts";
import { conformance as stuut } from "./stuut/conformance.ts";
import { conformance as truto } from "./truto/conformance.ts";

const AT = "2026-06-01T00:00:00.000Z";
type Ask = "listLinkedAccounts" | "listDefinitions" | "discover";

interface Row {
  readonly name: string;
  readonly vendor: VendorConformance & VendorUnderTest;
  readonly ask: Ask;
  /** End of the path that is answered; all others are empty lists. */
  readonly path: string;
  /** The answer with this in the field; `undefined` leaves it out. */
  body(value: unknown): unknown;
  /** As the error names it. */
  readonly field: string;
  /** Values of other types than the documented ones. */
  readonly wrong: readonly unknown[];
  /** What is told all the same. */
  readonly kept: readonly string[];
  /** Values that say the same as absence. Default: null. */
  readonly absent?: readonly unknown[];
}

const connection = { integration_type: "XERO", category: "ACCOUNTING", connection_status: "HEALTHY" };
const NOT_A_CURSOR = [true, {}, ["x"], "a\u0000b"];
const NOT_A_LIST = ["x", 7, {}, true];
const NOT_AN_OBJECT = ["daily", 7, [], true];

/** The second of two definitions in a Polytomic list has it. */
const polytomicSync = (name: string, wrong: readonly unknown[]): Row => ({
  name: `polytomic: ${name} of a sync`,
  vendor: polytomic,
  ask: "listDefinitions",
  path: "/api/syncs",
  body: (value) => ({ data: [{ id: "a" }, { id: "b", [name]: value }, { id: "c" }] }),
  field: `data.1.${name}`,
  wrong,
  kept: ["a", "c"],
});

const stuutModel = (name: string, wrong: readonly unknown[]): Row => ({
  name: `stuut: ${name} of a model`,
  vendor: stuut,
  ask: "listDefinitions",
  path: "/connections",
  body: (value) => [{ id: "a" }, { id: "b", models: [{ id: "m", [name]: value }] }, { id: "c" }],
  field: `1.models.0.${name}`,
  wrong,
  kept: ["a", "c"],
});

const rows: readonly Row[] = [
  ...(["accounts", "jobs", "runs"] as const).map((list): Row => {
    const ask = { accounts: "listLinkedAccounts", jobs: "listDefinitions", runs: "discover" } as const;
    const path = { accounts: "/integrated-account", jobs: "/sync-job", runs: "/sync-job-run" }[list];
    const item = { id: "a", status: "completed", created_at: AT, sync_job_id: "job" };
    const body = (value: unknown) => ({ result: [item], next_cursor: value });
    const end = { field: "next_cursor", wrong: [7, ...NOT_A_CURSOR], absent: [null, ""], kept: ["a"] };
    return { name: `truto: next_cursor of ${list}`, vendor: truto, ask: ask[list], path, body, ...end };
  }),
  {
    name: "truto: resources of a job",
    vendor: truto,
    ask: "listDefinitions",
    path: "/sync-job",
    body: (value) => ({ result: [{ id: "a" }, { id: "b", resources: value }, { id: "c" }] }),
    field: "result.1.resources",
    wrong: NOT_A_LIST,
    kept: ["a", "c"],
  },
  {
    name: "polytomic: next_page_token of syncs",
    vendor: polytomic,
    ask: "listDefinitions",
    path: "/api/syncs",
    body: (value) => ({ data: [{ id: "a" }], pagination: { next_page_token: value } }),
    field: "pagination.next_page_token",
    wrong: [7, ...NOT_A_CURSOR],
    kept: ["a"],
    absent: [null, ""],
  },
  {
    name: "polytomic: pagination of syncs",
    vendor: polytomic,
    ask: "listDefinitions",
    path: "/api/syncs",
    body: (value) => ({ data: [{ id: "a" }], pagination: value }),
    field: "pagination",
    wrong: NOT_AN_OBJECT,
    kept: ["a"],
    absent: [null, {}],
  },
  {
    name: "polytomic: next_page_token of executions",
    vendor: polytomic,
    ask: "discover",
    path: "/executions",
    body: (value) => ({
      data: [{ id: "a", status: "completed", created_at: AT }],
      pagination: { next_page_token: value },
    }),
    field: "pagination.next_page_token",
    wrong: [7, ...NOT_A_CURSOR],
    kept: ["a"],
  },
  polytomicSync("schedule", NOT_AN_OBJECT),
  polytomicSync("model_ids", NOT_A_LIST),
  polytomicSync("target_connection_id", [7, {}, [], true]),
  {
    name: "rootfi: next of companies",
    vendor: rootfi,
    ask: "listLinkedAccounts",
    path: "/core/companies",
    body: (value) => ({ data: [{ rootfi_id: 1 }], next: value }),
    field: "next",
    wrong: [1.5, ...NOT_A_CURSOR],
    kept: ["1"],
    absent: [null, ""],
  },
  {
    name: "rootfi: next of syncs",
    vendor: rootfi,
    ask: "discover",
    path: "/core/syncs",
    body: (value) => ({ data: [{ sync_id: "a", status: "SUCCESS", rootfi_created_at: AT }], next: value }),
    field: "next",
    wrong: [1.5, ...NOT_A_CURSOR],
    kept: ["a"],
  },
  {
    name: "rootfi: connections of a company",
    vendor: rootfi,
    ask: "listLinkedAccounts",
    path: "/core/companies",
    body: (value) => ({ data: [{ rootfi_id: 1 }, { rootfi_id: 2, connections: value }, { rootfi_id: 3 }] }),
    field: "data.1.connections",
    wrong: NOT_A_LIST,
    kept: ["1", "3"],
  },
  {
    name: "rootfi: sync_config of a connection",
    vendor: rootfi,
    ask: "listLinkedAccounts",
    path: "/core/companies",
    body: (value) => ({
      data: [{ rootfi_id: 1 }, { rootfi_id: 2, connections: [{ ...connection, sync_config: value }] }],
    }),
    field: "data.1.connections.0.sync_config",
    wrong: ["x", 7, true],
    kept: ["1"],
    absent: [null, []],
  },
  {
    name: "rootfi v4: next of companies",
    vendor: rootfiV4,
    ask: "listLinkedAccounts",
    path: "/core/companies",
    body: (value) => ({ data: { companies: [{ id: 1 }], next: value } }),
    field: "data.next",
    wrong: [1.5, ...NOT_A_CURSOR],
    kept: ["1"],
    absent: [null, ""],
  },
  {
    name: "rootfi v4: dataModelConfigs of a company",
    vendor: rootfiV4,
    ask: "listLinkedAccounts",
    path: "/core/companies",
    body: (value) => ({ data: { companies: [{ id: 1 }, { id: 2, dataModelConfigs: value }] } }),
    field: "data.companies.1.data_model_configs",
    wrong: NOT_A_LIST,
    kept: ["1"],
  },
  {
    name: "stuut: models of a connection",
    vendor: stuut,
    ask: "listDefinitions",
    path: "/connections",
    body: (value) => [{ id: "a" }, { id: "b", models: value }, { id: "c" }],
    field: "1.models",
    wrong: NOT_A_LIST,
    kept: ["a", "c"],
  },
  stuutModel("last_sync", NOT_AN_OBJECT),
  stuutModel("next_sync_at", [7, {}, [], true]),
];

const EMPTY: Readonly<Record<string, unknown>> = { result: [], data: [] };
const SINCE = new Date("2026-05-31T00:00:00.000Z");

async function asked({ vendor, ask, path, body }: Row, value: unknown) {
  await using at = await adapterAt(vendor, (request) => ({
    json: request.path.endsWith(path) ? body(value) : EMPTY,
  }));
  const told: string[] = [];
  const walking = (async () => {
    for await (const items of listOf(at.provider, ask, vendor)) told.push(...items.map(({ remoteId }) => remoteId));
  })();
  return { told, failure: await failureOf(walking) };
}

function listOf(provider: SyncProvider, ask: Ask, vendor: VendorConformance) {
  if (ask === "discover") return provider.discover(SINCE, [definitionOf(startOf(vendor).definition)]);
  return ask === "listDefinitions" ? provider.listDefinitions() : provider.listLinkedAccounts();
}

async function failureOf(walking: Promise<void>) {
  const failed = await walking.then(
    () => false,
    () => true,
  );
  return failed ? refusal(walking) : null;
}

describe.each(rows.map((row) => [row.name, row] as const))("%s", (_name, row) => {
  test("in another type is an error that names it, and the rest of the page is told", async () => {
    for (const value of row.wrong) {
      const { told, failure } = await asked(row, value);
      expect([value, told]).toEqual([value, row.kept]);
      expect(failure).toMatchObject({ code: ErrorCode.ProviderBadResponse });
      expect(failure?.message).toContain(`expected "${row.field}`);
    }
  });

  test("may be absent", async () => {
    for (const value of [undefined, ...(row.absent ?? [null])]) {
      const { told, failure } = await asked(row, value);
      expect([value, failure]).toEqual([value, null]);
      expect(told.length).toBeGreaterThanOrEqual(row.kept.length);
    }
  });
});
