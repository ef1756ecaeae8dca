// A typed client made of the schema, as graphql-codegen's users have it, compiles; wrong operations and wrong uses of it do not.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  committedSchema,
  compile,
  generateClient,
  repositoryOperations,
  rootFieldsLeftOut,
} from "../../scripts/typed-operations.ts";

const sdl = committedSchema();
const operations = repositoryOperations();

/** What every program below begins with: a client that takes its types from the document, like all of them do. */
const PREAMBLE = `
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { graphql, useFragment } from "./generated/index.js";
import * as operations from "./generated/graphql.js";
export declare function ask<Result, Variables>(document: TypedDocumentNode<Result, Variables>, variables: NoInfer<Variables>): Promise<Result>;
export const unused = [graphql, useFragment, operations];
`;
const FIRST_LINE = PREAMBLE.split("\n").length;

/** Programs that are right. Each is a use a client has. */
const RIGHT: Readonly<Record<string, string>> = {
  "reads a list and its masked rows": `
    const { syncs } = await ask(operations.RunsDocument, { filter: { statuses: ["FAILED"], open: false }, first: 10 });
    const rows = useFragment(operations.RunRowFragmentDoc, syncs?.nodes) ?? [];
    export const lines: string[] = rows.map((row) => \`\${row.provider.key} \${row.status} \${row.error?.message ?? ""}\`);
    export const durations: number[] = rows.map((row) => row.durationMs ?? 0);
  `,
  "knows the statuses there are": `
    export function word(status: operations.SyncStatus): string {
      switch (status) {
        case operations.SyncStatus.Created: return "waiting";
        case operations.SyncStatus.Running: return "running";
        case operations.SyncStatus.Success: return "done";
        case operations.SyncStatus.Failed: return "failed";
      }
    }
  `,
  "tells the kinds of a node apart": `
    const { node } = await ask(operations.AnythingDocument, { id: "a", ids: ["b"] });
    export const status: operations.SyncStatus | null = node?.__typename === "Sync" ? node.status : null;
    export const name: string = node?.__typename === "SyncJob" || node?.__typename === "ModelSync" ? node.name : "";
  `,
  "starts a run and reads what stands in the way": `
    const { triggerSync } = await ask(operations.TriggerDocument, {
      input: { definitionId: "a", ifRunning: "ATTACH", models: ["invoices"], args: { since: "2026-11-01" } },
    });
    const problems = useFragment(operations.ProblemFragmentDoc, triggerSync?.userErrors ?? []);
    export const busy: boolean = problems.some(({ code }) => code === operations.ErrorCode.AlreadyRunning);
  `,
  "changes one thing of a definition": `
    const { modelSyncUpdate } = await ask(operations.UpdateModelSyncDocument, {
      input: { modelSyncId: "a", expectedUpdatedAt: "2026-11-22T12:00:00Z", identity: null, name: "Contacts" },
    });
    export const secret: boolean | undefined =
      useFragment(operations.ModelSyncDetailFragmentDoc, modelSyncUpdate?.modelSync)?.hasEncryptionPassphrase;
  `,
  "makes a sync job with JSON of its own": `
    export const made = ask(operations.CreateSyncJobDocument, {
      input: { provider: "truto", name: "Tickets", resources: [{ name: "tickets", query: { limit: [1, "two"] } }] },
    });
  `,
  "follows transitions by their cursor": `
    export const cursorOf = (event: operations.TransitionsSubscription): string => event.syncStatusChanged.cursor;
    export const variables: operations.TransitionsSubscriptionVariables = { filter: { providers: ["rootfi"] }, after: null };
  `,
};

