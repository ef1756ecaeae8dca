// Keyset pages: the condition and order that find one, and the page made of what was found. Knows no table.
import type { Page, PageRequest } from "../domain/store-port.ts";
import type { Dialect } from "./dialect.ts";
import { identifier, join, sql, verbatim } from "./sql.ts";
import type { Bound, Sql } from "./sql.ts";
import { selected } from "./statements.ts";
import { rowsByColumn } from "./table.ts";
import type { AnyTable, StoredRow } from "./table.ts";

/** What a list is sorted by. */
export interface ListOrder {
  readonly value: string;
  /** Column that breaks ties; null where the value has none. */
  readonly id: string | null;
  readonly descending: boolean;
  /** Whether positions hold numbers; else text. */
  readonly numeric: boolean;
}

/** Statement for one page of a list, and one row more to know whether there is another. */
export function pageQuery(table: AnyTable, conditions: readonly Sql[], order: ListOrder, page: PageRequest): Sql {
  return sql`select ${selected(table)} from ${identifier(table.name)} ${pageClauses(conditions, order, page)}`;
}

/**
 * The rows found, in list order. `hasNextPage` and `hasPreviousPage` are certain in the direction of the page; behind it they say
 * whether the page began at a position, without looking whether the row there is still listed.
 */
export function pageOf<T>(found: readonly T[], page: PageRequest): Page<T> {
  const more = found.length > page.limit;
  const items = found.slice(0, page.limit);
  const begun = page.from !== null;
  return page.direction === "forward"
    ? { items, hasNextPage: more, hasPreviousPage: begun }
    : { items: items.toReversed(), hasNextPage: begun, hasPreviousPage: more };
}

/** One list for each value of a column. */
export interface GroupedList {
  readonly table: AnyTable;
  readonly tenantId: string;
  /** Column whose value tells the lists apart. */
  readonly group: string;
  readonly order: ListOrder;
}

/** Statement for the same page of many lists. Every list is read from its own place in the index, never whole. */
export function groupedPageQuery(
  dialect: Dialect,
  list: GroupedList,
  groups: readonly string[],
  page: PageRequest,
): Sql {
  const { table, tenantId, group, order } = list;
  const rows = [...new Set(groups)].map((key) => ({ group_key: key }));
  const given = dialect.given([GROUP_KEY], rows);
  const conditions = [sql`tenant_id = ${tenantId}`, sql`${identifier(group)} = given.group_key`];
  const chosen = pageClauses(conditions, order, page);
  const columns = join(
    table.fields.map(({ name }) => sql`row.${identifier(name)}`),
    ", ",
  );
  return sql`select ${columns} from ${dialect.eachGiven(given, identifier(table.name), chosen)} ${ordering(order, page, "row.")}`;
}

/** One page for each group, in the groups' order. */
export function groupedPages<T>(
  rows: readonly StoredRow[],
  column: string,
  groups: readonly string[],
  page: PageRequest,
  read: (row: StoredRow) => T,
): readonly Page<T>[] {
  const found = rowsByColumn(rows, column);
  return groups.map((group) => pageOf((found.get(group) ?? []).map(read), page));
}

export const conditionsText = (conditions: readonly Sql[]): Sql => join(conditions, " and ");

/** The one column of a list of groups given to a statement. */
export const GROUP_KEY = {
  property: "groupKey",
  name: "group_key",
  column: { type: "text", nullable: false, read: String, write: String },
} as const;

function pageClauses(conditions: readonly Sql[], order: ListOrder, page: PageRequest): Sql {
  const all = page.from === null ? conditions : [...conditions, beyond(order, page, page.from.value, page.from.id)];
  return sql`where ${conditionsText(all)} ${ordering(order, page, "")} limit ${page.limit + 1}`;
}

function beyond(order: ListOrder, page: PageRequest, value: string | number, id: string): Sql {
  const position: Bound = order.numeric ? Number(value) : String(value);
  const comparison = verbatim(readsDown(order, page) ? "<" : ">");
  if (order.id === null) return sql`${identifier(order.value)} ${comparison} ${position}`;
  return sql`(${identifier(order.value)}, ${identifier(order.id)}) ${comparison} (${position}, ${id})`;
}

function ordering(order: ListOrder, page: PageRequest, prefix: "" | "row."): Sql {
  const direction = verbatim(readsDown(order, page) ? "desc" : "asc");
  const column = (name: string): Sql => sql`${verbatim(prefix)}${identifier(name)} ${direction}`;
  return sql`order by ${join([order.value, ...(order.id === null ? [] : [order.id])].map(column), ", ")}`;
}

const readsDown = (order: ListOrder, page: PageRequest): boolean => order.descending === (page.direction === "forward");
