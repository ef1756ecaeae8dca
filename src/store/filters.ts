// What the filters of the port mean as conditions. Every list begins with the tenant.
import type { DefinitionKind } from "../domain/definition.ts";
import type { DefinitionFilter, LinkedAccountFilter, SyncFilter } from "../domain/store-port.ts";
import type { Dialect } from "./dialect.ts";
import { OPEN_SYNC } from "./entities/sync.ts";
import { identifier, sql, verbatim } from "./sql.ts";
import type { Sql } from "./sql.ts";

export function syncConditions(dialect: Dialect, tenantId: string, filter: SyncFilter): readonly Sql[] {
  const { models, createdAfter, createdBefore, open } = filter;
  return [
    sql`tenant_id = ${tenantId}`,
    ...lists(dialect, {
      provider_key: filter.providerKeys,
      linked_account_id: filter.linkedAccountIds,
      definition_id: filter.definitionIds,
      id: filter.syncIds,
      status: filter.statuses,
      outcome: filter.outcomes,
      origin: filter.origins,
    }),
    ...(models === undefined
      ? []
      : [models.length === 0 ? verbatim("1 = 0") : dialect.holdsAnyOf(verbatim("models"), models)]),
    ...(createdAfter === undefined ? [] : [sql`created_at >= ${createdAfter.getTime()}`]),
    ...(createdBefore === undefined ? [] : [sql`created_at < ${createdBefore.getTime()}`]),
    ...(open === undefined ? [] : [verbatim(open ? OPEN_SYNC : `not (${OPEN_SYNC})`)]),
  ];
}

/** Whether it names few runs however many there are: those that are open, or some by their ids. Few enough to be counted at any time. */
export const isOfFew = ({ open, syncIds }: SyncFilter): boolean => open === true || syncIds !== undefined;

/**
 * Whether runs are looked through one by one, perhaps all of them when few match: no index holds models and origins, and none has several
 * outcomes in the order of the list.
 */
export const isSearch = (filter: SyncFilter): boolean =>
  !isOfFew(filter) &&
  filter.definitionIds === undefined &&
  (filter.models !== undefined || filter.origins !== undefined || (filter.outcomes ?? []).length > 1);

export function linkedAccountConditions(
  dialect: Dialect,
  tenantId: string,
  filter: LinkedAccountFilter,
): readonly Sql[] {
  return [
    sql`tenant_id = ${tenantId}`,
    ...lists(dialect, {
      provider_key: filter.providerKeys,
      id: filter.ids,
      status: filter.statuses,
      integration: filter.integrations,
      customer_id: filter.customerIds,
    }),
    verbatim("gone_at is null"),
  ];
}

export function definitionConditions(
  dialect: Dialect,
  tenantId: string,
  kind: DefinitionKind | null,
  filter: DefinitionFilter,
): readonly Sql[] {
  return [
    sql`tenant_id = ${tenantId}`,
    ...(kind === null ? [] : [sql`kind = ${kind}`]),
    ...lists(dialect, {
      provider_key: filter.providerKeys,
      id: filter.ids,
      linked_account_id: filter.linkedAccountIds,
      integration: filter.integrations,
    }),
    ...(filter.active === undefined ? [] : [sql`active = ${filter.active}`]),
    verbatim("gone_at is null"),
  ];
}

function lists(dialect: Dialect, wanted: Readonly<Record<string, readonly string[] | undefined>>): readonly Sql[] {
  return Object.entries(wanted).flatMap(([column, values]) =>
    values === undefined ? [] : [dialect.anyOf(identifier(column), values)],
  );
}
