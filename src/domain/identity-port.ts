// Who a store is: what is kept in it to tell it from every other store, and from itself before it was restored.

export interface StoreIdentity {
  /** Of the store, for as long as it lives: a restore keeps it. */
  readonly installationId: string;
  /** Of its ledger's numbers: cursors carry it. New in each store, and after each restore. */
  readonly ledgerId: string;
  /** Whether cursors that name no ledger may be its own: it is older than ledgers with ids, and was not restored since. */
  readonly takesUnnamed: boolean;
}

export interface IdentityStore {
  /** As it was last read; read for the first time when the store is opened. */
  known(): StoreIdentity;
  /** Reads it again: another process may have given the ledger a new id. */
  look(): Promise<StoreIdentity>;
  /**
   * Gives the ledger a new id, unless somebody else has done so since: cursors given before are of another ledger from now on.
   *
   * @param from the id it had
   */
  renewLedger(from: string): Promise<StoreIdentity>;
  /** Where the database itself is, in words that are the same whatever name or way leads to it; a copy of it is elsewhere. */
  place(): Promise<string>;
}
