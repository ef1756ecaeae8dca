// What is wrong with a change of a sync job or of its schedules, before RootFi is called: its sync config has few fields, and no more.
import type { LinkedAccountSnapshot, Schedule, SyncJobSnapshot } from "../../domain/definition.ts";
import { ScheduleFrequency } from "../../domain/definition.ts";
import type {
  JobScheduleDraft,
  SyncJobDraft,
  SyncJobPatch,
  SyncJobResourceDraft,
} from "../../domain/definition-change.ts";
import { ErrorCode } from "../../domain/errors.ts";
import type { UserProblem } from "../../domain/errors.ts";
import { listed } from "./check-start.ts";
import type { VersionFacts } from "./versions.ts";

type Frequencies = VersionFacts["frequencies"];

/** What a sync config of RootFi has of a resource's fields. */
const CHANGEABLE: ReadonlySet<string> = new Set(["enabled", "syncFrom", "customFields"]);
/** "NetSuite and HubSpot only", API reference v3, "Sync config". */
const WITH_CUSTOM_FIELDS: ReadonlySet<string> = new Set(["NETSUITE", "HUBSPOT"]);

/** Problems of a sync job's change. @param job null for a new one, which RootFi cannot make */
export function checkJobChange(
  job: SyncJobSnapshot | null,
  change: SyncJobDraft | SyncJobPatch,
): readonly UserProblem[] {
  if (job === null) {
    return [unsupported("A sync job of RootFi is a company's integration; it begins with an invite link.", null)];
  }
  const { resources = [], ...rest }: SyncJobPatch = change;
  const problems = [
    ...fieldProblems(rest),
    ...resources.flatMap((draft, index) => resourceProblems(job, draft, index)),
  ];
  if (problems.length > 0) return problems;
  if (resources.length === 0) return [bad("Expected at least one resource to change, got none.", ["resources"])];
  const twice = resources.findIndex(({ name }, index) => resources.slice(0, index).some((one) => one.name === name));
  if (twice === -1) return [];
  return [bad("Expected each resource once, got one twice.", ["resources", String(twice), "name"])];
}

/** Problems of a schedule. What it is for is checked first: without it nothing else can be judged. */
export function checkSchedule(
  frequencies: Frequencies,
  job: SyncJobSnapshot,
  linkedAccount: LinkedAccountSnapshot | null,
  draft: JobScheduleDraft,
): readonly UserProblem[] {
  const target = targetProblem(job, draft);
  if (target !== null) return [target];
  return [
    ...foreignFields(job, linkedAccount, draft),
    ...frequencyProblems(frequencies, job, draft),
    ...(draft.interval === undefined || (Number.isSafeInteger(draft.interval) && draft.interval >= 1)
      ? []
      : [bad("Expected the interval to be a whole number from 1 on.", ["interval"])]),
  ];
}

/** What is wrong with the resource that a schedule is for; null when nothing is. */
export function targetProblem(
  job: SyncJobSnapshot,
  { remoteId, resource }: Pick<JobScheduleDraft, "remoteId" | "resource">,
): UserProblem | null {
  if (remoteId !== null) {
    return bad("RootFi's schedules have no ids; name the data model as `resource` instead.", ["scheduleId"]);
  }
  if (resource === null) {
    return bad("RootFi schedules each data model by itself; name the one you mean as `resource`.", ["resource"]);
  }
  return job.resources.some(({ name }) => name === resource) ? null : unknownModel(job, resource, ["resource"]);
}

function fieldProblems({ removeResources, ...fields }: SyncJobPatch): readonly UserProblem[] {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  const problems = given.map(([name]) =>
    unsupported(`A sync job of RootFi has no "${name}" that can be changed; leave it out.`, [name]),
  );
  if (removeResources === undefined || removeResources.length === 0) return problems;
  const message = "RootFi removes no data model from a sync config; disable it with `enabled: false` instead.";
  return [...problems, unsupported(message, ["removeResources"])];
}

function resourceProblems(
  job: SyncJobSnapshot,
  { name, ...fields }: SyncJobResourceDraft,
  index: number,
): readonly UserProblem[] {
  const at = ["resources", String(index)];
  if (!job.resources.some((resource) => resource.name === name)) return [unknownModel(job, name, [...at, "name"])];
  const given = Object.entries(fields).flatMap(([field, value]) => (value === undefined ? [] : [field]));
  const foreign = given.filter(
    (field) => !CHANGEABLE.has(field) && !(field === "remoteId" && fields.remoteId === null),
  );
  const problems = foreign.map((field) =>
    unsupported(`RootFi's sync config has no "${field}"; it has ${[...CHANGEABLE].join(", ")}.`, [...at, field]),
  );
  if (given.includes("customFields") && !WITH_CUSTOM_FIELDS.has(job.integration ?? "")) {
    const message = `RootFi takes custom fields of ${[...WITH_CUSTOM_FIELDS].join(" and ")} only.`;
    problems.push(unsupported(message, [...at, "customFields"]));
  }
  if (problems.length > 0 || given.some((field) => CHANGEABLE.has(field))) return problems;
  return [bad(`Expected one of ${[...CHANGEABLE].join(", ")} to change, got none.`, at)];
}

function foreignFields(
  job: SyncJobSnapshot,
  linkedAccount: LinkedAccountSnapshot | null,
  { cronExpression, args, onError }: JobScheduleDraft,
): readonly UserProblem[] {
  const isOther = linkedAccount !== null && linkedAccount.remoteId !== job.linkedAccountRemoteId;
  const given = Object.entries({ cronExpression, args, onError }).flatMap(([name, value]) =>
    value === undefined ? [] : [unsupported(`RootFi's schedules take no "${name}"; leave it out.`, [name])],
  );
  if (!isOther) return given;
  return [...given, unsupported("A sync job of RootFi runs for its own company only.", ["linkedAccountId"])];
}

function frequencyProblems(
  frequencies: Frequencies,
  job: SyncJobSnapshot,
  { frequency, resource }: JobScheduleDraft,
): readonly UserProblem[] {
  const known = [...frequencies.keys()].join(", ");
  if (frequency !== undefined) {
    if (frequencies.has(frequency)) return [];
    return [unsupported(`RootFi takes the frequencies ${known} here, got ${frequency}.`, ["frequency"])];
  }
  const present = job.schedules.find((schedule: Schedule) => schedule.resource === resource)?.frequency;
  if (present !== undefined && present !== ScheduleFrequency.Manual) return [];
  return [bad(`Nothing is scheduled for this data model yet; name a frequency: ${known}.`, ["frequency"])];
}

function unknownModel(job: SyncJobSnapshot, name: string, field: readonly string[]): UserProblem {
  const known = job.resources.map((resource) => resource.name);
  return bad(`The sync job has no data model ${listed([name])}; it has ${listed(known) || "none"}.`, field);
}

const bad = (message: string, field: readonly string[]): UserProblem => ({
  code: ErrorCode.BadUserInput,
  message,
  field,
});

const unsupported = (message: string, field: readonly string[] | null): UserProblem => ({
  code: ErrorCode.CapabilityNotSupported,
  message,
  field,
});
