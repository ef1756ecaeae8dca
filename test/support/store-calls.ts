// Each member of the store's port, asked in the ways that gateways ask it, of a store with many rows. A new member does not compile until
// it has its row here.
import { DefinitionKind } from "../../src/domain/definition.ts";
import { PruneStep } from "../../src/domain/retention-port.ts";
import { SyncStatus } from "../../src/domain/status.ts";
import { DeliveryState, SyncOrderField } from "../../src/domain/store-port.ts";
import { ProviderHealth } from "../../src/domain/provider-state.ts";
import type { PageRequest, Store, SyncFilter } from "../../src/domain/store-port.ts";
import { TriggerState } from "../../src/domain/sync.ts";
import type { IdentityStore } from "../../src/domain/identity-port.ts";
import { MANY_TENANT as T } from "./many-rows.ts";
import { both, call, growing, one, type Calls, type StoreCall } from "./store-call.ts";
import {
  account,
  at,
  delivery,
  entry,
  linkedAccount,
  modelSync,
  rules,
  syncJob,
  task,
  trigger,
} from "./store-values.ts";

/** What is known needs no statement. */
type Parts = Omit<Store, "ping" | "now" | "otherGateways" | "close" | "identity"> & {
  readonly identity: Omit<IdentityStore, "known">;
};
type CallsOf<Part> = { readonly [Member in keyof Part]: Calls };
type StoreCalls = { readonly [Name in keyof Parts]: CallsOf<Parts[Name]> } & {
  readonly store: { readonly [Member in "ping" | "now" | "otherGateways"]: Calls };
};

const first: PageRequest = { limit: 20, direction: "forward", from: null };
const deep = (value: string | number): PageRequest => ({ limit: 20, direction: "backward", from: { value, id: "x" } });
const lease = { owner: "node", until: new Date(900_000) };
const held = [1, 2, 3].map((number) => ({ id: `run-${String(number * 5)}`, fence: 1 }));
const heldTriggers = [1001, 3001].map((number) => ({ id: `trigger-${String(number)}`, fence: 0 }));
const runs = ["run-1", "run-5", "run-11"];
const definitions = ["d-1", "d-2", "d-5"];
const horizon = { historyBefore: new Date(500), triggersBefore: new Date(400) };
const intent = { lease, linkedAccountId: "a-1", aloneSince: new Date(30_000) };

const newest = { field: SyncOrderField.CreatedAt, descending: true } as const;
const list = (filter: SyncFilter, page = first): StoreCall =>
  call((store) => store.ledger.listSyncs(T, filter, newest, page));

