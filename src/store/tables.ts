// Every table of the store, for TypeORM.
import { definitionTable } from "./entities/definition.ts";
import { linkedAccountTable } from "./entities/linked-account.ts";
import { prunedBeginningTable } from "./entities/pruned-beginning.ts";
import { providerAccountTable, providerHolderTable } from "./entities/provider-account.ts";
import { providerStateTable } from "./entities/provider-state.ts";
import { quotaTurnTable, quotaWindowTable } from "./entities/quota.ts";
import { storeIdentityTable } from "./entities/store-identity.ts";
import { syncConflictTable } from "./entities/sync-conflict.ts";
import { syncPollTable } from "./entities/sync-poll.ts";
import { syncTaskTable } from "./entities/sync-task.ts";
import { syncTriggerTable } from "./entities/sync-trigger.ts";
import { syncTable } from "./entities/sync.ts";
import { ledgerHeadTable, transitionTable } from "./entities/transition.ts";
import { webhookDeliveryTable } from "./entities/webhook-delivery.ts";
import type { AnyTable } from "./table.ts";

export const tables: readonly AnyTable[] = [
  linkedAccountTable,
  definitionTable,
  syncTable,
  syncTaskTable,
  transitionTable,
  ledgerHeadTable,
  prunedBeginningTable,
  syncConflictTable,
  syncPollTable,
  syncTriggerTable,
  providerStateTable,
  providerAccountTable,
  providerHolderTable,
  webhookDeliveryTable,
  quotaWindowTable,
  quotaTurnTable,
  storeIdentityTable,
];
