// The one writer of runs and transitions: applies observations inside a transaction. What an observation means is decided by the rules.
import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { identityOf } from "../domain/identity.ts";
import { isTerminal } from "../domain/status.ts";
import type { RecordEntry, RecordRules, Recorded } from "../domain/store-port.ts";
import type { ConflictDraft, Sync, SyncTask, Transition, TransitionDraft } from "../domain/sync.ts";
import { Overtaken } from "./database.ts";
import type { Query } from "./database.ts";
import type { Dialect } from "./dialect.ts";
import { syncConflictTable } from "./entities/sync-conflict.ts";
import { syncPollTable } from "./entities/sync-poll.ts";
import { syncTaskOf, syncTaskTable } from "./entities/sync-task.ts";
import { syncOf, syncTable } from "./entities/sync.ts";
import { transitionTable } from "./entities/transition.ts";
import { identifier, sql } from "./sql.ts";
import { insertRows, selected, updateRows } from "./statements.ts";
import { decodeRow, rowsByColumn } from "./table.ts";
import type { RowOf } from "./table.ts";

type PollRow = RowOf<typeof syncPollTable.columns>;

/** A run while a batch is applied to it. */
interface Run {
  readonly id: string;
  readonly before: Sync | null;
  readonly poll: PollRow | null;
  now: Sync | null;
  /** By key. */
  tasks: ReadonlyMap<string, SyncTask>;
  tasksChanged: boolean;
  /** Whether anything but the observation's own time and kind is new. */
  changed: boolean;
  accepted: boolean;
  lastObservedAt: Date | null;
}

interface Draft {
  readonly sync: Sync;
  readonly transitions: readonly TransitionDraft[];
  readonly conflict: ConflictDraft | null;
  readonly accepted: boolean;
}

export interface Recording {
  readonly query: Query;
  readonly dialect: Dialect;
  readonly tenantId: string;
}

/** Applies the entries in order. To be called inside a transaction; throws `Overtaken` when it must begin again. */
export async function recordEntries(
  recording: Recording,
  entries: readonly RecordEntry[],
  rules: RecordRules,
): Promise<readonly Recorded[]> {
  const { tenantId } = recording;
  const addressed = entries.map((entry) => ({
    entry,
    id: identityOf(tenantId, entry.providerKey, "sync", entry.observation.remoteId),
  }));
  const runs = await lockRuns(recording, addressed);
  const drafts = addressed.map(({ entry, id }) => apply(tenantId, runOf(runs, id), entry, rules));
  const touched = [...runs.values()].filter((run) => run.accepted);
  await writeRuns(recording, touched);
  await writeTasks(recording, touched);
  const disputes = await writeConflicts(recording, drafts);
  await writePolls(recording, touched, rules, new Set(disputes.map(({ sync }) => sync.id)));
  const transitions = await appendTransitions(recording, drafts);
  return drafts.map((draft, index) => ({
    sync: draft.sync,
    transitions: transitions[index] ?? [],
    conflict: disputes.includes(draft),
    accepted: draft.accepted,
  }));
}

interface Addressed {
  readonly entry: RecordEntry;
  readonly id: string;
}

/** Every writer locks run rows first, then their due rows, each by id, and the ledger's head last: so nobody waits in a circle. */
async function lockRuns(recording: Recording, addressed: readonly Addressed[]): Promise<ReadonlyMap<string, Run>> {
  const { query, dialect, tenantId } = recording;
  const ids = [...new Set(addressed.map(({ id }) => id))];
  const syncRows = await query(
    sql`select ${selected(syncTable)} from sync where tenant_id = ${tenantId} and ${dialect.anyOf(identifier("id"), ids)} order by id ${dialect.lockRows}`,
  );
  const pollRows = await query(
    sql`select ${selected(syncPollTable)} from sync_poll where tenant_id = ${tenantId} and ${dialect.anyOf(identifier("sync_id"), ids)} order by sync_id ${dialect.lockRows}`,
  );
  const withTasks = [
    ...new Set(addressed.filter(({ entry }) => entry.observation.tasks !== undefined).map(({ id }) => id)),
  ];
  const taskRows = await readTasks(recording, withTasks);
  const syncs = new Map(syncRows.map(syncOf).map((sync) => [sync.id, sync]));
  const polls = new Map(pollRows.map((row) => decodeRow(syncPollTable, row)).map((poll) => [poll.syncId, poll]));
  return new Map(
    ids.map((id): [string, Run] => {
      const before = syncs.get(id) ?? null;
      const tasks = taskRows.get(id) ?? new Map<string, SyncTask>();
      const blank = { tasksChanged: false, changed: false, accepted: false, lastObservedAt: null };
      return [id, { id, before, now: before, poll: polls.get(id) ?? null, tasks, ...blank }];
    }),
  );
}

