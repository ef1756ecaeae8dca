// What vendors tell about linked accounts, asked live: nothing of it is kept, but how each call went is.
import type { SchemaOperations } from "../domain/gateway-port.ts";
import type { CallOptions } from "../domain/provider-port.ts";
import type { ProviderContact } from "./provider-contact.ts";
import type { TrackingTools } from "./tools.ts";

export function createSchemaOperations({ directory }: TrackingTools, contact: ProviderContact): SchemaOperations {
  return {
    discovery(tenantId, providerKey) {
      const configured = directory.find(tenantId, providerKey);
      const asked = configured?.provider.schemaDiscovery;
      if (configured === undefined || asked === undefined) return null;
      const through = <T>(call: () => Promise<T>, options: CallOptions | undefined): Promise<T> =>
        contact.through(tenantId, configured, call, options);
      return {
        source: (account, parameters, options) => through(() => asked.source(account, parameters, options), options),
        sourceFields: (account, parameters, options) =>
          through(() => asked.sourceFields(account, parameters, options), options),
        models: (account, options) => through(() => asked.models(account, options), options),
        targetObjects: (account, options) => through(() => asked.targetObjects(account, options), options),
        targetObject: (account, object, refresh, options) =>
          through(() => asked.targetObject(account, object, refresh, options), options),
        creationValues: (account, property, options) =>
          through(() => asked.creationValues(account, property, options), options),
        scheduleOptions: (options) => through(() => asked.scheduleOptions(options), options),
      };
    },
  };
}
