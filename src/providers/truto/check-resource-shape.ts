// What is wrong with one resource of a sync job: each runtime has its own shape of them ("Sync Jobs", "truto-skills").
import type { SyncJobResourceDraft } from "../../domain/definition-change.ts";
import type { UserProblem } from "../../domain/errors.ts";
import { ErrorCode } from "../../domain/errors.ts";
import { typeName } from "../../wire/read-reply.ts";
import type { FutureEntry } from "./job-resources.ts";
import { RESOURCE_FIELDS } from "./map-catalog.ts";
import { isJsonObject } from "./wire-types.ts";

const NODE_TYPES = [
  "request",
  "transform",
  "spool",
  "add_context",
  "destination",
  "event",
  "get_state",
  "update_state",
  "delete_state",
];
/** Settings of resources that other vendors have. */
const UNKNOWN_TO_TRUTO = ["enabled", "syncFrom", "customFields"] as const;

/**
 * @param entry the resource as it will be
 * @param nodes whether the job's resources are nodes
 * @param field the draft's path
 */
export function checkShape(
  draft: SyncJobResourceDraft,
  entry: FutureEntry,
  nodes: boolean,
  field: readonly string[],
): readonly UserProblem[] {
  const found = [...checkQuery(draft, nodes), ...(nodes ? checkNode(draft, entry) : checkEntry(draft, entry))];
  const unknown = UNKNOWN_TO_TRUTO.filter((name) => draft[name] !== undefined).map((name) => ({
    code: ErrorCode.CapabilityNotSupported,
    message: `expected no ${name}, got one: resources of Truto have none`,
    field: [name],
  }));
  return [...unknown, ...found].map((one) => ({ ...one, field: [...field, ...one.field] }));
}

interface PlacedProblem extends UserProblem {
  readonly field: readonly string[];
}

/** Runtime 4. */
function checkNode(draft: SyncJobResourceDraft, { type }: FutureEntry): readonly PlacedProblem[] {
  const expected = `expected a type of node (${NODE_TYPES.join(", ")})`;
  const types =
    type === null
      ? [problem(["type"], `${expected}, got nothing: runtime 4 asks for it`)]
      : draft.type !== undefined && !NODE_TYPES.includes(draft.type)
        ? [problem(["type"], `${expected}, got another word`)]
        : [];
  const persist =
    draft.persist === undefined
      ? []
      : [
          problem(
            ["persist"],
            "expected no persist, got one: in runtime 4 a destination's resources_to_persist says it",
          ),
        ];
  const own = Object.keys(draft.config ?? {}).filter((name) => RESOURCE_FIELDS.has(name));
  const configs = own.map((name) =>
    problem(["config", name], `expected ${name} beside config, under the resource's own field for it, got it inside`),
  );
  return [...types, ...persist, ...configs];
}

/** Runtimes 1 to 3. */
function checkEntry(draft: SyncJobResourceDraft, { method }: FutureEntry): readonly PlacedProblem[] {
  const methods =
    method === null || method.trim() === ""
      ? [problem(["method"], "expected a method such as list or get, got nothing: runtimes before 4 ask for it")]
      : [];
  const foreign = [
    ...(draft.type === undefined ? [] : ["type"]),
    ...(Object.keys(draft.config ?? {}).length === 0 ? [] : ["config"]),
  ];
  const belongs = "only nodes of runtime 4 have one";
  return [...methods, ...foreign.map((name) => problem([name], `expected no ${name}, got one: ${belongs}`))];
}

function checkQuery({ query }: SyncJobResourceDraft, nodes: boolean): readonly PlacedProblem[] {
  if (query === undefined || query === null || isJsonObject(query) || (nodes && typeof query === "string")) return [];
  const expected = nodes ? "an object or an expression" : "an object";
  return [problem(["query"], `expected ${expected}, got ${typeName(query)}`)];
}

function problem(field: readonly string[], message: string): PlacedProblem {
  return { code: ErrorCode.BadUserInput, message, field };
}
