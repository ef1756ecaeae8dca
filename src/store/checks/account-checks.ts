// Accounts of providers: that each is whole, that no two are shown under one key, and that what a gateway has configured is not removed.
import { sql } from "../sql.ts";
import { orNone, sqlCheck } from "./check.ts";

export const accountChecks = {
  "account-keys": sqlCheck(
    "a key of the configuration stands for one provider",
    sql`select tenant_id, shown_key as subject, count(*) || ' providers with one key' as found from provider_account group by tenant_id, shown_key having count(*) > 1`,
  ),
  "account-whole": sqlCheck(
    "a provider whose account was confirmed has a kind, an address, a fingerprint and the time; one that was not has neither fingerprint nor vendor's id",
    sql`select tenant_id, provider_key as subject, 'kind ' || ${orNone("kind")} || ', address ' || ${orNone("address")} || ', account ' || ${orNone("remote_account")} || ', fingerprint ' || (case when credential is null then 'none' else 'set' end) || ', confirmed ' || ${orNone("confirmed_at")} as found from provider_account where (credential is null) <> (confirmed_at is null) or (credential is not null and (kind is null or address is null or sandbox is null)) or (credential is null and remote_account is not null)`,
  ),
  "account-removed": sqlCheck(
    "a provider that is marked as removed is configured at no gateway",
    sql`select account.tenant_id as tenant_id, account.provider_key as subject, 'removed at ' || removed_at || ', held until ' || held_until as found from provider_account as account join provider_holder as holder on holder.tenant_id = account.tenant_id and holder.provider_key = account.provider_key where removed_at is not null and held_until > removed_at`,
  ),
  "account-holders": sqlCheck(
    "what a gateway has configured is a provider that the store knows",
    sql`select tenant_id, provider_key as subject, 'configured at ' || owner || ', no account' as found from provider_holder as holder where not exists (select 1 from provider_account as account where account.tenant_id = holder.tenant_id and account.provider_key = holder.provider_key)`,
  ),
};
