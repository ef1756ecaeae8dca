// One way of asking a member of the store's port, and whether it may read more when the store holds more.
import type { Store } from "../../src/domain/store-port.ts";
import type { DatabaseName } from "./databases.ts";

export interface StoreCall {
  run(store: Store): Promise<unknown>;
  /** Why it may read more when the store holds more, and where it does. */
  readonly grows?: { readonly on: readonly DatabaseName[]; readonly because: string };
}

export type Calls = Readonly<Record<string, StoreCall>>;

export const both: readonly DatabaseName[] = ["sqlite", "postgres"];

export const call = (run: StoreCall["run"]): StoreCall => ({ run });
export const one = (run: StoreCall["run"]): Calls => ({ once: { run } });
export const growing = (because: string, run: StoreCall["run"], on = both): Calls => ({
  once: { run, grows: { on, because } },
});
