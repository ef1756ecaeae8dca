// Answers over a ledger whose old part is gone: what is left is shown as what it is, and lists and cursors go on.
import { GraphQLError } from "graphql";
import { afterEach, beforeEach, expect, test } from "vitest";
import { CursorExpiredError, ErrorCode } from "../../src/domain/errors.ts";
import { TriggerState } from "../../src/domain/sync.ts";
import { parseLedgerCursor } from "../../src/graphql/cursors.ts";
import { formatError } from "../../src/graphql/errors.ts";
import { NodeKind, globalIdOf } from "../../src/graphql/global-id.ts";
import { TENANT, openGraphqlGateway, type GraphqlGateway } from "../support/graphql.ts";
import { before, pruneAll } from "../support/pruning.ts";
import { ended, idOf, seedCatalog } from "../support/seed-runs.ts";
import { at, entry, rules, trigger } from "../support/store-values.ts";

let gateway: GraphqlGateway;

beforeEach(async () => {
  gateway = await openGraphqlGateway();
});

afterEach(async () => {
  await gateway.close();
});

const see = (...given: Parameters<typeof entry>) => gateway.store.ledger.record(TENANT, [entry(...given)], rules);
const runs = `{ syncs(first: 1, orderBy: { field: CREATED_AT, direction: ASC }) { nodes { remoteId } pageInfo { endCursor } } }`;
const after = `query ($after: String) { syncs(first: 5, after: $after, orderBy: { field: CREATED_AT, direction: ASC }) { nodes { remoteId } } }`;

test("a run that is kept shows the transitions that are left, no run it repeated, and a trigger with the runs that are left", async () => {
  await seedCatalog(gateway.store);
  const answer = { state: TriggerState.Accepted, options: null, sentAt: at(0), resolvedAt: at(0) };
  const syncIds = [idOf("sync", "gone"), idOf("sync", "kept")];
  const definitionId = idOf("definition", "job-1");
  await gateway.store.triggers.create(trigger("g", { tenantId: TENANT, definitionId, ...answer, syncIds }));
  await see("gone", { ...ended, observedAt: at(0) }, { triggerId: "g" });
  await see("kept", {}, { triggerId: "g", retryOfId: idOf("sync", "gone") });
  await see("kept", ended);
  const id = globalIdOf(NodeKind.Sync, idOf("sync", "kept"));
  const query = `query ($id: ID!) { sync(id: $id) {
    status retryOf { id }
    transitions { nodes { from to } pageInfo { hasPreviousPage } }
    trigger { syncs { totalCount nodes { remoteId } } }
  } }`;
  const { data: whole } = await gateway.ask(query, { id });
  expect(whole).toMatchObject({
    sync: { retryOf: { id: globalIdOf(NodeKind.Sync, idOf("sync", "gone")) }, trigger: { syncs: { totalCount: 2 } } },
  });
  await pruneAll(gateway.store, TENANT, before(500));
  expect(await gateway.ask(query, { id })).toEqual({
    data: {
      sync: {
        status: "SUCCESS",
        retryOf: null,
        transitions: { nodes: [{ from: "RUNNING", to: "SUCCESS" }], pageInfo: { hasPreviousPage: false } },
        trigger: { syncs: { totalCount: 1, nodes: [{ remoteId: "kept" }] } },
      },
    },
    errors: [],
  });
});

test("a list goes on behind a run that is gone", async () => {
  await see("gone", { ...ended, observedAt: at(0), facts: { createdAt: at(0) } });
  await see("next", { facts: { createdAt: at(1) } });
  const { data } = await gateway.ask(runs);
  expect(data).toMatchObject({ syncs: { nodes: [{ remoteId: "gone" }] } });
  const { syncs } = data as { readonly syncs: { readonly pageInfo: { readonly endCursor: string } } };
  await pruneAll(gateway.store, TENANT, before(500));
  expect(await gateway.ask(after, { after: syncs.pageInfo.endCursor })).toEqual({
    data: { syncs: { nodes: [{ remoteId: "next" }] } },
    errors: [],
  });
});

test("a cursor that has expired comes with the oldest one that goes on, which is the tenant's own", () => {
  const expired = new CursorExpiredError(TENANT, 41, "f00d");
  const located = new GraphQLError(expired.message, { originalError: expired, path: ["syncStatusChanged"] });
  const formatted = formatError(located.toJSON(), located, () => expect.unreachable("nothing is masked"));
  expect(formatted).toMatchObject({ path: ["syncStatusChanged"], extensions: { code: ErrorCode.CursorExpired } });
  const oldest = String(formatted.extensions?.["oldestCursor"]);
  expect(parseLedgerCursor(TENANT, oldest)).toEqual({ sequence: 41, ledgerId: "f00d", mark: null });
  expect(() => parseLedgerCursor("another", oldest)).toThrow(/no cursor of this ledger/u);
});
