// The gateway's ids. They are derived from the vendor's, so every node gives an object the same id without asking anyone.
import { v5 } from "uuid";

const NAMESPACE = "5b0f6f0e-2f0f-5c4e-9a53-6d2b2b6f1c07";

/** Kinds of vendor objects that get an id here. SyncJobs and ModelSyncs share one space: a provider's definitions. */
export type IdentifiedKind = "linkedAccount" | "definition" | "sync";

/**
 * The gateway's id of a vendor's object: a version 5 UUID (RFC 9562) over tenant, provider, kind and the vendor's id.
 */
export function identityOf(tenantId: string, providerKey: string, kind: IdentifiedKind, remoteId: string): string {
  return v5(JSON.stringify([tenantId, providerKey, kind, remoteId]), NAMESPACE);
}
