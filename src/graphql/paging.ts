// Page arguments in, connections out.
import { ErrorCode, GatewayError } from "../domain/errors.ts";
import type { Page, PageRequest, Position } from "../domain/store-port.ts";
import { pageCursor, parsePageCursor, type SortKey } from "./cursors.ts";
import { isGiven } from "./given.ts";
import type { ConnectionOf } from "./types/connection.ts";
import type { PageArgs } from "./types/inputs.ts";
import type { ProviderFailureType } from "./types/provider.ts";

const MOST = 100;
const DEFAULT = 50;

/**
 * @param list names the list and its order; cursors of other lists are refused
 * @throws GatewayError `BAD_USER_INPUT`, `CURSOR_INVALID`
 */
export function pageRequest(list: string, sortKey: SortKey, { first, after, last, before }: PageArgs): PageRequest {
  if (isGiven(first) && isGiven(last)) throw refused("Give `first` or `last`, not both.");
  if (isGiven(last) && isGiven(after)) throw refused("`last` goes with `before`, not with `after`.");
  if (!isGiven(last) && isGiven(before)) throw refused("`before` goes with `last`, not with `first`.");
  const backward = isGiven(last);
  const limit = last ?? first ?? DEFAULT;
  if (limit < 1 || limit > MOST)
    throw refused(`\`${backward ? "last" : "first"}\` must be from 1 to ${MOST}, and is ${limit}.`);
  const cursor = backward ? before : after;
  return {
    limit,
    direction: backward ? "backward" : "forward",
    from: isGiven(cursor) ? parsePageCursor(list, cursor, sortKey) : null,
  };
}

export interface ConnectionParts<Row, Node> {
  readonly list: string;
  readonly page: Page<Row>;
  readonly node: (row: Row) => Node;
  readonly position: (row: Row) => Position;
  readonly count: (() => Promise<number>) | null;
  readonly failures?: () => Promise<readonly ProviderFailureType[]>;
}

export function toConnection<Row, Node extends object>(parts: ConnectionParts<Row, Node>): ConnectionOf<Node> {
  const { list, page, node, position, count, failures = null } = parts;
  const edges = page.items.map((row) => ({ cursor: pageCursor(list, position(row)), node: node(row) }));
  return {
    edges,
    nodes: edges.map((edge) => edge.node),
    pageInfo: {
      hasNextPage: page.hasNextPage,
      hasPreviousPage: page.hasPreviousPage,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
    count,
    failures,
  };
}

const refused = (message: string): GatewayError => new GatewayError(ErrorCode.BadUserInput, message);
