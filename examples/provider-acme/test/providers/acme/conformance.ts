// Acme's row in the conformance suite.
import acme from "../../../src/providers/acme/index.ts";
import type { VendorConformance } from "../../support/conformance.ts";

const TOKEN = "acme-token-of-the-test";

export const conformance: VendorConformance = {
  module: acme,
  key: "acme-eu",
  credentials: { token: TOKEN },
  basePath: "/v1",
  now: new Date("2026-11-22T12:00:00.000Z"),
  headers: { authorization: `Bearer ${TOKEN}` },
  fixtures: {
    atLeast: 5,
    questions: ["listLinkedAccounts", "start", "findStarted", "observe"],
    goodEnds: ["succeeded"],
    hidden: /planted/,
  },
  start: { definition: { remoteId: "pl_1", linkedAccountRemoteId: "ac_1" }, linkedAccount: "ac_1" },
  sandbox: {
    runs: { definition: "Invoices of Northwind" },
    unknown: { definition: { remoteId: "pl_nothing" }, run: "run_nothing" },
  },
  emptyList: { data: [], next_cursor: null },
  paging: {
    question: "listDefinitions",
    path: "/v1/pipelines",
    cursorParameter: "cursor",
    items: "data",
    body: (data, next) => ({ data, next_cursor: next }),
  },
  badSettings: [["a user in the address", { baseUrl: "https://me:it@api.acme.example/v1" }, [["baseUrl"]]]],
};
