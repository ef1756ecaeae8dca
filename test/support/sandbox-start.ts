// A start that a vendor's sandbox takes, made of what its lists show, and the run that comes of it.
import type { RunRef, StartRequest, SyncProvider } from "../../src/domain/provider-port.ts";
import type { Observation } from "../../src/domain/sync.ts";
import type { VendorConformance } from "./conformance.ts";
import { allOf, runRef } from "./provider-values.ts";

/** The start of the definition that the vendor's data name. */
export async function startIn(provider: SyncProvider, { sandbox: { runs } }: VendorConformance): Promise<StartRequest> {
  const accounts = await allOf(provider.listLinkedAccounts());
  const definition = named(await allOf(provider.listDefinitions()), runs.definition);
  const account = runs.linkedAccount === undefined ? null : named(accounts, runs.linkedAccount);
  const linkedAccount =
    account ?? accounts.find(({ remoteId }) => remoteId === definition.linkedAccountRemoteId) ?? null;
  if (linkedAccount === null) throw new Error(`nobody that "${runs.definition}" could run for`);
  const options = account === null ? runs.options : { linkedAccountRemoteId: account.remoteId, ...runs.options };
  return { definition, linkedAccount, options: options ?? {} };
}

/** What an adapter needs to find a run again. */
export function refOf(run: Observation): RunRef {
  const { remoteId, definitionRemoteId, linkedAccountRemoteId, facts } = run;
  const { batchId = null, models = [], createdAt } = facts;
  return runRef({
    remoteId,
    definitionRemoteId,
    linkedAccountRemoteId,
    batchId,
    models,
    createdAt: createdAt ?? run.observedAt,
  });
}

function named<Named extends { readonly name: string }>(all: readonly Named[], name: string): Named {
  const found = all.find((one) => one.name === name);
  if (found === undefined)
    throw new Error(`the sandbox has nothing called "${name}", only ${all.map((one) => one.name).join(", ")}`);
  return found;
}
