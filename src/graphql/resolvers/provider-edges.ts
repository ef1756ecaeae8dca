// How a provider is at the moment, and where the viewer's ledger stands.
import { Ctx, FieldResolver, Float, Resolver, Root } from "type-graphql";
import { placeAfter } from "../../domain/ledger-place.ts";
import { webhookPath } from "../../domain/webhook-port.ts";
import type { GatewayContext } from "../context.ts";
import { ledgerCursor } from "../cursors.ts";
import { ProviderHealthEnum, ShownHealth } from "../enums.ts";
import { ViewerType } from "../types/payloads.ts";
import {
  ProviderFailureType,
  ProviderType,
  ProviderWebhooksType,
  UnknownStatusType,
  WebhookRefusalsType,
} from "../types/provider.ts";
import { DateTime } from "../types/scalars.ts";
import { lastFailureOf } from "./provider-failures.ts";

@Resolver(() => ProviderType)
export class ProviderEdges {
  @FieldResolver(() => ProviderHealthEnum, {
    description: "How the last contact went; `REFUSED` or `REMOVED` when there is none any more.",
  })
  async health(
    @Ctx() { loaders }: GatewayContext,
    @Root() { storeKey, removedAt, refusal }: ProviderType,
  ): Promise<ShownHealth> {
    if (removedAt !== null) return ShownHealth.Removed;
    if (refusal !== null) return ShownHealth.Refused;
    return (await loaders.providerState.load(storeKey)).health;
  }

  @FieldResolver(() => DateTime, { nullable: true, description: "When it last answered, to within ten seconds." })
  async lastSuccessAt(@Ctx() { loaders }: GatewayContext, @Root() { storeKey }: ProviderType): Promise<Date | null> {
    return (await loaders.providerState.load(storeKey)).lastSuccessAt;
  }

  @FieldResolver(() => DateTime, { nullable: true, description: "When it last failed." })
  async lastFailureAt(@Ctx() { loaders }: GatewayContext, @Root() { storeKey }: ProviderType): Promise<Date | null> {
    return (await loaders.providerState.load(storeKey)).lastFailureAt;
  }

  @FieldResolver(() => ProviderFailureType, {
    nullable: true,
    description: "Why the gateway does not work with it, or else its last failure; null when there was none.",
  })
  async lastError(@Ctx() context: GatewayContext, @Root() provider: ProviderType): Promise<ProviderFailureType | null> {
    return lastFailureOf(context, provider);
  }

  @FieldResolver(() => DateTime, {
    nullable: true,
    description: "When its linked accounts and definitions were last read whole.",
  })
  async catalogObservedAt(
    @Ctx() { loaders }: GatewayContext,
    @Root() { storeKey }: ProviderType,
  ): Promise<Date | null> {
    return (await loaders.providerState.load(storeKey)).catalogAt;
  }

  @FieldResolver(() => Float, {
    nullable: true,
    description:
      "How far back all runs started elsewhere are known, in milliseconds: the distance to what was read to its end. Newer ones may be known already. Null before the first look.",
  })
  async discoveryLagMs(
    @Ctx() { loaders, ports }: GatewayContext,
    @Root() { storeKey }: ProviderType,
  ): Promise<number | null> {
    const { discoveredUntil } = await loaders.providerState.load(storeKey);
    return discoveredUntil === null ? null : Math.max(0, ports.clock.now().getTime() - discoveredUntil.getTime());
  }

  @FieldResolver(() => [UnknownStatusType], {
    description: "Status words of the vendor's that the gateway does not know.",
  })
  async unknownStatuses(
    @Ctx() { loaders }: GatewayContext,
    @Root() { storeKey }: ProviderType,
  ): Promise<readonly UnknownStatusType[]> {
    const { unknownStatuses } = await loaders.providerState.load(storeKey);
    return Object.entries(unknownStatuses).map(([word, count]) =>
      Object.assign(new UnknownStatusType(), { word, count }),
    );
  }

  @FieldResolver(() => ProviderWebhooksType, {
    nullable: true,
    description: "How its own reports come in; null when the vendor has none.",
  })
  async webhooks(
    @Ctx() { loaders, ports, tenantId }: GatewayContext,
    @Root() { key, storeKey, capabilities }: ProviderType,
  ): Promise<ProviderWebhooksType | null> {
    if (!capabilities.webhooks) return null;
    const state = await loaders.providerState.load(storeKey);
    const refusals = Object.entries(state.webhookRefusals).map(([reason, count]) =>
      Object.assign(new WebhookRefusalsType(), { reason, count }),
    );
    return Object.assign(new ProviderWebhooksType(), {
      ...ports.webhooks.report(tenantId, storeKey, state),
      path: webhookPath(key),
      lastReceivedAt: state.lastWebhookAt,
      refusals,
    });
  }
}

@Resolver(() => ViewerType)
export class ViewerEdges {
  @FieldResolver(() => String, {
    description:
      "Cursor of the newest transition the caller can see: a subscription with `after` set to it misses nothing from now on.",
  })
  async cursor(@Ctx() { ports, tenantId }: GatewayContext): Promise<string> {
    const { ledger } = ports.store;
    const head = await ledger.head(tenantId);
    const [newest] = head === 0 ? [] : await ledger.transitionsAfter(tenantId, head - 1, 1);
    const ledgerId = ports.feed.ledgerId();
    const isKept = newest?.sequence === head;
    return ledgerCursor(tenantId, isKept ? placeAfter(ledgerId, newest) : { sequence: head, ledgerId, mark: null });
  }
}
