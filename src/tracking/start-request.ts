// A start in the hands of who sends it, and what a provider is asked for it.
import type { LinkedAccount, SyncDefinition } from "../domain/definition.ts";
import type { HeldTrigger } from "../domain/store-port.ts";
import type { StartOptions, Sync } from "../domain/sync.ts";
import { refOf } from "./poller.ts";
import type { ConfiguredProvider } from "./provider-directory.ts";
import type { MirroredStart } from "./start-check.ts";

export interface Intention extends HeldTrigger {
  readonly configured: ConfiguredProvider;
  readonly definition: SyncDefinition;
  readonly linkedAccount: LinkedAccount | null;
  /** The ended run that is to be run again; null in any other start, and when the ledger has it no more. */
  readonly retryOf: Sync | null;
  /** Who sends it can make something of a conflict: that refusal is only thrown, and theirs to write down. */
  readonly attaches?: boolean;
}

/** What a provider is asked for, the same each time it is asked. */
export function startRequestOf(
  { definition, linkedAccount, retryOf }: Pick<Intention, "definition" | "linkedAccount" | "retryOf">,
  options: StartOptions,
): MirroredStart {
  return { definition, linkedAccount, options, ...(retryOf === null ? {} : { retryOf: refOf(retryOf) }) };
}
