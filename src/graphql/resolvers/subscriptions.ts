// Live transitions, resumable by cursor.
import { Arg, Ctx, Resolver, Root, Subscription } from "type-graphql";
import type { FeedEntry } from "../../domain/gateway-port.ts";
import type { GatewayContext } from "../context.ts";
import { parseLedgerCursor } from "../cursors.ts";
import { syncFilter } from "../filters.ts";
import { createLoaders } from "../loaders.ts";
import { SyncFilterInput } from "../types/inputs.ts";
import { SyncTransitionType } from "../types/sync.ts";

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
    // The operation lives as long as the subscription: what earlier events loaded must not be taken for news.
    context.loaders = createLoaders(context.ports.store, context.tenantId);
    return SyncTransitionType.from(transition, sync);
  }
}
