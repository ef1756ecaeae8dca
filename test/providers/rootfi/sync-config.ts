// RootFi's companies and sync configs as its two versions write them, and the schedules they become; for tests of changes.
import type { Schedule, ScheduleFrequency } from "../../../src/domain/definition.ts";
import type { RecordedReply } from "../../support/adapter-at-fake-vendor.ts";

/** A sync config of v3 with everything that is documented. */
export const configV3 = (dataModel: string, changes: object = {}): object => ({
  enabled: true,
  interval: 1,
  frequency: "DAILY",
  data_model: dataModel,
  category: "ACCOUNTING",
  scope_access: { READ: true, CREATE: false },
  sync_from: "2026-01-01T00:00:00.000Z",
  custom_fields: null,
  ...changes,
});

/** The same as v4 reads it; what it writes has v3's names. */
export const configV4 = (dataModel: string, changes: object = {}): object => ({
  dataModel,
  enabled: true,
  interval: 1,
  frequency: "DAILY",
  scopeAccess: { READ: true, CREATE: false },
  syncFrom: "2026-01-01T00:00:00.000Z",
  customFields: null,
  ...changes,
});

export const UPDATED_AT = "2026-11-20T08:00:00.000Z";

/** Company 8422 with a connection to NetSuite, v3. @param own its own config, if any */
export const companyV3 = (own: object | null, changes: object = {}): object => ({
  rootfi_id: 8422,
  name: "Ada Ltd",
  rootfi_created_at: "2026-01-02T07:00:00.000Z",
  rootfi_updated_at: UPDATED_AT,
  connections: [
    {
      integration_type: "NETSUITE",
      category: "ACCOUNTING",
      connection_status: "HEALTHY",
      sync_status: "IDLE",
      sync_config: own,
    },
  ],
  ...changes,
});

export const INVITE_LINKS = "GET /core/invite_links?limit=100&expand=connections";

/** The invite link of that company, v3. @param own all configs of its connection */
export const linkV3 = (own: readonly object[], changes: object = {}): object => ({
  invite_link_id: "il_capability",
  company: { rootfi_id: 8422 },
  connections: [{ integration_type: "NETSUITE", category: "ACCOUNTING", status: "HEALTHY", sync_config: own }],
  ...changes,
});

/** A page of invite links, the only one unless it names the next. */
export const linksV3 = (links: readonly object[], next: string | null = null): RecordedReply => ({
  to: INVITE_LINKS,
  body: { data: links, next },
});

/** That company in v4. */
export const companyV4 = (own: readonly object[], changes: object = {}): object => ({
  id: 8422,
  name: "Ada Ltd",
  updatedAt: UPDATED_AT,
  connectionStatus: "HEALTHY",
  syncStatus: "IDLE",
  dataModelConfigs: own,
  connection: { id: "8422_NETSUITE", integrationType: "NETSUITE" },
  ...changes,
});

/** A schedule as a sync job has it. */
export const scheduleOfModel = (resource: string, frequency: ScheduleFrequency): Schedule => ({
  remoteId: null,
  frequency,
  rawFrequency: frequency,
  interval: 1,
  cronExpression: null,
  hour: null,
  minute: null,
  month: null,
  dayOfWeek: null,
  dayOfMonth: null,
  resource,
  linkedAccountRemoteId: null,
  enabled: true,
  runAfterRemoteIds: [],
  runAfterBulkRemoteIds: [],
  runAfterSuccessOnly: null,
  externalConnectionId: null,
  externalJobId: null,
  createdAt: null,
  updatedAt: null,
});
