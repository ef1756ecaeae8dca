// Reads what a sync job is made of: a company, its connection, and the sync configs in force. What they mean is said in `map-catalog.ts`.
import type { SyncJobSnapshot } from "../../domain/definition.ts";
import { isNotFound } from "../../wire/provider-failure.ts";
import type { RootfiApi, Signal } from "./api.ts";
import { connectionsToSync, syncJobOf } from "./map-catalog.ts";
import { linkedConfigsIfReadable, withLinkedConfigs } from "./read-invite-links.ts";
import type { RootfiCompany, RootfiConnection, RootfiSyncConfig } from "./wire-types.ts";

/** A company's own page has no documented way to ask for its connections; where it leaves them out, the list has them. */
export async function companyWithConnections(
  api: RootfiApi,
  companyId: string,
  signal: Signal,
): Promise<RootfiCompany> {
  const company = await api.company(companyId, signal);
  if (company.connections !== null) return company;
  for await (const companies of api.companies(signal)) {
    const listed = companies.find((candidate) => candidate.rootfi_id === companyId);
    if (listed !== undefined) return listed;
  }
  return company;
}

/**
 * Reads definitions of companies. Invite links are read before any company, so that what a company shows is newer; a sync config is asked for
 * once per reader.
 *
 * @param companyId the only company that will be asked for; null for any
 */
export async function definitionReader(api: RootfiApi, companyId: string | null, signal: Signal) {
  const linked = await linkedConfigsIfReadable(api, companyId, signal);
  const configsOf = organisationConfigs(api, signal);
  return async (company: RootfiCompany, integration?: string): Promise<readonly SyncJobSnapshot[]> => {
    const jobs: SyncJobSnapshot[] = [];
    for (const connection of connectionsToSync(withLinkedConfigs(company, linked))) {
      if (integration !== undefined && connection.integration_type !== integration) continue;
      const job = syncJobOf(company, connection, await configsOf(connection));
      // Data models may be missing: what is known of a company that has not changed since is better.
      jobs.push(linked.lacking ? { ...job, detailed: false } : job);
    }
    return jobs;
  };
}

/** Reads the organisation's sync configs for a connection, each kind of connection's once. */
export function organisationConfigs(api: RootfiApi, signal: Signal) {
  const read = new Map<string, readonly RootfiSyncConfig[]>();
  return async (connection: RootfiConnection): Promise<readonly RootfiSyncConfig[]> => {
    const scope = api.configScopeOf(connection);
    if (scope === null) return [];
    const known = read.get(scope) ?? (await orNothing(api.syncConfigs(scope, signal)));
    read.set(scope, known);
    return known;
  };
}

/** What the organisation has no sync config for may be answered with 404. */
async function orNothing(configs: Promise<readonly RootfiSyncConfig[]>): Promise<readonly RootfiSyncConfig[]> {
  try {
    return await configs;
  } catch (error) {
    if (isNotFound(error)) return [];
    throw error;
  }
}
