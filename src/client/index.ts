// The shipped client, `syncgraph/client`: status transitions as an async iterable that outlives sockets and gateways. Runs in browsers
// and in Node, and needs nothing of the gateway but its address.
import { follow, type FollowOptions, type Followed } from "./follow.ts";
import {
  STATUS_TRANSITION_FIELDS,
  readStatusTransition,
  type StatusTransition,
  type TransitionData,
} from "./status-transition.ts";

export { FollowError, FollowErrorCode, type FollowErrorFacts, type GraphqlFailure } from "./failures.ts";
export type { FollowOptions, FollowState, Followed } from "./follow.ts";
export type { ConnectionParams } from "./link.ts";
export type { StatusTransition, SyncStatus, TransitionData } from "./status-transition.ts";
export type { WebSocketClass, WebSocketLike } from "./web-socket.ts";

/** What to select of `SyncTransition`, where the usual fields will not do. */
export interface Selection<Transition> {
  /** In GraphQL, without the outer braces: `to sync { id recordCounts { total failed } }`. */
  readonly fields: string;
  /** Makes of what came what is handed out. What it throws ends the stream. */
  readonly read: (data: TransitionData) => Transition;
}

/**
 * Every committed transition that matches, each once and in the ledger's order, for as long as somebody reads. A socket that breaks, and a
 * gateway that goes, are followed by another connection after the last cursor that was handed out. Nothing happens before the first
 * `next()`; leaving the loop, or `signal`, ends it.
 *
 * @throws FollowError from `next()`, with the gateway's code, when no other connection can go on either
 */
export function followTransitions(
  options: FollowOptions & { readonly fields?: never; readonly read?: never },
): AsyncIterableIterator<Followed<StatusTransition>>;
export function followTransitions(
  options: FollowOptions & { readonly fields: string; readonly read?: never },
): AsyncIterableIterator<Followed<TransitionData>>;
export function followTransitions<Transition>(
  options: FollowOptions & Selection<Transition>,
): AsyncIterableIterator<Followed<Transition>>;
export function followTransitions(
  options: FollowOptions & Partial<Selection<unknown>>,
): AsyncIterableIterator<Followed<unknown>> {
  const { fields, read } = options;
  if (fields === undefined) return follow(options, STATUS_TRANSITION_FIELDS, readStatusTransition);
  return follow(options, fields, read ?? ((data) => data));
}
