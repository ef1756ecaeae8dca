// Whatever a vendor sends, the readers and mappers answer with a domain value or a `ProviderError`, and never with a secret.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ProviderError } from "../../../src/domain/errors.ts";
import { ObservationSource, SyncStatus } from "../../../src/domain/status.ts";
import { readError } from "../../../src/providers/polytomic/errors.ts";
import { plainWord } from "../../../src/wire/vendor-words.ts";
import { observationOf, startedObservationOf } from "../../../src/providers/polytomic/map-execution.ts";
import { linkedAccountOf, listedModelSyncOf, modelSyncOf } from "../../../src/providers/polytomic/map.ts";
import * as schema from "../../../src/providers/polytomic/map-schema.ts";
import { readRawSync } from "../../../src/providers/polytomic/raw-sync.ts";
import * as wireSchema from "../../../src/providers/polytomic/wire-schema.ts";
import {
  readConnection,
  readEntity,
  readExecution,
  readListedExecution,
  readListedSync,
  readNextRunAt,
  readStarted,
  readSync,
} from "../../../src/providers/polytomic/wire-types.ts";
import { readPage } from "../../../src/providers/polytomic/wire-fields.ts";
import type { ItemReader, UnreadList } from "../../../src/wire/ask.ts";
import { createForeignText } from "../../../src/wire/foreign-text.ts";
import { freeTextRedactor } from "../../../src/wire/free-text.ts";

const SEED = 20_261;
const RUNS = 300;
const source = { provider: "polytomic-eu", request: "GET /api/syncs/42", httpStatus: 200 };
const redact = freeTextRedactor([]);
const context = {
  definitionRemoteId: null,
  linkedAccountRemoteId: null,
  source: ObservationSource.Poll,
  observedAt: new Date("2026-03-02T12:00:00Z"),
  redact,
};

/** The entries of a list, each read in its place. */
const itemsOf = <Item>({ items, place }: UnreadList, read: ItemReader<Item>): readonly Item[] =>
  items.map((item, index) => read(item, source, `${place}.${index}`));

const readings: Readonly<Record<string, (body: unknown) => unknown>> = {
  connections: (body) =>
    itemsOf(readPage(body, source), readConnection).map((connection) => linkedAccountOf(connection, redact)),
  "listed syncs": (body) => itemsOf(readPage(body, source), readListedSync).map(listedModelSyncOf),
  sync: (body) => modelSyncOf(readSync(body, source), null),
  execution: (body) => observationOf(readExecution(body, source), context),
  executions: (body) =>
    itemsOf(readPage(body, source), readListedExecution).map((execution) => observationOf(execution, context)),
  start: (body) => startedObservationOf(readStarted(body, source), false, context),
  "next run": (body) => readNextRunAt(body, source),
  entity: (body) => readEntity(body, source),
  "raw sync": (body) => readRawSync(body, source, { body, texts: createForeignText([]) }),
  "sync source": (body) => schema.sourceOf(wireSchema.readSource(body, source)),
  "source fields": (body) => itemsOf(readPage(body, source), wireSchema.readModelField).map(schema.sourceFieldOf),
  models: (body) => itemsOf(readPage(body, source), wireSchema.readModel).map(schema.modelOf),
  "target objects": (body) => {
    const { target_creation, ...list } = wireSchema.readTargetObjects(body, source);
    return schema.targetObjectsOf({ data: itemsOf(list, wireSchema.readTargetObject), target_creation });
  },
  "target object": (body) => schema.targetDetailOf(wireSchema.readTarget(body, source)),
  "creation values": (body) => wireSchema.readPropertyValues(body, source).map(schema.propertyValueOf),
  "schedule options": (body) =>
    itemsOf(wireSchema.readScheduleOptions(body, source), wireSchema.readScheduleOption).map(schema.scheduleOptionOf),
};

/** JSON in which the vendor's own names are likely, so that the readers get past the first field. */
const names = fc.constantFrom(
  ...[
    "data",
    "id",
    "status",
    "name",
    "fields",
    "filters",
    "target",
    "schedule",
    "counts",
    "errors",
    "connection_id",
    "source",
  ],
  ...[
    "run_after",
    "sync_ids",
    "configuration",
    "pagination",
    "next_page_token",
    "type",
    "total",
    "created_at",
    "__proto__",
  ],
  ...[
    "override_fields",
    "overrides",
    "value",
    "function",
    "identity",
    "created_by",
    "relationships",
    "sync",
    "constructor",
    "items",
    "modes",
    "properties",
    "target_creation",
    "values",
    "schedule_options",
  ],
);
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 5, depthSize: "small" },
    fc.oneof(
      fc.string(),
      fc.constantFrom("completed", "running", "id-1", "constructor", ""),
      fc.double(),
      fc.integer(),
      fc.boolean(),
    ),
    fc.constant(null),
    fc.array(tie("json"), { maxLength: 4 }),
    fc.dictionary(names, tie("json"), { maxKeys: 8 }),
  ),
}));

