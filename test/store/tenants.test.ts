// Nothing of a tenant is read, counted or changed by another one: every method of the port, on each database.
import { expect, test } from "vitest";
import { identityOf } from "../../src/domain/identity.ts";
import { PruneStep } from "../../src/domain/retention-port.ts";
import type { PageRequest, Store } from "../../src/domain/store-port.ts";
import { describeOnEachDatabase } from "../support/databases.ts";
import {
  at,
  delivery,
  entry,
  linkedAccount,
  rules,
  syncJob,
  task,
  trigger,
  webhookEvent,
} from "../support/store-values.ts";

const NONE_PRUNED = { transitions: 0, runs: 0, triggers: 0, definitions: 0, linkedAccounts: 0 };
const PAGE: PageRequest = { limit: 100, direction: "forward", from: null };
const ORDER = { field: "CREATED_AT", descending: true } as const;

/** Ids of the owner's rows, which the stranger has learned somehow. */
interface Known {
  readonly account: string;
  readonly definition: string;
  readonly sync: string;
  /** An ended run of which another end was reported too. */
  readonly disputed: string;
  readonly transition: string;
}

type Attempt = (store: Store, tenantId: string, known: Known) => Promise<unknown>;
type Attempts = {
  readonly [Part in "catalog" | "ledger" | "polling" | "triggers" | "inbox" | "providerStates" | "retention"]: Readonly<
    Record<keyof Store[Part], Attempt>
  >;
};

