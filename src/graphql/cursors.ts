// Opaque cursors: places in lists, and places in a tenant's ledger.
import { createHash } from "node:crypto";
import { ErrorCode, GatewayError } from "../domain/errors.ts";
import type { Position } from "../domain/store-port.ts";

const VERSION = "1";

/** @param list names the list and its order, so that a cursor of one is refused by another */
export function pageCursor(list: string, position: Position): string {
  return Buffer.from(JSON.stringify([VERSION, list, position.value, position.id])).toString("base64url");
}

/** What a list is sorted by: names, or numbers such as epoch milliseconds. */
export type SortKey = "text" | "number";

/** @throws GatewayError `CURSOR_INVALID` */
export function parsePageCursor(list: string, cursor: string, sortKey: SortKey): Position {
  const parsed = parseJson(Buffer.from(cursor, "base64url").toString("utf8"));
  if (isList(parsed) && parsed.length === 4) {
    const [version, from, value, id] = parsed;
    const isSortValue: (one: unknown) => one is string | number = sortKey === "text" ? isText : isSortNumber;
    if (version === VERSION && from === list && isSortValue(value) && isText(id)) return { value, id };
  }
  throw new GatewayError(
    ErrorCode.CursorInvalid,
    "This cursor is not from this list in this order. Begin without a cursor.",
  );
}

/** A place in the tenant's ledger. The check value ties it to the tenant: another tenant's cursor is refused, not read. */
export function ledgerCursor(tenantId: string, sequence: number): string {
  return Buffer.from(`${VERSION}.${sequence}.${checkOf(tenantId, sequence)}`).toString("base64url");
}

/** @throws GatewayError `CURSOR_INVALID` */
export function parseLedgerCursor(tenantId: string, cursor: string): number {
  const text = cursor.length <= 200 ? Buffer.from(cursor, "base64url").toString("utf8") : "";
  const [version, digits = "", check] = text.split(".");
  const sequence = /^\d{1,15}$/.test(digits) ? Number(digits) : -1;
  if (version === VERSION && sequence >= 0 && check === checkOf(tenantId, sequence)) return sequence;
  throw new GatewayError(
    ErrorCode.CursorInvalid,
    "after: this is no cursor of this ledger. Use the `cursor` of a transition, or leave `after` out.",
  );
}

function checkOf(tenantId: string, sequence: number): string {
  return createHash("sha256")
    .update(JSON.stringify(["ledger", tenantId, sequence]))
    .digest("hex")
    .slice(0, 12);
}

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);

/** Databases take no zero byte in a text. */
const isText = (value: unknown): value is string => typeof value === "string" && !value.includes("\0");

/** A whole number that a `Date` can hold. */
const isSortNumber = (value: unknown): value is number => Number.isInteger(value) && Math.abs(Number(value)) <= 8.64e15;

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
