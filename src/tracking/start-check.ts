// What is wrong with a start, found without calling the vendor. Pure.
import { LinkedAccountStatus, type LinkedAccount, type SyncDefinition } from "../domain/definition.ts";
import { ErrorCode, type UserProblem } from "../domain/errors.ts";
import { shownKeyOf, type TriggerCommand } from "../domain/gateway-port.ts";
import type { StartRequest } from "../domain/provider-port.ts";
import type { StartOptions } from "../domain/sync.ts";
import type { ConfiguredProvider } from "./provider-directory.ts";

/** The options of a command in the provider's terms. Options nobody gave are absent. */
export function startOptionsOf(command: TriggerCommand, linkedAccount: LinkedAccount | null): StartOptions {
  const { fullRefresh, models, args, onError, test, identities } = command;
  return {
    ...(fullRefresh === undefined ? {} : { fullRefresh }),
    ...(models === undefined ? {} : { models }),
    ...(args === undefined ? {} : { args }),
    ...(onError === undefined ? {} : { onError }),
    ...(test === undefined ? {} : { test }),
    ...(identities === undefined ? {} : { identities }),
    ...(command.linkedAccountId === undefined || linkedAccount === null
      ? {}
      : { linkedAccountRemoteId: linkedAccount.remoteId }),
  };
}

/** A start as the mirror has its parts. */
export interface MirroredStart extends StartRequest {
  readonly definition: SyncDefinition;
  readonly linkedAccount: LinkedAccount | null;
}

/** Everything a provider's own rules object to, after the rules all providers share. */
export function problemsOf({ info, provider }: ConfiguredProvider, request: MirroredStart): readonly UserProblem[] {
  const { definition, linkedAccount, options } = request;
  const shared = [...unsupported(info, options), ...absent(info, options), ...unusable(definition, linkedAccount)];
  return shared.length > 0 ? shared : provider.checkStart(request);
}

function unsupported(info: ConfiguredProvider["info"], options: StartOptions): readonly UserProblem[] {
  const understood = new Set<string>(info.capabilities.startOptions);
  return Object.keys(options)
    .filter((name) => !understood.has(name))
    .map((name) => ({
      code: ErrorCode.CapabilityNotSupported,
      message: `${shownKeyOf(info)}: ${info.displayName} has no option "${fieldOf(name)}"; it understands ${listOf([...understood].map(fieldOf))}. Leave it out.`,
      field: [fieldOf(name)],
    }));
}

function absent(info: ConfiguredProvider["info"], options: StartOptions): readonly UserProblem[] {
  return info.capabilities.requiredStartOptions
    .filter((name) => options[name] === undefined)
    .map((name) => ({
      code: ErrorCode.BadUserInput,
      message: `${shownKeyOf(info)}: ${info.displayName} needs "${fieldOf(name)}" to start a run.`,
      field: [fieldOf(name)],
    }));
}

function unusable(definition: SyncDefinition, linkedAccount: LinkedAccount | null): readonly UserProblem[] {
  if (definition.goneAt !== null) {
    return [
      {
        code: ErrorCode.NotFound,
        message: `"${definition.name}" no longer exists at the vendor.`,
        field: ["definitionId"],
      },
    ];
  }
  if (definition.active === false) {
    const message = `"${definition.name}" is switched off at the vendor, which runs only what is active. Activate it first.`;
    return [{ code: ErrorCode.DefinitionInactive, message, field: ["definitionId"] }];
  }
  // The caller can mend what the caller chose: the account, where the definition does not fix one.
  const field = [definition.linkedAccountRemoteId === null ? "linkedAccountId" : "definitionId"];
  if (linkedAccount?.status === LinkedAccountStatus.AuthenticationRequired) {
    const message = `The linked account "${linkedAccount.name}" needs somebody to sign in again before it can sync.${vendorsWords(linkedAccount)}`;
    return [{ code: ErrorCode.LinkedAccountUnavailable, message, field }];
  }
  if (linkedAccount?.status === LinkedAccountStatus.Disabled) {
    const message = `The linked account "${linkedAccount.name}" is disabled or disconnected at the vendor. Enable it first.${vendorsWords(linkedAccount)}`;
    return [{ code: ErrorCode.LinkedAccountUnavailable, message, field }];
  }
  return [];
}

/** What the vendor says is wrong, where it says it: often it knows the way out. */
const vendorsWords = ({ statusMessage }: LinkedAccount): string => (statusMessage === null ? "" : ` ${statusMessage}`);

/** The name of the input's field where it differs from the option's. */
const fieldOf = (name: string): string => (name === "linkedAccountRemoteId" ? "linkedAccountId" : name);

const listOf = (names: readonly string[]): string => (names.length === 0 ? "none" : names.join(", "));
