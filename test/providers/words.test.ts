// Every vendor's words for statuses and frequencies, in spellings that are not the documented one: they mean the same.
import { expect, test } from "vitest";
import { advance } from "../../src/domain/advance.ts";
import { ObservationSource } from "../../src/domain/status.ts";
import type { Observation } from "../../src/domain/sync.ts";
import { observationOf as polytomicRun } from "../../src/providers/polytomic/map-execution.ts";
import { linkedAccountOf as polytomicAccount } from "../../src/providers/polytomic/map.ts";
import { frequencyOf } from "../../src/providers/polytomic/schedule-words.ts";
import { readConnection, readExecution } from "../../src/providers/polytomic/wire-types.ts";
import { linkedAccountOf as rootfiAccount, scheduleOf } from "../../src/providers/rootfi/map-catalog.ts";
import { observationOf as rootfiRun, syncStatusOf, tasksOf } from "../../src/providers/rootfi/map.ts";
import {
  parseCompany,
  parseJob,
  parseSync as parseRootfiSync,
  parseSyncConfig,
} from "../../src/providers/rootfi/wire-types.ts";
import { linkedAccountOf as stuutAccount } from "../../src/providers/stuut/map-catalog.ts";
import { observationOf as stuutRun } from "../../src/providers/stuut/map.ts";
import { parseConnection, parseSync } from "../../src/providers/stuut/wire-types.ts";
import { linkedAccountOf as trutoAccount } from "../../src/providers/truto/map-catalog.ts";
import { observationOf as trutoRun } from "../../src/providers/truto/map.ts";
import { parseAccount, parseRun } from "../../src/providers/truto/wire-types.ts";

const SOURCE = { provider: "p", request: "r", httpStatus: 200 };
const redact = (text: string): string => text;
const AS = {
  source: ObservationSource.Poll,
  observedAt: new Date(0),
  definitionRemoteId: null,
  linkedAccountRemoteId: null,
  connectionId: "c",
  modelName: null,
  redact,
};
/** What the gateway made of a run's word. */
const told = ({ status, outcome, facts }: ReturnType<typeof stuutRun>) => [
  status,
  outcome,
  facts.waitingReason ?? null,
];

const at = "2026-11-22T10:00:00Z";
/** Readings of words, each with all words that the vendor is known to send. */
const READINGS: Readonly<Record<string, readonly [read: (word: string) => unknown, words: readonly string[]]>> = {
  "RootFi's syncs": [syncStatusOf, ["CREATED", "RUNNING", "SUCCESS", "PARTIAL_SUCCESS", "FAILED", "CANCELLED"]],
  "RootFi's frequencies": [
    (frequency) => scheduleOf(parseSyncConfig({ data_model: "INVOICES", frequency }, SOURCE))?.frequency,
    ["HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY", "NEVER"],
  ],
  "RootFi's connections": [
    (status) =>
      rootfiAccount(
        parseCompany(
          { rootfi_id: 1, connections: [{ integration_type: "XERO", connection_status: status, sync_resume_at: at }] },
          SOURCE,
        ),
      ),
    ["HEALTHY", "SLEEPING", "PENDING", "EXPIRED", "DISCONNECTED"],
  ],
  "Stuut's syncs": [
    (status) => told(stuutRun(parseSync({ id: "s", status, error: "no" }, SOURCE, ""), AS)),
    ["scheduled", "queued", "running", "pending_retry", "complete", "failed", "cancelled"],
  ],
  "Stuut's last syncs": [
    (status) =>
      stuutAccount(
        parseConnection(
          { id: "c", models: [{ id: "m", last_sync: { id: "s", status, completed_at: at } }] },
          SOURCE,
          "",
        ),
        redact,
      ).lastSyncedAt,
    ["complete", "failed"],
  ],
  "Stuut's health": [
    (code) =>
      stuutAccount(parseConnection({ id: "c", models: [], health: { status_code: code } }, SOURCE, ""), redact).status,
    ["healthy"],
  ],
  "Polytomic's executions": [
    (status) => told(polytomicRun(readExecution({ data: { id: "e", status } }, SOURCE), AS)),
    "created scheduled queued waiting running processing canceling completed canceled failed interrupted".split(" "),
  ],
  "Polytomic's frequencies": [
    frequencyOf,
    "manual continuous hourly daily weekly custom builder runafter dbtcloud".split(" "),
  ],
  "Polytomic's connections": [
    (status) => polytomicAccount(readConnection({ id: "c", status }, SOURCE, ""), redact).status,
    "healthy unhealthy error pending unauthorized expired disconnected disabled".split(" "),
  ],
  "Truto's runs": [
    (status) => told(trutoRun(parseRun({ id: "r", sync_job_id: "j", status }, SOURCE), AS)),
    ["created", "running", "rate_limited", "completed", "failed", "stopped"],
  ],
  "Truto's accounts": [
    (status) => trutoAccount(parseAccount({ id: "a", status }, SOURCE), redact).status,
    ["active", "connecting", "needs_reauth", "post_install_error", "validation_error"],
  ],
};
const SPELLINGS: Readonly<Record<string, (word: string) => string>> = {
  "capital letters": (word) => word.toUpperCase(),
  "small letters": (word) => word.toLowerCase(),
  "a capital letter": (word) => word.slice(0, 1).toUpperCase() + word.slice(1).toLowerCase(),
  "blanks around it": (word) => ` ${word}\t`,
  "blanks for underscores": (word) => word.replaceAll("_", " "),
};
const cases = Object.entries(READINGS).flatMap(([what, [read, words]]) =>
  Object.entries(SPELLINGS).map(([how, spell]) => ({ what, read, words, how, spell })),
);
const shown = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (name, inner: unknown) => (name === "rawStatus" ? undefined : inner)) ?? "null");

