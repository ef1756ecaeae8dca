// One end customer's link inside a provider.
import { Field, ObjectType } from "type-graphql";
import type { LinkedAccount, LinkedAccountStatus } from "../../domain/definition.ts";
import { LinkedAccountStatusEnum } from "../enums.ts";
import { NodeKind, globalIdOf } from "../global-id.ts";
import { connectionType } from "./connection.ts";
import { NodeType } from "./node.ts";
import { DateTime } from "./scalars.ts";

@ObjectType("LinkedAccount", {
  implements: NodeType,
  description:
    "One end customer's link inside a provider: what vendors call a connection, a company or an integrated account.",
  simpleResolvers: true,
})
export class LinkedAccountType extends NodeType {
  @Field(() => String, { description: "The vendor's id." })
  remoteId!: string;

  @Field(() => String, { description: "The vendor's name for it." })
  name!: string;

  @Field(() => String, { nullable: true, description: "The product behind the link, in the vendor's word." })
  integration!: string | null;

  @Field(() => String, { nullable: true, description: "Kind of product, in the vendor's word." })
  category!: string | null;

  @Field(() => LinkedAccountStatusEnum, { description: "Whether it works." })
  status!: LinkedAccountStatus;

  @Field(() => String, { nullable: true, description: "The vendor's own word for the status." })
  rawStatus!: string | null;

  @Field(() => String, { nullable: true, description: "What the vendor says is wrong and what to do about it." })
  statusMessage!: string | null;

  @Field(() => DateTime, { nullable: true, description: "When a wait for a platform's rate limit ends." })
  resumesAt!: Date | null;

  @Field(() => DateTime, { nullable: true, description: "When data last moved, by the vendor's word." })
  lastSyncedAt!: Date | null;

  @Field(() => String, {
    nullable: true,
    description: "The customer's id in your own system, where the vendor keeps one.",
  })
  customerId!: string | null;

  @Field(() => String, { nullable: true, description: "The vendor's id of the environment it lives in." })
  environmentId!: string | null;

  @Field(() => Boolean, { nullable: true, description: "Whether the vendor marks it as a sandbox." })
  sandbox!: boolean | null;

  @Field(() => DateTime, { nullable: true, description: "When it was made at the vendor." })
  createdAt!: Date | null;

  @Field(() => DateTime, { nullable: true, description: "When it was last changed at the vendor." })
  updatedAt!: Date | null;

  @Field(() => DateTime, { description: "When the vendor last confirmed it." })
  observedAt!: Date;

  @Field(() => DateTime, {
    nullable: true,
    description: "Since when the vendor no longer lists it; null while it does.",
  })
  goneAt!: Date | null;

  providerKey!: string;

  static from(account: LinkedAccount): LinkedAccountType {
    return Object.assign(new LinkedAccountType(), account, { id: globalIdOf(NodeKind.LinkedAccount, account.id) });
  }
}

export const LinkedAccountConnection = connectionType("LinkedAccount", LinkedAccountType, "the linked accounts", true);
