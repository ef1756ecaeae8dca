// Where runs send their records: one of two kinds of target, or what the jobs' arguments say.
import type { JsonObject } from "../../domain/json.ts";

/** At most one of them is set; the module's settings see to it. */
export interface TrutoTarget {
  readonly webhookId: string | null;
  readonly daemonGroupKey: string | null;
}

/** As the bodies of runs and cron triggers name it. */
export function targetFields({ webhookId, daemonGroupKey }: TrutoTarget): JsonObject {
  return {
    ...(webhookId === null ? {} : { webhook_id: webhookId }),
    ...(daemonGroupKey === null ? {} : { daemon_group_key: daemonGroupKey }),
  };
}
