// Two gateways of one tenant on one database, each with its own clock, and one vendor that counts what reaches it.
import type { Capabilities } from "../../src/domain/provider-port.ts";
import type { Store } from "../../src/domain/store-port.ts";
import type { EachDatabase } from "./databases.ts";
import { createFakeProvider } from "./fake-provider.ts";
import type { FakeAnswers, FakeProvider } from "./fake-provider.ts";
import { createGate } from "./gate.ts";
import type { Gate } from "./gate.ts";
import { createTestTracking } from "./tracking.ts";
import type { TestTracking } from "./tracking.ts";

export interface TwoGateways {
  readonly first: TestTracking;
  readonly second: TestTracking;
  readonly fake: FakeProvider;
}

export async function openTwoGateways(
  open: EachDatabase,
  capabilities: Partial<Capabilities> = {},
  answers: Partial<FakeAnswers> = {},
): Promise<TwoGateways> {
  const { store, url } = await open();
  const { store: beside } = await open(url);
  const fake = createFakeProvider("acme", capabilities, answers);
  const first = createTestTracking(store, [fake], { owner: "node-1" });
  const second = createTestTracking(beside, [fake], { owner: "node-2" });
  await first.stock();
  return { first, second, fake };
}

export interface HeldStart {
  /** Open as soon as the vendor was asked to start. */
  readonly called: Gate;
  /** To be opened when the vendor is to answer. */
  readonly answer: Gate;
}

/** The vendor takes its time over the next start; later ones are answered as before. */
export function holdNextStart({ answers }: FakeProvider): HeldStart {
  const held = { called: createGate(), answer: createGate() };
  const before = answers.start;
  answers.start = async (request, triggerKey) => {
    answers.start = before;
    held.called.open();
    await held.answer.opened;
    return before(request, triggerKey);
  };
  return held;
}

/** Where a gateway dies in the middle of a start: the store takes nothing from it any more. */
export const Death = {
  BeforeSending: "before it sent the start",
  BeforeRecording: "before it recorded the answer",
  BeforeAnswering: "before it wrote down what became of the start",
} as const;
export type Death = (typeof Death)[keyof typeof Death];

/** The store as a gateway has it that is about to start a run, and dies on the way. */
export function dyingStore(store: Store, death: Death): Store {
  const died = () => Promise.reject(new Error(`the gateway died ${death}`));
  const update: Store["triggers"]["update"] = (tenantId, id, expected, patch) =>
    death !== Death.BeforeRecording && (death === Death.BeforeSending || patch.syncIds !== undefined)
      ? died()
      : store.triggers.update(tenantId, id, expected, patch);
  const record: Store["ledger"]["record"] = (...given) =>
    death === Death.BeforeRecording ? died() : store.ledger.record(...given);
  return { ...store, triggers: { ...store.triggers, update }, ledger: { ...store.ledger, record } };
}
