// The edges of runs, transitions and triggers.
import { Args, Ctx, FieldResolver, Int, Resolver, Root } from "type-graphql";
import type { JsonObject } from "../../domain/json.ts";
import { placeAfter } from "../../domain/ledger-place.ts";
import { isTerminal } from "../../domain/status.ts";
import type { Sync } from "../../domain/sync.ts";
import { providerInfo, type GatewayContext } from "../context.ts";
import { ledgerCursor } from "../cursors.ts";
import { StaleReason, StaleReasonEnum } from "../enums.ts";
import type { Loaders } from "../loaders.ts";
import { pageRequest, toConnection } from "../paging.ts";
import type { ConnectionOf } from "../types/connection.ts";
import { SyncDefinitionType } from "../types/definition.ts";
import { PageArgs } from "../types/inputs.ts";
import { LinkedAccountType } from "../types/linked-account.ts";
import { ProviderType } from "../types/provider.ts";
import { JsonObjectScalar } from "../types/scalars.ts";
import { SyncConflictType } from "../types/sync-conflict.ts";
import {
  SyncConnection,
  SyncTaskConnection,
  SyncTaskType,
  SyncTransitionConnection,
  SyncTransitionType,
  SyncType,
  TriggerType,
} from "../types/sync.ts";
import { definitionNode } from "./objects.ts";
import { providerOf } from "./provider-of.ts";
import { MOST_INT, linkedAccountOf } from "./shared-edges.ts";

/** An open run not confirmed for twice its slowest poll, and some slack for the poll itself, is stale. */
const STALE_POLLS = 2;
const STALE_SLACK_MS = 30_000;
/** An open run is slow beyond this many times its expected duration, and never before this much more than it: short runs vary widely. */
const SLOW_TIMES = 3;
const SLOW_SLACK_MS = 300_000;
/** Callers with this scope see vendors' answers as they came, without their secrets. */
export const RAW_SCOPE = "raw:read";

@Resolver(() => SyncType)
export class SyncEdges {
  @FieldResolver(() => ProviderType, { description: "Whose run it is." })
  provider(@Ctx() context: GatewayContext, @Root() { source }: SyncType): ProviderType {
    return providerOf(context, source.providerKey);
  }

  @FieldResolver(() => LinkedAccountType, { nullable: true, description: "The end customer's link it runs for." })
  linkedAccount(@Ctx() context: GatewayContext, @Root() { source }: SyncType): Promise<LinkedAccountType | null> {
    return linkedAccountOf(context, source.providerKey, source.linkedAccountRemoteId);
  }

  @FieldResolver(() => SyncDefinitionType, {
    nullable: true,
    description: "What was run; null when the gateway does not know it.",
  })
  async definition(
    @Ctx() { loaders }: GatewayContext,
    @Root() { source }: SyncType,
  ): Promise<SyncDefinitionType | null> {
    const definition = source.definitionId === null ? null : await loaders.definitionById.load(source.definitionId);
    return definition === null ? null : definitionNode(definition);
  }

  @FieldResolver(() => Int, {
    nullable: true,
    description:
      "From start to end in milliseconds, at most 2147483647 (24.8 days); null until it ends, or when the vendor gives no times.",
  })
  durationMs(@Root() { startedAt, finishedAt }: SyncType): number | null {
    if (startedAt === null || finishedAt === null) return null;
    return Math.min(Math.max(0, finishedAt.getTime() - startedAt.getTime()), MOST_INT);
  }

  @FieldResolver(() => Boolean, {
    description:
      "True when it is open and the vendor has not confirmed it for longer than it should have, or nobody asks; `staleReason` says which.",
  })
  isStale(@Ctx() context: GatewayContext, @Root() { source }: SyncType): boolean {
    return staleReasonOf(context, source) !== null;
  }

  @FieldResolver(() => StaleReasonEnum, {
    nullable: true,
    description: "Why nothing newer is known of it; null unless it `isStale`.",
  })
  staleReason(@Ctx() context: GatewayContext, @Root() { source }: SyncType): StaleReason | null {
    return staleReasonOf(context, source);
  }

