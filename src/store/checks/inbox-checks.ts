// The inbox of webhooks: what is done with is at rest, what is not is looked at in time.
import { sql, verbatim } from "../sql.ts";
import { lateCheck, orNone, sqlCheck } from "./check.ts";
import { LATE_MS } from "./run-checks.ts";

const WAITING = "state in ('RECEIVED', 'PARKED')";
const DONE = "state in ('PROCESSED', 'DROPPED')";

/** A delivery that fails is tried for a day, with pauses of an hour at most; then it is given up. */
const GIVEN_UP_MS = 26 * 3_600_000;

/** A delivery's id is the vendor's own; it tells nothing of the payload. */
const SUBJECT = sql`provider_key || ' ' || delivery_id as subject`;

export const inboxChecks = {
  "delivery-due": sqlCheck(
    "a delivery that is received or parked is due at some time, one that is processed or dropped is not",
    sql`select tenant_id, ${SUBJECT}, state || ', due at ' || ${orNone("due_at")} as found from webhook_delivery where ((${verbatim(WAITING)} and due_at is not null) or (${verbatim(DONE)} and due_at is null)) is not true`,
  ),
  "delivery-left": lateCheck(
    "a delivery is looked at within ten minutes of being due, and given up after a day",
    sql`select tenant_id, provider_key, ${SUBJECT}, state || ', received at ' || received_at || ', due at ' || due_at as found, case when due_at + ${verbatim(String(LATE_MS))} < received_at + ${verbatim(String(GIVEN_UP_MS))} then due_at + ${verbatim(String(LATE_MS))} else received_at + ${verbatim(String(GIVEN_UP_MS))} end as at from webhook_delivery where ${verbatim(WAITING)} and due_at is not null`,
  ),
};
