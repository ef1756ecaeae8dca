// A ledger with runs that have everything a run can have: definition, account, tasks, transitions, trigger, an earlier run.
import { identityOf } from "../../src/domain/identity.ts";
import type { Store } from "../../src/domain/store-port.ts";
import { SyncStatus } from "../../src/domain/status.ts";
import { TriggerState, type Sync } from "../../src/domain/sync.ts";
import { newId, TENANT } from "./graphql.ts";
import { at, entry, linkedAccount, modelSync, rules, syncJob, task, trigger } from "./store-values.ts";

export const idOf = (kind: "linkedAccount" | "definition" | "sync", remoteId: string, provider = "acme"): string =>
  identityOf(TENANT, provider, kind, remoteId);

/** Two accounts, `jobs` sync jobs and two model syncs of one provider. */
export async function seedCatalog(store: Store, jobs = 2, provider = "acme"): Promise<void> {
  await store.catalog.putLinkedAccounts(
    TENANT,
    provider,
    [linkedAccount("account-1"), linkedAccount("account-2")],
    at(0),
  );
  const definitions = [
    ...numbers(jobs).map((number) => syncJob(`job-${number}`)),
    modelSync("model-sync-1"),
    modelSync("model-sync-2"),
  ];
  await store.catalog.putDefinitions(TENANT, provider, definitions, at(0));
}

/** Runs of `job-1`, `job-2` in turn, each a second after the one before and a repetition of it, with a trigger and two tasks. */
export async function seedRuns(store: Store, count: number, jobs = 2): Promise<readonly Sync[]> {
  const syncs: Sync[] = [];
  for (const number of numbers(count)) {
    const triggerId = newId();
    const definition = `job-${((number - 1) % jobs) + 1}`;
    await store.triggers.create(
      trigger(triggerId, {
        tenantId: TENANT,
        definitionId: idOf("definition", definition),
        state: TriggerState.Accepted,
      }),
    );
    const earlier = syncs.at(-1);
    const facts = { createdAt: at(number * 1_000), startedAt: at(number * 1_000 + 10), models: ["tickets"] };
    const given = {
      definitionRemoteId: definition,
      tasks: [task("tickets"), task("users")],
      observedAt: at(number * 1_000 + 20),
      facts,
    };
    const run = entry(`run-${number}`, given, {
      triggerId,
      ...(earlier === undefined ? {} : { retryOfId: earlier.id }),
    });
    const [recorded] = await store.ledger.record(TENANT, [run], rules);
    if (recorded === undefined) throw new Error("nothing was recorded");
    await store.triggers.update(TENANT, triggerId, TriggerState.Accepted, { syncIds: [recorded.sync.id] });
    syncs.push(recorded.sync);
  }
  return syncs;
}

/** One run, as the observation says. */
export async function seedRun(store: Store, ...given: Parameters<typeof entry>): Promise<Sync> {
  const [recorded] = await store.ledger.record(TENANT, [entry(...given)], rules);
  if (recorded === undefined) throw new Error("nothing was recorded");
  return recorded.sync;
}

/** A run's end. */
export const ended = { status: SyncStatus.Success, rawStatus: "done", observedAt: at(900_000) } as const;

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
