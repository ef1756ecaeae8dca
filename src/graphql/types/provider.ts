// A configured account at a vendor, with what it can do and how it is.
import { Field, Float, Int, ObjectType } from "type-graphql";
import { shownKeyOf, type ProviderInfo } from "../../domain/gateway-port.ts";
import type { Capabilities } from "../../domain/provider-port.ts";
import type { ErrorCode, ProviderError } from "../../domain/errors.ts";
import { ErrorCodeEnum } from "../enums.ts";
import { NodeKind, globalIdOf } from "../global-id.ts";
import { NodeType } from "./node.ts";
import { DateTime } from "./scalars.ts";

@ObjectType("ProviderCapabilities", {
  description: "What a provider can do. What it cannot do is refused before the vendor is called.",
  simpleResolvers: true,
})
export class ProviderCapabilitiesType {
  @Field(() => Boolean, { description: "It has sync jobs: definitions that pull." })
  syncJobs!: boolean;

  @Field(() => Boolean, { description: "It has model syncs: definitions that push." })
  modelSyncs!: boolean;

  @Field(() => Boolean, { description: "Runs can be cancelled with `cancelSync`." })
  cancel!: boolean;

  @Field(() => Boolean, { description: "The vendor itself makes sure that one start with one key begins one run." })
  idempotentStart!: boolean;

  @Field(() => Boolean, { description: "A start whose answer was lost can be looked up." })
  lookupByTime!: boolean;

  @Field(() => Boolean, { description: "The vendor lists past runs; otherwise the gateway knows only those it saw." })
  history!: boolean;

  @Field(() => Boolean, { description: "The vendor reports events, so that changes arrive before the next poll." })
  webhooks!: boolean;

  @Field(() => Boolean, { description: "Model syncs can be created, changed and deleted through the gateway." })
  modelSyncCrud!: boolean;

  @Field(() => Boolean, { description: "Sync jobs can be created, changed and deleted through the gateway." })
  syncJobCrud!: boolean;

  @Field(() => Boolean, { description: "Sync jobs can be changed through the gateway, if not all of them be made." })
  syncJobUpdate!: boolean;

  @Field(() => Boolean, { description: "Schedules of sync jobs can be made, changed and removed through the gateway." })
  schedules!: boolean;

  @Field(() => Boolean, { description: "It tells what linked accounts can be read from and written to." })
  schemaDiscovery!: boolean;

  @Field(() => Boolean, { description: "One call to the vendor tells about many runs." })
  bulkStatus!: boolean;

  @Field(() => Boolean, {
    description:
      "Tasks, or why a run failed, cost calls of their own, so they are read with some polls and at the end.",
  })
  separateTasks!: boolean;

  @Field(() => [String], {
    description: "Fields of `TriggerSyncInput` the provider understands beside the general ones.",
  })
  startOptions!: readonly string[];

  @Field(() => [String], { description: "Fields of `TriggerSyncInput` it cannot do without." })
  requiredStartOptions!: readonly string[];
}

@ObjectType("ProviderFailure", {
  description:
    "Why a provider does not answer as it should. A list that has it shows what was last known of that provider.",
  simpleResolvers: true,
})
export class ProviderFailureType {
  @Field(() => ErrorCodeEnum, { description: "What kind of failure." })
  code!: ErrorCode;

  @Field(() => String, { description: "What happened, with secrets taken out." })
  message!: string;

  @Field(() => Boolean, { description: "Whether it may pass without anybody changing anything." })
  retryable!: boolean;

  @Field(() => Float, { nullable: true, description: "How long the vendor asks to wait, in milliseconds." })
  retryAfterMs!: number | null;

  @Field(() => DateTime, { description: "When it began to fail: since then it has not answered once." })
  since!: Date;

  @Field(() => ProviderType, { description: "The provider that fails." })
  provider!: ProviderType;

  static from(
    provider: ProviderType,
    { code, message, retryable, retryAfterMs }: FailureFacts,
    since: Date,
  ): ProviderFailureType {
    return Object.assign(new ProviderFailureType(), { provider, code, message, retryable, retryAfterMs, since });
  }
}

