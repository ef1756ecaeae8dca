// Starting, repeating and stopping runs.
import { Arg, Ctx, Mutation, Resolver } from "type-graphql";
import { ErrorCode, GatewayError } from "../../domain/errors.ts";
import type { TriggerCommand } from "../../domain/gateway-port.ts";
import { IfRunning } from "../../domain/sync.ts";
import type { GatewayContext } from "../context.ts";
import { NodeKind, innerId } from "../global-id.ts";
import { CancelSyncInput, RetrySyncInput, TriggerSyncInput, TriggerSyncsInput } from "../types/inputs.ts";
import { CancelSyncPayload, TriggerSyncPayload, TriggerSyncsPayload, UserErrorType } from "../types/payloads.ts";

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
      return batch([], [UserErrorType.from({ code: ErrorCode.BadUserInput, message, field: ["triggers"] })]);
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
    return asUserErrors(["syncId"], refusedTrigger, async () => {
      const syncId = innerId(input.syncId, [NodeKind.Sync], "syncId");
      return TriggerSyncPayload.from(await ports.operations.retry(tenantId, syncId, input.idempotencyKey ?? null));
    });
  }

  @Mutation(() => CancelSyncPayload, {
    nullable: true,
    description: "Asks the vendor to stop a run. Its end is observed later, as FAILED with outcome CANCELLED.",
  })
  async cancelSync(
    @Ctx() { ports, tenantId }: GatewayContext,
    @Arg("input", () => CancelSyncInput, { description: "Which run." }) input: CancelSyncInput,
  ): Promise<CancelSyncPayload> {
    const refused = (error: UserErrorType) =>
      Object.assign(new CancelSyncPayload(), { sync: null, userErrors: [error] });
    return asUserErrors(["syncId"], refused, async () => {
      const syncId = innerId(input.syncId, [NodeKind.Sync], "syncId");
      return CancelSyncPayload.from(await ports.operations.cancel(tenantId, syncId));
    });
  }
}

function trigger(
  { ports, tenantId }: GatewayContext,
  input: TriggerSyncInput,
  path: readonly string[],
): Promise<TriggerSyncPayload> {
  return asUserErrors([...path, "definitionId"], refusedTrigger, async () => {
    const result = await ports.operations.trigger(tenantId, commandOf(input));
    const problems = result.problems.map((problem) => ({
      ...problem,
      field: problem.field === null ? null : [...path, ...problem.field],
    }));
    return TriggerSyncPayload.from({ ...result, problems });
  });
}

function commandOf(input: TriggerSyncInput): TriggerCommand {
  const { fullRefresh, models, args, onError, test, identities, linkedAccountId } = input;
  return {
    definitionId: innerId(input.definitionId, [NodeKind.SyncJob, NodeKind.ModelSync], "definitionId"),
    idempotencyKey: input.idempotencyKey ?? null,
    ifRunning: input.ifRunning ?? IfRunning.Attach,
    ...(isGiven(linkedAccountId)
      ? { linkedAccountId: innerId(linkedAccountId, [NodeKind.LinkedAccount], "linkedAccountId") }
      : {}),
    ...(isGiven(fullRefresh) ? { fullRefresh } : {}),
    ...(isGiven(models) ? { models } : {}),
    ...(isGiven(args) ? { args } : {}),
    ...(isGiven(onError) ? { onError } : {}),
    ...(isGiven(test) ? { test } : {}),
    ...(isGiven(identities) ? { identities } : {}),
  };
}

/** An id that is none is the caller's mistake like any other, so it goes where the others are. */
async function asUserErrors<Payload>(
  field: readonly string[],
  refused: (error: UserErrorType) => Payload,
  work: () => Promise<Payload>,
): Promise<Payload> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code !== ErrorCode.BadUserInput) throw error;
    // The sentence begins with the name of the field it is about.
    const [named = ""] = error.message.split(":");
    const path = named === "linkedAccountId" ? [...field.slice(0, -1), named] : field;
    return refused(UserErrorType.from({ code: error.code, message: error.message, field: path }));
  }
}

function refusedTrigger(error: UserErrorType): TriggerSyncPayload {
  return Object.assign(new TriggerSyncPayload(), { syncs: [], attached: false, trigger: null, userErrors: [error] });
}

function batch(results: TriggerSyncsPayload["results"], userErrors: readonly UserErrorType[]): TriggerSyncsPayload {
  return Object.assign(new TriggerSyncsPayload(), { results, userErrors });
}

const isGiven = <T>(value: T | null | undefined): value is T => value !== null && value !== undefined;
