// A store whose calls wait until a scheduler lets each of them through: between two of them anything else may happen first.
import type fc from "fast-check";
import type { Store } from "../../src/domain/store-port.ts";

/** The calls that polls, webhooks, starts and subscribers make; what only prepares a test goes straight through. */
export function interleaved(store: Store, scheduler: fc.Scheduler): Store {
  const { ledger, polling, triggers, inbox } = store;
  // A call waits on its way there, and its answer on its way back.
  const through =
    <Given extends readonly unknown[], Answer>(call: (...given: Given) => Promise<Answer>) =>
    async (...given: Given): Promise<Answer> => {
      await scheduler.schedule(Promise.resolve(), call.name);
      const answer = await call(...given);
      await scheduler.schedule(Promise.resolve(), `${call.name} is answered`);
      return answer;
    };
  return {
    ...store,
    ledger: {
      ...ledger,
      record: through(ledger.record.bind(ledger)),
      head: through(ledger.head.bind(ledger)),
      transitionsAfter: through(ledger.transitionsAfter.bind(ledger)),
      syncsByIds: through(ledger.syncsByIds.bind(ledger)),
      openSyncs: through(ledger.openSyncs.bind(ledger)),
    },
    polling: {
      ...polling,
      claimDue: through(polling.claimDue.bind(polling)),
      settle: through(polling.settle.bind(polling)),
      makeDue: through(polling.makeDue.bind(polling)),
    },
    triggers: {
      ...triggers,
      intend: through(triggers.intend.bind(triggers)),
      update: through(triggers.update.bind(triggers)),
      byIds: through(triggers.byIds.bind(triggers)),
    },
    inbox: {
      ...inbox,
      put: through(inbox.put.bind(inbox)),
      due: through(inbox.due.bind(inbox)),
      settle: through(inbox.settle.bind(inbox)),
    },
  };
}