async function readTasks(
  { query, dialect, tenantId }: Recording,
  syncIds: readonly string[],
): Promise<ReadonlyMap<string, ReadonlyMap<string, SyncTask>>> {
  if (syncIds.length === 0) return new Map();
  const rows = await query(
    sql`select ${selected(syncTaskTable)} from sync_task where tenant_id = ${tenantId} and ${dialect.anyOf(identifier("sync_id"), syncIds)}`,
  );
  const bySync = rowsByColumn(rows, "sync_id");
  return new Map([...bySync].map(([syncId, found]) => [syncId, tasksByKey(found.map(syncTaskOf))]));
}

/** Brings one observation to its run and notes what must be written. */
function apply(tenantId: string, run: Run, entry: RecordEntry, rules: RecordRules): Draft {
  if (run.now !== null && entry.fence !== undefined && run.poll?.fence !== entry.fence) {
    return { sync: run.now, transitions: [], conflict: null, accepted: false };
  }
  const { observation, providerKey } = entry;
  const { state, transitions, conflict } = rules.advance(run.now, observation);
  const idOf = (kind: "definition" | "linkedAccount", remoteId: string | null): string | null =>
    remoteId === null ? null : identityOf(tenantId, providerKey, kind, remoteId);
  const links = {
    id: run.id,
    tenantId,
    providerKey,
    definitionId: run.now?.definitionId ?? idOf("definition", state.definitionRemoteId),
    linkedAccountId: run.now?.linkedAccountId ?? idOf("linkedAccount", state.linkedAccountRemoteId),
    triggerId: run.now?.triggerId ?? entry.triggerId ?? null,
    retryOfId: run.now?.retryOfId ?? entry.retryOfId ?? null,
  };
  const known = run.now?.version ?? 0;
  const next: Sync = { ...state, ...links, version: known };
  // A conflicting report changes nothing of a run, its tasks neither.
  const tasks = observation.tasks === undefined || conflict !== null ? run.tasks : tasksByKey(observation.tasks);
  const newTasks = !isDeepStrictEqual(tasks, run.tasks);
  const difference = differenceOf(run.now, next);
  const sync = newTasks || difference !== "none" ? { ...next, version: known + 1 } : next;
  run.now = sync;
  run.tasks = tasks;
  run.tasksChanged ||= newTasks;
  run.changed ||= newTasks || difference === "substance";
  run.accepted = true;
  run.lastObservedAt = observation.observedAt;
  return { sync, transitions, conflict, accepted: true };
}

/** Columns that differ with every look though nothing happened; `raw` often holds the vendor's own clock. */
const OF_THE_LOOK: ReadonlySet<string> = new Set(["observedAt", "observedVia", "raw"]);

function differenceOf(before: Sync | null, after: Sync): "none" | "look" | "substance" {
  if (before === null) return "substance";
  const old: Readonly<Record<string, unknown>> = { ...before };
  const different = Object.entries(after).filter(
    ([name, value]) => name in syncTable.columns && !isDeepStrictEqual(old[name], value),
  );
  if (different.length === 0) return "none";
  return different.every(([name]) => OF_THE_LOOK.has(name)) ? "look" : "substance";
}

async function writeRuns({ query, dialect }: Recording, runs: readonly Run[]): Promise<void> {
  const added: Sync[] = [];
  const changed: Sync[] = [];
  for (const { before, now } of runs) {
    if (now !== null && before === null) added.push(now);
    else if (now !== null && now.version !== before?.version) changed.push(now);
  }
  // Another gateway saw one of them first and has committed: what it knows must be advanced, not replaced.
  if ((await insertRows(query, dialect, syncTable, added, "skip")) < added.length) throw new Overtaken();
  await updateRows(query, dialect, syncTable, changed);
}

async function writeTasks({ query, dialect, tenantId }: Recording, runs: readonly Run[]): Promise<void> {
  const replaced = runs.filter((run) => run.tasksChanged);
  if (replaced.length === 0) return;
  const ids = replaced.map(({ id }) => id);
  await query(
    sql`delete from sync_task where tenant_id = ${tenantId} and ${dialect.anyOf(identifier("sync_id"), ids)}`,
  );
  const rows = replaced.flatMap((run) =>
    [...run.tasks.values()].map((task) => ({ ...task, tenantId, syncId: run.id })),
  );
  await insertRows(query, dialect, syncTaskTable, rows);
}