export const storeCalls: StoreCalls = {
  identity: {
    look: one((store) => store.identity.look()),
    renewLedger: one((store) => store.identity.renewLedger("another")),
    place: one((store) => store.identity.place()),
  },
  timekeeping: {
    tell: {
      "a time that goes on": call((store) => store.timekeeping.tell(new Date(8e12))),
      "a time that went back": {
        run: (store) => store.timekeeping.tell(new Date(7e12)),
        grows: { on: both, because: "it puts right whatever has a time that has not come, and does so seldom" },
      },
    },
  },
  store: {
    ping: one((store) => store.ping()),
    now: one((store) => store.now()),
    otherGateways: one((store) => store.otherGateways()),
  },
  catalog: {
    putLinkedAccounts: one((store) =>
      store.catalog.putLinkedAccounts(T, "acme", [linkedAccount("new"), linkedAccount("a-1")], at(0)),
    ),
    putDefinitions: one((store) =>
      store.catalog.putDefinitions(
        T,
        "acme",
        [syncJob("new"), syncJob("new-2", { detailed: false }), modelSync("new-3")],
        at(0),
      ),
    ),
    oldDetails: growing("it goes through the provider's definitions, some times a minute", (store) =>
      store.catalog.oldDetails(T, "acme", { now: at(1), readBefore: at(1), passedReadBefore: at(1) }, 5),
    ),
    markGone: growing("it follows a reading of the provider's whole catalog, row by row", (store) =>
      store.catalog.markGone(T, "acme", "definition", new Date(20), at(1)),
    ),
    markDefinitionGone: one((store) => store.catalog.markDefinitionGone(T, "d-1", at(1))),
    linkedAccountsByIds: one((store) => store.catalog.linkedAccountsByIds(T, ["a-1", "a-2"])),
    listLinkedAccounts: {
      all: call((store) => store.catalog.listLinkedAccounts(T, {}, first)),
      deep: call((store) => store.catalog.listLinkedAccounts(T, {}, deep("name 5"))),
      "of a provider": call((store) => store.catalog.listLinkedAccounts(T, { providerKeys: ["acme"] }, first)),
      "of a customer": call((store) => store.catalog.listLinkedAccounts(T, { customerIds: ["customer-1"] }, first)),
    },
    countLinkedAccounts: growing("it counts", (store) => store.catalog.countLinkedAccounts(T, {})),
    definitionsByIds: one((store) => store.catalog.definitionsByIds(T, definitions)),
    listDefinitions: {
      all: call((store) => store.catalog.listDefinitions(T, null, {}, first)),
      "of a kind": call((store) => store.catalog.listDefinitions(T, DefinitionKind.SyncJob, {}, deep("name 5"))),
      "of a provider": call((store) => store.catalog.listDefinitions(T, null, { providerKeys: ["acme"] }, first)),
      "of an account": call((store) => store.catalog.listDefinitions(T, null, { linkedAccountIds: ["a-1"] }, first)),
    },
    countDefinitions: growing("it counts", (store) => store.catalog.countDefinitions(T, null, {})),
    definitionsOfProvider: growing("it gives them all", (store) => store.catalog.definitionsOfProvider(T, "acme")),
  },
  ledger: {
    record: {
      "new runs": call((store) =>
        store.ledger.record(
          T,
          ["new-1", "new-2"].map((id) => entry(id, { tasks: [task("a"), task("b")] })),
          rules,
        ),
      ),
      "their ends": call((store) =>
        store.ledger.record(T, [entry("new-1", { status: SyncStatus.Success, tasks: [task("a")] })], rules),
      ),
      "a contradiction": call((store) =>
        store.ledger.record(T, [entry("new-1", { status: SyncStatus.Failed, rawStatus: "odd" })], rules),
      ),
    },
    head: one((store) => store.ledger.head(T)),
    transitionsAfter: one((store) => store.ledger.transitionsAfter(T, 500, 20)),
    oldestSequence: one((store) => store.ledger.oldestSequence(T)),
    transitionsByIds: one((store) => store.ledger.transitionsByIds(T, ["transition-1", "transition-5"])),
    transitionsBySync: {
      first: call((store) => store.ledger.transitionsBySync(T, runs, first)),
      deep: call((store) => store.ledger.transitionsBySync(T, runs, deep(500))),
      "from a place": call((store) =>
        store.ledger.transitionsBySync(T, runs, { ...first, from: { value: 5, id: "" } }),
      ),
    },
    syncsByIds: {
      one: call((store) => store.ledger.syncsByIds(T, ["run-1"])),
      more: call((store) => store.ledger.syncsByIds(T, runs)),
    },
    listSyncs: {
      all: list({}),
      "all, deep": list({}, deep(500)),
      "by observation": call((store) =>
        store.ledger.listSyncs(T, {}, { field: SyncOrderField.ObservedAt, descending: false }, first),
      ),
      "of a provider": list({ providerKeys: ["acme"] }, deep(500)),
      "of a definition": list({ definitionIds: ["d-1"] }),
      "of an account": list({ linkedAccountIds: ["a-1"] }),
      "of a status": list({ statuses: [SyncStatus.Failed] }, deep(500)),
      "of an outcome": list({ outcomes: ["ERROR"] }),
      "of an outcome that none has": list({ outcomes: ["LOST"] }),
      "open ones": list({ open: true }),
      "open ones of a provider": list({ open: true, providerKeys: ["acme"] }),
      "of a model that none has": {
        run: (store) => store.ledger.listSyncs(T, { models: ["none"] }, newest, first),
        grows: { on: ["postgres"], because: "it searches; it has a deadline, and a connection apart" },
      },
      "of ids": list({ syncIds: runs }),
      "open ones of a definition": list({ definitionIds: ["d-5"], open: true }),
    },
    countSyncs: {
      "of a definition": call((store) => store.ledger.countSyncs(T, { definitionIds: ["d-1"] })),
      all: { run: (store) => store.ledger.countSyncs(T, {}), grows: { on: both, because: "it counts" } },
      "open ones of a provider": {
        run: (store) => store.ledger.countSyncs(T, { providerKeys: ["acme"], open: true }),
        grows: { on: both, because: "it counts what is open" },
      },
    },
    latestSyncs: one((store) => store.ledger.latestSyncs(T, definitions)),
    latestSyncsByModel: one((store) =>
      store.ledger.latestSyncsByModel(T, [
        { definitionId: "d-1", model: "tickets" },
        { definitionId: "d-2", model: "tickets" },
      ]),
    ),
    syncsByDefinition: {
      first: call((store) => store.ledger.syncsByDefinition(T, definitions, first)),
      deep: call((store) => store.ledger.syncsByDefinition(T, definitions, deep(500))),
    },
    openSyncs: one((store) => store.ledger.openSyncs(T, "d-5")),
    syncsOfTrigger: one((store) => store.ledger.syncsOfTrigger(T, { id: "trigger-1", definitionId: "d-1" })),
    conflictsBySync: one((store) => store.ledger.conflictsBySync(T, runs)),
    tasksBySync: one((store) => store.ledger.tasksBySync(T, runs, first)),
    statistics: {
      all: {
        run: (store) => store.ledger.statistics(T, {}, null),
        grows: { on: both, because: "it adds up; it has a deadline, and a connection apart" },
      },
      "of a definition": call((store) => store.ledger.statistics(T, { definitionIds: ["d-1"] }, null)),
    },
    expectedDurations: one((store) =>
      store.ledger.expectedDurations(
        T,
        definitions.map((definitionId) => ({ definitionId, models: ["tickets"] })),
      ),
    ),
  },
  polling: {
    claimDue: one((store) => store.polling.claimDue(T, "acme", new Date(200_000), 20, lease)),
    renew: one((store) => store.polling.renew(T, held, new Date(990_000))),
    settle: {
      "looked at": call((store) =>
        store.polling.settle(
          T,
          held.map(({ id, fence }) => ({ syncId: id, fence, nextPollAt: at(9), failures: 0, missingSince: null })),
        ),
      ),
      "given up": call((store) =>
        store.polling.settle(
          T,
          held.map(({ id, fence }) => ({ syncId: id, fence, nextPollAt: null, failures: 0, missingSince: null })),
        ),
      ),
    },
    giveBack: one((store) => store.polling.giveBack(T, held)),
    nextDueAt: one((store) => store.polling.nextDueAt(T, "acme")),
    makeDue: one((store) => store.polling.makeDue(T, ["run-5", "run-15"], new Date(7))),
  },
  triggers: {
    create: {
      new: call((store) => store.triggers.create(trigger("new"))),
      "with a key that is known": call((store) =>
        store.triggers.create(trigger("other", { tenantId: T, idempotencyKey: "key-1" })),
      ),
    },
    intend: {
      alone: call((store) => store.triggers.intend(trigger("alone", { definitionId: "d-7" }), intent)),
      "beside others": call((store) =>
        store.triggers.intend(trigger("beside", { definitionId: "d-7" }), { ...intent, aloneSince: null }),
      ),
    },
    update: {
      "its state": call((store) =>
        store.triggers.update(T, "new", TriggerState.Pending, { state: TriggerState.Sent, sentAt: at(1) }),
      ),
      nothing: call((store) => store.triggers.update(T, "new", { state: TriggerState.Sent, fence: 0 }, {})),
    },
    byIds: one((store) => store.triggers.byIds(T, ["trigger-1", "trigger-3"])),
    unresolved: one((store) => store.triggers.unresolved(T, at(0))),
    renew: one((store) => store.triggers.renew(T, heldTriggers, new Date(990_000))),
    giveBack: one((store) => store.triggers.giveBack(T, { id: "trigger-1001", fence: 0 }, at(0))),
    takeOver: one((store) => store.triggers.takeOver(T, "acme", at(0), 20, lease)),
    nextLeaseEndAt: one((store) => store.triggers.nextLeaseEndAt(T, "acme")),
    rivalsOf: one((store) => store.triggers.rivalsOf(T, "trigger-1001", at(0))),
  },
  inbox: {
    put: {
      new: call((store) => store.inbox.put(delivery("new"))),
      again: call((store) => store.inbox.put(delivery("new"))),
    },
    due: one((store) => store.inbox.due(T, "acme", at(0), 20)),
    settle: one((store) =>
      store.inbox.settle(
        T,
        "acme",
        ["delivery-5", "delivery-15"].map((deliveryId) => ({
          deliveryId,
          state: DeliveryState.Processed,
          dueAt: null,
        })),
      ),
    ),
    nextDueAt: one((store) => store.inbox.nextDueAt(T, "acme")),
    prune: growing("it removes all that is old, once an hour", (store) => store.inbox.prune(T, new Date(4_000))),
  },
  providerStates: {
    get: one((store) => store.providerStates.get(T, "acme")),
    patch: one((store) => store.providerStates.patch(T, "acme", { health: ProviderHealth.Up })),
  },
  accounts: {
    all: one((store) => store.accounts.all(T)),
    add: one((store) => store.accounts.add(T, [account("new"), account("acme")])),
    confirm: one((store) =>
      store.accounts.confirm(T, account("new"), { ...account("new"), kind: "fake", confirmedAt: at(1) }),
    ),
    hold: one((store) => store.accounts.hold(T, ["new", "acme"], "node", at(2))),
    letGo: one((store) => store.accounts.letGo(T, "other-node")),
    sweep: one((store) => store.accounts.sweep(T, at(1))),
    rename: one((store) => store.accounts.rename(T, "new", "newer")),
    adopt: one((store) => store.accounts.adopt(T, "newer")),
  },
  retention: {
    prune: {
      history: call((store) => store.retention.prune(T, PruneStep.History, horizon, 20)),
      runs: {
        run: (store) => store.retention.prune(T, PruneStep.Runs, horizon, 20),
        grows: { on: ["postgres"], because: "it is done once an hour, and asks of each run that had to be kept" },
      },
      triggers: call((store) => store.retention.prune(T, PruneStep.Triggers, horizon, 20)),
      catalog: {
        run: (store) => store.retention.prune(T, PruneStep.Catalog, horizon, 20),
        grows: {
          on: ["postgres"],
          because: "it is done once an hour, and asks of each that is gone whether it is named",
        },
      },
    },
  },
  quotas: {
    take: one((store) =>
      store.quotas.take(T, "acme", { requests: 20, perMs: 1_000 }, { withinMs: 10_000, lastsMs: 1_000 }),
    ),
    pausedForMs: one((store) => store.quotas.pausedForMs(T, "acme")),
    pause: one((store) => store.quotas.pause(T, "acme", 5)),
  },
};
