// Polytomic's row in the conformance suite.
import { DefinitionKind } from "../../../src/domain/definition.ts";
import polytomic from "../../../src/providers/polytomic/index.ts";
import type { VendorConformance } from "../../support/conformance.ts";

const API_KEY = "polytomic-test-key-0123456789";
const NOWHERE = "00000000-0000-4000-8000-000000000000";

export const conformance: VendorConformance = {
  module: polytomic,
  key: "polytomic-eu",
  credentials: { apiKey: API_KEY },
  basePath: "",
  now: new Date("2026-03-02T12:05:00.000Z"),
  headers: { authorization: `Bearer ${API_KEY}`, "x-polytomic-version": "2025-09-18" },
  fixtures: {
    atLeast: 40,
    questions: [
      "listLinkedAccounts",
      "listDefinitions",
      "getDefinition",
      "start",
      "findStarted",
      "observe",
      "discover",
      "cancel",
      "missedEvents",
      "receiveWebhook",
    ],
    goodEnds: ["completed"],
    hidden: /planted/,
  },
  start: {
    definition: { kind: DefinitionKind.ModelSync, remoteId: "248df4b7-aa70-47b8-a036-33ac447e668d" },
    linkedAccount: null,
  },
  sandbox: {
    runs: { definition: "Warehouse users to Salesforce contacts" },
    unknown: { definition: { kind: DefinitionKind.ModelSync, remoteId: NOWHERE }, run: NOWHERE },
  },
  emptyList: { data: [], pagination: {} },
  paging: {
    question: "listDefinitions",
    path: "/api/syncs",
    cursorParameter: "page_token",
    items: "data",
    endsAtFirst: true,
    body: (data, next) => ({ data, pagination: next === null ? {} : { next_page_token: next } }),
  },
  badSettings: [
    ["two credentials", { credentials: { apiKey: "a", organizationKey: "b" } }, [["credentials"]]],
    ["an option it does not have", { options: { apiVersion: "2024-02-08" } }, [["options", "apiVersion"]]],
  ],
};
