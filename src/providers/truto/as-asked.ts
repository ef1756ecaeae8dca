// Whether a run does what a start asked for, as far as Truto tells: a run carries its arguments, resources and flags. Pure.
import { isDeepStrictEqual } from "node:util";
import { DefinitionKind } from "../../domain/definition.ts";
import type { JsonObject, JsonValue } from "../../domain/json.ts";
import type { StartRequest } from "../../domain/provider-port.ts";
import { resourcesFor } from "./map-catalog.ts";
import { errorHandlingWord, fetchesRecords, resourceName } from "./map.ts";
import { targetFields } from "./target.ts";
import type { TrutoTarget } from "./target.ts";
import type { TrutoRun } from "./wire-types.ts";
import { isJsonObject, jsonOf } from "./wire-types.ts";

/** @returns undefined where the run tells nothing against it, and not enough for it */
export function asAsked(run: TrutoRun, request: StartRequest, target: TrutoTarget): boolean | undefined {
  const told = [sameArguments(run, request), sameResources(run, request), ...sameFlags(run, request, target)];
  if (told.includes(false)) return false;
  return told.includes(undefined) ? undefined : true;
}

/** `webhook_id` and its like may be named in the arguments instead: what is not sent is not compared. */
function sameFlags(run: TrutoRun, { options }: StartRequest, target: TrutoTarget): readonly (boolean | undefined)[] {
  const { onError, fullRefresh = false } = options;
  const same = (told: unknown, asked: unknown): boolean | undefined =>
    told === null || told === undefined ? undefined : told === asked;
  const sent = targetFields(target);
  return [
    same(run.ignore_previous_run, fullRefresh),
    // Which one the vendor takes when none is sent, its documents disagree about.
    onError === undefined ? true : same(run.error_handling, errorHandlingWord(onError)),
    sent["webhook_id"] === undefined ? true : same(run.webhook_id, sent["webhook_id"]),
    sent["daemon_group_key"] === undefined ? true : same(run.daemon_group_key, sent["daemon_group_key"]),
  ];
}

function sameArguments(run: TrutoRun, request: StartRequest): boolean | undefined {
  const told = jsonOf(run.args);
  if (!isJsonObject(told)) return undefined;
  const asked = request.options.args ?? {};
  return (
    Object.entries(asked).every(([name, value]) => Object.hasOwn(told, name) && isDeepStrictEqual(told[name], value)) &&
    Object.entries(told).every(([name, value]) => Object.hasOwn(asked, name) || isFilledIn(name, value, request))
  );
}

/** The account is often repeated among the arguments, and a default that a job's schema names may be put there. */
function isFilledIn(name: string, value: JsonValue, { definition, linkedAccount, options }: StartRequest): boolean {
  if (value === null) return true;
  if (name === "integrated_account_id")
    return value === (linkedAccount?.remoteId ?? options.linkedAccountRemoteId ?? value);
  const schema = definition.kind === DefinitionKind.SyncJob ? definition.argsSchema : null;
  const properties = schema?.["properties"];
  const described = [schema?.[name], isJsonObject(properties) ? properties[name] : undefined];
  return described.some((one) => isJsonObject(one) && isDeepStrictEqual(one["default"], value));
}

/** The resources of a run are the job's, or those that were chosen of them with what they depend on. */
function sameResources(run: TrutoRun, { definition, options: { models } }: StartRequest): boolean | undefined {
  const listed = Array.isArray(run.resources) ? run.resources.filter(isJsonObject) : [];
  if (listed.length === 0 || definition.kind !== DefinitionKind.SyncJob || definition.resources.length === 0)
    return undefined;
  const entries = definition.resources.map(({ name, type, dependsOn }): JsonObject => ({
    name,
    ...(type === null ? {} : { type }),
    depends_on: dependsOn,
  }));
  const wanted = models === undefined ? entries : resourcesFor(entries, models);
  return isDeepStrictEqual(namesOf(listed), namesOf(wanted));
}

/** Of what fetches records; the nodes between them come and go with it. */
function namesOf(resources: readonly JsonObject[]): readonly string[] {
  const names = resources.filter((one) => fetchesRecords(one["type"])).map(resourceName);
  return [...new Set(names.filter((name) => name !== null))].toSorted();
}