/** A vendor that goes on contradicting itself says so with every look: what is known already is not written again. Gives those written. */
async function writeConflicts(
  { query, dialect, tenantId }: Recording,
  drafts: readonly Draft[],
): Promise<readonly Draft[]> {
  const disputes = drafts.filter(({ conflict }) => conflict !== null);
  if (disputes.length === 0) return [];
  const ids = [...new Set(disputes.map(({ sync }) => sync.id))];
  const stored = await query(
    sql`select ${selected(syncConflictTable)} from sync_conflict where tenant_id = ${tenantId} and ${dialect.anyOf(identifier("sync_id"), ids)}`,
  );
  const known = new Set(stored.map((row) => disputeKey(decodeRow(syncConflictTable, row))));
  const added = disputes.flatMap((draft) => {
    if (draft.conflict === null) return [];
    const row = { ...draft.conflict, id: randomUUID(), tenantId, syncId: draft.sync.id };
    if (known.has(disputeKey(row))) return [];
    known.add(disputeKey(row));
    return [{ draft, row }];
  });
  await insertRows(
    query,
    dialect,
    syncConflictTable,
    added.map(({ row }) => row),
  );
  return added.map(({ draft }) => draft);
}

const disputeKey = ({ syncId, rawStatus, observedVia }: ConflictDraft & { readonly syncId: string }): string =>
  JSON.stringify([syncId, rawStatus, observedVia]);

async function writePolls(
  { query, dialect, tenantId }: Recording,
  runs: readonly Run[],
  rules: RecordRules,
  disputed: ReadonlySet<string>,
): Promise<void> {
  const due: PollRow[] = [];
  const ended: string[] = [];
  for (const run of runs) {
    if (run.now === null) continue;
    const { id: _id, version: _version, ...sync } = run.now;
    const endedBefore = run.before !== null && isTerminal(run.before.status);
    const isDue = endedBefore && run.poll !== null;
    const isDisputed = disputed.has(run.id);
    if (endedBefore && !isDue && !isDisputed) continue;
    const next = rules.nextPollAt(sync, { changed: run.changed, isNew: run.before === null, isDue, isDisputed });
    if (next === null && run.poll !== null) ended.push(run.id);
    // What is left to read of an end has its own pace, and perhaps a reader: another report of the same end changes neither.
    else if (next !== null && !isDue) due.push(pollRow(tenantId, run, sync.providerKey, next));
  }
  if (ended.length > 0) {
    await query(
      sql`delete from sync_poll where tenant_id = ${tenantId} and ${dialect.anyOf(identifier("sync_id"), ended)}`,
    );
  }
  await insertRows(query, dialect, syncPollTable, due, "replace");
}

function pollRow(tenantId: string, run: Run, providerKey: string, next: Date): PollRow {
  const hint = run.poll?.hintedAt ?? null;
  // A look that began before somebody asked for one does not answer: the run stays due.
  const unanswered = hint !== null && run.lastObservedAt !== null && run.lastObservedAt < hint;
  return {
    ...{ tenantId, providerKey, syncId: run.id, leaseOwner: null, leaseUntil: null, failures: 0, missingSince: null },
    nextPollAt: unanswered && hint < next ? hint : next,
    fence: run.poll?.fence ?? 0,
    polls: run.poll === null ? 0 : run.poll.polls + 1,
    hintedAt: unanswered ? hint : null,
  };
}

/** Numbers and appends. The head stays locked from here to the commit, so numbers are in the order of commits and have no holes. */
async function appendTransitions(
  { query, dialect, tenantId }: Recording,
  drafts: readonly Draft[],
): Promise<readonly (readonly Transition[])[]> {
  const total = drafts.reduce((sum, { transitions }) => sum + transitions.length, 0);
  if (total === 0) return [];
  const [head] = await query(
    sql`insert into ledger_head (tenant_id, last_sequence) values (${tenantId}, ${total}) on conflict (tenant_id) do update set last_sequence = ledger_head.last_sequence + excluded.last_sequence returning last_sequence`,
  );
  let sequence = Number(head?.["last_sequence"]) - total;
  const numbered = drafts.map(({ sync, transitions }) =>
    transitions.map((draft): Transition => {
      sequence += 1;
      return { ...draft, id: randomUUID(), tenantId, syncId: sync.id, sequence };
    }),
  );
  await insertRows(query, dialect, transitionTable, numbered.flat());
  return numbered;
}

function tasksByKey(tasks: readonly SyncTask[]): ReadonlyMap<string, SyncTask> {
  return new Map(
    tasks.map((task): [string, SyncTask] => [task.key, task]).toSorted(([left], [right]) => (left < right ? -1 : 1)),
  );
}

function runOf(runs: ReadonlyMap<string, Run>, id: string): Run {
  const run = runs.get(id);
  if (run === undefined) throw new Error(`store: run ${id} was not loaded`);
  return run;
}
