// What is wrong with a change of a sync job's resources, found without calling Truto: their shape, and whether they still fit together.
import type { SyncJobResource, SyncJobSnapshot } from "../../domain/definition.ts";
import type { SyncJobDraft, SyncJobPatch, SyncJobResourceDraft } from "../../domain/definition-change.ts";
import type { UserProblem } from "../../domain/errors.ts";
import { ErrorCode } from "../../domain/errors.ts";
import type { JsonValue } from "../../domain/json.ts";
import { capText } from "../../wire/redact.ts";
import { oneLine } from "../../wire/visible-text.ts";
import { checkShape } from "./check-resource-shape.ts";
import type { FutureEntry } from "./job-resources.ts";
import { Unplaced, areNodes, placesOf } from "./job-resources.ts";

/** Names told in a sentence. */
const NAMES_TOLD = 20;
const LONGEST_NAME = 60;

/** @param job the job to change, as it stands; null for a new one */
export function checkResources(
  job: SyncJobSnapshot | null,
  change: SyncJobDraft | SyncJobPatch,
): readonly UserProblem[] {
  const drafts = change.resources ?? [];
  const removed = "removeResources" in change ? (change.removeResources ?? []) : [];
  const current = job?.resources ?? [];
  const nodes = areNodes(job, change);
  const places = placesOf(current, drafts);
  const views = drafts.map((draft, index) => viewOf(entryAt(current, places[index]), draft));
  const untouched = current.flatMap((entry, index) =>
    places.includes(index) || removed.includes(entry.name) ? [] : [viewOf(entry, null)],
  );
  const after = [...untouched, ...views];
  return [
    ...(change.runtimeVersion === undefined ? [] : checkOthers(untouched, nodes)),
    ...drafts.flatMap((draft, index) => {
      const field = ["resources", String(index)];
      const identity = checkIdentity(draft, { places, index, removed, field });
      // Of a draft that means nothing certain, everything else would be said in vain.
      if (identity.length > 0) return identity;
      const shape = checkShape(draft, views[index] ?? viewOf(undefined, draft), nodes, field);
      return [...shape, ...checkNeighbours(draft, after, nodes, field)];
    }),
    ...removed.flatMap((name, index) => checkRemoval(name, current, after, ["removeResources", String(index)])),
  ];
}

function entryAt(
  current: readonly SyncJobResource[],
  place: number | Unplaced | undefined,
): SyncJobResource | undefined {
  return typeof place === "number" ? current[place] : undefined;
}

function viewOf(entry: SyncJobResource | undefined, draft: SyncJobResourceDraft | null): FutureEntry {
  return {
    name: draft?.name ?? entry?.name ?? null,
    type: draft?.type ?? entry?.type ?? null,
    method: draft?.method ?? entry?.method ?? null,
    dependsOn: draft?.dependsOn ?? entry?.dependsOn ?? [],
    delivers: textsIn(draft?.config?.["resources_to_persist"] ?? entry?.config?.["resources_to_persist"]),
  };
}

const textsIn = (value: JsonValue | undefined): readonly string[] =>
  Array.isArray(value) ? value.filter((name) => typeof name === "string") : [];

/** Resources that the change leaves alone must fit the runtime that it asks for. */
function checkOthers(untouched: readonly FutureEntry[], nodes: boolean): readonly UserProblem[] {
  const other = untouched.filter((entry) => (entry.type !== null) !== nodes).map((entry) => entry.name ?? "");
  if (other.length === 0) return [];
  const expected = nodes
    ? "resources with a type, which runtime 4 asks for"
    : "resources without a type, before runtime 4";
  return [problem(["runtimeVersion"], `expected ${expected}, got others (${listed(other)})`)];
}

interface DraftPlace {
  readonly places: readonly (number | Unplaced)[];
  readonly index: number;
  readonly removed: readonly string[];
  readonly field: readonly string[];
}

function checkIdentity(
  { name }: SyncJobResourceDraft,
  { places, index, removed, field }: DraftPlace,
): readonly UserProblem[] {
  const place = places[index];
  if (name.trim() === "") return [problem([...field, "name"], "expected the resource's name, got an empty one")];
  if (removed.includes(name)) {
    return [problem([...field, "name"], `expected ${quoted(name)} to be changed or taken out, got both`)];
  }
  if (place === Unplaced.Ambiguous) {
    const message = `expected the method of one of the resources called ${quoted(name)}, got no way to tell which is meant`;
    return [problem([...field, "method"], message)];
  }
  const isRepeated = typeof place === "number" && places.indexOf(place) !== index;
  return isRepeated ? [problem([...field, "name"], `expected one change of ${quoted(name)}, got several`)] : [];
}

function checkNeighbours(
  { name, dependsOn }: SyncJobResourceDraft,
  after: readonly FutureEntry[],
  nodes: boolean,
  field: readonly string[],
): readonly UserProblem[] {
  const isTaken = nodes && after.filter((entry) => entry.name === name).length > 1;
  const taken = isTaken
    ? [problem([...field, "name"], `expected names that occur once in a job of runtime 4, got ${quoted(name)} again`)]
    : [];
  const place = [...field, "dependsOn"];
  if (dependsOn === undefined) return taken;
  // One in "Sync Jobs" and in "truto-skills", for entries and for nodes.
  if (dependsOn.length > 1)
    return [...taken, problem(place, `expected one resource to depend on at most, got ${dependsOn.length}`)];
  const strangers = dependsOn.filter((other) => other === name || !after.some((entry) => entry.name === other));
  if (strangers.length === 0) return taken;
  const others = after.flatMap((entry) => (entry.name === null || entry.name === name ? [] : [entry.name]));
  return [
    ...taken,
    problem(place, `expected another resource of the job (${listed(others)}), got ${listed(strangers)}`),
  ];
}

function checkRemoval(
  name: string,
  current: readonly SyncJobResource[],
  after: readonly FutureEntry[],
  field: readonly string[],
): readonly UserProblem[] {
  if (!current.some((entry) => entry.name === name)) {
    const known = listed(current.map((entry) => entry.name));
    return [problem(field, `expected resources of the job (${known}), got ${quoted(name)}`)];
  }
  const needy = after.filter((entry) => entry.dependsOn.includes(name) || entry.delivers.includes(name));
  if (needy.length === 0) return [];
  const who = listed(needy.map((entry) => entry.name ?? ""));
  return [problem(field, `expected a resource that no other needs, got ${quoted(name)}, which ${who} depends on`)];
}

function problem(field: readonly string[], message: string): UserProblem {
  return { code: ErrorCode.BadUserInput, message, field };
}

const quoted = (name: string): string => `"${capText(oneLine(name), LONGEST_NAME)}"`;

const listed = (names: readonly string[]): string =>
  [...new Set(names)].slice(0, NAMES_TOLD).map(quoted).join(", ") || "none";
