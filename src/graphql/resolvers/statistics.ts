// Numbers over runs, counted by the ledger.
import { Arg, Ctx, Query, Resolver } from "type-graphql";
import type { StatisticsBucket, SyncNumbers, SyncStatistics } from "../../domain/statistics.ts";
import type { GatewayContext } from "../context.ts";
import { StatisticsBucketEnum } from "../enums.ts";
import { syncFilter } from "../filters.ts";
import { SyncFilterInput } from "../types/inputs.ts";
import { SyncStatisticsBucketType, SyncStatisticsType } from "../types/statistics.ts";
import { MOST_INT } from "./shared-edges.ts";

@Resolver()
export class StatisticsResolver {
  @Query(() => SyncStatisticsType, {
    nullable: true,
    description: "What runs add up to: how many, how well, how long, how much. Read from the ledger.",
  })
  async syncStatistics(
    @Ctx() context: GatewayContext,
    @Arg("filter", () => SyncFilterInput, { nullable: true, description: "Which runs; all when left out." })
    filter: SyncFilterInput | null,
    @Arg("bucket", () => StatisticsBucketEnum, {
      nullable: true,
      description:
        "Give the same numbers for each stretch of time too, at most 400: with more, narrow the filter's time or take a larger bucket.",
    })
    bucket: StatisticsBucket | null,
  ): Promise<SyncStatisticsType> {
    const { ports, tenantId, signal } = context;
    const { ledger } = ports.store;
    return statisticsNode(await ledger.statistics(tenantId, syncFilter(context, filter), bucket ?? null, { signal }));
  }
}

function statisticsNode(statistics: SyncStatistics): SyncStatisticsType {
  const buckets = statistics.buckets.map((bucket) =>
    Object.assign(new SyncStatisticsBucketType(), bucket, shownDurations(bucket)),
  );
  return Object.assign(new SyncStatisticsType(), statistics, shownDurations(statistics), { buckets });
}

function shownDurations({ durationMsP50, durationMsP95 }: SyncNumbers) {
  const shown = (durationMs: number | null): number | null =>
    durationMs === null ? null : Math.min(durationMs, MOST_INT);
  return { durationMsP50: shown(durationMsP50), durationMsP95: shown(durationMsP95) };
}