/** Programs that are wrong in their first line, and what the compiler must say to it. */
const WRONG: Readonly<Record<string, readonly [code: string, program: string]>> = {
  "a field that was not asked for": [
    "TS2339",
    `export const wrong = (await ask(operations.WhoAmIDocument, {})).viewer.email;`,
  ],
  "a field that may be null taken for one that is there": [
    "TS2531",
    `export const wrong = (await ask(operations.AccountDocument, { id: "a" })).linkedAccount.id;`,
  ],
  "a number taken for a text": [
    "TS2322",
    `export const wrong: string | undefined = (await ask(operations.StatisticsDocument, {})).syncStatistics?.total;`,
  ],
  "a status nobody has": [
    "TS2322",
    `export const wrong: operations.RunsQueryVariables = { filter: { statuses: ["SUCCEEDED"] } };`,
  ],
  "a field of a masked fragment, unmasked": [
    "TS2339",
    `export const wrong = (await ask(operations.RunsDocument, {})).syncs?.nodes.map((row) => row.status);`,
  ],
  "a variable that is required and left out": ["TS2741", `export const wrong = ask(operations.RunDocument, {});`],
  "an input's field that is required and left out": [
    "TS2741",
    `export const wrong = ask(operations.CreateSyncJobDocument, { input: { provider: "truto", resources: [] } });`,
  ],
  "an input's field that does not exist": [
    "TS2353",
    `export const wrong = ask(operations.CancelDocument, { input: { syncId: "a", force: true } });`,
  ],
  "null where only a value will do": [
    "TS2322",
    `export const wrong = ask(operations.SwitchModelSyncDocument, { input: { modelSyncId: "a", active: null } });`,
  ],
};

describe("the operations of this repository", () => {
  it("ask for every query, mutation and subscription", () => {
    expect(operations.length).toBeGreaterThan(5);
    expect(rootFieldsLeftOut(sdl, operations)).toEqual([]);
  });

  it("are missed where a root field has none", () => {
    expect(rootFieldsLeftOut("type Query { used: Int unused: Int }", [source("{ used }")])).toEqual(["Query.unused"]);
  });

  it.each([
    ["asks for a field that is not there", "query Wrong { viewer { email } }", 'Cannot query field "email"'],
    ["gives an argument that is not there", 'query Wrong { sync(key: "a") { id } }', 'Unknown argument "key"'],
    ["leaves a required argument out", "query Wrong { sync { id } }", 'argument "id" of type "ID!" is required'],
    ["names a value nobody has", "query Wrong { syncs(filter: { statuses: [DONE] }) { totalCount } }", '"DONE"'],
    ["misspells an input", "mutation Wrong { cancelSync(input: { sync: 1 }) { sync { id } } }", '"sync"'],
    [
      "takes a variable of another type",
      "query Wrong($id: String) { sync(id: $id) { id } }",
      'Variable "$id" of type "String"',
    ],
  ])("are refused when one %s", async (_case, text, message) => {
    const folder = mkdtempSync(join(tmpdir(), "operations-"));
    const refusal = generateClient(folder, sdl, [...operations, source(text)]);

    await expect(refusal).rejects.toThrow(message);
    rmSync(folder, { recursive: true });
  });
});

describe("the typed client", () => {
  it("is not made of a scalar whose JSON nobody has named", async () => {
    const made = mkdtempSync(join(tmpdir(), "client-"));
    const refusal = generateClient(made, "scalar Colour type Query { colour: Colour }", [
      source("query One { colour }"),
    ]);

    await expect(refusal).rejects.toThrow("Colour");
    rmSync(made, { recursive: true });
  });

  let folder: string;
  let complaints: Readonly<Record<string, readonly string[]>>;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "client-"));
    await generateClient(folder, sdl, operations);
    complaints = await compile(folder, {
      ...Object.fromEntries(Object.entries(RIGHT).map(([use, text]) => [fileOf("right", use), PREAMBLE + text])),
      ...Object.fromEntries(Object.entries(WRONG).map(([use, [, text]]) => [fileOf("wrong", use), PREAMBLE + text])),
    });
  });

  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it("compiles", () => {
    expect(Object.keys(complaints).filter((file) => !file.startsWith("wrong-"))).toEqual([]);
  });

  it.each(Object.keys(RIGHT))("%s", (use) => {
    expect(complaints[fileOf("right", use)]).toBeUndefined();
  });

  it.each(Object.entries(WRONG))("does not take %s", (use, [code]) => {
    expect(complaints[fileOf("wrong", use)]).toEqual([`${code} line ${FIRST_LINE}`]);
  });
});

function source(text: string): { location: string; text: string } {
  return { location: "planted.graphql", text };
}

function fileOf(kind: "right" | "wrong", use: string): string {
  return `${kind}-${use.replaceAll(/[^a-z]+/giu, "-")}.ts`;
}
