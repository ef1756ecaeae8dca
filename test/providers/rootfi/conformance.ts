// RootFi's rows in the conformance suite: v3, and v4 as its variant.
import rootfi from "../../../src/providers/rootfi/index.ts";
import type { VendorConformance, VendorVariant } from "../../support/conformance.ts";

const CREDENTIAL = "rootfi-credential-of-the-test";

export const conformance: VendorConformance = {
  module: rootfi,
  key: "rootfi-eu",
  credentials: { apiKey: CREDENTIAL },
  basePath: "/v3",
  now: new Date("2026-11-22T12:00:00.000Z"),
  headers: { api_key: CREDENTIAL },
  fixtures: {
    atLeast: 10,
    questions: [
      "listLinkedAccounts",
      "listDefinitions",
      "getDefinition",
      "start",
      "findStarted",
      "observe",
      "discover",
      "receiveWebhook",
    ],
    goodEnds: ["success", "partial_success"],
    hidden: /il_capability|planted/,
  },
  start: {
    definition: {
      remoteId: "8422:XERO",
      linkedAccountRemoteId: "8422",
      integration: "XERO",
      resources: [{ name: "ACCOUNTS" }],
    },
    linkedAccount: null,
  },
  sandbox: {
    runs: { definition: "Harbour Lane Coffee Roasters / XERO" },
    unknown: { definition: { remoteId: "1:XERO", resources: [{ name: "ACCOUNTS" }] }, run: "nosuchsync" },
  },
  emptyList: { data: [], next: null },
  paging: {
    question: "listLinkedAccounts",
    path: "/v3/core/companies",
    cursorParameter: "next",
    items: "data",
    body: (data, next) => ({ data, next }),
  },
  badSettings: [
    [
      "plain HTTP to a public address",
      { baseUrl: "http://api.rootfi.dev/v3", allowPrivateAddress: false },
      [["baseUrl"]],
    ],
  ],
};

export const v4 = {
  ...conformance,
  basePath: "/v4",
  capabilities: { cancel: true },
  fixtures: {
    atLeast: 10,
    questions: [
      "listLinkedAccounts",
      "listDefinitions",
      "getDefinition",
      "start",
      "findStarted",
      "observe",
      "discover",
      "cancel",
      "receiveWebhook",
    ],
    goodEnds: conformance.fixtures.goodEnds,
    hidden: conformance.fixtures.hidden,
    prefix: "v4-",
  },
  start: { ...conformance.start, definition: { ...conformance.start.definition, resources: [{ name: "ACCOUNT" }] } },
  sandbox: { ...conformance.sandbox, path: "/v4" },
  emptyList: { data: { companies: [], syncs: [], jobs: [], syncConfig: [], count: 0, next: null }, request_id: "r" },
  paging: {
    question: "listLinkedAccounts",
    path: "/v4/core/companies",
    cursorParameter: "cursor",
    items: ["data", "companies"],
    body: (companies, next) => ({ data: { companies, count: companies.length, next }, request_id: "r" }),
  },
  badSettings: [
    [
      "an address of the other version",
      { baseUrl: "https://api.rootfi.dev/v3", options: { apiVersion: "v4" } },
      [["options", "apiVersion"]],
    ],
    [
      "the other version for its address",
      { baseUrl: "https://api.rootfi.dev/v4", options: { apiVersion: "v3" } },
      [["options", "apiVersion"]],
    ],
    ["a version there is not", { options: { apiVersion: "v5" } }, [["options", "apiVersion"]]],
  ],
} as const satisfies VendorConformance;

/** Read by the suite under this name. @public */
export const variants: readonly VendorVariant[] = [{ name: "v4", conformance: v4 }];