  @FieldResolver(() => Int, {
    nullable: true,
    description:
      "How long runs of its definition with the same models usually take in milliseconds: the median of the newest 20 that ended well; null with fewer than 3.",
  })
  async expectedDurationMs(@Ctx() { loaders }: GatewayContext, @Root() { source }: SyncType): Promise<number | null> {
    const expectedMs = await expectedDurationOf(loaders, source);
    return expectedMs === null ? null : Math.min(expectedMs, MOST_INT);
  }

  @FieldResolver(() => Boolean, {
    description:
      "True when it is open and, since its start or else its creation, has taken far longer than usual: more than 3 times `expectedDurationMs`, and more than 5 minutes beyond it.",
  })
  async isSlow(@Ctx() { loaders, ports }: GatewayContext, @Root() { source }: SyncType): Promise<boolean> {
    if (isTerminal(source.status)) return false;
    const expectedMs = await expectedDurationOf(loaders, source);
    if (expectedMs === null) return false;
    const elapsedMs = ports.clock.now().getTime() - (source.startedAt ?? source.createdAt).getTime();
    return elapsedMs > Math.max(SLOW_TIMES * expectedMs, expectedMs + SLOW_SLACK_MS);
  }

  @FieldResolver(() => SyncTaskConnection, {
    nullable: true,
    description: "Its shares, by name; empty when the vendor has none or they were not read yet.",
  })
  async tasks(
    @Ctx() { loaders }: GatewayContext,
    @Root() { source }: SyncType,
    @Args(() => PageArgs) args: PageArgs,
  ): Promise<ConnectionOf<SyncTaskType>> {
    return toConnection({
      list: "tasks",
      page: await loaders.tasksBySyncId(pageRequest("tasks", "text", args)).load(source.id),
      node: (task) => SyncTaskType.from(task),
      position: ({ name, key }) => ({ value: name, id: key }),
      count: null,
    });
  }

  @FieldResolver(() => SyncTransitionConnection, {
    description:
      "How its status changed, oldest first. A first one with a `from` is the oldest that is kept: those before it were removed with the old history, as all of an old run's may be.",
  })
  async transitions(
    @Ctx() { loaders }: GatewayContext,
    @Root() { source }: SyncType,
    @Args(() => PageArgs) args: PageArgs,
  ): Promise<ConnectionOf<SyncTransitionType>> {
    return toConnection({
      list: "transitions",
      page: await loaders.transitionsBySyncId(pageRequest("transitions", "number", args)).load(source.id),
      node: (transition) => SyncTransitionType.from(transition, source),
      position: ({ sequence, id }) => ({ value: sequence, id }),
      count: null,
    });
  }

  @FieldResolver(() => [SyncConflictType], {
    description:
      "Reports of another end than the one it has, each kind of report once, oldest first; the vendor itself was asked after the first one. Nearly always empty.",
  })
  async conflicts(@Ctx() { loaders }: GatewayContext, @Root() { source }: SyncType): Promise<SyncConflictType[]> {
    if (!isTerminal(source.status)) return [];
    return (await loaders.conflictsBySyncId.load(source.id)).map((conflict) => SyncConflictType.from(conflict));
  }

  @FieldResolver(() => SyncType, { nullable: true, description: "The run this one repeats." })
  async retryOf(@Ctx() { loaders }: GatewayContext, @Root() { source }: SyncType): Promise<SyncType | null> {
    const earlier = source.retryOfId === null ? null : await loaders.syncById.load(source.retryOfId);
    return earlier === null ? null : SyncType.from(earlier);
  }

  @FieldResolver(() => TriggerType, {
    nullable: true,
    description: "The recorded intention that began it; null when somebody else did.",
  })
  async trigger(@Ctx() { loaders }: GatewayContext, @Root() { source }: SyncType): Promise<TriggerType | null> {
    const trigger = source.triggerId === null ? null : await loaders.triggerById.load(source.triggerId);
    return trigger === null ? null : TriggerType.from(trigger);
  }

