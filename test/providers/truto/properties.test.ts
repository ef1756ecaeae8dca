// What holds for any JSON a vendor may send: the mappers are total, no unknown word is a success, and arguments never come out.
import fc from "fast-check";
import { plainWord } from "../../../src/wire/vendor-words.ts";
import { describe, expect, it } from "vitest";
import { ProviderError } from "../../../src/domain/errors.ts";
import { checkArguments } from "../../../src/providers/truto/args.ts";
import { readError } from "../../../src/providers/truto/errors.ts";
import { linkedAccountOf, resourcesFor, scheduleOf, syncJobOf } from "../../../src/providers/truto/map-catalog.ts";
import { failureOf, observationOf } from "../../../src/providers/truto/map.ts";
import {
  isJsonObject,
  jsonOf,
  parseAccount,
  parseCronTrigger,
  parseJob,
  parseLogEntry,
  parsePage,
  parseRun,
} from "../../../src/providers/truto/wire-types.ts";
import { freeTextRedactor } from "../../../src/wire/free-text.ts";
import { wireRun } from "./sync-job.ts";

const SETTINGS = { seed: 20261122, numRuns: 400 };
const SOURCE = { provider: "truto-eu", request: "GET /sync-job-run", httpStatus: 200 };
const redact = freeTextRedactor([]);
const AS = { source: "POLL", observedAt: new Date(0), definitionRemoteId: null, linkedAccountRemoteId: null } as const;
const SUCCESS_WORD = "completed";

const json = fc.jsonValue({ maxDepth: 4 });
const objectWith = (...names: readonly string[]) =>
  fc.record(
    { id: fc.string({ minLength: 1 }), ...Object.fromEntries(names.map((name) => [name, json])) },
    { requiredKeys: ["id"] },
  );
const entries = fc.array(
  fc.oneof(json, fc.dictionary(fc.constantFrom("name", "resource", "type", "depends_on", "query", "config"), json)),
);
const times = ["created_at", "updated_at", "started_at", "finished_at"];
const run = fc.tuple(
  objectWith("sync_job_id", "args", "error_handling", "ignore_previous_run", "version", ...times),
  fc.record({
    status: fc.oneof(
      fc.string(),
      fc.constantFrom("running", "failed", "completed", "__proto__", "constructor", "Completed"),
      json,
    ),
  }),
  fc.record({
    resources: fc.oneof(json, entries),
    resource_stats: fc.oneof(json, fc.dictionary(fc.string(), fc.dictionary(fc.string(), json))),
  }),
);

describe("any JSON through the mappers", () => {
  it("becomes a domain value or a ProviderError, and an unknown word never a success", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          json,
          run.map(([facts, status, stats]) => ({ ...facts, ...status, ...stats })),
        ),
        (body: unknown) => {
          const observation = orRefused(() => observationOf(parseRun(body, SOURCE), AS));
          if (observation === null) return;
          JSON.stringify(observation);
          expect(observation.status === "SUCCESS").toBe(plainWord(observation.rawStatus) === SUCCESS_WORD);
          const keys = (observation.tasks ?? []).map((task) => task.key);
          expect(new Set(keys).size).toBe(keys.length);
        },
      ),
      SETTINGS,
    );
  });

  it("becomes a definition, an account, a schedule or a page, or a ProviderError", () => {
    const job = fc.tuple(
      objectWith("label", "args_schema", "default_runtime_version", ...times),
      fc.record({ resources: entries }),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          json,
          job.map(([facts, resources]) => ({ ...facts, ...resources })),
          objectWith("status", "integration", "sync_job_id"),
        ),
        (body: unknown) => {
          orRefused(() => JSON.stringify(syncJobOf(parseJob(body, SOURCE), [])));
          orRefused(() => JSON.stringify(linkedAccountOf(parseAccount(body, SOURCE), redact)));
          orRefused(() => JSON.stringify(scheduleOf(parseCronTrigger(body, SOURCE))));
          orRefused(() => parsePage(body, SOURCE));
        },
      ),
      SETTINGS,
    );
  });

  it("is read as an error body or a log without throwing", () => {
    fc.assert(
      fc.property(json, fc.array(json), (body, log) => {
        readError(400, body);
        readError(400, { message: body, details: { failures: log } });
        failureOf(
          log.map(parseLogEntry).filter((entry) => entry !== null),
          redact,
        );
      }),
      SETTINGS,
    );
  });

  it("is taken as an argument schema without throwing, and quoted nowhere", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), json), fc.dictionary(fc.string(), json), (schema, properties) => {
        const args = { planted: "planted-value" };
        expect(JSON.stringify(checkArguments(JSON.parse(JSON.stringify(schema)), args))).not.toContain("planted-value");
        checkArguments(JSON.parse(JSON.stringify({ type: "object", properties })), args);
      }),
      { ...SETTINGS, numRuns: 60 },
    );
  });

  it("gives a selection of resources that is part of what was there", () => {
    fc.assert(
      fc.property(entries, fc.array(fc.string()), (resources, models) => {
        const known = resources.map(jsonOf).filter(isJsonObject);
        expect(resourcesFor(known, models).length).toBeLessThanOrEqual(known.length);
      }),
      SETTINGS,
    );
  });

  it("survives nesting beyond any use", () => {
    const deep: unknown = JSON.parse(`${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}`);
    const job = syncJobOf(
      parseJob(
        { id: "job", args_schema: deep, resources: [{ resource: "a", query: deep }, { resource: "b" }] },
        SOURCE,
      ),
      [],
    );
    expect(job.argsSchema).toBeNull();
    expect(job.resources.map((resource) => resource.name)).toEqual(["b"]);
    expect(
      observationOf(parseRun({ ...wireRun(), args: deep, resource_stats: deep, resources: deep }, SOURCE), AS).status,
    ).toBe("CREATED");
  });
});

describe("arguments of a run", () => {
  it("come out of no observation, wherever the vendor repeats them", () => {
    const secret = fc.uuid();
    fc.assert(
      fc.property(secret, json, (planted, other) => {
        const body = {
          ...wireRun({ status: "failed" }),
          args: { token: planted, nested: [{ planted, other }] },
          mutex_key: planted,
          state_key: planted,
          resources: [{ resource: "tickets", query: { since: planted }, body: planted }],
          resource_stats: { tickets: { list: { fetched: 1, cursor: planted } } },
        };
        const error = failureOf(
          [{ status: "failed", message: `refused ${planted} of ${encodeURIComponent(planted)}` }],
          freeTextRedactor([planted]),
        );
        expect(JSON.stringify([observationOf(parseRun(body, SOURCE), AS), error])).not.toContain(planted);
      }),
      SETTINGS,
    );
  });
});

function orRefused<Value>(read: () => Value): Value | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof ProviderError) return null;
    throw error;
  }
}
