// RootFi's row in the conformance suite.
import rootfi from "../../../src/providers/rootfi/index.ts";
import type { VendorConformance } from "../../support/conformance.ts";

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
