// A client of the gateway that makes, changes, switches and deletes model syncs, and remembers every answer as it came over the wire.
import { expect } from "vitest";
import { z } from "zod";
import type { Answer } from "./gateway-client.ts";

const modelSyncShape = z.looseObject({
  id: z.string(),
  remoteId: z.string(),
  name: z.string(),
  active: z.boolean().nullable(),
  updatedAt: z.string().nullable(),
  hasEncryptionPassphrase: z.boolean(),
});
export type SeenModelSync = z.output<typeof modelSyncShape>;

const payloadShape = z.object({
  modelSync: modelSyncShape.nullable(),
  deletedModelSyncId: z.string().nullable().optional(),
  userErrors: z.array(z.object({ code: z.string(), message: z.string(), field: z.array(z.string()).nullable() })),
});
export type EditPayload = z.output<typeof payloadShape>;
/** Null when the vendor failed. */
export type EditAnswer = Answer<EditPayload | null>;

const MODEL_SYNC_FIELDS = `
  id remoteId name active mode updatedAt goneAt filterLogic hasEncryptionPassphrase policies
  onlyEnrichUpdates skipInitialBackfill syncAllRecords
  fields { target new overrideValue syncMode encryptionEnabled source { modelId field } }
  overrideFields { target overrideValue }
  filters { function label value fieldType field { modelId field } }
  overrides { function value override field { modelId field } }
  identity { function target newField source { modelId field } }
  target { object configuration searchValues linkedAccount { id remoteId } }
  schedules { frequency rawFrequency hour minute runAfterSuccessOnly runAfter { id remoteId } }
`;

export type Input = Readonly<Record<string, unknown>>;
type Change = "Create" | "Update" | "SetActive" | "Delete";

const answerShape = z.object({
  data: z.record(z.string(), z.unknown()).nullish(),
  errors: z
    .array(
      z.object({
        message: z.string(),
        path: z.array(z.union([z.string(), z.number()])).optional(),
        extensions: z.record(z.string(), z.unknown()).optional(),
      }),
    )
    .default([]),
});

export interface ModelSyncClient {
  /** Sends any operation; the data is not checked. */
  send(query: string, variables?: Input): Promise<Answer<Readonly<Record<string, unknown>>>>;
  /** Sends one of the four mutations, and answers with all it said. */
  edit(change: Change, input: Input): Promise<EditAnswer>;
  /** The same, and the test fails unless it was done. */
  done(change: Change, input: Input): Promise<SeenModelSync>;
  /** All model syncs in the list, with every field. The test fails when the list comes with errors. */
  list(filter?: Input): Promise<readonly SeenModelSync[]>;
  /** `node(id)` as a model sync; null when there is none. */
  node(id: string): Promise<SeenModelSync | null>;
  /** The texts of all answers so far. */
  heard(): string;
}

export function modelSyncClient(url: string): ModelSyncClient {
  const texts: string[] = [];

  async function send(query: string, variables: Input = {}): Promise<Answer<Readonly<Record<string, unknown>>>> {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query, variables }),
      signal: AbortSignal.timeout(60_000),
    });
    const text = await response.text();
    texts.push(text);
    const { data, errors } = answerShape.parse(JSON.parse(text));
    return { data: data ?? {}, errors };
  }

  async function edit(change: Change, input: Input): Promise<EditAnswer> {
    const gone = change === "Delete" ? "deletedModelSyncId" : "";
    const { data, errors } = await send(
      `mutation ($input: ModelSync${change}Input!) {
        modelSync${change}(input: $input) { modelSync { ${MODEL_SYNC_FIELDS} } ${gone} userErrors { code message field } }
      }`,
      { input },
    );
    return { data: payloadShape.nullable().parse(data[`modelSync${change}`] ?? null), errors };
  }

  return {
    send,
    edit,
    done: async (change, input) => {
      const { data, errors } = await edit(change, input);
      expect({ errors, userErrors: data?.userErrors }).toEqual({ errors: [], userErrors: [] });
      return modelSyncShape.parse(data?.modelSync);
    },
    list: async (filter = {}) => {
      const { data, errors } = await send(
        `query ($filter: ModelSyncFilter) { modelSyncs(first: 100, filter: $filter) { nodes { ${MODEL_SYNC_FIELDS} } } }`,
        { filter },
      );
      expect(errors).toEqual([]);
      return z.object({ nodes: z.array(modelSyncShape) }).parse(data["modelSyncs"]).nodes;
    },
    node: async (id) => {
      const query = `query ($id: ID!) { node(id: $id) { ... on ModelSync { ${MODEL_SYNC_FIELDS} } } }`;
      return modelSyncShape.nullable().parse((await send(query, { id })).data["node"] ?? null);
    },
    heard: () => texts.join("\n"),
  };
}
