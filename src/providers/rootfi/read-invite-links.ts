// The sync configs that RootFi's v3 shows in invite links only: a company's own page has room for the one that was set last. Nothing of a link
// but these leaves this file; its id is a capability to connect a customer's books.
import { ProviderError } from "../../domain/errors.ts";
import type { RootfiApi, Signal } from "./api.ts";
import { connectionsToSync, definitionRemoteIdOf } from "./map-catalog.ts";
import type { RootfiCompany, RootfiSyncConfig } from "./wire-types.ts";

export interface LinkedConfigs {
  /** By company and integration, as sync jobs are named. */
  readonly byJob: ReadonlyMap<string, readonly RootfiSyncConfig[]>;
  /** True when the links could not be read this time and perhaps can be the next. */
  readonly lacking: boolean;
}

/**
 * Reads what invite links show.
 *
 * @param companyId reads on only until the link of this company; null reads all
 * @throws ProviderError when they cannot all be read
 */
export async function linkedConfigs(api: RootfiApi, companyId: string | null, signal: Signal): Promise<LinkedConfigs> {
  const byJob = new Map<string, RootfiSyncConfig[]>();
  for await (const links of api.inviteLinks?.(signal) ?? []) {
    for (const link of links) {
      if (link.companyId === null) continue;
      for (const { integration_type: integration, sync_config: configs } of connectionsToSync(link)) {
        const job = definitionRemoteIdOf(link.companyId, integration);
        const known = byJob.get(job) ?? [];
        for (const config of configs) known.push(config);
        byJob.set(job, known);
      }
    }
    // An invite link makes its company, so that a company has one.
    if (companyId !== null && links.some((link) => link.companyId === companyId)) break;
  }
  return { byJob, lacking: false };
}

/** The same for who only looks: without the links the companies still show one config each. */
export async function linkedConfigsIfReadable(...question: Parameters<typeof linkedConfigs>): Promise<LinkedConfigs> {
  try {
    return await linkedConfigs(...question);
  } catch (error) {
    if (error instanceof ProviderError) return { byJob: new Map(), lacking: error.retryable };
    throw error;
  }
}

/** The company with all configs of its connections. The one it shows itself comes last: it was set last. */
export function withLinkedConfigs(company: RootfiCompany, { byJob }: LinkedConfigs): RootfiCompany {
  const connections = company.connections?.map((connection) => {
    const linked = byJob.get(definitionRemoteIdOf(company.rootfi_id, connection.integration_type)) ?? [];
    return { ...connection, sync_config: [...linked, ...connection.sync_config] };
  });
  return { ...company, connections: connections ?? null };
}
