// One of everything the self-check looks at, written through the port as tracking writes it, and nothing wrong in it.
import { identityOf } from "../../src/domain/identity.ts";
import { SyncStatus } from "../../src/domain/status.ts";
import { DeliveryState } from "../../src/domain/store-port.ts";
import type { Store, TriggerPatch } from "../../src/domain/store-port.ts";
import { TriggerState } from "../../src/domain/sync.ts";
import type { Trigger } from "../../src/domain/sync.ts";
import { account, at, delivery, entry, linkedAccount, rules, syncJob, task, trigger } from "./store-values.ts";

/** When the provider was last heard of: nothing in the store is overdue then. */
export const LAST_CONTACT = at(60_000);

export const runId = (tenantId: string, remoteId: string): string => identityOf(tenantId, "acme", "sync", remoteId);

/** Transitions 1 to 3 are those of run `done`, 4 and 5 of `failed`, 6 and 7 of `open`, 8 of `again`. */
export async function fillSoundStore(store: Store, tenantId: string): Promise<void> {
  await store.catalog.putLinkedAccounts(tenantId, "acme", [linkedAccount("account-1")], at(0));
  await store.catalog.putDefinitions(tenantId, "acme", [syncJob("job-1")], at(0));
  await fillRuns(store, tenantId);
  await fillTriggers(store, tenantId);
  await store.inbox.put(delivery("waiting", { tenantId }));
  await store.inbox.put(delivery("done", { tenantId }));
  await store.inbox.settle(tenantId, "acme", [{ deliveryId: "done", state: DeliveryState.Processed, dueAt: null }]);
  await store.providerStates.patch(tenantId, "acme", { lastSuccessAt: LAST_CONTACT });
  await fillAccounts(store, tenantId);
}

async function fillAccounts(store: Store, tenantId: string): Promise<void> {
  await store.accounts.add(tenantId, [account("acme"), account("beta")]);
  const facts = { ...account("acme"), remoteAccount: "org-1", credential: "salt.print", confirmedAt: at(1) };
  await store.accounts.confirm(tenantId, account("acme"), facts);
  await store.accounts.hold(tenantId, ["acme"], "gateway", LAST_CONTACT);
  await store.accounts.sweep(tenantId, at(1));
}

async function fillRuns(store: Store, tenantId: string): Promise<void> {
  const record = (...one: Parameters<typeof entry>) => store.ledger.record(tenantId, [entry(...one)], rules);
  await send(store, triggerOf(tenantId, "accepted", { idempotencyKey: "first key" }));
  await record("done", { tasks: [task("tickets")] }, { triggerId: "accepted" });
  await resolve(store, tenantId, "accepted", { state: TriggerState.Accepted, syncIds: [runId(tenantId, "done")] });
  await record("done", { status: SyncStatus.Success, observedAt: at(10) });
  await record("failed", { status: SyncStatus.Failed });
  await record("failed", { status: SyncStatus.Success, observedAt: at(10) });
  await record("open");
  const later = { status: SyncStatus.Created, observedAt: at(20_000) };
  await record("again", later, { retryOfId: runId(tenantId, "done") });
  await store.polling.claimDue(tenantId, "acme", at(5_000), 1, { owner: "gateway", until: at(6_000) });
}

async function fillTriggers(store: Store, tenantId: string): Promise<void> {
  const error = { code: "PROVIDER_REJECTED", message: "no" } as const;
  await store.triggers.create(triggerOf(tenantId, "pending", { idempotencyKey: "second key" }));
  for (const id of ["sent", "rejected", "uncertain"]) await send(store, triggerOf(tenantId, id));
  await resolve(store, tenantId, "rejected", { state: TriggerState.Rejected, error });
  await store.triggers.update(tenantId, "uncertain", TriggerState.Sent, { doubtedAt: at(2) });
  await resolve(store, tenantId, "uncertain", { state: TriggerState.Uncertain, error });
  const attached = { state: TriggerState.Accepted, attached: true, options: null, resolvedAt: at(2) } as const;
  await store.triggers.create(triggerOf(tenantId, "attached", { ...attached, syncIds: [runId(tenantId, "open")] }));
}

const triggerOf = (tenantId: string, id: string, given: Partial<Trigger> = {}): Trigger =>
  trigger(id, { tenantId, definitionId: identityOf(tenantId, "acme", "definition", "job-1"), ...given });

async function send(store: Store, intention: Trigger): Promise<void> {
  const lease = { owner: "gateway", until: at(10_000) };
  await store.triggers.intend(intention, { lease, linkedAccountId: null, aloneSince: null });
  const sent = { state: TriggerState.Sent, sentAt: at(1) };
  await store.triggers.update(intention.tenantId, intention.id, TriggerState.Pending, sent);
}

async function resolve(store: Store, tenantId: string, id: string, answer: TriggerPatch): Promise<void> {
  await store.triggers.update(tenantId, id, TriggerState.Sent, { ...answer, options: null, resolvedAt: at(2) });
}