type FailureFacts = Pick<ProviderError, "code" | "message" | "retryable" | "retryAfterMs">;

@ObjectType("UnknownStatus", {
  description: "A status word of the vendor's that the gateway does not know. Nothing is concluded from it.",
  simpleResolvers: true,
})
export class UnknownStatusType {
  @Field(() => String, { description: "The vendor's word." })
  word!: string;

  @Field(() => Int, { description: "How often it was seen." })
  count!: number;
}

@ObjectType("WebhookRefusals", {
  description: "Webhook deliveries that came to nothing, for one reason.",
  simpleResolvers: true,
})
export class WebhookRefusalsType {
  @Field(() => String, {
    description:
      "`BAD_SIGNATURE` and `NOT_CONFIGURED`: not proven genuine. `STALE`, `MALFORMED`: genuine, and of no use. `CONFLICTING`: genuine, under the id of another one.",
  })
  reason!: string;

  @Field(() => Float, { description: "How many." })
  count!: number;
}

@ObjectType("ProviderWebhooks", { description: "How a provider's own reports come in.", simpleResolvers: true })
export class ProviderWebhooksType {
  @Field(() => String, { description: "Where the vendor is to send them, below the gateway's public address." })
  path!: string;

  @Field(() => Boolean, {
    description: "Whether a secret is configured to prove them with. Without one all are refused.",
  })
  configured!: boolean;

  @Field(() => DateTime, { nullable: true, description: "When the last genuine one came; null when none ever did." })
  lastReceivedAt!: Date | null;

  @Field(() => Boolean, {
    description:
      "True when polls have been seeing changes for ten minutes and no webhook told of any: the vendor's side is to be looked at. Nothing is missed meanwhile.",
  })
  silent!: boolean;

  @Field(() => [WebhookRefusalsType], { description: "What came to nothing, by reason." })
  refusals!: readonly WebhookRefusalsType[];
}

@ObjectType("Provider", {
  implements: NodeType,
  description: "One configured account at one vendor.",
  simpleResolvers: true,
})
export class ProviderType extends NodeType {
  /** What the store knows it by; no field. */
  storeKey!: string;
  /** Why the gateway does not work with it; no field. */
  refusal!: ProviderInfo["refusal"] | null;

  @Field(() => String, { description: "The configuration's name for it, for example `truto-eu`." })
  key!: string;

  @Field(() => String, { description: "The vendor: `rootfi`, `stuut`, `polytomic`, `truto` ..." })
  kind!: string;

  @Field(() => String, { description: "The vendor's name as people write it." })
  displayName!: string;

  @Field(() => Boolean, { description: "Whether it is the built-in sandbox: its data is made up." })
  sandbox!: boolean;

  @Field(() => DateTime, {
    nullable: true,
    description:
      "Since when no gateway has it configured; null while one has. Its history stays, and nothing can be started, cancelled or changed at it.",
  })
  removedAt!: Date | null;

  @Field(() => ProviderCapabilitiesType, { description: "What it can do; nothing once it was removed." })
  capabilities!: ProviderCapabilitiesType;

  static from(info: ProviderInfo): ProviderType {
    const { key: storeKey, kind, displayName, sandbox, removedAt = null, refusal = null } = info;
    return Object.assign(new ProviderType(), {
      ...{ storeKey, kind, displayName, sandbox, removedAt, refusal },
      key: shownKeyOf(info),
      id: globalIdOf(NodeKind.Provider, storeKey),
      capabilities: capabilitiesOf(info.capabilities),
    });
  }
}

/** Options are named as the mutation's input names them. */
function capabilitiesOf(capabilities: Capabilities): ProviderCapabilitiesType {
  const inputName = (option: string) => (option === "linkedAccountRemoteId" ? "linkedAccountId" : option);
  return Object.assign(new ProviderCapabilitiesType(), {
    ...capabilities,
    startOptions: capabilities.startOptions.map(inputName),
    requiredStartOptions: capabilities.requiredStartOptions.map(inputName),
  });
}
