// Model syncs made, changed, switched and deleted.
import { Arg, Ctx, Mutation, Resolver } from "type-graphql";
import type { ModelSync } from "../../domain/definition.ts";
import type { DefinitionResult } from "../../domain/gateway-port.ts";
import type { GatewayContext } from "../context.ts";
import { changeDefinition } from "../definition-changes.ts";
import { NodeKind, innerId } from "../global-id.ts";
import { modelSyncChange, modelSyncCommand } from "../model-sync-commands.ts";
import { withSecret } from "../secret-input.ts";
import {
  ModelSyncCreatePayload,
  ModelSyncDeletePayload,
  ModelSyncSetActivePayload,
  ModelSyncUpdatePayload,
} from "../types/definition-payloads.ts";
import {
  ModelSyncCreateInput,
  ModelSyncDeleteInput,
  ModelSyncSetActiveInput,
  ModelSyncUpdateInput,
} from "../types/model-sync-inputs.ts";

/** Paths in the domain's drafts that have another name in the inputs. */
const INPUT_PATHS = {
  definitionId: "modelSyncId",
  "target.linkedAccountRemoteId": "target.linkedAccountId",
  "schedule.runAfterRemoteIds": "schedule.runAfterDefinitionIds",
} as const;

@Resolver()
export class ModelSyncMutationsResolver {
  @Mutation(() => ModelSyncCreatePayload, {
    nullable: true,
    description:
      "Makes a model sync at the provider of the target's linked account. A vendor that gave no answer may have made it: send the same idempotency key again, or look before sending another.",
  })
  async modelSyncCreate(
    @Ctx() context: GatewayContext,
    @Arg("input", () => ModelSyncCreateInput, { description: "What to make." }) input: ModelSyncCreateInput,
  ): Promise<ModelSyncCreatePayload> {
    const { definitions } = context.ports;
    const result = await change(context, () => {
      const command = modelSyncCommand(input);
      return withSecret(input.encryptionPassphrase, () =>
        definitions.createModelSync(context.tenantId, command, input.idempotencyKey ?? null),
      );
    });
    return ModelSyncCreatePayload.from(result);
  }

  @Mutation(() => ModelSyncUpdatePayload, {
    nullable: true,
    description:
      "Changes what the input names and leaves the rest as it stands at the vendor. Null takes away what there can be none of, and is refused for anything else.",
  })
  async modelSyncUpdate(
    @Ctx() context: GatewayContext,
    @Arg("input", () => ModelSyncUpdateInput, { description: "What to change." }) input: ModelSyncUpdateInput,
  ): Promise<ModelSyncUpdatePayload> {
    const { definitions } = context.ports;
    const result = await change(context, () => {
      const id = modelSyncId(input);
      const changes = modelSyncChange(input);
      return withSecret(input.encryptionPassphrase, () =>
        definitions.updateModelSync(context.tenantId, id, changes, input.expectedUpdatedAt ?? null),
      );
    });
    return ModelSyncUpdatePayload.from(result);
  }

  @Mutation(() => ModelSyncSetActivePayload, {
    nullable: true,
    description: "Switches a model sync on or off at the vendor.",
  })
  async modelSyncSetActive(
    @Ctx() context: GatewayContext,
    @Arg("input", () => ModelSyncSetActiveInput, { description: "Which one, and how." }) input: ModelSyncSetActiveInput,
  ): Promise<ModelSyncSetActivePayload> {
    const { definitions } = context.ports;
    const result = await change(context, () =>
      definitions.setModelSyncActive(context.tenantId, modelSyncId(input), input.active),
    );
    return ModelSyncSetActivePayload.from(result);
  }

  @Mutation(() => ModelSyncDeletePayload, {
    nullable: true,
    description:
      "DESTRUCTIVE: deletes a model sync at the vendor. It cannot be taken back. Its past runs stay in the ledger.",
  })
  async modelSyncDelete(
    @Ctx() context: GatewayContext,
    @Arg("input", () => ModelSyncDeleteInput, { description: "Which one." }) input: ModelSyncDeleteInput,
  ): Promise<ModelSyncDeletePayload> {
    const { definitions } = context.ports;
    const result = await change(context, () => definitions.deleteModelSync(context.tenantId, modelSyncId(input)));
    const deletedModelSyncId = result.problems.length === 0 ? input.modelSyncId : null;
    return Object.assign(ModelSyncDeletePayload.from(result), { deletedModelSyncId });
  }
}

const modelSyncId = (input: { readonly modelSyncId: string }): string =>
  innerId(input.modelSyncId, [NodeKind.ModelSync], "modelSyncId");

function change(
  context: GatewayContext,
  work: () => Promise<DefinitionResult<ModelSync>>,
): Promise<DefinitionResult<ModelSync>> {
  return changeDefinition(context, INPUT_PATHS, (problems) => ({ definition: null, problems }), work);
}
