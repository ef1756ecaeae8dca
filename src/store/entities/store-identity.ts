// Who the store is: one row, of no tenant.
import { defineTable, flag, nullable, text, time } from "../table.ts";

export const storeIdentityTable = defineTable({
  name: "store_identity",
  primaryKey: ["tenantId"],
  columns: {
    /** Empty: the row is about all of them. */
    tenantId: text(),
    installationId: text(),
    ledgerId: text(),
    /** See `StoreIdentity`. */
    takesUnnamed: flag(),
    /** The latest time at which a gateway is known to have worked on it: one that finds itself before it knows that the clock was set back. */
    seenAt: nullable(time()),
    /** When the clock was set back, to which time and from which; over all times that happened. What was written in between lies out of order. */
    backTo: nullable(time()),
    backFrom: nullable(time()),
  },
});
