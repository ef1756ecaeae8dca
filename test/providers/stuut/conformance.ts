// Stuut's row in the conformance suite.
import stuut from "../../../src/providers/stuut/index.ts";
import type { VendorConformance } from "../../support/conformance.ts";

const CREDENTIAL = "stuut-credential-of-the-test";

export const conformance: VendorConformance = {
  module: stuut,
  key: "stuut-eu",
  credentials: { token: CREDENTIAL },
  basePath: "",
  now: new Date("2026-11-22T12:00:00.000Z"),
  headers: { authorization: `Bearer ${CREDENTIAL}` },
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
    ],
    goodEnds: ["complete"],
    hidden: /planted/,
  },
  start: { definition: { remoteId: "conn_01HZX3", linkedAccountRemoteId: "conn_01HZX3" }, linkedAccount: null },
  sandbox: {
    runs: { definition: "Aldgate Industrial Supply (NetSuite)" },
    unknown: { definition: { remoteId: "conn_01HZX3ZZZ" }, run: "sync_01HZX3ZZZ" },
  },
  emptyList: [],
  paging: null,
  badSettings: [["no address, because the vendor documents none", { baseUrl: null }, [["baseUrl"]]]],
};
