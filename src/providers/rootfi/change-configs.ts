// Changes sync configs: reads what stands there, puts the change on top, and sends each config whole. v3 takes one in a request.
import type { SyncJobSnapshot } from "../../domain/definition.ts";
import { ErrorCode, ProviderError } from "../../domain/errors.ts";
import type { ChangeOptions } from "../../domain/editor-port.ts";
import type { JsonObject } from "../../domain/json.ts";
import { failureWith, notFound, providerFailure } from "../../wire/provider-failure.ts";
import type { RootfiApi, Signal } from "./api.ts";
import { listed } from "./check-start.ts";
import { configsInForce, connectionsToSync, definitionPartsOf, syncJobOf } from "./map-catalog.ts";
import { companyWithConnections, organisationConfigs } from "./read-definitions.ts";
import { linkedConfigs, withLinkedConfigs } from "./read-invite-links.ts";
import type { RootfiCompany, RootfiConnection, RootfiSyncConfig } from "./wire-types.ts";

/** What shall be different about one data model; what is left out stays. */
export interface ConfigChange {
  readonly dataModel: string;
  readonly enabled?: boolean;
  /** Null asks for the full history. */
  readonly syncFrom?: Date | null;
  readonly customFields?: readonly string[];
  /** RootFi's word. */
  readonly frequency?: string;
  readonly interval?: number;
}

export interface ChangeTools {
  readonly api: RootfiApi;
  /** Key of the configured provider, for errors. */
  readonly key: string;
}

/** A connection with what was read of its configs. */
interface Standing {
  readonly companyId: string;
  readonly company: RootfiCompany;
  readonly connection: RootfiConnection;
  readonly organisation: readonly RootfiSyncConfig[];
}

/**
 * Makes the changes, in their order.
 *
 * @returns the job as it stands after them
 * @throws ProviderError that names, when some were made and others not, which
 */
export async function changeConfigs(
  tools: ChangeTools,
  job: SyncJobSnapshot,
  changes: readonly ConfigChange[],
  { expectedUpdatedAt, signal }: ChangeOptions,
): Promise<SyncJobSnapshot> {
  const standing = await readStanding(tools, job, signal);
  if (expectedUpdatedAt !== null) checkUnchanged(tools.key, standing, expectedUpdatedAt);
  const inForce = configsInForce(standing.connection, standing.organisation);
  const configs = changes.map((change) => {
    const present = inForce.find((config) => config.data_model === change.dataModel);
    return changed(present ?? { data_model: change.dataModel, category: standing.connection.category }, change);
  });
  const answered = await send(tools, standing.companyId, configs, signal);
  return jobAfter(standing, configs, answered ?? (await companyIfReadable(tools.api, standing.companyId, signal)));
}

async function readStanding({ api, key }: ChangeTools, job: SyncJobSnapshot, signal: Signal): Promise<Standing> {
  const parts = definitionPartsOf(job.remoteId);
  if (parts === null) throw notFound(key, `sync job ${JSON.stringify(job.remoteId.slice(0, 64))}`, false);
  const { companyId, integration } = parts;
  // A change on top of a config that is not known would undo what stands there: without the links nothing is changed.
  const linked = await linkedConfigs(api, companyId, signal);
  const company = withLinkedConfigs(await companyWithConnections(api, companyId, signal), linked);
  const connection = connectionsToSync(company).find((candidate) => candidate.integration_type === integration);
  if (connection === undefined) throw notFound(key, `connection of company ${companyId} to that integration`, true);
  return { companyId, company, connection, organisation: await organisationConfigs(api, signal)(connection) };
}

/** A config has no time of its own: the company's is the one that its change moves. */
function checkUnchanged(provider: string, { company, connection, organisation }: Standing, expected: Date): void {
  const { updatedAt } = syncJobOf(company, connection, organisation);
  if (updatedAt === null) {
    const sentence =
      "RootFi does not say when this company was last changed, so it cannot be checked; leave expectedUpdatedAt out";
    throw providerFailure(sentence, { code: ErrorCode.CapabilityNotSupported, provider });
  }
  if (updatedAt.getTime() === expected.getTime()) return;
  const sentence = `expected the company as of ${expected.toISOString()}, got it as of ${updatedAt.toISOString()}`;
  throw providerFailure(`${sentence}; nothing was changed`, { code: ErrorCode.EditConflict, provider });
}

