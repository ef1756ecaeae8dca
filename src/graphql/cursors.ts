// Opaque cursors: places in lists, and places in a tenant's ledger.
import { createHash } from "node:crypto";
import { ErrorCode, GatewayError } from "../domain/errors.ts";
import type { LedgerPlace } from "../domain/ledger-place.ts";
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

/**
 * A place in the tenant's ledger. The check values tie it to the tenant: another tenant's cursor is refused, not read.
 *
 * The first three parts are what versions before wrote, and they read no more: a client may come from a newer gateway to an older one.
 *
 * @param place a number alone names no ledger, as cursors of versions before did not
 */
export function ledgerCursor(tenantId: string, place: LedgerPlace | number): string {
  const { sequence, ledgerId, mark } = typeof place === "number" ? unnamed(place) : place;
  const parts = [VERSION, sequence, checkOf(["ledger", tenantId, sequence])];
  if (ledgerId !== null)
    parts.push(ledgerId, mark ?? "", checkOf(["ledger", tenantId, sequence, ledgerId, mark ?? ""]));
  return Buffer.from(parts.join(".")).toString("base64url");
}

/** @throws GatewayError `CURSOR_INVALID` */
export function parseLedgerCursor(tenantId: string, cursor: string): LedgerPlace {
  const text = cursor.length <= 200 ? Buffer.from(cursor, "base64url").toString("utf8") : "";
  const [version, digits = "", check, ...named] = text.split(".");
  const sequence = /^\d{1,15}$/.test(digits) ? Number(digits) : -1;
  if (version === VERSION && sequence >= 0 && check === checkOf(["ledger", tenantId, sequence])) {
    if (named.length === 0) return unnamed(sequence);
    const [ledgerId = "", mark = "", nameCheck] = named;
    const isWhole = named.length === 3 && nameCheck === checkOf(["ledger", tenantId, sequence, ledgerId, mark]);
    if (isWhole) return { sequence, ledgerId, mark: mark === "" ? null : mark };
  }
  throw new GatewayError(
    ErrorCode.CursorInvalid,
    "after: this is no cursor of this ledger. Use the `cursor` of a transition, or leave `after` out.",
  );
}

const unnamed = (sequence: number): LedgerPlace => ({ sequence, ledgerId: null, mark: null });

const checkOf = (parts: readonly (string | number)[]): string =>
  createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 12);

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
