// A vendor that describes linked accounts, as tests script it.
import type { SchemaDiscovery } from "../../src/domain/schema-discovery.ts";
import { at } from "./store-values.ts";

const FIELD = {
  remoteId: "f1",
  name: "email",
  label: "E-mail",
  description: "Where to write to",
  type: "string",
  remoteType: "VARCHAR",
  unique: true,
  userAdded: false,
};
const MODE = {
  mode: "updateOrCreate",
  label: "Update or create",
  description: "Both",
  requiresIdentity: true,
  supportsFieldModes: null,
  supportsTargetFilters: false,
};
const TARGET_FIELD = {
  remoteId: "Email",
  name: "Email",
  description: null,
  type: "string",
  sourceType: "email",
  required: false,
  creatable: true,
  updatable: true,
  filterable: null,
  encryptable: false,
  association: null,
  supportsIdentity: true,
  identityFunctions: ["Equality"],
};
/** One answer for each question, with every field set. */
export const ANSWERS = {
  source: {
    configuration: { database: "main" },
    choices: [{ name: "table", hasItems: true, items: ["public.users", null, { deep: 1 }], requiresOneOf: ["schema"] }],
    requiresOneOf: ["table", "query"],
  },
  sourceFields: [FIELD],
  models: [{ remoteId: "m1", name: "Users", type: "sql", fields: [FIELD] }],
  targetObjects: {
    objects: [{ remoteId: "Contact", name: null, modes: [MODE] }],
    canCreate: true,
    creationProperties: [{ remoteId: "folder", title: "Folder", isEnum: true }],
  },
  targetObject: {
    remoteId: "Contact",
    name: "Contact",
    fields: [TARGET_FIELD],
    modes: [MODE],
    properties: { supports_field_creation: true },
    refreshedAt: at(7),
  },
  creationValues: [{ value: "f-1", label: "Folder 1" }],
  scheduleOptions: [
    {
      frequency: "DAILY",
      rawFrequency: "daily",
      label: "Daily",
      description: "Every day",
      configuration: { type: "object" },
    },
  ],
} as const;

export type DiscoveryCall = readonly [keyof SchemaDiscovery, ...unknown[]];

/** Notes every call, without how it may be ended, and gives the answers above, or what is given instead. */
export function scriptedDiscovery(calls: DiscoveryCall[], given: Partial<SchemaDiscovery> = {}): SchemaDiscovery {
  const noted = <Name extends keyof typeof ANSWERS>(name: Name, ...rest: readonly unknown[]) => {
    calls.push([name, ...rest]);
    return Promise.resolve(ANSWERS[name]);
  };
  return {
    source: (account, parameters) => noted("source", account, parameters),
    sourceFields: (account, parameters) => noted("sourceFields", account, parameters),
    models: (account) => noted("models", account),
    targetObjects: (account) => noted("targetObjects", account),
    targetObject: (account, object, refresh) => noted("targetObject", account, object, refresh),
    creationValues: (account, property) => noted("creationValues", account, property),
    scheduleOptions: () => noted("scheduleOptions"),
    ...given,
  };
}