/** A method added to the port does not compile until it is here. */
const attempts: Attempts = {
  catalog: {
    putLinkedAccounts: (store, tenant) =>
      store.catalog.putLinkedAccounts(tenant, "acme", [linkedAccount("account-1", { name: "stolen" })], at(50)),
    putDefinitions: (store, tenant) =>
      store.catalog.putDefinitions(tenant, "acme", [syncJob("job-1", { name: "stolen", detailed: false })], at(50)),
    oldDetails: (store, tenant) =>
      store.catalog.oldDetails(tenant, "acme", { now: at(99), readBefore: at(99), passedReadBefore: at(99) }, 10),
    markGone: async (store, tenant) => {
      await store.catalog.markGone(tenant, "acme", "linkedAccount", at(99), at(99));
      await store.catalog.markGone(tenant, "acme", "definition", at(99), at(99));
    },
    markDefinitionGone: (store, tenant, { definition }) => store.catalog.markDefinitionGone(tenant, definition, at(99)),
    linkedAccountsByIds: (store, tenant, { account }) => store.catalog.linkedAccountsByIds(tenant, [account]),
    listLinkedAccounts: (store, tenant) => store.catalog.listLinkedAccounts(tenant, {}, PAGE),
    countLinkedAccounts: (store, tenant) => store.catalog.countLinkedAccounts(tenant, {}),
    definitionsByIds: (store, tenant, { definition }) => store.catalog.definitionsByIds(tenant, [definition]),
    listDefinitions: (store, tenant) => store.catalog.listDefinitions(tenant, null, {}, PAGE),
    countDefinitions: (store, tenant) => store.catalog.countDefinitions(tenant, null, {}),
    definitionsOfProvider: (store, tenant) => store.catalog.definitionsOfProvider(tenant, "acme"),
  },
  ledger: {
    record: (store, tenant) =>
      store.ledger.record(tenant, [entry("r1", { status: "FAILED", tasks: [], observedAt: at(50) })], rules),
    head: (store, tenant) => store.ledger.head(tenant),
    transitionsAfter: (store, tenant) => store.ledger.transitionsAfter(tenant, 0, 100),
    oldestSequence: (store, tenant) => store.ledger.oldestSequence(tenant),
    transitionsByIds: (store, tenant, { transition }) => store.ledger.transitionsByIds(tenant, [transition]),
    transitionsBySync: (store, tenant, { sync }) => store.ledger.transitionsBySync(tenant, [sync], PAGE),
    syncsByIds: (store, tenant, { sync }) => store.ledger.syncsByIds(tenant, [sync]),
    listSyncs: (store, tenant) => store.ledger.listSyncs(tenant, {}, ORDER, PAGE),
    countSyncs: (store, tenant) => store.ledger.countSyncs(tenant, {}),
    latestSyncs: (store, tenant, { definition }) => store.ledger.latestSyncs(tenant, [definition]),
    latestSyncsByModel: (store, tenant, { definition }) =>
      store.ledger.latestSyncsByModel(tenant, [{ definitionId: definition, model: "tickets" }]),
    syncsByDefinition: (store, tenant, { definition }) => store.ledger.syncsByDefinition(tenant, [definition], PAGE),
    openSyncs: (store, tenant, { definition }) => store.ledger.openSyncs(tenant, definition),
    syncsOfTrigger: (store, tenant, { definition }) =>
      store.ledger.syncsOfTrigger(tenant, { id: "g2", definitionId: definition }),
    conflictsBySync: (store, tenant, { disputed }) => store.ledger.conflictsBySync(tenant, [disputed]),
    tasksBySync: (store, tenant, { sync }) => store.ledger.tasksBySync(tenant, [sync], PAGE),
    statistics: (store, tenant) => store.ledger.statistics(tenant, {}, "DAY"),
    expectedDurations: (store, tenant, { definition }) =>
      store.ledger.expectedDurations(tenant, [{ definitionId: definition, models: [] }]),
  },
  polling: {
    claimDue: (store, tenant) =>
      store.polling.claimDue(tenant, "acme", at(9_000), 10, { owner: "thief", until: at(99_000) }),
    settle: (store, tenant, { sync }) =>
      store.polling.settle(tenant, [
        { syncId: sync, fence: 1, nextPollAt: at(77_000), failures: 7, missingSince: at(1) },
      ]),
    giveBack: (store, tenant, { sync }) => store.polling.giveBack(tenant, [{ id: sync, fence: 1 }]),
    renew: (store, tenant, { sync }) => store.polling.renew(tenant, [{ id: sync, fence: 1 }], at(99_000)),
    nextDueAt: (store, tenant) => store.polling.nextDueAt(tenant, "acme"),
    makeDue: (store, tenant, { sync }) => store.polling.makeDue(tenant, [sync], at(1)),
  },
  triggers: {
    create: (store, tenant) =>
      store.triggers.create(trigger("g1", { tenantId: tenant, idempotencyKey: "k", fingerprint: "stolen" })),
    update: (store, tenant) => store.triggers.update(tenant, "g1", "PENDING", { state: "REJECTED" }),
    byIds: (store, tenant) => store.triggers.byIds(tenant, ["g1"]),
    unresolved: (store, tenant) => store.triggers.unresolved(tenant, at(99)),
    intend: async (store, tenant) => {
      const lease = { owner: "thief", until: at(99_000) };
      const intent = { lease, linkedAccountId: null, aloneSince: at(0) };
      await store.triggers.intend(trigger("g2", { tenantId: tenant, idempotencyKey: "k" }), intent);
    },
    renew: (store, tenant) => store.triggers.renew(tenant, [{ id: "g1", fence: 0 }], at(99_000)),
    giveBack: (store, tenant) => store.triggers.giveBack(tenant, { id: "g1", fence: 0 }, at(0)),
    takeOver: (store, tenant) =>
      store.triggers.takeOver(tenant, "acme", at(99_000), 10, { owner: "thief", until: at(99_000) }),
    nextLeaseEndAt: (store, tenant) => store.triggers.nextLeaseEndAt(tenant, "acme"),
    rivalsOf: (store, tenant) => store.triggers.rivalsOf(tenant, "g1", at(0)),
  },
  inbox: {
    put: (store, tenant) =>
      store.inbox.put(delivery("d1", { tenantId: tenant, event: webhookEvent("d1", { fingerprint: "stolen" }) })),
    due: (store, tenant) => store.inbox.due(tenant, "acme", at(99_000), 10),
    settle: (store, tenant) =>
      store.inbox.settle(tenant, "acme", [{ deliveryId: "d1", state: "DROPPED", dueAt: null }]),
    nextDueAt: (store, tenant) => store.inbox.nextDueAt(tenant, "acme"),
    prune: (store, tenant) => store.inbox.prune(tenant, at(99_000)),
  },
  retention: {
    prune: async (store, tenant) => {
      const horizon = { historyBefore: at(99_000), triggersBefore: at(99_000) };
      for (const step of Object.values(PruneStep)) {
        expect(await store.retention.prune(tenant, step, horizon, 10)).toEqual(NONE_PRUNED);
      }
    },
  },
  providerStates: {
    get: (store, tenant) => store.providerStates.get(tenant, "acme"),
    patch: (store, tenant) => store.providerStates.patch(tenant, "acme", { health: "AUTH_FAILED" }),
  },
};