function changed(config: RootfiSyncConfig, change: ConfigChange): RootfiSyncConfig {
  const { enabled, syncFrom, customFields, frequency, interval } = change;
  return {
    ...config,
    ...(enabled === undefined ? {} : { enabled }),
    ...(syncFrom === undefined ? {} : { sync_from: syncFrom }),
    ...(customFields === undefined ? {} : { custom_fields: [...customFields] }),
    ...(frequency === undefined ? {} : { frequency }),
    ...(interval === undefined ? {} : { interval }),
  };
}

/** Sends the configs in order. The last answer, where it tells of the company. */
async function send(
  { api }: ChangeTools,
  companyId: string,
  configs: readonly RootfiSyncConfig[],
  signal: Signal,
): Promise<RootfiCompany | null> {
  const batches = api.changesConfigsAtOnce ? [configs] : configs.map((config) => [config]);
  let answered: RootfiCompany | null = null;
  for (const [index, batch] of batches.entries()) {
    try {
      answered = await api.changeConfigs(companyId, batch.map(sendable), signal);
    } catch (error) {
      if (!(error instanceof ProviderError) || batches.length === 1) throw error;
      throw partly(error, configs, index);
    }
  }
  return answered;
}

/** Whoever reads the error must know where the vendor stands now. Sending the same change again is harmless. */
function partly(error: ProviderError, configs: readonly RootfiSyncConfig[], failed: number): ProviderError {
  const names = configs.map(({ data_model: name }) => name);
  const made = failed === 0 ? "none" : listed(names.slice(0, failed));
  const left = failed + 1 === names.length ? "" : `; not tried: ${listed(names.slice(failed + 1))}`;
  const message = `${error.message}; changed: ${made}; failed: ${listed(names.slice(failed, failed + 1))}${left}`;
  return failureWith(error, { message, sent: error.sent || failed > 0 });
}

/** The documented fields, as far as they are known: what RootFi has of itself beside them is not sent back. */
function sendable(config: RootfiSyncConfig): JsonObject {
  const { data_model, category, enabled, frequency, interval, sync_from: from, custom_fields: fields } = config;
  const known = { data_model, category, enabled, frequency, interval, scope_access: scopesOf(config) };
  const filled = Object.entries(known).flatMap(([name, value]) =>
    value === undefined || value === null ? [] : [[name, value] as const],
  );
  return {
    ...Object.fromEntries(filled),
    // Null says that there is none, which is not the same as saying nothing.
    ...(from === undefined ? {} : { sync_from: from?.toISOString() ?? null }),
    ...(fields === undefined ? {} : { custom_fields: fields }),
  };
}

function scopesOf({ scope_access: access }: RootfiSyncConfig): Readonly<Record<string, boolean>> | null {
  if (!access) return null;
  const scopes = Object.entries(access).flatMap(([operation, granted]) =>
    typeof granted === "boolean" ? [[operation, granted] as const] : [],
  );
  return Object.fromEntries(scopes);
}

/** RootFi may show one config of a company only, so those that were taken just now are put beside what it shows. */
function jobAfter(
  { company, connection, organisation }: Standing,
  sent: readonly RootfiSyncConfig[],
  after: RootfiCompany | null,
): SyncJobSnapshot {
  const now = connectionsToSync(after ?? company).find(
    (candidate) => candidate.integration_type === connection.integration_type,
  );
  const own = [...connection.sync_config, ...sent, ...(after === null ? [] : (now?.sync_config ?? []))];
  const changedAt = after?.rootfi_updated_at ?? company.rootfi_updated_at;
  return syncJobOf({ ...company, rootfi_updated_at: changedAt }, { ...connection, sync_config: own }, organisation);
}

/** The change is made; that the company cannot be read after it does not undo it. */
async function companyIfReadable(api: RootfiApi, companyId: string, signal: Signal): Promise<RootfiCompany | null> {
  try {
    return await api.company(companyId, signal);
  } catch (error) {
    if (error instanceof ProviderError) return null;
    throw error;
  }
}
