// Live transitions, resumable by cursor, and the progress of one run.
import { Arg, Ctx, ID, Resolver, Root, Subscription } from "type-graphql";
import type { FeedEntry } from "../../domain/gateway-port.ts";
import type { Sync } from "../../domain/sync.ts";
import { beginEvent, type GatewayContext } from "../context.ts";
import { parseLedgerCursor } from "../cursors.ts";
import { syncFilter } from "../filters.ts";
import { NodeKind, innerId } from "../global-id.ts";
import { SyncFilterInput } from "../types/inputs.ts";
import { SyncTransitionType, SyncType } from "../types/sync.ts";

interface StatusChangedArgs {
  readonly filter?: SyncFilterInput | null;
  readonly after?: string | null;
}

@Resolver()
export class SubscriptionsResolver {
  @Subscription(() => SyncTransitionType, {
    description:
      "Every committed transition that matches, each once and in order. With `after`, first those that came after that cursor; a client that reconnects with the last cursor it saw misses nothing.",
    subscribe: ({ args, context }: { readonly args: StatusChangedArgs; readonly context: GatewayContext }) => {
      // An empty cursor is none: whoever lost theirs must hear of it, and not silently miss what came between.
      const after = typeof args.after === "string" ? parseLedgerCursor(context.tenantId, args.after) : null;
      return context.ports.feed.follow(context.tenantId, syncFilter(context, args.filter), after);
    },
  })
  syncStatusChanged(
    @Root() { transition, sync }: FeedEntry,
    @Ctx() context: GatewayContext,
    @Arg("filter", () => SyncFilterInput, { nullable: true, description: "Which runs; all when left out." })
    _filter: SyncFilterInput | null,
    @Arg("after", () => String, { nullable: true, description: "Cursor of the last transition the client has seen." })
    _after: string | null,
  ): SyncTransitionType {
    beginEvent(context);
    return SyncTransitionType.from(transition, sync);
  }

  @Subscription(() => SyncType, {
    description:
      "One run: as it stands, then whenever something of it changed, its counts and tasks too. Ends after the run's end was given. A client that reads slowly gets the newest state, not every one in between.",
    subscribe: ({ args, context }: { readonly args: { readonly id: string }; readonly context: GatewayContext }) =>
      context.ports.progress.follow(context.tenantId, innerId(args.id, [NodeKind.Sync], "id")),
  })
  syncProgressed(
    @Root() sync: Sync,
    @Ctx() context: GatewayContext,
    @Arg("id", () => ID, { description: "The run's global id." }) _id: string,
  ): SyncType {
    beginEvent(context);
    return SyncType.from(sync);
  }
}