test.each(cases)("$what mean the same with $how", ({ read, words, spell }) => {
  expect(words.map((word) => shown(read(spell(word))))).toEqual(words.map((word) => shown(read(word))));
});

const UNKNOWN = "teleporting";
/** A run of each vendor with a word that is in no table, and the end time it may have. */
const ODD_RUNS: Readonly<Record<string, (end: string | null) => Observation>> = {
  "RootFi's": (end) =>
    rootfiRun(parseRootfiSync({ sync_id: "s", rootfi_id: 1, status: UNKNOWN, end_time: end }, SOURCE), {
      ...AS,
      companyId: "1",
    }),
  "Stuut's": (end) => stuutRun(parseSync({ id: "s", status: UNKNOWN, completed_at: end, error: "no" }, SOURCE, ""), AS),
  "Polytomic's": (end) =>
    polytomicRun(readExecution({ data: { id: "e", status: UNKNOWN, completed_at: end, errors: ["no"] } }, SOURCE), AS),
  "Truto's": (end) => trutoRun(parseRun({ id: "r", sync_job_id: "j", status: UNKNOWN, finished_at: end }, SOURCE), AS),
};

test.each(Object.entries(ODD_RUNS))(
  "%s runs with an unknown word go on without an end time and fail with one",
  (_, odd) => {
    expect(advance(null, odd(null)).state).toMatchObject({ status: "CREATED", outcome: null, rawStatus: UNKNOWN });
    const { state } = advance(null, odd(at));
    expect(state).toMatchObject({ status: "FAILED", outcome: "UNKNOWN", rawStatus: UNKNOWN, finishedAt: new Date(at) });
    expect(state.error).toMatchObject({ code: "UNKNOWN", message: expect.stringContaining(UNKNOWN) as string });
  },
);

test.each([3_000_000_000, 2 ** 53 + 2, 1e20])("a count of %d is the number at every vendor that counts", (count) => {
  const counts = { total: count, insert: count };
  const truto = {
    id: "r",
    sync_job_id: "j",
    status: "running",
    resource_stats: { "crm/x": { list: { fetched: count } } },
  };
  const polytomic = polytomicRun(readExecution({ data: { id: "e", status: "running", counts } }, SOURCE), AS);
  expect(polytomic.facts.recordCounts).toMatchObject({ total: count, inserted: count });
  expect(trutoRun(parseRun(truto, SOURCE), AS).facts.recordCounts).toMatchObject({ fetched: count });
  const job = { rootfi_id: 1, status: "RUNNING", data_model: "INVOICES", retry_count: count };
  expect(tasksOf([parseJob(job, SOURCE)], redact)).toMatchObject([{ attempt: count + 1 }]);
  expect(stuutRun(parseSync({ id: "s", status: "running", attempt: count }, SOURCE, ""), AS).facts.attempt).toBe(count);
});

test("errors that are listed and not counted, and counts that are text, make a success a partial one", () => {
  const outcome = (run: Observation) => advance(null, run).state.outcome;
  const polytomic = (more: object) =>
    polytomicRun(readExecution({ data: { id: "e", status: "completed", ...more } }, SOURCE), AS);
  expect(outcome(polytomic({ errors: ["row 3 was refused"] }))).toBe("PARTIAL");
  expect(outcome(polytomic({ counts: { total: 4, insert: 3, error: "1" } }))).toBe("PARTIAL");
  expect(outcome(polytomic({ counts: { total: 4, insert: 4, error: 0 } }))).toBe("COMPLETE");
  const truto = (list: object) =>
    trutoRun(
      parseRun({ id: "r", sync_job_id: "j", status: "completed", resource_stats: { "crm/x": { list } } }, SOURCE),
      AS,
    );
  for (const one of [
    { fetched: 4, failed: "2" },
    { fetched: 4, errors: [{}, {}] },
  ]) {
    expect(outcome(truto(one))).toBe("PARTIAL");
    expect(truto(one).facts.recordCounts).toMatchObject({ fetched: 4, failed: 2 });
  }
  expect(outcome(truto({ fetched: 4, errors: [] }))).toBe("COMPLETE");
});

test.each(Object.entries(READINGS))("%s: none of the words means what an unknown one does", (_what, [read, words]) => {
  const unknown = shown(read("transmogrified"));
  for (const word of words.filter((one) => one !== "failed")) expect(shown(read(word)), word).not.toEqual(unknown);
});
