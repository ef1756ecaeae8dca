// Sync jobs made, changed, scheduled and deleted.
import { Arg, Ctx, Mutation, Resolver } from "type-graphql";
import type { SyncJob } from "../../domain/definition.ts";
import { ErrorCode } from "../../domain/errors.ts";
import type { DefinitionResult } from "../../domain/gateway-port.ts";
import { noProvider, shownProvider, type GatewayContext } from "../context.ts";
import { changeDefinition } from "../definition-changes.ts";
import { NodeKind, innerId } from "../global-id.ts";
import { InputError } from "../input-error.ts";
import { jobScheduleCommand, jobScheduleNamed, syncJobDraft, syncJobPatch } from "../sync-job-commands.ts";
import {
  SyncJobCreatePayload,
  SyncJobDeletePayload,
  SyncJobSchedulePayload,
  SyncJobUnschedulePayload,
  SyncJobUpdatePayload,
} from "../types/definition-payloads.ts";
import {
  SyncJobCreateInput,
  SyncJobDeleteInput,
  SyncJobScheduleInput,
  SyncJobUnscheduleInput,
  SyncJobUpdateInput,
} from "../types/sync-job-inputs.ts";

/** Paths in the domain's drafts that have another name in the inputs. */
const INPUT_PATHS = { definitionId: "syncJobId", providerKey: "provider" } as const;
const SCHEDULE_PATHS = { ...INPUT_PATHS, remoteId: "scheduleId", linkedAccountRemoteId: "linkedAccountId" } as const;

@Resolver()
export class SyncJobMutationsResolver {
  @Mutation(() => SyncJobCreatePayload, {
    nullable: true,
    description:
      "Makes a sync job at a provider. A vendor that gave no answer may have made it: look before sending it again.",
  })
  async syncJobCreate(
    @Ctx() context: GatewayContext,
    @Arg("input", () => SyncJobCreateInput, { description: "What to make." }) input: SyncJobCreateInput,
  ): Promise<SyncJobCreatePayload> {
    const result = await change(context, () => {
      const provider = providerKey(context, input);
      return context.ports.definitions.createSyncJob(context.tenantId, provider, syncJobDraft(input));
    });
    return SyncJobCreatePayload.from(result);
  }

  @Mutation(() => SyncJobUpdatePayload, {
    nullable: true,
    description:
      "Changes what the input names and leaves the rest as it stands at the vendor. Null takes away what there can be none of, and is refused for anything else.",
  })
  async syncJobUpdate(
    @Ctx() context: GatewayContext,
    @Arg("input", () => SyncJobUpdateInput, { description: "What to change." }) input: SyncJobUpdateInput,
  ): Promise<SyncJobUpdatePayload> {
    const { definitions } = context.ports;
    const result = await change(context, () =>
      definitions.updateSyncJob(
        context.tenantId,
        syncJobId(input),
        syncJobPatch(input),
        input.expectedUpdatedAt ?? null,
      ),
    );
    return SyncJobUpdatePayload.from(result);
  }

  @Mutation(() => SyncJobDeletePayload, {
    nullable: true,
    description:
      "DESTRUCTIVE: deletes a sync job at the vendor. It cannot be taken back. Its past runs stay in the ledger.",
  })
  async syncJobDelete(
    @Ctx() context: GatewayContext,
    @Arg("input", () => SyncJobDeleteInput, { description: "Which one." }) input: SyncJobDeleteInput,
  ): Promise<SyncJobDeletePayload> {
    const { definitions } = context.ports;
    const result = await change(context, () => definitions.deleteSyncJob(context.tenantId, syncJobId(input)));
    const deletedSyncJobId = result.problems.length === 0 ? input.syncJobId : null;
    return Object.assign(SyncJobDeletePayload.from(result), { deletedSyncJobId });
  }

  @Mutation(() => SyncJobSchedulePayload, {
    nullable: true,
    description:
      "Makes a schedule of a sync job or changes one, and activates it. With nothing but ids the schedule is activated again as it is.",
  })
  async syncJobSchedule(
    @Ctx() context: GatewayContext,
    @Arg("input", () => SyncJobScheduleInput, { description: "What to schedule, and when." })
    input: SyncJobScheduleInput,
  ): Promise<SyncJobSchedulePayload> {
    const { definitions } = context.ports;
    const result = await changeDefinition(
      context,
      SCHEDULE_PATHS,
      (problems) => ({ definition: null, schedule: null, problems }),
      () => definitions.schedule(context.tenantId, syncJobId(input), jobScheduleCommand(input)),
    );
    return SyncJobSchedulePayload.ofSchedule(result);
  }

  @Mutation(() => SyncJobUnschedulePayload, {
    nullable: true,
    description: "DESTRUCTIVE: removes a schedule of a sync job at the vendor, by its id or by its resource.",
  })
  async syncJobUnschedule(
    @Ctx() context: GatewayContext,
    @Arg("input", () => SyncJobUnscheduleInput, { description: "Which schedule." }) input: SyncJobUnscheduleInput,
  ): Promise<SyncJobUnschedulePayload> {
    const { definitions } = context.ports;
    const result = await changeDefinition(
      context,
      SCHEDULE_PATHS,
      (problems): DefinitionResult<SyncJob> => ({ definition: null, problems }),
      () => definitions.unschedule(context.tenantId, syncJobId(input), jobScheduleNamed(input)),
    );
    return SyncJobUnschedulePayload.from(result);
  }
}

const syncJobId = (input: { readonly syncJobId: string }): string =>
  innerId(input.syncJobId, [NodeKind.SyncJob], "syncJobId");

/** @throws InputError `NOT_FOUND` which names the configured ones */
function providerKey(context: GatewayContext, { provider }: SyncJobCreateInput): string {
  const info = shownProvider(context, provider);
  if (info !== undefined && info.removedAt === undefined) return info.key;
  const message = noProvider(context, provider);
  throw new InputError({ code: ErrorCode.NotFound, message, field: ["provider"] });
}

function change(
  context: GatewayContext,
  work: () => Promise<DefinitionResult<SyncJob>>,
): Promise<DefinitionResult<SyncJob>> {
  return changeDefinition(context, INPUT_PATHS, (problems) => ({ definition: null, problems }), work);
}
