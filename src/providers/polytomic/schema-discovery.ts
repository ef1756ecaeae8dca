// What Polytomic's connections can be read from and written to: which endpoint, which parameters. What the answers mean is `map-schema.ts`'s.
import type { SchemaDiscovery, SourceParameters } from "../../domain/schema-discovery.ts";
import { createAsk, createAskList, createAskPage } from "../../wire/ask.ts";
import type { HttpClient } from "../../wire/http-client.ts";
import { walkPages } from "../../wire/pages.ts";
import { pathFor } from "../../wire/path.ts";
import {
  modelOf,
  propertyValueOf,
  scheduleOptionOf,
  sourceFieldOf,
  sourceOf,
  targetDetailOf,
  targetObjectsOf,
} from "./map-schema.ts";
import { readPage } from "./wire-fields.ts";
import {
  readModel,
  readModelField,
  readPropertyValues,
  readScheduleOption,
  readScheduleOptions,
  readSource,
  readTarget,
  readTargetObject,
  readTargetObjects,
} from "./wire-schema.ts";
import type { WireModel } from "./wire-schema.ts";

/** @param provider key of the configured provider, for errors */
export function schemaDiscovery(http: HttpClient, provider: string): SchemaDiscovery {
  return { ...sourceCalls(http, provider), ...targetCalls(http, provider) };
}

/** As long as the vendor's own client waits: a refresh has the vendor ask the target system. */
const REFRESH_TIMEOUT_MS = 60_000;

const LIST_MODELS = "list models";

type SourceCalls = Pick<SchemaDiscovery, "source" | "sourceFields" | "models">;

function sourceCalls(http: HttpClient, provider: string): SourceCalls {
  const ask = createAsk(http, provider);
  const askList = createAskList(http, provider);
  const path = pathFor(provider);
  const modelsPage = (page: string | null, signal?: AbortSignal) => {
    const query = { page_token: page ?? undefined };
    const request = { operation: LIST_MODELS, method: "GET", path: "/api/models", query, signal } as const;
    return createAskPage(http, provider)(request, readPage, readModel);
  };
  return {
    source: async (connectionId, parameters, options) => {
      const query = chosen(parameters);
      const request = { method: "GET", path: path`/api/connections/${connectionId}/modelsync/source`, query } as const;
      return sourceOf(await ask({ operation: "get source", ...request, signal: options?.signal }, readSource));
    },
    sourceFields: async (connectionId, parameters, options) => {
      const query = chosen(parameters);
      const place = path`/api/connections/${connectionId}/modelsync/source/fields`;
      const request = { method: "GET", path: place, query, signal: options?.signal } as const;
      const { items } = await askList({ operation: "list source fields", ...request }, readPage, readModelField);
      return items.map(sourceFieldOf);
    },
    models: async (connectionId, options) => {
      const { signal } = { ...options };
      const walk = walkPages((page) => modelsPage(page, signal), { provider, operation: LIST_MODELS, signal });
      const all: WireModel[] = [];
      for await (const page of walk) for (const model of page) all.push(model);
      return all.filter((model) => model.connection_id === connectionId).map(modelOf);
    },
  };
}

function targetCalls(http: HttpClient, provider: string): Omit<SchemaDiscovery, keyof SourceCalls> {
  const ask = createAsk(http, provider);
  const askList = createAskList(http, provider);
  const path = pathFor(provider);
  return {
    targetObjects: async (connectionId, options) => {
      const place = path`/api/connections/${connectionId}/modelsync/targetobjects`;
      const request = { method: "GET", path: place, signal: options?.signal } as const;
      const asked = { operation: "list target objects", ...request };
      const { items: data, target_creation } = await askList(asked, readTargetObjects, readTargetObject);
      return targetObjectsOf({ data, target_creation });
    },
    targetObject: async (connectionId, object, refresh, options) => {
      const place = path`/api/connections/${connectionId}/modelsync/target/fields`;
      const query = { target: object, refresh: refresh || undefined };
      const patience = refresh ? { timeoutMs: REFRESH_TIMEOUT_MS } : {};
      const request = { method: "GET", path: place, query, signal: options?.signal, ...patience } as const;
      return targetDetailOf(await ask({ operation: "get target object", ...request }, readTarget));
    },
    creationValues: async (connectionId, property, options) => {
      const place = path`/api/connections/${connectionId}/modelsync/targetobjects/properties/${property}`;
      const request = { method: "GET", path: place, signal: options?.signal } as const;
      return (await ask({ operation: "list creation values", ...request }, readPropertyValues)).map(propertyValueOf);
    },
    scheduleOptions: async (options) => {
      const request = { method: "GET", path: "/api/syncs/schedules", signal: options?.signal } as const;
      const asked = { operation: "list schedule options", ...request };
      return (await askList(asked, readScheduleOptions, readScheduleOption)).items.map(scheduleOptionOf);
    },
  };
}

/** Choices as the vendor reads them: `params[table]=public.users`, the name repeated for each value. */
function chosen(parameters: SourceParameters): SourceParameters {
  return Object.fromEntries(Object.entries(parameters).map(([name, values]) => [`params[${name}]`, values]));
}
