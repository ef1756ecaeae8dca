// What callers ask of definitions, complete and plain, and a provider that can do all of it.
import { ScheduleFrequency } from "../../src/domain/definition.ts";
import type { ModelSyncCommand, ScheduleCommand } from "../../src/domain/gateway-port.ts";
import type { Capabilities } from "../../src/domain/provider-port.ts";
import { idOf } from "./tracking.ts";

/** Every editor there is. */
export const ABLE = {
  modelSyncs: true,
  modelSyncCrud: true,
  syncJobUpdate: true,
  syncJobCrud: true,
  schedules: true,
} satisfies Partial<Capabilities>;

export function scheduleCommand(given: Partial<ScheduleCommand> = {}): ScheduleCommand {
  return {
    frequency: ScheduleFrequency.Manual,
    rawFrequency: null,
    interval: null,
    cronExpression: null,
    hour: null,
    minute: null,
    month: null,
    dayOfWeek: null,
    dayOfMonth: null,
    runAfterDefinitionIds: [],
    runAfterBulkRemoteIds: [],
    runAfterSuccessOnly: null,
    externalConnectionId: null,
    externalJobId: null,
    ...given,
  };
}

/** A model sync that pushes e-mail addresses to `account-1` of `acme`. */
export function modelSyncCommand(given: Partial<ModelSyncCommand> = {}): ModelSyncCommand {
  return {
    name: "Contacts",
    mode: "updateOrCreate",
    target: targetCommand(),
    fields: [
      {
        source: { modelId: "model-1", field: "email" },
        target: "Email",
        new: null,
        overrideValue: null,
        syncMode: null,
        encryptionEnabled: null,
      },
    ],
    schedule: scheduleCommand(),
    ...given,
  };
}

export function targetCommand(given: Partial<ModelSyncCommand["target"]> = {}): ModelSyncCommand["target"] {
  return {
    linkedAccountId: idOf("linkedAccount", "account-1"),
    object: "Contact",
    create: null,
    newName: null,
    configuration: null,
    searchValues: null,
    filterLogic: null,
    ...given,
  };
}
