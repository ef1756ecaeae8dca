// What a change makes of a sync job's `resources`: which entries it means, and the whole list the vendor is then sent. Pure.
import type { SyncJobSnapshot } from "../../domain/definition.ts";
import type { SyncJobDraft, SyncJobPatch, SyncJobResourceDraft } from "../../domain/definition-change.ts";
import type { JsonObject, JsonValue } from "../../domain/json.ts";
import { oneLine } from "../../wire/visible-text.ts";
import { entryName } from "./map-catalog.ts";
import { textIn } from "./map.ts";
import { isJsonObject } from "./wire-types.ts";

/** By what entries are told apart. */
export interface NamedEntry {
  readonly name: string | null;
  readonly method: string | null;
}

/** An entry as it will be. */
export interface FutureEntry extends NamedEntry {
  readonly type: string | null;
  readonly dependsOn: readonly string[];
  /** Entries whose records it passes on. */
  readonly delivers: readonly string[];
}

export const Unplaced = {
  /** The job has no such entry. */
  New: "NEW",
  /** The job has several, and the change does not say which. */
  Ambiguous: "AMBIGUOUS",
} as const;
export type Unplaced = (typeof Unplaced)[keyof typeof Unplaced];

/** The first runtime whose resources are nodes with a name and a type. */
const NODES_SINCE_RUNTIME = 4;

/** Whether a job's resources are nodes once a change is made. Jobs that do not name their runtime are told by their resources. */
export function areNodes(
  job: Pick<SyncJobSnapshot, "runtimeVersion" | "resources"> | null,
  change: SyncJobDraft | SyncJobPatch,
): boolean {
  const runtime = change.runtimeVersion ?? job?.runtimeVersion ?? null;
  if (runtime !== null) return runtime >= NODES_SINCE_RUNTIME;
  return [...(job?.resources ?? []), ...(change.resources ?? [])].some(({ type }) => typeof type === "string");
}

/**
 * The place of the entry each draft means. Entries go by their names; where a name occurs several times, in the job or in the change,
 * the method tells which is meant.
 */
export function placesOf(
  entries: readonly NamedEntry[],
  drafts: readonly SyncJobResourceDraft[],
): readonly (number | Unplaced)[] {
  return drafts.map((draft) => {
    const named = entries.flatMap((entry, index) => (entry.name === draft.name ? [index] : []));
    const twins = drafts.filter((other) => other.name === draft.name).length;
    if (named.length > 1 && draft.method === undefined) return Unplaced.Ambiguous;
    const meant =
      named.length === 1 && twins === 1 ? named : named.filter((index) => entries[index]?.method === draft.method);
    return meant.length > 1 ? Unplaced.Ambiguous : (meant[0] ?? Unplaced.New);
  });
}

/**
 * The vendor's own entries with a change made to them: what a draft does not name stays in its entry, what snapshots never show
 * included. New ones come last.
 *
 * @param nodes whether the job's resources are nodes
 * @param shown the entries in the form that clients have seen, which go by it; in the same order
 */
export function mergedResources(
  entries: readonly JsonObject[],
  patch: Pick<SyncJobPatch, "resources" | "removeResources">,
  nodes: boolean,
  shown: readonly JsonObject[] = entries,
): readonly JsonObject[] {
  const { resources: drafts = [], removeResources = [] } = patch;
  const names = shown.map(entryName);
  const places = placesOf(
    shown.map((entry, index) => ({ name: names[index] ?? null, method: textIn(entry, "method") })),
    drafts,
  );
  const kept = entries.flatMap((entry, index) => {
    if (removeResources.some((name) => name === names[index])) return [];
    const draft = drafts[places.indexOf(index)];
    return [draft === undefined ? entry : entryOf(entry, draft, nodes, shown[index] ?? entry)];
  });
  const made = drafts.filter((_draft, index) => places[index] === Unplaced.New);
  return [...kept, ...made.map((draft) => entryOf({}, draft, nodes, {}))];
}

/** Null takes a field away; what is undefined is left as it is. */
type Fields = ReadonlyMap<string, JsonValue | undefined>;

/** @param shown the entry as the client has seen it: what comes back unchanged is left as the vendor wrote it */
function entryOf(entry: JsonObject, draft: SyncJobResourceDraft, nodes: boolean, shown: JsonObject): JsonObject {
  const { config: settings, ...more } = draft.config ?? {};
  const fields: Fields = new Map<string, JsonValue | undefined>([
    ...Object.entries(more),
    ["config", settingsOf(entry["config"], settings, shown["config"])],
    nodes ? ["name", draft.name] : ["resource", textIn(entry, "resource") ?? draft.name],
    ["type", draft.type],
    ["id", draft.remoteId],
    ["method", draft.method],
    ["query", draft.query],
    ["loop_on", draft.loopOn],
    ["depends_on", draft.dependsOn === undefined ? undefined : (draft.dependsOn[0] ?? null)],
    ["persist", draft.persist],
  ]);
  return withFields(entry, changedFields(fields, shown));
}

/** The fields without those that say what was shown. */
function changedFields(fields: Fields, shown: JsonObject): Fields {
  return new Map([...fields].map(([name, value]) => [name, isShown(value, shown[name]) ? undefined : value]));
}

function isShown(value: JsonValue | undefined, shown: JsonValue | undefined): boolean {
  if (value === undefined || shown === undefined) return false;
  return oneLine(JSON.stringify(value)) === oneLine(JSON.stringify(shown));
}

/** A node's settings are shown in part, so the rest of them must outlive a change of that part. */
function settingsOf(
  current: JsonValue | undefined,
  given: JsonValue | undefined,
  shown: JsonValue | undefined,
): JsonValue | undefined {
  if (!isJsonObject(given)) return given;
  const fields = changedFields(new Map(Object.entries(given)), isJsonObject(shown) ? shown : {});
  return withFields(isJsonObject(current) ? current : {}, fields);
}

function withFields(entry: JsonObject, fields: Fields): JsonObject {
  const kept = Object.entries(entry).filter(([name]) => fields.get(name) === undefined);
  const given = [...fields].flatMap(([name, value]): [string, JsonValue][] =>
    value === undefined || value === null ? [] : [[name, value]],
  );
  return Object.fromEntries([...kept, ...given]);
}
