// Truto's row in the conformance suite.
import truto from "../../../src/providers/truto/index.ts";
import type { VendorConformance } from "../../support/conformance.ts";

const TOKEN = "planted-api-token";
const NOWHERE = "00000000-0000-4000-8000-000000000000";

export const conformance: VendorConformance = {
  module: truto,
  key: "truto-eu",
  credentials: { token: TOKEN },
  basePath: "",
  now: new Date("2026-06-01T00:00:10.000Z"),
  headers: { authorization: `Bearer ${TOKEN}` },
  fixtures: {
    atLeast: 21,
    questions: ["listLinkedAccounts", "listDefinitions", "getDefinition", "observe", "discover", "receiveWebhook"],
    goodEnds: ["completed"],
    hidden: /planted|"args":/,
  },
  start: {
    definition: { remoteId: "1ba1f401-7183-47c5-9e39-e8e257e3c795", integration: "zendesk" },
    linkedAccount: "94801e49-a652-42f9-af14-dd203d7897da",
  },
  sandbox: {
    runs: { definition: "HubSpot contacts and companies", linkedAccount: "acme-inc (hubspot)" },
    unknown: { definition: { remoteId: NOWHERE }, run: NOWHERE },
  },
  emptyList: { result: [], next_cursor: null },
  paging: {
    question: "listLinkedAccounts",
    path: "/integrated-account",
    cursorParameter: "next_cursor",
    items: "result",
    body: (result, next) => ({ result, next_cursor: next }),
  },
  badSettings: [
    ["two targets", { options: { webhookId: "a", daemonGroupKey: "b" } }, [["options"]]],
    ["an unknown option", { options: { webhookID: "a" } }, [["options", "webhookID"]]],
  ],
};