function attempt(read: (body: unknown) => unknown, body: unknown): unknown {
  try {
    return read(body);
  } catch (cause) {
    if (!(cause instanceof ProviderError)) throw cause;
    return { error: cause.message };
  }
}

describe("any JSON from polytomic", () => {
  it.each(Object.entries(readings))("as %s becomes a value or a ProviderError", (_name, read) => {
    const bodies = fc.oneof(json, fc.record({ data: json }), fc.record({ data: fc.array(json) }));
    fc.assert(
      fc.property(bodies, (body) => {
        attempt(read, body);
      }),
      { seed: SEED, numRuns: RUNS },
    );
  });

  it("as an error body is read without fail", () => {
    const readable = fc.property(fc.integer(), fc.oneof(json, fc.string()), (status, body) => {
      const { message } = readError(status, body);
      expect(message === null || typeof message === "string").toBe(true);
    });
    fc.assert(readable, { seed: SEED, numRuns: RUNS });
  });

  it("nested deeper than anybody needs is cut, not fatal", () => {
    let deep: unknown = "bottom";
    for (let level = 0; level < 2_000; level += 1) deep = [deep];
    const body = {
      data: {
        id: "s",
        target: { connection_id: "c", configuration: { deep } },
        filters: [{ function: "f", value: deep }],
      },
    };
    expect(attempt((value) => modelSyncOf(readSync(value, source), null), body)).toMatchObject({ remoteId: "s" });
  });
});

describe("a status word nobody knows", () => {
  const known = [
    "created",
    "scheduled",
    "queued",
    "waiting",
    "running",
    "processing",
    "canceling",
    "completed",
    "canceled",
  ];
  const ends = ["failed", "interrupted"];
  const unknown = fc
    .oneof(
      fc.string({ minLength: 1 }),
      fc.constantFrom("COMPLETED!", "complete", "success", "done", "errors", "constructor", "__proto__"),
    )
    .filter((word) => ![...known, ...ends, "completed"].includes(plainWord(word)));

  it("is never taken for a success, nor for anything else", () => {
    fc.assert(
      fc.property(
        unknown,
        fc.record({ completed_at: fc.constantFrom(null, "2026-03-02T12:00:00Z"), counts: json }),
        (word, more) => {
          const body = { data: { id: "run", ...more, status: word } };
          for (const read of [readings["execution"], readings["start"]]) {
            expect(read?.(body)).toMatchObject({ status: null, outcome: null, rawStatus: word });
          }
        },
      ),
      { seed: SEED, numRuns: RUNS },
    );
  });

  it("is the only way to no status: every word of the vendor's enum has one, and one means success", () => {
    const statuses = [...known, ...ends].map(
      (word) => observationOf(readExecution({ data: { id: "r", status: word } }, source), context).status,
    );
    expect(statuses).not.toContain(null);
    expect(statuses.filter((status) => status === SyncStatus.Success)).toHaveLength(1);
  });
});

describe("the encryption passphrase", () => {
  const passphrase = fc.string({ minLength: 12, maxLength: 40 }).map((text) => `planted-${text}`);

  it("appears in no output, whatever else the sync holds", () => {
    fc.assert(
      fc.property(passphrase, fc.dictionary(names, json), (secret, more) => {
        const sync = { id: "s", ...more, encryption_passphrase: secret };
        for (const body of [{ data: sync }, { data: [sync] }, { data: { ...sync, id: 7 } }]) {
          const outputs = Object.values(readings).map((read) => attempt(read, body));
          expect(JSON.stringify(outputs)).not.toContain(JSON.stringify(secret).slice(1, -1));
        }
      }),
      { seed: SEED, numRuns: RUNS },
    );
  });

  it("is only said to be there", () => {
    const has = (value: unknown) =>
      readSync({ data: { id: "s", encryption_passphrase: value } }, source).hasEncryptionPassphrase;
    expect([has("x"), has(7), has(""), has(null), has(undefined)]).toEqual([true, true, false, false, false]);
  });

  it("is looked for by name inside a target's free-form parts, with its kin", () => {
    const configuration = { batch: 5, Passphrase: "planted", nested: [{ apiKey: "planted", note: "kept" }] };
    const body = { data: { id: "s", target: { connection_id: "c", configuration } } };
    expect(modelSyncOf(readSync(body, source), null).target?.configuration).toEqual({
      batch: 5,
      Passphrase: "[redacted]",
      nested: [{ apiKey: "[redacted]", note: "kept" }],
    });
  });
});
