// What is wrong with starting a sync job, found without calling Truto. Arguments themselves are checked in `args.ts`.
import type { LinkedAccountSnapshot, SyncJobSnapshot } from "../../domain/definition.ts";
import { DefinitionKind, LinkedAccountStatus } from "../../domain/definition.ts";
import type { UserProblem } from "../../domain/errors.ts";
import { ErrorCode } from "../../domain/errors.ts";
import type { StartRequest } from "../../domain/provider-port.ts";
import type { StartOptions } from "../../domain/sync.ts";
import { ErrorHandling } from "../../domain/sync.ts";
import { checkArguments } from "./args.ts";
import { fetchesRecords } from "./map.ts";

/** The first runtime that knows `error_handling: batch`. */
const BATCH_SINCE_RUNTIME = 2;

export function checkStart({ definition, linkedAccount, options }: StartRequest): readonly UserProblem[] {
  if (definition.kind !== DefinitionKind.SyncJob) {
    return [
      problem(
        ErrorCode.CapabilityNotSupported,
        ["definitionId"],
        "expected a sync job, got a model sync: Truto has none",
      ),
    ];
  }
  return [
    ...checkLinkedAccount(definition, linkedAccount),
    ...checkModels(definition, options),
    ...checkErrorHandling(definition, options),
    ...checkArguments(definition.argsSchema, options.args ?? {}),
  ];
}

function checkLinkedAccount(
  definition: SyncJobSnapshot,
  account: LinkedAccountSnapshot | null,
): readonly UserProblem[] {
  const field = ["linkedAccountId"];
  if (account === null) {
    return [
      problem(
        ErrorCode.BadUserInput,
        field,
        "expected the linked account to run for, got nothing: a sync job belongs to none",
      ),
    ];
  }
  const foreign = checkIntegration(definition, account);
  if (foreign.length > 0) return foreign;
  if (account.status === LinkedAccountStatus.Healthy) return [];
  const advice = account.status === LinkedAccountStatus.AuthenticationRequired ? ": its owner must sign in again" : "";
  const message = `expected an active linked account, got one that is ${account.rawStatus ?? "of unknown status"}${advice}`;
  return [problem(ErrorCode.LinkedAccountUnavailable, field, message)];
}

/** A job of one integration runs for accounts of no other. */
export function checkIntegration(
  { integration }: SyncJobSnapshot,
  account: LinkedAccountSnapshot,
): readonly UserProblem[] {
  if (integration === null || account.integration === null || account.integration === integration) return [];
  const message = `expected a linked account of ${integration}, got one of ${account.integration}`;
  return [problem(ErrorCode.BadUserInput, ["linkedAccountId"], message)];
}

function checkModels(definition: SyncJobSnapshot, { models }: StartOptions): readonly UserProblem[] {
  if (models === undefined) return [];
  const known = definition.resources
    .filter((resource) => fetchesRecords(resource.type))
    .map((resource) => resource.name);
  const expected = `expected resources of the job (${known.slice(0, 20).join(", ") || "it has none"})`;
  if (models.length === 0) return [problem(ErrorCode.BadUserInput, ["models"], `${expected}, got an empty list`)];
  const foreign = models.filter((model) => !known.includes(model));
  if (foreign.length === 0) return [];
  return [problem(ErrorCode.BadUserInput, ["models"], `${expected}, got ${foreign.slice(0, 20).join(", ")}`)];
}

/** Whether the job's runtime knows how to go on after an error in that way. */
export function checkErrorHandling(
  definition: SyncJobSnapshot,
  { onError }: Pick<StartOptions, "onError">,
): readonly UserProblem[] {
  const { runtimeVersion } = definition;
  if (onError !== ErrorHandling.Batch || runtimeVersion === null || runtimeVersion >= BATCH_SINCE_RUNTIME) return [];
  const message = `expected FAIL_FAST or IGNORE, got BATCH: it needs runtime ${BATCH_SINCE_RUNTIME}, the job has ${runtimeVersion}`;
  return [problem(ErrorCode.BadUserInput, ["onError"], message)];
}

function problem(code: ErrorCode, field: readonly string[], message: string): UserProblem {
  return { code, message, field };
}
