// What a start asks for, and what is wrong with it before RootFi is called.
import { DefinitionKind, LinkedAccountStatus } from "../../domain/definition.ts";
import type { SyncJobResource } from "../../domain/definition.ts";
import { ErrorCode } from "../../domain/errors.ts";
import type { UserProblem } from "../../domain/errors.ts";
import type { StartRequest } from "../../domain/provider-port.ts";

/** Links that cannot sync until the customer connects again. */
const UNAVAILABLE: ReadonlySet<LinkedAccountStatus> = new Set([
  LinkedAccountStatus.AuthenticationRequired,
  LinkedAccountStatus.Disabled,
]);

const MODELS_TOLD = 20;

/**
 * Problems of a start, found without calling the vendor.
 *
 * @param namesModels whether data models must be named (v3); else a job whose models are not known may leave them to RootFi
 */
export function checkStart(request: StartRequest, namesModels = true): readonly UserProblem[] {
  return [linkProblem(request), modelsProblem(request, namesModels)].filter((problem) => problem !== null);
}

/** The data models to sync, each once: those asked for, else every enabled one that may be read. */
export function modelsOf({ definition, options }: StartRequest): readonly string[] {
  if (options.models !== undefined) return [...new Set(options.models)];
  return definition.kind === DefinitionKind.SyncJob
    ? definition.resources.filter(isPulled).map(({ name }) => name)
    : [];
}

/** Incremental unless asked otherwise; only a full sync finds deletions. */
export const fullSyncOf = ({ options }: StartRequest): boolean => options.fullRefresh ?? false;

/** A company's status is that of its worst connection, which need not be the one the definition runs on. */
function linkProblem({ definition, linkedAccount }: StartRequest): UserProblem | null {
  const integration = definition.kind === DefinitionKind.SyncJob ? definition.integration : null;
  const aboutThis = !linkedAccount?.integration || integration === null || linkedAccount.integration === integration;
  const cut = linkedAccount !== null && aboutThis && UNAVAILABLE.has(linkedAccount.status);
  if (!cut && definition.active !== false) return null;
  const reason = aboutThis ? linkedAccount?.statusMessage : null;
  return {
    code: ErrorCode.LinkedAccountUnavailable,
    message:
      reason ??
      "The connection is disconnected or has expired; the customer must connect again through an invite link.",
    field: ["definitionId"],
  };
}

function modelsProblem(request: StartRequest, namesModels: boolean): UserProblem | null {
  const { definition, options } = request;
  if (options.models === undefined) {
    const areKnown = definition.kind === DefinitionKind.SyncJob && definition.resources.length > 0;
    if (modelsOf(request).length > 0 || !(namesModels || areKnown)) return null;
    return modelsError("The sync job has no enabled data model that may be read; name the models to sync.");
  }
  if (options.models.length === 0) return modelsError("Expected at least one data model, got none.");
  const known = definition.kind === DefinitionKind.SyncJob ? definition.resources.map(({ name }) => name) : [];
  const unknown = known.length === 0 ? [] : options.models.filter((model) => !known.includes(model));
  if (unknown.length === 0) return null;
  return modelsError(`The sync job has no data model ${listed(unknown)}; it has ${listed(known)}.`);
}

const modelsError = (message: string): UserProblem => ({ code: ErrorCode.BadUserInput, message, field: ["models"] });

/** Names for a message, not all of very many. */
export function listed(names: readonly string[]): string {
  const more = names.length > MODELS_TOLD ? ` and ${names.length - MODELS_TOLD} more` : "";
  return names.slice(0, MODELS_TOLD).join(", ") + more;
}

function isPulled(resource: SyncJobResource): boolean {
  return resource.enabled !== false && resource.readEnabled !== false;
}