/** What each reading method gives a tenant that has nothing. */
const NOTHING: Readonly<Record<string, unknown>> = {
  linkedAccountsByIds: [],
  listLinkedAccounts: { items: [], hasNextPage: false, hasPreviousPage: false },
  countLinkedAccounts: 0,
  definitionsByIds: [],
  listDefinitions: { items: [], hasNextPage: false, hasPreviousPage: false },
  countDefinitions: 0,
  definitionsOfProvider: [],
  head: 0,
  transitionsAfter: [],
  oldestSequence: 1,
  transitionsByIds: [],
  transitionsBySync: [{ items: [], hasNextPage: false, hasPreviousPage: false }],
  syncsByIds: [],
  listSyncs: { items: [], hasNextPage: false, hasPreviousPage: false },
  countSyncs: 0,
  latestSyncs: [],
  latestSyncsByModel: [],
  syncsByDefinition: [{ items: [], hasNextPage: false, hasPreviousPage: false }],
  openSyncs: [],
  conflictsBySync: [[]],
  tasksBySync: [{ items: [], hasNextPage: false, hasPreviousPage: false }],
  statistics: {
    ...{ total: 0, open: 0, succeeded: 0, failed: 0, successRate: null, durationMsP50: null, durationMsP95: null },
    recordCounts: {
      total: null,
      inserted: null,
      updated: null,
      upserted: null,
      deleted: null,
      failed: null,
      warnings: null,
      fetched: null,
      persisted: null,
    },
    ...{ outcomes: [], failures: [], buckets: [] },
  },
  expectedDurations: [],
  claimDue: [],
  nextDueAt: null,
  update: false,
  byIds: [],
  unresolved: [],
  takeOver: [],
  nextLeaseEndAt: null,
  rivalsOf: [],
  due: [],
};

async function prepare(store: Store): Promise<Known> {
  await store.catalog.putLinkedAccounts("owner", "acme", [linkedAccount("account-1")], at(0));
  await store.catalog.putDefinitions("owner", "acme", [syncJob("job-1")], at(0));
  const [recorded] = await store.ledger.record(
    "owner",
    [entry("r1", { facts: { models: ["tickets"] }, tasks: [task("a")] }, { triggerId: "g2" })],
    rules,
  );
  await store.polling.claimDue("owner", "acme", at(5_000), 1, { owner: "gateway", until: at(6_000) });
  const timed = { status: "SUCCESS", facts: { startedAt: at(1), finishedAt: at(2) } } as const;
  await store.ledger.record(
    "owner",
    ["r2", "r3", "r4"].map((remoteId) => entry(remoteId, timed)),
    rules,
  );
  await store.ledger.record("owner", [entry("r2", { status: "FAILED" })], rules);
  await store.triggers.create(trigger("g1", { tenantId: "owner", idempotencyKey: "k", sentAt: at(0) }));
  await store.triggers.create(trigger("g2", { tenantId: "owner", state: "SENT", sentAt: at(0) }));
  await store.triggers.create(trigger("g3", { tenantId: "owner", state: "SENT", sentAt: at(0) }));
  await store.inbox.put(delivery("d1", { tenantId: "owner" }));
  await store.providerStates.patch("owner", "acme", { health: "UP" });
  return {
    account: identityOf("owner", "acme", "linkedAccount", "account-1"),
    definition: identityOf("owner", "acme", "definition", "job-1"),
    sync: recorded?.sync.id ?? "",
    disputed: identityOf("owner", "acme", "sync", "r2"),
    transition: recorded?.transitions[0]?.id ?? "",
  };
}

/** Everything the owner can read, without changing it. */
async function everything(store: Store, known: Known): Promise<Readonly<Record<string, unknown>>> {
  const reads = Object.values(attempts)
    .flatMap((part) => Object.entries<Attempt>(part))
    .filter(([name]) => name in NOTHING && !["claimDue", "update", "takeOver"].includes(name));
  const found = await Promise.all(
    reads.map(async ([name, read]) => [name, await read(store, "owner", known)] as const),
  );
  return { ...Object.fromEntries(found), state: await store.providerStates.get("owner", "acme") };
}

describeOnEachDatabase("tenants", (open) => {
  for (const [part, methods] of Object.entries(attempts)) {
    for (const [name, attempt] of Object.entries<Attempt>(methods)) {
      test(`${part}.${name} of a stranger finds nothing of the owner's and changes nothing of it`, async () => {
        const { store } = await open();
        const known = await prepare(store);
        const before = await everything(store, known);
        const answer = await attempt(store, "stranger", known);
        // A writing method answers with the stranger's own rows; what it must not do is seen below.
        expect(answer).toEqual(name in NOTHING ? NOTHING[name] : answer);
        expect(await everything(store, known)).toEqual(before);
      });
    }
  }

  test("the table proves something: the owner's own reads are not empty, and the stranger's own writes are the stranger's", async () => {
    const { store } = await open();
    const known = await prepare(store);
    const readings = Object.entries(await everything(store, known)).filter(
      ([name]) => name in NOTHING && name !== "oldestSequence",
    );
    expect(readings.length).toBeGreaterThan(15);
    for (const [name, value] of readings) expect([name, value]).not.toEqual([name, NOTHING[name]]);
    const [own] = await store.ledger.record("stranger", [entry("r1")], rules);
    expect(own?.sync.id).not.toBe(known.sync);
    expect(own?.transitions[0]?.sequence).toBe(1);
    expect(
      (await store.triggers.create(trigger("g1", { tenantId: "stranger", idempotencyKey: "k", fingerprint: "own" })))
        .fingerprint,
    ).toBe("own");
    expect((await store.providerStates.get("stranger", "acme")).health).toBe("UNKNOWN");
  });
});
