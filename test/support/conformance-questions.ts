// Every question the port can ask, as the conformance suite asks it of any vendor.
import { DefinitionKind } from "../../src/domain/definition.ts";
import type { StartRequest, SyncProvider } from "../../src/domain/provider-port.ts";
import { capabilitiesOf } from "./conformance.ts";
import type { VendorConformance } from "./conformance.ts";
import { allOf, definitionOf, linkedAccount, runRef } from "./provider-values.ts";

export interface Question {
  readonly name:
    | "listLinkedAccounts"
    | "listDefinitions"
    | "getDefinition"
    | "start"
    | "findStarted"
    | "observe"
    | "discover"
    | "cancel";
  ask(provider: SyncProvider): Promise<unknown>;
}

export const TRIGGER_KEY = "0d3f8f4e-8f0a-4c59-8d0e-5d7f3f1f7a10";

/** The start that the vendor's data describe. */
export function startOf({ start }: VendorConformance): StartRequest {
  const { definition, linkedAccount: accountId, options = {} } = start;
  const account = accountId === null ? null : linkedAccount({ remoteId: accountId });
  return { definition: definitionOf(definition), linkedAccount: account, options };
}

/** The questions a vendor can be asked: those of every vendor, and those its capabilities claim. */
export function questionsOf(vendor: VendorConformance): readonly Question[] {
  const { cancel, lookupByTime } = capabilitiesOf(vendor);
  const request = startOf(vendor);
  const { definition } = request;
  const run = runRef({
    remoteId: "run-1",
    definitionRemoteId: definition.remoteId,
    linkedAccountRemoteId: definition.linkedAccountRemoteId,
  });
  const questions: Question[] = [
    { name: "listLinkedAccounts", ask: (provider) => allOf(provider.listLinkedAccounts()) },
    { name: "listDefinitions", ask: (provider) => allOf(provider.listDefinitions()) },
    { name: "getDefinition", ask: (provider) => provider.getDefinition(definition.remoteId, kindOf(vendor)) },
    { name: "start", ask: (provider) => provider.start(request, TRIGGER_KEY) },
    { name: "observe", ask: (provider) => provider.observe([run], { tasks: true }) },
    { name: "discover", ask: (provider) => allOf(provider.discover(vendor.now, [definition])) },
  ];
  if (lookupByTime)
    questions.push({ name: "findStarted", ask: async (provider) => provider.findStarted?.(request, vendor.now) });
  if (cancel) questions.push({ name: "cancel", ask: async (provider) => provider.cancel?.(run) });
  return questions;
}

/** The kind of definition the vendor has. */
export function kindOf(vendor: VendorConformance): DefinitionKind {
  return capabilitiesOf(vendor).modelSyncs ? DefinitionKind.ModelSync : DefinitionKind.SyncJob;
}
