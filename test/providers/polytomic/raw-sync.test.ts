// A sync on its way back to the vendor: whatever it holds goes back as it came, and nothing of it gets anywhere else.
import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readRawSync } from "../../../src/providers/polytomic/raw-sync.ts";
import { createForeignText } from "../../../src/wire/foreign-text.ts";
import { PASSPHRASE, RAW_SYNC, WRITABLE } from "./full-sync.ts";

const SEED = 20_262;
const RUNS = 300;
const source = { provider: "polytomic-eu", request: "GET /api/syncs/42", httpStatus: 200 };
const texts = createForeignText(["planted-secret"]);
const read = (data: unknown) => readRawSync(texts.value({ data }), source, { body: { data }, texts });
const needed = { name: "A sync", mode: "append", schedule: { frequency: "manual" }, target: { connection_id: "c" } };

/** JSON as a vendor may send it; what does not survive being read is refused, and has its own test. */
const value = fc.jsonValue({ maxDepth: 4 }).map((json) => JSON.parse(JSON.stringify(json)) as unknown);
const withoutBigNumbers = value.filter((json) => !/\d{16}|e\+/.test(JSON.stringify(json)));
/** What is no list where a list belongs is refused: it could not be told from none. */
const lists = fc.dictionary(
  fc.constantFrom("fields", "filters", "policies", "overrides"),
  fc.option(fc.array(withoutBigNumbers, { maxLength: 5 })),
);
const others = fc.dictionary(fc.constantFrom("retention", "sync_all_records", "labels"), withoutBigNumbers);
const parts = fc.tuple(lists, others).map((both) => ({ ...both[0], ...both[1] }));

describe("a polytomic sync that is sent back", () => {
  it("is what came, but for what the vendor decides by itself", () => {
    expect(read(RAW_SYNC).replacement({})).toEqual(WRITABLE);
  });

  it("is what came, whatever came", () => {
    fc.assert(
      fc.property(parts, (more) => {
        const told = Object.entries(more).filter(([, part]) => part !== null);
        const body = read({ id: "s", ...more, ...needed, updated_at: "2026-03-02T11:00:00Z" }).replacement({});
        expect(body).toEqual({ fields: [], ...Object.fromEntries(told), ...needed });
      }),
      { seed: SEED, numRuns: RUNS },
    );
  });

  it("has not changed since it was read, however its parts are ordered", () => {
    fc.assert(
      fc.property(parts, (more) => {
        const sync = { id: "s", ...more, ...needed };
        const other = Object.fromEntries(Object.entries(sync).toReversed());
        expect(read(other).changedSince(read(sync), {})).toEqual([]);
      }),
      { seed: SEED, numRuns: RUNS },
    );
  });

  const changes: readonly (readonly [string, object])[] = [
    ["name", { name: "Another" }],
    ["mode", { mode: "update" }],
    ["active", { active: false }],
    ["fields", { fields: WRITABLE.fields.toReversed() }],
    ["filters", { filters: WRITABLE.filters.map((filter) => ({ ...filter, value: 0 })) }],
    ["filter_logic", { filter_logic: "A or B" }],
    ["identity", { identity: null }],
    ["overrides", { overrides: [] }],
    ["override_fields", { override_fields: null }],
    ["policies", { policies: ["another"] }],
    ["schedule", { schedule: { ...WRITABLE.schedule, hour: "06" } }],
    ["target", { target: { ...WRITABLE.target, configuration: { batch_size: 201 } } }],
    ["only_enrich_updates", { only_enrich_updates: false }],
    ["skip_initial_backfill", { skip_initial_backfill: null }],
    ["sync_all_records", { sync_all_records: true }],
    ["organization_id", { organization_id: "another" }],
    ["encryption_passphrase", { encryption_passphrase: "another" }],
  ];
  it.each(changes)("has changed when its %s has, unless that was asked for", (name, change) => {
    const after = read({ ...RAW_SYNC, ...change });
    expect(after.changedSince(read(RAW_SYNC), {})).toEqual([name]);
    expect(after.changedSince(read(RAW_SYNC), { [name]: null })).toEqual([]);
  });

  it("shows its passphrase to nobody who prints it", () => {
    const sync = read(RAW_SYNC);
    expect(inspect(sync, { depth: 10, showHidden: true })).not.toContain(PASSPHRASE);
    expect(JSON.stringify(sync)).not.toContain(PASSPHRASE);
    expect(String(Object.values(sync))).not.toContain(PASSPHRASE);
    expect(sync.replacement({})).toMatchObject({ encryption_passphrase: PASSPHRASE });
  });
});
