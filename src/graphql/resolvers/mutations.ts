// Starting, repeating and stopping runs.
import { Arg, Ctx, Mutation, Resolver } from "type-graphql";
import type { UserProblem } from "../../domain/errors.ts";
import type { CancelAllResult, CancelResult, TriggerCommand, TriggerResult } from "../../domain/gateway-port.ts";
import { IfRunning } from "../../domain/sync.ts";
import type { GatewayContext } from "../context.ts";
import { dropUndefined, isGiven } from "../given.ts";
import { DEFINITIONS, NodeKind, innerId } from "../global-id.ts";
import { asProblems, badInput } from "../input-error.ts";
import {
  CancelSyncInput,
  CancelSyncsInput,
  RetrySyncInput,
  TriggerSyncInput,
  TriggerSyncsInput,
} from "../types/inputs.ts";
import {
  CancelSyncPayload,
  CancelSyncsPayload,
  TriggerSyncPayload,
  TriggerSyncsPayload,
  UserErrorType,
} from "../types/payloads.ts";

const MOST_TRIGGERS = 100;

@Resolver()
export class MutationsResolver {
  @Mutation(() => TriggerSyncPayload, {
    nullable: true,
    description:
      "Starts a sync job or a model sync. A provider that fails gives a top-level error; everything the caller can mend is in `userErrors`.",
  })
  triggerSync(
    @Ctx() context: GatewayContext,
    @Arg("input", () => TriggerSyncInput, { description: "What to start." }) input: TriggerSyncInput,
  ): Promise<TriggerSyncPayload> {
    return trigger(context, input, []);
  }

  @Mutation(() => TriggerSyncsPayload, {
    nullable: true,
    description: "Starts several definitions. Each has its own result, whatever happens to the others.",
  })
  async triggerSyncs(
    @Ctx() context: GatewayContext,
    @Arg("input", () => TriggerSyncsInput, { description: "What to start." }) { triggers }: TriggerSyncsInput,
  ): Promise<TriggerSyncsPayload> {
    if (triggers.length < 1 || triggers.length > MOST_TRIGGERS) {
      const message = `triggers: give 1 to ${MOST_TRIGGERS}, got ${triggers.length}.`;
      return batch([], [UserErrorType.from(badInput(["triggers"], message))]);
    }
    const results = triggers.map((one, index) =>
      // Whatever fails in one, be it a defect of ours, must not hide what the others have begun.
      trigger(context, one, ["triggers", String(index)]).catch((error: unknown) =>
        error instanceof Error ? error : new Error(String(error)),
      ),
    );
    return batch(await Promise.all(results), []);
  }

  @Mutation(() => TriggerSyncPayload, {
    nullable: true,
    description: "Starts what an ended run ran once more, with the same options as far as they are known.",
  })
  async retrySync(
    @Ctx() { ports, tenantId }: GatewayContext,
    @Arg("input", () => RetrySyncInput, { description: "Which run." }) input: RetrySyncInput,
  ): Promise<TriggerSyncPayload> {
    const result = await asProblems(refusedTrigger, () => {
      const syncId = innerId(input.syncId, [NodeKind.Sync], "syncId");
      return ports.operations.retry(tenantId, syncId, {
        idempotencyKey: input.idempotencyKey ?? null,
        ifRunning: input.ifRunning ?? IfRunning.Reject,
      });
    });
    return TriggerSyncPayload.from(result);
  }

  @Mutation(() => CancelSyncPayload, {
    nullable: true,
    description: "Asks the vendor to stop a run. Its end is observed later, as FAILED with outcome CANCELLED.",
  })
  async cancelSync(
    @Ctx() { ports, tenantId }: GatewayContext,
    @Arg("input", () => CancelSyncInput, { description: "Which run." }) input: CancelSyncInput,
  ): Promise<CancelSyncPayload> {
    const refused = (problems: readonly UserProblem[]): CancelResult => ({ sync: null, problems });
    const result = await asProblems(refused, () =>
      ports.operations.cancel(tenantId, innerId(input.syncId, [NodeKind.Sync], "syncId")),
    );
    return CancelSyncPayload.from(result);
  }

  @Mutation(() => CancelSyncsPayload, {
    nullable: true,
    description:
      "Asks the vendor to stop every open run of a definition. Their ends are observed later, as FAILED with outcome CANCELLED.",
  })
  async cancelSyncs(
    @Ctx() { ports, tenantId }: GatewayContext,
    @Arg("input", () => CancelSyncsInput, { description: "Whose runs." }) input: CancelSyncsInput,
  ): Promise<CancelSyncsPayload> {
    const refused = (problems: readonly UserProblem[]): CancelAllResult => ({ syncs: [], problems });
    const result = await asProblems(refused, () =>
      ports.operations.cancelAll(tenantId, innerId(input.definitionId, DEFINITIONS, "definitionId")),
    );
    return CancelSyncsPayload.from(result);
  }
}

/** @param place where the start stands in a batch, for the problems' paths */
async function trigger(
  { ports, tenantId }: GatewayContext,
  input: TriggerSyncInput,
  place: readonly string[],
): Promise<TriggerSyncPayload> {
  const result = await asProblems(refusedTrigger, () => ports.operations.trigger(tenantId, commandOf(input)));
  const problems = result.problems.map((problem) => ({
    ...problem,
    field: problem.field === null ? null : [...place, ...problem.field],
  }));
  return TriggerSyncPayload.from({ ...result, problems });
}

function commandOf(input: TriggerSyncInput): TriggerCommand {
  return {
    definitionId: innerId(input.definitionId, DEFINITIONS, "definitionId"),
    idempotencyKey: input.idempotencyKey ?? null,
    ifRunning: input.ifRunning ?? IfRunning.Attach,
    ...dropUndefined({
      linkedAccountId: isGiven(input.linkedAccountId)
        ? innerId(input.linkedAccountId, [NodeKind.LinkedAccount], "linkedAccountId")
        : undefined,
      fullRefresh: input.fullRefresh ?? undefined,
      models: input.models ?? undefined,
      args: input.args ?? undefined,
      onError: input.onError ?? undefined,
      test: input.test ?? undefined,
      identities: input.identities ?? undefined,
    }),
  };
}

const refusedTrigger = (problems: readonly UserProblem[]): TriggerResult => ({
  syncs: [],
  attached: false,
  trigger: null,
  problems,
});

function batch(results: TriggerSyncsPayload["results"], userErrors: readonly UserErrorType[]): TriggerSyncsPayload {
  return Object.assign(new TriggerSyncsPayload(), { results, userErrors });
}