  @FieldResolver(() => JsonObjectScalar, {
    nullable: true,
    description: "The vendor's last answer without its secrets; null without the scope `raw:read`.",
  })
  raw(@Ctx() { viewer }: GatewayContext, @Root() { source }: SyncType): JsonObject | null {
    return viewer.scopes.includes(RAW_SCOPE) ? source.raw : null;
  }
}

function expectedDurationOf({ expectedDuration }: Loaders, { definitionId, models }: Sync): Promise<number | null> {
  return definitionId === null ? Promise.resolve(null) : expectedDuration.load({ definitionId, models });
}

@Resolver(() => SyncTransitionType)
export class SyncTransitionEdges {
  @FieldResolver(() => String, { description: "Its place among all transitions, for `syncStatusChanged(after:)`." })
  cursor(@Ctx() { ports, tenantId }: GatewayContext, @Root() { transition }: SyncTransitionType): string {
    return ledgerCursor(tenantId, placeAfter(ports.feed.ledgerId(), transition));
  }

  @FieldResolver(() => SyncType, { description: "The run, as it stands now." })
  async sync(@Ctx() { loaders }: GatewayContext, @Root() { run, syncId }: SyncTransitionType): Promise<SyncType> {
    const sync = run ?? (await loaders.syncById.load(syncId));
    if (sync === null) throw new Error(`transition of a run that is not in the ledger: ${syncId}`);
    return SyncType.from(sync);
  }
}

@Resolver(() => TriggerType)
export class TriggerEdges {
  @FieldResolver(() => SyncDefinitionType, { nullable: true, description: "What was to be started." })
  async definition(
    @Ctx() { loaders }: GatewayContext,
    @Root() { definitionId }: TriggerType,
  ): Promise<SyncDefinitionType | null> {
    const definition = await loaders.definitionById.load(definitionId);
    return definition === null ? null : definitionNode(definition);
  }

  @FieldResolver(() => [SyncType], {
    description:
      "Of an UNCERTAIN start: the runs it may have begun, at most 20. Look at them before you start another; empty where none was found.",
  })
  async candidates(@Ctx() { loaders }: GatewayContext, @Root() { candidateIds }: TriggerType): Promise<SyncType[]> {
    const loaded = await Promise.all((candidateIds ?? []).map((id) => loaders.syncById.load(id)));
    return loaded.filter((sync) => sync !== null).map((sync) => SyncType.from(sync));
  }

  @FieldResolver(() => SyncConnection, { description: "The runs it began, or was answered with." })
  async syncs(@Ctx() { loaders }: GatewayContext, @Root() { syncIds }: TriggerType): Promise<ConnectionOf<SyncType>> {
    const loaded = await Promise.all(syncIds.map((id) => loaders.syncById.load(id)));
    // Some may have been removed while another one of the trigger's is kept.
    const kept = loaded.filter((sync) => sync !== null);
    return toConnection({
      list: "syncs of a trigger",
      page: { items: kept, hasNextPage: false, hasPreviousPage: false },
      node: (sync) => SyncType.from(sync),
      position: ({ createdAt, id }) => ({ value: createdAt.getTime(), id }),
      count: () => Promise.resolve(kept.length),
    });
  }
}

/** Whoever is not looked at any more is stale at once, however lately the vendor confirmed it. */
function staleReasonOf(context: GatewayContext, { providerKey, observedAt, status }: Sync): StaleReason | null {
  if (isTerminal(status)) return null;
  const info = providerInfo(context, providerKey);
  if (info?.removedAt !== undefined) return StaleReason.ProviderRemoved;
  if (info?.refusal !== undefined) return StaleReason.ProviderRefused;
  const slowMs = info?.capabilities.poll.slowMs ?? 0;
  const ageMs = context.ports.clock.now().getTime() - observedAt.getTime();
  // A time that has not come yet was written before the clock was set back: nobody knows how long ago that was.
  const isOld = ageMs > STALE_POLLS * slowMs + STALE_SLACK_MS || ageMs < -STALE_SLACK_MS;
  return isOld ? StaleReason.NotConfirmed : null;
}
